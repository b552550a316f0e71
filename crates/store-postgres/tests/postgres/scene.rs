//! What the tests begin with.

use std::sync::atomic::{AtomicU32, Ordering};

use rotunda_core::failure::Failure;
use rotunda_core::model::{Account, Session};
use rotunda_core::store::{Accounts, Registered, Sessions};
use rotunda_grounds::one_postgres;
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_testkit::fixtures::{NOW, a_registration, a_session, an_account};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// A database of a test's own.
pub(crate) struct Place {
    pub(crate) url: String,
}

impl Place {
    /// One that has today's schema already: a copy of one that was made by the first who came.
    pub(crate) async fn new() -> Self {
        static TEMPLATE: OnceCell<()> = OnceCell::const_new();
        TEMPLATE
            .get_or_init(async || {
                let template = Self::named("template_of_all".to_owned(), "template1").await;
                drop(template.open().await);
            })
            .await;
        Self::named(a_name(), "template_of_all").await
    }

    /// One without anything in it.
    pub(crate) async fn empty() -> Self {
        Self::named(a_name(), "template1").await
    }

    async fn named(name: String, template: &'static str) -> Self {
        let make = move || {
            // A copy waits some seconds until the last connection to its template has ended.
            one_postgres().sql(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
            let url = one_postgres().url();
            format!("{}/{name}", url.rsplit_once('/').unwrap().0)
        };
        Self { url: tokio::task::spawn_blocking(make).await.unwrap() }
    }

    pub(crate) async fn open(&self) -> PostgresStore {
        self.try_open().await.unwrap()
    }

    pub(crate) async fn try_open(&self) -> Result<PostgresStore, Failure> {
        PostgresStore::open(&options(&self.url), NOW).await
    }

    /// A connection of somebody else.
    pub(crate) async fn stranger(&self) -> Client {
        stranger(&self.url).await
    }
}

fn a_name() -> String {
    static PLACES: AtomicU32 = AtomicU32::new(0);
    format!("place_{}", PLACES.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn options(url: &str) -> Options {
    Options { url: url.to_owned(), connections: 8, ca_file: None }
}

pub(crate) async fn stranger(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    drop(tokio::spawn(connection));
    client
}

/// A user with one live session, both of that seed, and the event of the registration.
pub(crate) async fn a_signed_in_user(store: &PostgresStore, seed: u64) -> (Account, Session) {
    let account = an_account(seed);
    let session = a_session(&account.user, seed);
    let done = store.register(a_registration(&account, Some(&session))).await.unwrap();
    assert_eq!(done, Registered::Done);
    (account, session)
}

/// The same session as the store has it.
pub(crate) async fn row(store: &PostgresStore, session: &Session) -> Session {
    store.facts(session.id).await.unwrap().unwrap().session
}
