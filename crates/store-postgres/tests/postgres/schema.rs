//! The schema: made by whoever is first, and what other releases made of it.

use std::collections::BTreeSet;

use rotunda_core::model::EventKind;
use rotunda_core::store::{Accounts, Edited, Editing, KeyShelf, RemovedRole, Roles, Sessions};
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::fixtures::{NOW, a_key_event, a_role, an_editing, role_name, role_names};

use crate::scene::{Place, a_signed_in_user, options};

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_open_an_empty_database_at_once_all_get_in() {
    let place = Place::empty().await;
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let options = options(&place.url);
            tokio::spawn(async move { PostgresStore::open(&options, NOW).await })
        })
        .collect();
    for store in opening {
        store.await.unwrap().unwrap().ready().await.unwrap();
    }
    let client = place.stranger().await;
    let history = "SELECT count(*), count(DISTINCT version) FROM refinery_schema_history";
    let row = client.query_one(history, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), row.get::<_, i64>(1), "each migration once");
}

#[tokio::test]
async fn an_empty_database_is_none_to_an_operator() {
    let place = Place::empty().await;
    let failure = PostgresStore::open_existing(&options(&place.url), NOW).await.err().unwrap();
    let told = format!("{failure:?}");
    assert!(told.contains("no tables") && told.contains("127.0.0.1") && !told.contains("password"), "{told}");
    drop(place.open().await);
    PostgresStore::open_existing(&options(&place.url), NOW).await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_tolerated_and_a_different_one_refused() {
    let place = Place::new().await;
    let client = place.stranger().await;
    client
        .batch_execute(
            "ALTER TABLE users ADD COLUMN of_tomorrow text; \
             INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
             SELECT 999, 'of_tomorrow', applied_on, checksum FROM refinery_schema_history WHERE version = 1",
        )
        .await
        .unwrap();
    place.open().await.ready().await.unwrap();
    client
        .batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1")
        .await
        .unwrap();
    let told = format!("{:?}", place.try_open().await.err().unwrap());
    assert!(told.contains("Start the release that made it"), "{told}");
}

#[tokio::test]
async fn a_wrong_url_is_told_without_its_password() {
    let place = Place::empty().await;
    let (scheme, rest) = place.url.split_once("://").unwrap();
    let (_, host) = rest.split_once('@').unwrap();
    for url in [
        format!("{scheme}://rotunda:s3cr3t-of-mine@{host}_that_is_not_there"),
        "postgres://rotunda:s3cr3t-of-mine@127.0.0.1:1/rotunda".to_owned(),
        "postgres://rotunda:s3cr3t-of-mine@127.0.0.1:no/rotunda".to_owned(),
        // An "@" that is not escaped: all behind it is a host, as far as anybody can tell.
        "postgres://rotunda:Qx@s3cr3t-of-mine@127.0.0.1:1/rotunda".to_owned(),
        "postgres://rotunda:s3cr3t-of-mine@127.0.0.1/rotunda?nonsense=s3cr3t".to_owned(),
    ] {
        let told = format!("{:?}", PostgresStore::open(&options(&url), NOW).await.err().unwrap());
        assert!(!told.contains("s3cr3t-of-mine"), "{told}");
    }
}

/// What the release before this one writes, as it writes it: it knows no roles, no revision and no chain.
#[tokio::test]
async fn the_release_before_goes_on_beside_this_one() {
    let place = Place::new().await;
    let store = place.open().await;
    let (held, session) = a_signed_in_user(&store, 1).await;
    let role = a_role("support");
    assert!(store.put_role(role, None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    let roles = role_names(["support"]);
    let edited = store.edit_user(Editing { roles, ..an_editing(&held.user) }).await.unwrap();
    assert!(matches!(edited, Edited::Done(_)));
    let before = place.stranger().await;
    let id = uuid::Uuid::from_bytes(*held.user.id.as_bytes());
    for sql in [
        "INSERT INTO users (id, email, email_key, username, username_key, name, email_verified, state, ep, \
             password_hash, created_at, subject) \
         SELECT gen_random_uuid(), 'b@example.com', 'b@example.com', NULL, NULL, name, email_verified, state, ep, \
             password_hash, created_at, subject FROM users WHERE id = $1",
        "INSERT INTO session SELECT gen_random_uuid(), user_id, client_id, gen_random_uuid(), device_hash, false, NULL, \
             remember, generation, current_hash, previous_hash, before_hash, salt, previous_salt, key_id, \
             previous_key_id, rotated_at_ms, retry_hashes, created_at, auth_time, amr, idle_ms, idle_expires_at, \
             absolute_expires_at, ep, status, ended, ended_at, last_ip, last_user_agent FROM session WHERE user_id = $1",
        "INSERT INTO outbox (at_ms, kind, ending, user_id, session_id, address, user_agent) \
         VALUES (1, 'user.signed_in', NULL, $1, NULL, NULL, NULL)",
    ] {
        assert_eq!(before.execute(sql, &[&id]).await.unwrap(), 1, "{sql}");
    }
    assert_eq!(store.users(None, 10).await.unwrap().iter().filter(|user| user.roles.is_empty()).count(), 1);
    let theirs = store.sessions_of(held.user.id, NOW, 10).await.unwrap();
    assert_eq!(theirs.iter().map(|one| one.revision).collect::<BTreeSet<_>>(), [0].into(), "{}", session.id);
    // Who holds a role can be deleted by a release that knows none.
    for table in ["session", "device"] {
        before.execute(&format!("DELETE FROM {table} WHERE user_id = $1"), &[&id]).await.unwrap();
    }
    assert_eq!(before.execute("DELETE FROM users WHERE id = $1", &[&id]).await.unwrap(), 1);
    let removed = store.remove_role(role_name("support"), 1, a_key_event(EventKind::RoleRemoved)).await;
    assert_eq!(removed.unwrap(), RemovedRole::Done, "nobody holds it any more");
}
