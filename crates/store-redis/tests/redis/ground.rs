//! What the tests stand on: one Redis and one cluster for all of them, a prefix and a file of SQLite for each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rotunda_grounds::{Redis, RedisCluster};
use rotunda_store_redis::{RedisOptions, RedisSessions};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::fixtures::NOW;
use tempfile::TempDir;

pub(crate) type Store = RedisSessions<SqliteStore>;

/// A store on a Redis, and what a test may want to do to either.
pub(crate) struct Ground {
    pub(crate) store: Arc<Store>,
    pub(crate) sql: Arc<SqliteStore>,
    pub(crate) options: RedisOptions,
    pub(crate) warnings: Vec<String>,
    _folder: TempDir,
}

/// The Redis of this process.
pub(crate) fn one_redis() -> &'static Redis {
    static ONE: OnceLock<Redis> = OnceLock::new();
    ONE.get_or_init(|| Redis::builder().line("appendonly yes").line("save \"\"").start())
}

/// The cluster of this process.
pub(crate) fn one_cluster() -> &'static RedisCluster {
    static ONE: OnceLock<RedisCluster> = OnceLock::new();
    ONE.get_or_init(RedisCluster::start)
}

/// Where a test has keys of its own.
pub(crate) fn options(url: &str) -> RedisOptions {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let prefix = format!("test{}", LAST.fetch_add(1, Ordering::Relaxed));
    RedisOptions { prefix, ..RedisOptions::new(url) }
}

impl Ground {
    pub(crate) async fn on(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sql = Arc::new(SqliteStore::open(&folder.path().join("rotunda.db"), NOW).unwrap());
        let options = options(url);
        let (store, warnings) = RedisSessions::open(&options, sql.clone()).await.unwrap();
        Self { store: Arc::new(store), sql, options, warnings, _folder: folder }
    }

    /// On the Redis of this process.
    pub(crate) async fn new() -> Self {
        Self::on(&one_redis().url()).await
    }

    /// The key of a session.
    pub(crate) fn key(&self, id: rotunda_core::model::SessionId) -> String {
        let hex: String = id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}:s:{hex}", self.options.prefix)
    }
}
