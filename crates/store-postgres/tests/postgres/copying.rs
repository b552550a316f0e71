//! A database that is copied, or copied into.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rotunda_core::copy::copy;
use rotunda_core::model::{Event, EventKind, FeedId};
use rotunda_core::store::{Copying, Journal, Key, Part};
use rotunda_grounds::one_postgres;
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_testkit::MemoryStore;
use rotunda_testkit::copying::{a_full_store, copied, copied_amiss};
use rotunda_testkit::fixtures::{NOW, a_key_event};

/// An empty database of its own, and its name.
async fn store() -> (Arc<PostgresStore>, String) {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let name = format!("copying_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let made = name.clone();
    tokio::task::spawn_blocking(move || one_postgres().database(&made)).await.unwrap();
    (Arc::new(PostgresStore::open_alone(&options(&name), NOW).await.unwrap()), name)
}

fn options(database: &str) -> Options {
    let url = one_postgres().url();
    let server = url.trim_end_matches("rotunda");
    let url = format!("{server}{database}");
    Options { url, connections: 4, ca_file: None }
}

/// Somebody with a client of PostgreSQL.
fn by_hand(database: &str, sql: &str) {
    one_postgres().sql_in(database, sql);
}

rotunda_testkit::copying_suite!(store);

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_changed_is_found_on_either_side() {
    for (sql, part) in [
        ("UPDATE users SET password_hash = password_hash || 'x' WHERE email_verified", Part::Users),
        ("UPDATE session SET generation = generation + 1 WHERE generation = 3", Part::Sessions),
        ("UPDATE session SET last_user_agent = '' WHERE ended = 'reused'", Part::Sessions),
        (
            "DELETE FROM device WHERE hash = (SELECT hash FROM device ORDER BY hash DESC LIMIT 1)",
            Part::Devices,
        ),
        ("UPDATE link SET life_ms = 1 WHERE user_id IS NULL", Part::Links),
        ("UPDATE letter SET last_error = NULL WHERE attempts > 0", Part::Letters),
        ("UPDATE outbox SET user_agent = 'x' WHERE seq = 103", Part::Events),
        ("DELETE FROM revocation WHERE seq = 71", Part::Revocations),
        ("UPDATE feed_keep SET seen_at = 0", Part::Keeps),
        ("UPDATE signing_key SET place = 9 - place", Part::SigningKeys),
        ("UPDATE key_check SET value = '\\x00000000000000000000000000000000'", Part::KeyChecks),
        ("DELETE FROM client_secret WHERE ends_at IS NOT NULL", Part::Clients),
        ("UPDATE meta SET value = 501 WHERE name = 'feed'", Part::Numbers),
    ] {
        let (target, name) = store().await;
        let found = copied_amiss(&a_full_store(), &*target, || by_hand(&name, sql)).await;
        assert_eq!(found[0].0, part, "{sql}");
        assert!(found[0].1.is_some(), "{sql}: and it says where");

        let (source, name) = store().await;
        copied(&a_full_store(), &*source).await;
        let found = copied_amiss(&*source, &MemoryStore::new(), || by_hand(&name, sql)).await;
        assert_eq!(found[0].0, part, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_row_that_differs_is_named() {
    let (target, name) = store().await;
    let gone = a_full_store().snapshot().sessions.keys().nth(33).copied().unwrap();
    let delete = format!("DELETE FROM session WHERE id = '{gone}'");
    let found = copied_amiss(&a_full_store(), &*target, || by_hand(&name, &delete)).await;
    assert_eq!(found, [(Part::Sessions, Some(Key::Id(*gone.as_bytes())))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_this_version_cannot_read_is_not_left_out() {
    for sql in [
        "UPDATE client SET kind = 'newer' WHERE id = 'client-3'",
        "UPDATE letter SET kind = 'newer' WHERE attempts > 0",
        "UPDATE outbox SET kind = 'newer' WHERE seq = 103",
        "UPDATE revocation SET kind = 'newer' WHERE seq = 52",
    ] {
        let (source, name) = store().await;
        copied(&a_full_store(), &*source).await;
        by_hand(&name, sql);
        let refused = copy(&*source, &MemoryStore::new(), 10, &mut |_| {}).await.unwrap_err();
        let told = format!("{refused:?}");
        assert!(told.contains("does not know"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_read_yet_is_copied_too() {
    let (source, _) = store().await;
    let noted = (0..30).map(|_| a_key_event(EventKind::KeyAdded)).collect::<Vec<Event>>();
    rotunda_core::store::Post::post(&*source, Vec::new(), noted).await.unwrap();
    let target = MemoryStore::new();
    copied(&*source, &target).await;
    assert_eq!(target.events(0, 100).await.unwrap().len(), 30);
    assert_eq!(target.snapshot().last_seq, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_opens_a_copy_that_was_never_finished() {
    let (target, name) = store().await;
    target.begin_copy(FeedId(1)).await.unwrap();
    let refused = format!("{:?}", PostgresStore::open(&options(&name), NOW).await.map(drop).unwrap_err());
    assert!(refused.contains("never finished") && refused.contains(&name), "{refused}");
    target.end_copy().await.unwrap();
    PostgresStore::open(&options(&name), NOW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_a_server_uses_is_not_opened_alone() {
    let (first, name) = store().await;
    drop(first);
    let server = PostgresStore::open(&options(&name), NOW).await.unwrap();
    let refused =
        format!("{:?}", PostgresStore::open_alone(&options(&name), NOW).await.map(drop).unwrap_err());
    assert!(refused.contains("in use"), "{refused}");
    drop(server);
}
