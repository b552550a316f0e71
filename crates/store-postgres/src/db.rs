//! One connection, inside a transaction or not: what a verb speaks to.
//!
//! Every statement is prepared once per connection and kept. Statements that do not rest on each other's outcome may be sent
//! together (`futures_util::future::try_join`): that is one round trip. Which of them is first is not promised, because one of them may
//! have to be prepared.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What goes wrong below a port.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// PostgreSQL, or the way to it.
    #[error(transparent)]
    Sql(#[from] tokio_postgres::Error),
    /// A stored value that makes no sense, with the name of its column; or a value that cannot be stored.
    #[error("{0}")]
    Row(String),
    /// Every connection was taken for longer than anybody waits.
    #[error("no connection to the database became free")]
    Busy,
    /// The connection ended while a transaction was being committed.
    #[error("nobody knows whether it was committed: {}", crate::fault::Said(.0))]
    Unknown(tokio_postgres::Error),
    /// It took longer than a caller has patience.
    #[error("no answer from the database in time while {0}")]
    Late(&'static str),
}

/// What fills a place in a statement.
pub(crate) type Param<'a> = &'a (dyn ToSql + Sync);

/// One connection.
pub(crate) struct Db<'c> {
    client: &'c ClientWrapper,
    tells: AtomicBool,
}

impl<'c> Db<'c> {
    pub(crate) fn of(client: &'c ClientWrapper) -> Self {
        Self { client, tells: AtomicBool::new(false) }
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn execute(&self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        let statement = self.client.prepare_cached(sql).await?;
        Ok(self.client.execute(&statement, params).await?)
    }

    /// All rows of a statement.
    pub(crate) async fn rows(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let statement = self.client.prepare_cached(sql).await?;
        Ok(self.client.query(&statement, params).await?)
    }

    /// The row of a statement that has at most one.
    pub(crate) async fn row(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Option<Row>> {
        let statement = self.client.prepare_cached(sql).await?;
        Ok(self.client.query_opt(&statement, params).await?)
    }

    /// Whether a statement has a row.
    pub(crate) async fn exists(&self, sql: &'static str, params: &[Param<'_>]) -> Result<bool> {
        Ok(!self.rows(sql, params).await?.is_empty())
    }

    /// This transaction writes to the revocation feed, or changes keys or clients: whoever waits for that is woken once it is
    /// committed.
    pub(crate) fn tell(&self) {
        self.tells.store(true, Ordering::Relaxed);
    }

    pub(crate) fn tells(&self) -> bool {
        self.tells.load(Ordering::Relaxed)
    }

    /// Statements without parameters and without an answer.
    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.client.batch_execute(sql).await?)
    }
}
