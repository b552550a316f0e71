//! Several servers on one database: each has a store, and connections of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rotunda_grounds::one_postgres;
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_testkit::fixtures::NOW;
use tokio::sync::Barrier;
use tokio_postgres::{Client, NoTls};

/// An empty database with servers on it.
pub(crate) struct Servers<const N: usize> {
    pub(crate) stores: [PostgresStore; N],
    url: String,
}

impl<const N: usize> Servers<N> {
    pub(crate) async fn start() -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let name = format!("servers_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let url = tokio::task::spawn_blocking(move || one_postgres().database(&name)).await.unwrap();
        let options = Options { url: url.clone(), connections: 8, ca_file: None };
        let mut stores = Vec::new();
        for _ in 0..N {
            stores.push(PostgresStore::open(&options, NOW).await.unwrap());
        }
        Self { stores: stores.try_into().ok().unwrap(), url }
    }

    /// The store that the actor of this number speaks to.
    pub(crate) fn of(&self, actor: usize) -> PostgresStore {
        self.stores[actor % N].clone()
    }

    /// A connection past all stores.
    pub(crate) async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.client().await.query_one(&sql, &[]).await.unwrap().get(0)
    }

    /// How often one of them had to run a transaction again.
    pub(crate) fn retries(&self) -> u64 {
        self.stores.iter().map(|store| store.stats().retries).sum()
    }
}

/// Lets so many act, all of them at once; answers in their order.
pub(crate) async fn at_once<T, F>(many: usize, act: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(many));
    let start = |act: F| {
        let gate = Arc::clone(&gate);
        tokio::spawn(async move {
            gate.wait().await;
            act.await
        })
    };
    let tasks: Vec<_> = (0..many).map(|number| start(act(number))).collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}
