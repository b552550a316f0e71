//! What shares a statement, and what it does to the table.

use rotunda_core::model::{Session, UnixMillis};
use rotunda_core::store::{Rotating, Sessions};
use rotunda_grounds::Postgres;
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::fixtures::{NOW, a_rotation};

use crate::scene::{Place, a_signed_in_user, options, row, stranger};
use crate::servers::at_once;

const MANY: usize = 64;

async fn signed_in(store: &PostgresStore, many: usize) -> Vec<Session> {
    let mut sessions = Vec::new();
    for seed in 1..=many as u64 {
        sessions.push(a_signed_in_user(store, seed).await.1);
    }
    sessions
}

fn next(session: &Session) -> Rotating {
    a_rotation(session, UnixMillis(NOW.0 + 1_000))
}

/// For a runtime of one thread: whoever asks does nothing else before the next one asks.
#[tokio::test]
async fn rotations_that_come_together_share_statements_and_so_do_facts() {
    let place = Place::new().await;
    let store = place.open().await;
    let sessions = signed_in(&store, MANY).await;
    let before = store.stats();
    let moved = at_once(MANY, |n| {
        let (store, rotation) = (store.clone(), next(&sessions[n]));
        async move { store.rotate(rotation).await.unwrap() }
    })
    .await;
    assert!(moved.iter().all(|moved| *moved));
    let facts = at_once(MANY, |n| {
        let (store, session) = (store.clone(), sessions[n].clone());
        async move { store.facts(session.id).await.unwrap().unwrap().session }
    })
    .await;
    for (session, now) in sessions.iter().zip(&facts) {
        assert_eq!((now.id, &now.lineage), (session.id, &next(session).to), "each has its own");
    }
    let after = store.stats();
    assert_eq!(after.rotations - before.rotations, MANY as u64);
    assert_eq!(after.facts - before.facts, MANY as u64);
    let statements = after.rotation_statements - before.rotation_statements;
    assert!(statements <= 8, "{statements} statements for {MANY} rotations");
    let statements = after.facts_statements - before.facts_statements;
    assert!(statements <= 8, "{statements} statements for {MANY} facts");
}

#[tokio::test]
async fn a_session_that_is_twice_in_a_batch_rotates_once() {
    let place = Place::new().await;
    let store = place.open().await;
    let sessions = signed_in(&store, 4).await;
    for round in 0..20 {
        let stand: Vec<Session> = [row(&store, &sessions[0]).await, row(&store, &sessions[1]).await].into();
        let moved = at_once(16, |n| {
            let (store, rotation) = (store.clone(), next(&stand[n % 2]));
            async move { store.rotate(rotation).await.unwrap() }
        })
        .await;
        assert_eq!(moved.iter().filter(|moved| **moved).count(), 2, "round {round}");
        assert_eq!(row(&store, &sessions[0]).await.lineage.generation, round + 1);
    }
    // And a fact that is asked for twice is answered twice.
    let facts = at_once(8, |_| {
        let (store, id) = (store.clone(), sessions[2].id);
        async move { store.facts(id).await.unwrap().is_some() }
    })
    .await;
    assert!(facts.iter().all(|found| *found));
}

#[tokio::test]
async fn a_refresh_writes_no_index() {
    const ROUNDS: u32 = 30;
    // A server of its own: a transaction that stays open anywhere on a server keeps every old version of a row on it.
    let server = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let store = PostgresStore::open(&options(&server.url()), NOW).await.unwrap();
    let sessions = signed_in(&store, 20).await;
    for _ in 0..ROUNDS {
        // One after the other: neighbours on a page that move in the same statement leave each other less room.
        for session in &sessions {
            let stand = row(&store, session).await;
            assert!(store.rotate(next(&stand)).await.unwrap());
        }
    }
    drop(store);
    // Counts are told when a connection is idle or has ended.
    let client = stranger(&server.url()).await;
    let told = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'session'";
    let wanted = i64::from(ROUNDS) * 20;
    let (all, hot) = loop {
        let row = client.query_one(told, &[]).await.unwrap();
        let (all, hot): (i64, i64) = (row.get(0), row.get(1));
        if all >= wanted {
            break (all, hot);
        }
        client.batch_execute("SELECT pg_stat_clear_snapshot()").await.unwrap();
    };
    assert!(hot * 100 >= all * 95, "{hot} of {all} wrote no index");
}

/// The guard is asked again of the row as it is once the lock is free.
#[tokio::test]
async fn a_rotation_that_waits_for_an_end_finds_the_session_ended() {
    let place = Place::new().await;
    let store = place.open().await;
    let sessions = signed_in(&store, 3).await;
    let mut other = place.stranger().await;
    let ending = other.transaction().await.unwrap();
    let end = "UPDATE session SET status = 'ended', ended = 'logged_out', ended_at = 1 WHERE id = $1";
    let id = uuid::Uuid::from_bytes(*sessions[1].id.as_bytes());
    ending.execute(end, &[&id]).await.unwrap();
    let tasks: Vec<_> = sessions
        .iter()
        .map(|session| {
            let (store, rotation) = (store.clone(), next(session));
            tokio::spawn(async move { store.rotate(rotation).await.unwrap() })
        })
        .collect();
    wait_until_somebody_waits(&place).await;
    ending.commit().await.unwrap();
    let mut moved = Vec::new();
    for task in tasks {
        moved.push(task.await.unwrap());
    }
    assert_eq!(moved, [true, false, true]);
    assert_eq!(row(&store, &sessions[1]).await.lineage, sessions[1].lineage);
}

/// Two who lock in opposite orders: PostgreSQL ends one of them, and nobody who asked the store hears of it.
#[tokio::test]
async fn a_deadlock_is_run_again_and_nobody_hears_of_it() {
    let place = Place::new().await;
    let store = place.open().await;
    let mut sessions = signed_in(&store, 2).await;
    sessions.sort_by_key(|session| session.id);
    let [first, last] = [&sessions[0], &sessions[1]];
    let mut other = place.stranger().await;
    // It is patient, so that the store is the one that finds out.
    other.batch_execute("SET deadlock_timeout = '20s'").await.unwrap();
    let stubborn = other.transaction().await.unwrap();
    let touch = "UPDATE session SET last_ip = NULL WHERE id = $1";
    let id = |session: &Session| uuid::Uuid::from_bytes(*session.id.as_bytes());
    stubborn.execute(touch, &[&id(last)]).await.unwrap();
    let batch = {
        let (store, rotations) = (store.clone(), [next(first), next(last)]);
        tokio::spawn(async move {
            let [one, two] = rotations;
            tokio::join!(store.rotate(one), store.rotate(two))
        })
    };
    wait_until_somebody_waits(&place).await;
    // Comes through once the store's batch has been ended.
    stubborn.execute(touch, &[&id(first)]).await.unwrap();
    stubborn.rollback().await.unwrap();
    let (one, two) = batch.await.unwrap();
    assert!(one.unwrap() && two.unwrap());
    assert!(store.stats().retries > 0 && store.stats().failures == 0);
}

/// Returns when a statement of somebody waits for a lock.
pub(crate) async fn wait_until_somebody_waits(place: &Place) {
    let client = place.stranger().await;
    let waits =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while client.query(waits, &[]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}
