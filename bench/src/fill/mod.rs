//! Sessions into a store, as many as are asked for.
//!
//! SQLite, with Redis beside it or without, is filled through the ports of the store, as fast as it takes users; PostgreSQL by
//! `COPY`, because a million sign-ins of three transactions each would take an hour.

mod ports;
mod postgres;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, bail};
use rotunda_grounds::postgres::binary;
use rotunda_store_redis::{RedisOptions, RedisSessions};
use rotunda_store_sqlite::SqliteStore;

use crate::moment::time_of_day;
use crate::seed::Seed;

use ports::ports;
pub use postgres::postgres;

/// What a statement answers, one row a line and its columns apart by `|`.
///
/// # Errors
/// When `psql` is not there, or PostgreSQL refuses.
pub(crate) fn sql(url: &str, statement: &str) -> anyhow::Result<String> {
    let output = Command::new(binary("psql"))
        .args(["--no-psqlrc", "-At", "--set=ON_ERROR_STOP=1", "--command", statement, url])
        .output()
        .context("starting psql")?;
    if !output.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Fills the SQLite file of a server.
///
/// # Errors
/// When something is there already, or the store does not take it.
pub fn sqlite(seed: Seed, path: &Path, sessions: u64) -> anyhow::Result<()> {
    let store = SqliteStore::open(path, time_of_day())?;
    runtime()?.block_on(ports(store, seed, sessions))
}

/// Fills the SQLite file of a server whose sessions are on Redis, and Redis with it.
///
/// # Errors
/// As [`sqlite`].
pub fn redis(seed: Seed, path: &Path, url: String, sessions: u64) -> anyhow::Result<()> {
    let store = Arc::new(SqliteStore::open(path, time_of_day())?);
    runtime()?.block_on(async {
        let (store, _) = RedisSessions::open(&RedisOptions::new(url), store).await?;
        ports(store, seed, sessions).await
    })
}

/// What the ports run on.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
