//! Several handles on one file, as an operator's command beside a running server.

use std::sync::{Arc, Barrier};
use std::thread;

use rotunda_core::model::Ending;
use rotunda_core::store::{Accounts, KeyShelf, Sessions};
use rotunda_testkit::fixtures::{NOW, a_rotation, a_sealed_key, an_end_of_all};

use crate::scene::{Place, a_signed_in_user, row};

#[tokio::test]
async fn each_sees_at_once_what_the_other_was_told_is_done() {
    let place = Place::new();
    let (server, operator) = (place.open(), place.open());
    let (account, mut session) = a_signed_in_user(&server, 1).await;
    for _ in 0..20 {
        assert!(operator.rotate(a_rotation(&session, NOW)).await.unwrap());
        session = row(&server, &session).await;
        assert!(server.rotate(a_rotation(&session, NOW)).await.unwrap());
        session = row(&operator, &session).await;
    }
    assert_eq!(session.lineage.generation, 40);
    let end = an_end_of_all(&account.user, Ending::UserDisabled, NOW);
    assert_eq!(operator.end_all(end).await.unwrap(), Some(1));
    assert!(!server.rotate(a_rotation(&session, NOW)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_all_wins_whichever_handle_it_came_through() {
    let place = Place::new();
    let handles = [place.open(), place.open()];
    let (_, mut session) = a_signed_in_user(&handles[0], 1).await;
    for generation in 1..=10 {
        let ask = |number: usize| {
            let (store, rotation) = (handles[number % 2].clone(), a_rotation(&session, NOW));
            tokio::spawn(async move { store.rotate(rotation).await.unwrap() })
        };
        let tasks: Vec<_> = (0..50).map(ask).collect();
        let mut moved = 0;
        for task in tasks {
            moved += usize::from(task.await.unwrap());
        }
        assert_eq!(moved, 1);
        session = row(&handles[1], &session).await;
        assert_eq!(session.lineage.generation, generation);
    }
}

#[tokio::test]
async fn all_who_start_at_once_in_an_empty_folder_start() {
    const MANY: u64 = 8;
    let place = Arc::new(Place::new());
    let gate = Arc::new(Barrier::new(8));
    let start = |_| {
        let (place, gate) = (Arc::clone(&place), Arc::clone(&gate));
        thread::spawn(move || {
            gate.wait();
            place.open()
        })
    };
    let started: Vec<_> = (0..MANY).map(start).collect();
    let stores: Vec<_> = started.into_iter().map(|thread| thread.join().unwrap()).collect();
    let mut first = 0;
    for (seed, store) in (0..).zip(&stores) {
        first += u64::from(store.add_signing_key(a_sealed_key(seed), None, None).await.unwrap());
    }
    assert_eq!(first, 1, "one database for all");
}
