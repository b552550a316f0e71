//! Older and newer releases on one file.

use rotunda_core::model::{EventKind, Revoked};
use rotunda_core::store::{Accounts, Clients, Feed, KeyShelf};
use rotunda_testkit::fixtures::{NOW, a_client, a_key_event, a_user, an_event};

use crate::scene::{Place, a_signed_in_user, row};

#[tokio::test]
async fn a_newer_release_s_schema_is_tolerated() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    drop(store);
    let newer = "ALTER TABLE session ADD COLUMN key_thumbprint BLOB; \
                 INSERT INTO refinery_schema_history SELECT 99, 'from_the_future', applied_on, '1' \
                 FROM refinery_schema_history WHERE version = 1";
    place.stranger().execute_batch(newer).unwrap();
    let store = place.open();
    assert_eq!(row(&store, &session).await, session);
    a_signed_in_user(&store, 2).await;
}

#[tokio::test]
async fn what_a_newer_release_revokes_stops_nobody_from_hearing_the_rest() {
    let place = Place::new();
    let store = place.open();
    let newer = || {
        let sql = "INSERT INTO revocation (at_ms, kind, subject) VALUES (?1, 'device', 'x')";
        place.stranger().execute(sql, [NOW.0]).unwrap();
    };
    let revoke = async |jti: &str| {
        let event = an_event(EventKind::TokenRevoked, &a_user(1));
        store.revoke_token(jti.to_owned(), NOW, event).await.unwrap();
    };
    newer();
    revoke("one").await;
    newer();
    revoke("two").await;
    let told = async |after, limit| {
        let page = store.revocations(after, NOW, limit).await.unwrap();
        let jti = |what| match what {
            Revoked::Token { jti } => jti,
            other => panic!("{other:?}"),
        };
        (page.entries.into_iter().map(|(_, entry)| jti(entry.what)).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(told(None, 1).await, (vec!["one".to_owned()], 2), "a full page, and there is more");
    assert_eq!(told(Some(2), 1).await, (vec!["two".to_owned()], 4));
    newer();
    assert_eq!(told(Some(2), 9).await, (vec!["two".to_owned()], 5), "past it, once and for all");
    assert_eq!(told(Some(4), 9).await, (vec![], 5));
}

#[tokio::test]
async fn a_client_of_a_newer_release_is_left_out() {
    let place = Place::new();
    let store = place.open();
    for seed in 1..=3 {
        assert!(store.add_client(a_client(seed), a_key_event(EventKind::ClientAdded)).await.unwrap());
    }
    let newer = "UPDATE client SET kind = 'device' WHERE id = 'client-2'";
    assert_eq!(place.stranger().execute(newer, []).unwrap(), 1);
    assert_eq!(store.clients().await.unwrap(), [a_client(1), a_client(3)]);
}

/// What the release before V2 does: it names its columns, and knows no subject.
#[tokio::test]
async fn the_previous_release_goes_on_adding_and_reading_users() {
    let place = Place::new();
    place.open().ready().await.unwrap();
    let insert = "INSERT INTO user (id, email, email_key, username, username_key, name, email_verified, state, ep, \
                  password_hash, created_at) \
                  SELECT randomblob(16), n || '@b', n || '@b', NULL, NULL, NULL, 0, 'active', 0, '!', 0 \
                  FROM (SELECT 1 AS n UNION SELECT 2)";
    place.stranger().execute_batch(insert).unwrap();
    let store = place.open();
    let users = store.users(None, 10).await.unwrap();
    assert_eq!(users.iter().map(|user| &user.subject).collect::<Vec<_>>(), [&None, &None]);
    a_signed_in_user(&store, 3).await;
    assert_eq!(place.count("SELECT count(*) FROM user WHERE subject IS NULL"), 3);
}

#[tokio::test]
async fn a_schema_that_differs_is_refused() {
    let place = Place::new();
    place.open().ready().await.unwrap();
    place.stranger().execute_batch("UPDATE refinery_schema_history SET checksum = '1'").unwrap();
    let failure = place.try_open().err().unwrap();
    let text = format!("{failure:?}");
    assert!(text.contains("rotunda.db") && text.contains("different"), "{text}");
}

#[tokio::test]
async fn the_moment_it_was_made_is_kept() {
    let place = Place::new();
    place.open().ready().await.unwrap();
    let born = place.count("SELECT value FROM meta WHERE name = 'created_at'");
    assert_eq!(born, NOW.0);
    drop(
        rotunda_store_sqlite::SqliteStore::open(&place.path(), rotunda_core::model::UnixMillis(born + 1))
            .unwrap(),
    );
    assert_eq!(place.count("SELECT value FROM meta WHERE name = 'created_at'"), born);
}
