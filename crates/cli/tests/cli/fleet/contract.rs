//! What every store promises, of sessions on Redis around PostgreSQL: only here both can be seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rotunda_core::model::UnixMillis;
use rotunda_grounds::{Redis, one_postgres};
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_store_redis::{RedisOptions, RedisSessions};
use tokio::sync::OnceCell;

/// A database with today's schema, for the others to be copies of.
const TEMPLATE: &str = "contract";

async fn on(url: &str) -> PostgresStore {
    let options = Options { url: url.to_owned(), connections: 4, ca_file: None };
    PostgresStore::open(&options, UnixMillis(0)).await.unwrap()
}

async fn store() -> (Arc<RedisSessions<PostgresStore>>, ()) {
    static ONE: OnceCell<Redis> = OnceCell::const_new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let redis = ONE
        .get_or_init(async || {
            let url = tokio::task::spawn_blocking(|| one_postgres().database(TEMPLATE)).await.unwrap();
            drop(on(&url).await);
            Redis::start()
        })
        .await;
    let name = format!("contract_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let url = tokio::task::spawn_blocking({
        let name = name.clone();
        move || {
            one_postgres().sql(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"));
            format!("{}/{name}", one_postgres().url().rsplit_once('/').unwrap().0)
        }
    });
    let url = url.await.unwrap();
    let options = RedisOptions { prefix: name, ..RedisOptions::new(redis.url()) };
    let (store, _) = RedisSessions::open(&options, Arc::new(on(&url).await)).await.unwrap();
    (Arc::new(store), ())
}

rotunda_testkit::contract_suite!(store);
