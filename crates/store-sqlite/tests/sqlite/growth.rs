//! What grows and what does not.

use std::time::Duration;

use rotunda_core::store::Sessions;
use rotunda_testkit::fixtures::{NOW, a_rotation};

use crate::scene::{Place, a_signed_in_user, row};

#[tokio::test]
async fn a_thousand_rotations_leave_one_row_and_a_file_of_the_same_size() {
    const PAGES: &str = "SELECT page_count FROM pragma_page_count";
    let place = Place::new();
    let store = place.open();
    let (_, mut session) = a_signed_in_user(&store, 1).await;
    let (events, mut pages) = (place.count("SELECT count(*) FROM outbox"), 0);
    for generation in 1..=1_000 {
        let now = NOW.plus(Duration::from_mins(generation));
        assert!(store.rotate(a_rotation(&session, now)).await.unwrap());
        session = row(&store, &session).await;
        if generation == 5 {
            pages = place.count(PAGES);
        }
    }
    assert_eq!(session.lineage.generation, 1_000);
    assert_eq!(place.count("SELECT count(*) FROM session"), 1);
    assert_eq!(place.count("SELECT count(*) FROM outbox"), events);
    assert_eq!(place.count(PAGES), pages);
}

#[tokio::test]
async fn the_janitor_walks_through_a_large_table_in_bounded_steps_and_starts_again() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    place.copy_the_session(24_999);
    let due = "UPDATE session SET idle_expires_at = 1 WHERE rowid IN (9999, 10001, 24999, 25000)";
    place.stranger().execute_batch(due).unwrap();
    let mut found = Vec::new();
    for _ in 0..4 {
        found.push(store.expire(NOW, 100).await.unwrap());
    }
    assert_eq!(found, [1, 1, 2, 0]);

    place.stranger().execute_batch("UPDATE session SET idle_expires_at = 1 WHERE rowid = 17").unwrap();
    let mut found = 0;
    for _ in 0..3 {
        found += store.expire(NOW, 100).await.unwrap();
    }
    assert_eq!(found, 1, "as many calls as the table has steps find whatever is due");
    assert_eq!(place.count("SELECT count(*) FROM outbox WHERE kind = 'session.ended'"), 5);
}

#[tokio::test]
async fn in_a_small_table_one_call_also_finds_what_is_behind_the_last_one() {
    let place = Place::new();
    let store = place.open();
    a_signed_in_user(&store, 1).await;
    place.copy_the_session(4);
    place.stranger().execute_batch("UPDATE session SET idle_expires_at = 1 WHERE rowid = 3").unwrap();
    assert_eq!(store.expire(NOW, 1).await.unwrap(), 1);
    place.stranger().execute_batch("UPDATE session SET idle_expires_at = 1 WHERE rowid IN (2, 5)").unwrap();
    assert_eq!(store.expire(NOW, 100).await.unwrap(), 2);
}
