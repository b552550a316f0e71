//! Group commit: many writes, few commits, each its own fate.

use rotunda_core::store::{Accounts, KeyShelf, Registered, Sessions};
use rotunda_testkit::fixtures::{NOW, a_registration, a_rotation, a_session, an_account, rotated};

use crate::scene::{Place, a_signed_in_user, gathered, row};

#[tokio::test]
async fn many_rotations_share_few_commits() {
    const MANY: u64 = 300;
    let place = Place::new();
    let store = place.open();
    let mut sessions = Vec::new();
    for seed in 0..MANY {
        sessions.push(a_signed_in_user(&store, seed).await.1);
    }
    let before = store.stats();
    let answers = gathered(&place, sessions.len(), |number| {
        let (store, rotation) = (store.clone(), a_rotation(&sessions[number], NOW));
        async move { store.rotate(rotation).await.unwrap() }
    })
    .await;
    let after = store.stats();
    assert!(answers.iter().all(|moved| *moved));
    assert_eq!(after.writes - before.writes, MANY);
    // The first may have left alone, before the others came.
    assert!(after.commits - before.commits <= 2, "{before:?} {after:?}");
    for session in &sessions {
        assert_eq!(row(&store, session).await, rotated(session, &a_rotation(session, NOW)));
    }
}

#[tokio::test]
async fn of_fifty_rotations_of_one_session_in_one_group_one_goes_through() {
    let place = Place::new();
    let store = place.open();
    let (_, session) = a_signed_in_user(&store, 1).await;
    let answers = gathered(&place, 50, |_| {
        let (store, rotation) = (store.clone(), a_rotation(&session, NOW));
        async move { store.rotate(rotation).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|moved| **moved).count(), 1);
    assert_eq!(row(&store, &session).await.lineage.generation, 1);
}

#[tokio::test]
async fn a_job_that_fails_undoes_itself_and_none_of_its_neighbours() {
    let place = Place::new();
    let store = place.open();
    let (_, taken) = a_signed_in_user(&store, 1).await;
    let before = store.stats();
    // Number 5 adds its user and then fails, because the id of its session is taken.
    let answers = gathered(&place, 10, |number| {
        let account = an_account(100 + number as u64);
        let mut session = a_session(&account.user, 100 + number as u64);
        if number == 5 {
            session.id = taken.id;
        }
        let store = store.clone();
        async move { store.register(a_registration(&account, Some(&session))).await }
    })
    .await;
    assert!(store.stats().commits - before.commits <= 2);
    for (number, answer) in answers.into_iter().enumerate() {
        let found = store.account_of(an_account(100 + number as u64).user.id).await.unwrap();
        if number == 5 {
            assert!(!answer.unwrap_err().is_temporary());
            assert!(found.is_none(), "what it did before it failed is undone");
        } else {
            assert_eq!(answer.unwrap(), Registered::Done);
            assert!(found.is_some(), "number {number}");
        }
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_loses_nothing_that_it_took() {
    const MORE_THAN_FIT: usize = 6_000;
    let place = Place::new();
    let store = place.open();
    store.ready().await.unwrap();
    let answers = gathered(&place, MORE_THAN_FIT, |_| {
        let store = store.clone();
        async move { store.ready().await }
    })
    .await;
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    assert!(answers.iter().flat_map(|answer| answer.as_ref().err()).all(|failure| failure.is_overload()));
    assert!((1..=MORE_THAN_FIT - 4_096).contains(&refused), "{refused}");
    assert_eq!(store.stats().refused, refused as u64);
    let written = place.count("SELECT value FROM meta WHERE name = 'readiness'");
    assert_eq!(usize::try_from(written).unwrap(), 1 + MORE_THAN_FIT - refused);
}
