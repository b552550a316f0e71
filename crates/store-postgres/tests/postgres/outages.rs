//! The server goes away, in every way it can: nobody waits longer than the deadline, nothing answered is lost, and the store is
//! well again by itself.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::failure::Failure;
use rotunda_core::model::{Session, UnixMillis};
use rotunda_core::store::{KeyShelf, Sessions};
use rotunda_grounds::Postgres;
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::fixtures::{NOW, a_rotation};
use tokio::time::timeout;

use crate::scene::{Place, a_signed_in_user, options, row};

/// What a port promises, and something for a machine that is busy.
const DEADLINE: Duration = Duration::from_secs(8);
const PATIENCE: Duration = Duration::from_secs(40);

struct Ground {
    server: Arc<Postgres>,
    store: PostgresStore,
    session: Session,
}

impl Ground {
    async fn new() -> Self {
        let server = tokio::task::spawn_blocking(|| Arc::new(Postgres::start())).await.unwrap();
        let store = PostgresStore::open(&options(&server.url()), NOW).await.unwrap();
        let (_, session) = a_signed_in_user(&store, 1).await;
        Self { server, store, session }
    }

    async fn to_server(&self, deed: fn(&Postgres)) {
        let server = Arc::clone(&self.server);
        tokio::task::spawn_blocking(move || deed(&server)).await.unwrap();
    }

    async fn rotate(&self) -> Result<bool, Failure> {
        let Some(facts) = self.store.facts(self.session.id).await? else { return Ok(false) };
        self.store.rotate(a_rotation(&facts.session, UnixMillis(NOW.0 + 1_000))).await
    }

    /// Everything is unavailable, in time.
    async fn is_out(&self) {
        for outcome in [
            timeout(DEADLINE, self.rotate()).await.unwrap().map(drop),
            timeout(DEADLINE, self.store.ready()).await.unwrap(),
        ] {
            assert!(outcome.unwrap_err().is_temporary());
        }
    }

    /// Everything works again, after a while, and what was answered is there.
    async fn gets_well(&self, generation: u32) {
        let well = async {
            while self.store.ready().await.is_err() || self.store.facts(self.session.id).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, well).await.unwrap();
        assert!(row(&self.store, &self.session).await.lineage.generation >= generation);
        assert!(self.rotate().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_or_restarted_is_an_outage_that_passes() {
    let ground = Ground::new().await;
    assert!(ground.rotate().await.unwrap());
    ground.to_server(Postgres::kill).await;
    ground.is_out().await;
    ground.to_server(Postgres::start_again).await;
    ground.gets_well(1).await;
    // Every connection of the pool has ended while nobody looked: a read and a write go through all the same.
    ground.to_server(Postgres::restart).await;
    ground.store.facts(ground.session.id).await.unwrap();
    ground.store.ready().await.unwrap();
    ground.gets_well(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_keeps_nobody_waiting() {
    let ground = Ground::new().await;
    ground.to_server(Postgres::pause).await;
    let waiting: Vec<_> = (0..600)
        .map(|n| {
            let (store, session) = (ground.store.clone(), ground.session.clone());
            tokio::spawn(timeout(DEADLINE, async move {
                match n % 3 {
                    0 => store.facts(session.id).await.map(drop),
                    1 => store.rotate(a_rotation(&session, UnixMillis(NOW.0 + 1_000))).await.map(drop),
                    _ => store.ready().await,
                }
            }))
        })
        .collect();
    for call in waiting {
        let failure = call.await.unwrap().expect("an answer within the deadline").unwrap_err();
        assert!(failure.is_temporary());
    }
    ground.to_server(Postgres::resume).await;
    ground.gets_well(0).await;
}

/// The first of two hosts takes connections and says nothing, as a primary does that stands still while another has taken over.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_says_nothing_does_not_hide_the_next() {
    let place = Place::new().await;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (before, after) = place.url.split_once("127.0.0.1").unwrap();
    let url = format!("{before}{},127.0.0.1{after}", silent.local_addr().unwrap());
    let store = timeout(PATIENCE, PostgresStore::open(&options(&url), NOW)).await.unwrap().unwrap();
    store.ready().await.unwrap();
}

/// Half a transaction is none: the connection ends while the work is done, and nobody else's work is on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_under_its_work_takes_nobody_along() {
    let ground = Ground::new().await;
    let cut = |server: &Postgres| {
        server
            .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rotunda'");
    };
    for generation in 0..5 {
        ground.to_server(cut).await;
        ground.gets_well(generation).await;
    }
}
