//! The stores: opens what the settings name, each behind core's ports.
//!
//! 1. The main store is a file of SQLite or a database of PostgreSQL. A command that makes nothing new refuses where there is
//!    none yet.
//! 2. With `[sessions] store`, what each refresh changes of a session is in Redis, around the main store.
//! 3. The buckets of the rate limits are where `[limits] store` says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Entropy;
use rotunda_core::store::{Scratch, Skeletons, Store};
use rotunda_outside::MemoryScratch;
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_store_redis::{RedisOptions, RedisSessions, Stats as RedisStats};
use rotunda_store_sqlite::SqliteStore;

use crate::config::{LimitsStore, MainStore, PostgresSettings, RedisSettings, StoreSettings};

/// Everything that is kept, and where tries are counted.
pub(crate) struct Stores {
    pub store: Arc<dyn Store>,
    pub scratch: Arc<dyn Scratch>,
    /// What they have counted.
    pub counted: CountedStores,
    /// What the operator should know of them.
    pub warnings: Vec<String>,
}

/// Reads what the stores have counted; each of those that are in use.
#[derive(Clone, Default)]
pub(crate) struct CountedStores {
    pub sqlite: Option<SqliteStore>,
    pub postgres: Option<Arc<PostgresStore>>,
    pub redis: Option<Arc<dyn Fn() -> RedisStats + Send + Sync>>,
}

/// What is done where there is no database yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfNew {
    /// It is made.
    Make,
    /// It is refused: in the wrong folder, or with another configuration, a command finds nothing.
    Refuse,
}

impl Stores {
    /// Opens them.
    pub(crate) async fn open(
        settings: &StoreSettings,
        new: IfNew,
        now: UnixMillis,
        entropy: &dyn Entropy,
    ) -> anyhow::Result<Self> {
        let StoreSettings { main, sessions, limits, backup: _ } = settings;
        let mut counted = CountedStores::default();
        let (opened, database) = match main {
            MainStore::Sqlite(path) => {
                let store = Arc::new(sqlite(path, new, now)?);
                counted.sqlite = Some(SqliteStore::clone(&store));
                (with_sessions(store, sessions.as_ref()).await?, None)
            }
            MainStore::Postgres(settings) => {
                let store = Arc::new(postgres(settings, new, now).await?);
                counted.postgres = Some(Arc::clone(&store));
                (with_sessions(Arc::clone(&store), sessions.as_ref()).await?, Some(store))
            }
        };
        let Opened { store, redis, warnings, counted: of_redis } = opened;
        counted.redis = of_redis;
        let memory = MemoryScratch::new(entropy)?;
        let scratch: Arc<dyn Scratch> = match (limits, database, redis) {
            (LimitsStore::Sessions, _, Some(redis)) => redis,
            (LimitsStore::Database, Some(database), _) => {
                Arc::new(TwoScratches { refreshes: memory, others: database })
            }
            // The configuration lets neither of the two through without what it names.
            (LimitsStore::Memory | LimitsStore::Database | LimitsStore::Sessions, ..) => Arc::new(memory),
        };
        Ok(Self { store, scratch, counted, warnings })
    }
}

fn sqlite(path: &Path, new: IfNew, now: UnixMillis) -> anyhow::Result<SqliteStore> {
    if new == IfNew::Refuse && !path.exists() {
        bail!(
            "there is no database at {}. Is this the right folder? `--data` or `--config` says where it is; \
             `rotunda serve` makes a new one, and so do the commands that add something",
            path.display()
        );
    }
    SqliteStore::open(path, now).with_context(|| format!("opening {}", path.display()))
}

async fn postgres(settings: &PostgresSettings, new: IfNew, now: UnixMillis) -> anyhow::Result<PostgresStore> {
    let PostgresSettings { url, connections, ca_file } = settings;
    let options =
        Options { url: url.expose().to_owned(), connections: *connections, ca_file: ca_file.clone() };
    let opened = match new {
        IfNew::Make => PostgresStore::open(&options, now).await,
        IfNew::Refuse => PostgresStore::open_existing(&options, now).await,
    };
    opened.with_context(|| format!("opening {url}"))
}

/// A store, and what there is beside it where sessions are on Redis.
struct Opened {
    store: Arc<dyn Store>,
    redis: Option<Arc<dyn Scratch>>,
    warnings: Vec<String>,
    counted: Option<Arc<dyn Fn() -> RedisStats + Send + Sync>>,
}

/// The main store by itself, or with Redis around it.
async fn with_sessions<S: Store + Skeletons + 'static>(
    main: Arc<S>,
    redis: Option<&RedisSettings>,
) -> anyhow::Result<Opened> {
    let Some(RedisSettings { url, ca_file }) = redis else {
        return Ok(Opened { store: main, redis: None, warnings: Vec::new(), counted: None });
    };
    let options = RedisOptions { ca_file: ca_file.clone(), ..RedisOptions::new(url.expose()) };
    let (store, warnings) =
        RedisSessions::open(&options, main).await.with_context(|| format!("opening {url}"))?;
    let read = store.clone();
    Ok(Opened {
        redis: Some(Arc::new(store.limits())),
        store: Arc::new(store),
        warnings,
        counted: Some(Arc::new(move || read.stats())),
    })
}

/// Refreshes are counted by each server in its memory, everything else by all together. A refresh is one write in the
/// database; counting it there as well would make two of it. Whoever refreshes has shown a good token, so that the limit
/// keeps a wild client down and guards no secret: times the number of servers, it still does.
struct TwoScratches {
    refreshes: MemoryScratch,
    others: Arc<dyn Scratch>,
}

impl TwoScratches {
    fn of(&self, key: &BucketKey) -> &dyn Scratch {
        if key.is_of_refreshes() { &self.refreshes } else { &*self.others }
    }
}

#[async_trait]
impl Scratch for TwoScratches {
    async fn take(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<Option<Duration>, Failure> {
        self.of(&key).take(key, quota, now).await
    }

    async fn give_back(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<(), Failure> {
        self.of(&key).give_back(key, quota, now).await
    }

    async fn forget(&self, key: BucketKey) -> Result<(), Failure> {
        self.of(&key).forget(key).await
    }
}
