//! Older and newer releases on one file.

use rotunda_core::store::{Accounts, KeyShelf};

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
    assert_eq!(born, rotunda_testkit::fixtures::NOW.0);
    drop(
        rotunda_store_sqlite::SqliteStore::open(&place.path(), rotunda_core::model::UnixMillis(born + 1))
            .unwrap(),
    );
    assert_eq!(place.count("SELECT value FROM meta WHERE name = 'created_at'"), born);
}
