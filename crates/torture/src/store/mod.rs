//! What the servers keep their data in: a real one of its kind, and what the harness asks of it.
//!
//! 1. It is started on a free port, with data in a temporary folder, and dies with the harness.
//! 2. While the servers serve, it suffers what such a store suffers (`outage.rs`). What it has acknowledged it keeps
//!    through all of that: PostgreSQL commits synchronously, Redis flushes its log before it answers. So every promise
//!    counts.
//! 3. Where it is *lossy* it may forget: Redis is emptied, or a replica takes over that had not heard the last writes. A
//!    session that lived through that is judged by what holds even then (`check/lost.rs`).
//! 4. At the end its rows are read past the servers.

mod outage;
mod postgres;
mod redis;
mod sqlite;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use rotunda_grounds::{Postgres, Redis, RedisCluster};

use crate::check::database::Rows;

pub(crate) use outage::disturb;

/// Which store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StoreKind {
    /// A file.
    #[default]
    Sqlite,
    /// PostgreSQL for everything.
    Postgres,
    /// A file, and Redis for what a refresh changes.
    Redis,
    /// PostgreSQL, and a Redis Cluster for what a refresh changes.
    RedisCluster,
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sqlite" => Ok(Self::Sqlite),
            "postgres" => Ok(Self::Postgres),
            "redis" => Ok(Self::Redis),
            "redis-cluster" => Ok(Self::RedisCluster),
            _ => Err("there are sqlite, postgres, redis and redis-cluster".to_owned()),
        }
    }
}

/// A store with what it stands on.
pub(crate) struct Store {
    sql: Sql,
    moving: Option<Moving>,
    lossy: bool,
}

/// Where users and the rows of sessions are.
enum Sql {
    File(PathBuf),
    Postgres(Postgres),
}

/// Where the part of a session is that a refresh changes.
enum Moving {
    Redis(Redis),
    Cluster(RedisCluster),
}

impl Store {
    /// Starts it. Blocks.
    pub(crate) fn start(kind: StoreKind, lossy: bool, folder: &Path) -> anyhow::Result<Self> {
        let sql = match kind {
            StoreKind::Sqlite | StoreKind::Redis => Sql::File(folder.join("rotunda-data/rotunda.db")),
            StoreKind::Postgres | StoreKind::RedisCluster => Sql::Postgres(Postgres::start()),
        };
        let moving = match kind {
            StoreKind::Sqlite | StoreKind::Postgres => None,
            StoreKind::Redis => Some(Moving::Redis(redis::start(lossy))),
            StoreKind::RedisCluster => Some(Moving::Cluster(RedisCluster::start())),
        };
        Ok(Self { sql, moving, lossy })
    }

    /// Whether it is a server of its own, or has one beside it: it can be down while servers of Rotunda are up.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.sql, Sql::Postgres(_)) || self.moving.is_some()
    }

    /// Whether servers that use it must be given a master key, instead of making one at the first start.
    pub(crate) fn needs_master_key(&self) -> bool {
        matches!(self.sql, Sql::Postgres(_))
    }

    /// Its lines of rotunda.toml.
    pub(crate) fn configuration(&self) -> String {
        let url = match &self.sql {
            Sql::File(_) => String::new(),
            Sql::Postgres(postgres) => format!("[store]\nurl = \"{}\"\n", postgres.url()),
        };
        let moving = match &self.moving {
            None => return url,
            Some(Moving::Redis(redis)) => redis.url(),
            Some(Moving::Cluster(cluster)) => cluster.url(),
        };
        format!("{url}[sessions]\nstore = \"{moving}\"\n")
    }

    /// What it holds, once the servers have stopped. Blocks.
    pub(crate) fn rows(&self) -> anyhow::Result<Rows> {
        let mut rows = match &self.sql {
            Sql::File(path) => sqlite::read(path)?,
            Sql::Postgres(postgres) => postgres::read(postgres)?,
        };
        rows.lossy = self.lossy;
        match &self.moving {
            None => {}
            Some(Moving::Redis(redis)) => {
                redis::complete(&mut rows, |arguments| redis.cli(arguments));
            }
            Some(Moving::Cluster(cluster)) => {
                redis::complete(&mut rows, |arguments| cluster.cli(arguments));
            }
        }
        Ok(rows)
    }

    /// Lines of its own log that tell of transactions in each other's way. Blocks.
    pub(crate) fn conflicts(&self) -> Vec<String> {
        match &self.sql {
            Sql::File(_) => Vec::new(),
            Sql::Postgres(postgres) => postgres::conflicts(postgres),
        }
    }
}
