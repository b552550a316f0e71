//! A database that is copied, or copied into.

use std::sync::Arc;

use rotunda_core::copy::copy;
use rotunda_core::model::FeedId;
use rotunda_core::store::{Copying, Key, Part};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::MemoryStore;
use rotunda_testkit::copying::{a_full_store, copied, copied_amiss};
use rotunda_testkit::fixtures::NOW;

use crate::scene::Place;

async fn store() -> (Arc<SqliteStore>, Place) {
    let place = Place::new();
    (Arc::new(SqliteStore::open_alone(&place.path(), NOW).unwrap()), place)
}

rotunda_testkit::copying_suite!(store);

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_changed_is_found_on_either_side() {
    for (sql, part) in [
        ("UPDATE user SET password_hash = password_hash || 'x' WHERE email_verified", Part::Users),
        (
            "UPDATE session SET generation = generation + 1 WHERE status = 'live' AND generation = 3",
            Part::Sessions,
        ),
        (
            "UPDATE session SET last_user_agent = '' WHERE last_user_agent IS NULL AND ended = 'reused'",
            Part::Sessions,
        ),
        ("DELETE FROM device WHERE rowid = 17", Part::Devices),
        ("UPDATE link SET life_ms = 1 WHERE user_id IS NULL", Part::Links),
        ("UPDATE letter SET last_error = NULL WHERE attempts > 0", Part::Letters),
        ("INSERT INTO outbox (at_ms, kind) VALUES (0, 'user.registered')", Part::Events),
        ("DELETE FROM revocation WHERE seq = 71", Part::Revocations),
        ("UPDATE feed_keep SET seen_at = 0", Part::Keeps),
        ("UPDATE signing_key SET revoked_at = 0 WHERE revoked_at IS NULL", Part::SigningKeys),
        ("UPDATE key_check SET value = zeroblob(16)", Part::KeyChecks),
        ("DELETE FROM client_secret WHERE ends_at IS NOT NULL", Part::Clients),
        ("UPDATE user SET roles = NULL WHERE roles IS NOT NULL", Part::Users),
        ("UPDATE session SET revision = revision + 1", Part::Sessions),
        ("UPDATE session SET acting = NULL WHERE acting IS NOT NULL", Part::Sessions),
        ("UPDATE outbox SET salt = NULL WHERE salt IS NOT NULL", Part::Events),
        ("UPDATE outbox SET reason = reason || '!' WHERE reason IS NOT NULL", Part::Events),
        ("DELETE FROM webhook_delivery WHERE next_attempt_at IS NULL", Part::Deliveries),
        ("UPDATE role SET permissions = '[]'", Part::Roles),
        ("UPDATE webhook SET enabled = 1 - enabled", Part::Webhooks),
        ("DELETE FROM audit_mark WHERE kept = 'checkpoint'", Part::Marks),
        ("UPDATE tally SET count = count + 1", Part::Tallies),
        ("UPDATE meta SET value = value + 1 WHERE name = 'everyone_at'", Part::Numbers),
        ("UPDATE meta SET value = 1 WHERE name = 'shelf'", Part::Numbers),
    ] {
        let (target, place) = store().await;
        let change = || assert!(place.stranger().execute(sql, []).unwrap() > 0, "{sql}");
        let found = copied_amiss(&a_full_store(), &*target, change).await;
        assert_eq!(found[0].0, part, "{sql}");
        assert!(found[0].1.is_some(), "{sql}: and it says where");

        let (source, place) = store().await;
        copied(&a_full_store(), &*source).await;
        let change = || assert!(place.stranger().execute(sql, []).unwrap() > 0, "{sql}");
        let found = copied_amiss(&*source, &MemoryStore::new(), change).await;
        assert_eq!(found[0].0, part, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_row_that_differs_is_named() {
    let (target, place) = store().await;
    let gone = a_full_store().snapshot().sessions.keys().nth(33).copied().unwrap();
    let change = || {
        let delete = "DELETE FROM session WHERE id = ?1";
        assert_eq!(place.stranger().execute(delete, [gone.as_bytes()]).unwrap(), 1);
    };
    let found = copied_amiss(&a_full_store(), &*target, change).await;
    assert_eq!(found, [(Part::Sessions, Some(Key::Id(*gone.as_bytes())))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_this_version_cannot_read_is_not_left_out() {
    for sql in [
        "UPDATE client SET kind = 'newer' WHERE id = 'client-3'",
        "UPDATE letter SET kind = 'newer' WHERE attempts > 0",
        "UPDATE outbox SET kind = 'newer' WHERE seq = 103",
        "UPDATE revocation SET kind = 'newer' WHERE seq = 52",
        "UPDATE tally SET name = 'newer' WHERE name = (SELECT min(name) FROM tally)",
        "UPDATE audit_mark SET kept = 'newer' WHERE kept = 'head'",
        "UPDATE outbox SET actor = 'newer:x' WHERE actor IS NOT NULL",
    ] {
        let (source, place) = store().await;
        copied(&a_full_store(), &*source).await;
        assert!(place.stranger().execute(sql, []).unwrap() > 0, "{sql}");
        let refused = copy(&*source, &MemoryStore::new(), 10, &mut |_| {}).await.unwrap_err();
        let told = format!("{refused:?}");
        assert!(told.contains("does not know"), "{told}");
    }
}

/// What is no part, because it follows from another one.
#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_role_is_known_in_the_copy() {
    let (target, place) = store().await;
    copied(&a_full_store(), &*target).await;
    let both_ways = "\
        SELECT count(*) FROM (SELECT role, user_id FROM user_role) \
        NATURAL JOIN (SELECT value AS role, user.id AS user_id FROM user, json_each(user.roles))";
    let held = place.count("SELECT count(*) FROM user, json_each(user.roles)");
    assert!(held > 2);
    assert_eq!((place.count(both_ways), place.count("SELECT count(*) FROM user_role")), (held, held));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_server_opens_a_copy_that_was_never_finished() {
    let (target, place) = store().await;
    target.begin_copy(FeedId(1)).await.unwrap();
    drop(target);
    let refused = format!("{:?}", place.try_open().map(drop).unwrap_err());
    assert!(refused.contains("never finished") && refused.contains("rotunda.db"), "{refused}");
    let again = SqliteStore::open_alone(&place.path(), NOW).unwrap();
    again.end_copy().await.unwrap();
    drop(again);
    place.open();
}

#[test]
fn a_database_that_is_open_is_not_opened_alone() {
    let place = Place::new();
    let open = place.open();
    let refused = format!("{:?}", SqliteStore::open_alone(&place.path(), NOW).map(drop).unwrap_err());
    assert!(refused.contains("in use"), "{refused}");
    drop(open);
    let alone = SqliteStore::open_alone(&place.path(), NOW).unwrap();
    let refused = SqliteStore::open_alone(&place.path(), NOW).map(drop);
    assert!(refused.is_err(), "nor twice");
    drop(alone);
    place.open();
}
