//! Several handles on one file, as an operator's command beside a running server.

use std::sync::{Arc, Barrier};
use std::thread;

use rotunda_core::model::{Ending, EventKind, Revoked, SessionId};
use rotunda_core::store::{Accounts, Clients, Feed, KeyShelf, Sessions};
use rotunda_testkit::fixtures::{
    NOW, a_client, a_key_event, a_login, a_rotation, a_sealed_key, a_session, an_end, an_end_of_all,
};

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

#[tokio::test]
async fn what_another_process_revokes_is_seen_by_whoever_asks() {
    let place = Place::new();
    let (server, operator) = (place.open(), place.open());
    let (account, session) = a_signed_in_user(&server, 1).await;
    let start = server.revocations(None, NOW, 10).await.unwrap();
    let version = server.shelf_version().await.unwrap();
    assert!(operator.end(an_end(&session, Ending::RevokedByAdmin, NOW)).await.unwrap());
    let first = server.revocations(Some(start.next), NOW, 10).await.unwrap();
    let ending = Ending::RevokedByAdmin;
    assert_eq!(first.entries[0].1.what, Revoked::Session { id: session.id, ending });
    operator.end_all(an_end_of_all(&account.user, Ending::UserDisabled, NOW)).await.unwrap();
    let second = server.revocations(Some(first.next), NOW, 10).await.unwrap();
    assert_eq!((second.feed, second.entries.len()), (start.feed, 1));
    assert_eq!(operator.revocations(None, NOW, 10).await.unwrap().next, second.next);

    assert_eq!(server.shelf_version().await.unwrap(), version);
    assert!(operator.add_client(a_client(1), a_key_event(EventKind::ClientAdded)).await.unwrap());
    assert!(server.shelf_version().await.unwrap() > version);
    assert_eq!(server.clients().await.unwrap(), [a_client(1)]);
}

/// Two writers that know nothing of each other, and a third process that follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_follows_misses_nothing_of_what_several_processes_write() {
    const EACH: u64 = 60;
    let place = Place::new();
    let (writers, follower) = ([place.open(), place.open()], place.open());
    let (account, _) = a_signed_in_user(&follower, 1).await;
    let mut wanted: Vec<SessionId> = Vec::new();
    let mut tasks = Vec::new();
    for (writer, seeds) in writers.into_iter().zip([100..100 + EACH, 500..500 + EACH]) {
        let sessions: Vec<_> = seeds.map(|seed| a_session(&account.user, seed)).collect();
        wanted.extend(sessions.iter().map(|session| session.id));
        for session in &sessions {
            writer.login(a_login(&account, session)).await.unwrap();
        }
        tasks.push(tokio::spawn(async move {
            for session in sessions {
                assert!(writer.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
            }
        }));
    }
    let (mut after, mut seen, mut over) = (None, Vec::new(), false);
    loop {
        let page = follower.revocations(after, NOW, 7).await.unwrap();
        if page.entries.is_empty() && over {
            break;
        }
        // What was written before this moment is on the next page at the latest.
        over = page.entries.is_empty() && tasks.iter().all(tokio::task::JoinHandle::is_finished);
        after = Some(page.next);
        seen.extend(page.entries);
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert!(seen.is_sorted_by(|one, other| one.0 < other.0));
    let mut found: Vec<SessionId> = (seen.iter())
        .filter_map(|(_, entry)| match entry.what {
            Revoked::Session { id, .. } => Some(id),
            _ => None,
        })
        .collect();
    found.sort();
    wanted.sort();
    assert!(found == wanted, "{} of {} entries", found.len(), wanted.len());
}
