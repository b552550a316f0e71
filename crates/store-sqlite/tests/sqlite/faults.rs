//! What fails for a while is said to, and is well again by itself.

use std::fs;

use rotunda_core::store::{Accounts, KeyShelf, Registered, Sessions};
use rotunda_testkit::fixtures::{NOW, a_registration, a_rotation, a_session, an_account};

use crate::scene::{Place, a_signed_in_user, gathered, row};

#[tokio::test]
async fn a_lock_that_does_not_go_away_is_an_outage_until_it_does() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let stranger = place.writing_stranger();
    for _ in 0..2 {
        let failure = store.rotate(a_rotation(&session, NOW)).await.unwrap_err();
        assert!(failure.is_temporary() && !failure.is_overload(), "{failure:?}");
        assert_eq!(row(&store, &session).await, session, "reads go on, and nothing is changed");
    }
    stranger.execute_batch("COMMIT").unwrap();
    assert!(store.rotate(a_rotation(&session, NOW)).await.unwrap());
    assert_eq!(store.stats().failed_commits, 2);
}

#[tokio::test]
async fn who_waits_together_for_a_lock_that_does_not_go_away_is_told_so_together() {
    const MANY: usize = 20;
    let place = Place::new();
    let store = place.open();
    let mut sessions = Vec::new();
    for seed in 0..MANY {
        sessions.push(a_signed_in_user(&store, seed as u64).await.1);
    }
    let stranger = place.stranger();
    stranger.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let rotations = sessions.iter().map(|session| {
        let (store, rotation) = (store.clone(), a_rotation(session, NOW));
        tokio::spawn(async move { store.rotate(rotation).await })
    });
    for rotation in rotations.collect::<Vec<_>>() {
        let failure = rotation.await.unwrap().unwrap_err();
        assert!(failure.is_temporary() && format!("{failure:?}").contains("locked"), "{failure:?}");
    }
    stranger.execute_batch("COMMIT").unwrap();
    for session in &sessions {
        assert_eq!(row(&store, session).await, *session, "nothing was changed");
        assert!(store.rotate(a_rotation(session, NOW)).await.unwrap());
    }
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_has_lost_its_place() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let aside = place.path().with_extension("aside");
    for replaced in [false, true] {
        fs::rename(place.path(), &aside).unwrap();
        if replaced {
            fs::write(place.path(), "another file").unwrap();
        }
        let failure = store.rotate(a_rotation(&session, NOW)).await.unwrap_err();
        let text = format!("{failure:?}");
        assert!(failure.is_temporary() && text.contains("was moved, removed or replaced"), "{text}");
        assert!(store.ready().await.unwrap_err().is_temporary());
        fs::rename(&aside, place.path()).unwrap();
        assert_eq!(row(&store, &session).await, session);
        store.ready().await.unwrap();
    }
    assert!(store.rotate(a_rotation(&session, NOW)).await.unwrap());
}

/// As a full disk does: the statement that fails takes the whole transaction with it.
#[tokio::test]
async fn when_the_transaction_is_lost_nobody_in_it_is_told_that_it_went_well() {
    let place = Place::new();
    let store = place.open();
    let poison = "CREATE TRIGGER poison BEFORE INSERT ON user WHEN NEW.username_key = 'user-149' \
                  BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";
    place.stranger().execute_batch(poison).unwrap();
    let register = |number: usize| {
        let account = an_account(100 + number as u64);
        let session = a_session(&account.user, 100 + number as u64);
        let store = store.clone();
        async move { store.register(a_registration(&account, Some(&session))).await }
    };
    let answers = gathered(&place, 50, register).await;
    // Those that the writer took before the last one came are done; the others went down with it.
    assert!(answers[49].is_err());
    for (number, answer) in answers.into_iter().enumerate() {
        let found = store.account_of(an_account(100 + number as u64).user.id).await.unwrap().is_some();
        assert_eq!(answer.is_ok(), found, "number {number}");
    }
    assert_eq!(store.stats().failed_commits, 1);

    place.stranger().execute_batch("DROP TRIGGER poison").unwrap();
    assert_eq!(register(49).await.unwrap(), Registered::Done);
}

#[tokio::test]
async fn a_store_that_cannot_write_is_not_ready() {
    let place = Place::new();
    let store = place.open();
    store.ready().await.unwrap();
    let stranger = place.writing_stranger();
    assert!(store.ready().await.unwrap_err().is_temporary());
    stranger.execute_batch("COMMIT").unwrap();
    store.ready().await.unwrap();
}
