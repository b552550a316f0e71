//! A session at a generation is rotated or ended there, never both; and nothing is left behind.

use std::sync::Arc;

use rotunda_core::model::{Ending, Standing};
use rotunda_core::store::{Accounts, EndingOne, LoggedIn, LoggingIn, Sessions};
use rotunda_testkit::fixtures::{NOW, a_login, a_registration, a_rotation, a_session, an_account, an_end};
use tokio::sync::Barrier;

use crate::ground::{Ground, one_redis};

fn holder(ground: &Ground, id: rotunda_core::model::SessionId) -> String {
    one_redis().cli(&["HGET", &ground.key(id), "o"]).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_is_rotated_or_ended_at_a_generation_and_never_both() {
    let ground = Ground::new().await;
    let (mut rotated, mut over) = (0, 0);
    for seed in 0..60 {
        let account = an_account(seed);
        let session = a_session(&account.user, seed);
        ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
        let gate = Arc::new(Barrier::new(2));
        let rotates = {
            let (store, gate, rotation) = (ground.store.clone(), gate.clone(), a_rotation(&session, NOW));
            tokio::spawn(async move {
                gate.wait().await;
                store.rotate(rotation).await.unwrap()
            })
        };
        let ends = {
            let (store, end) = (ground.store.clone(), an_end(&session, Ending::Reused, NOW));
            tokio::spawn(async move {
                gate.wait().await;
                store.end(EndingOne { at_generation: Some(0), ..end }).await.unwrap()
            })
        };
        let (moved, ended) = (rotates.await.unwrap(), ends.await.unwrap());
        let standing = ground.store.facts(session.id).await.unwrap().unwrap().session.standing;
        assert_eq!((moved, standing == Standing::Live), (!ended, !ended), "round {seed}");
        assert_eq!(holder(&ground, session.id), "", "the hold is gone");
        rotated += u32::from(moved);
        over += u32::from(ended);
    }
    println!("rotated {rotated}, ended {over}");
}

/// Somebody died while they held it: nobody waits for them for ever.
#[tokio::test]
async fn a_hold_that_was_left_behind_lapses() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let key = ground.key(session.id);
    let time = one_redis().cli(&["TIME"]);
    let seconds: i64 = time.lines().next().unwrap().trim().parse().unwrap();
    one_redis().cli(&["HSET", &key, "o", &format!("{}000000", seconds)]);
    assert!(!ground.store.rotate(a_rotation(&session, NOW)).await.unwrap(), "somebody is about to end it");
    let end = EndingOne { at_generation: Some(0), ..an_end(&session, Ending::Reused, NOW) };
    assert!(!ground.store.end(end.clone()).await.unwrap(), "somebody else is");
    one_redis().cli(&["HSET", &key, "o", &format!("{}000000", seconds - 11)]);
    assert!(ground.store.rotate(a_rotation(&session, NOW)).await.unwrap());
    assert!(!ground.store.end(end).await.unwrap(), "it has moved on");
}

/// A Redis whose clock was ahead has held it, and another has taken over.
#[tokio::test]
async fn a_hold_of_the_future_lapses_too() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let seconds: i64 = one_redis().cli(&["TIME"]).lines().next().unwrap().trim().parse().unwrap();
    let an_hour_on = format!("{}000000", seconds + 3_600);
    one_redis().cli(&["HSET", &ground.key(session.id), "o", &an_hour_on]);
    assert!(ground.store.rotate(a_rotation(&session, NOW)).await.unwrap());
    one_redis().cli(&["HSET", &ground.key(session.id), "o", &an_hour_on]);
    let end = EndingOne { at_generation: Some(1), ..an_end(&session, Ending::Reused, NOW) };
    assert!(ground.store.end(end).await.unwrap());
}

#[tokio::test]
async fn an_end_that_is_refused_leaves_no_hold() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let replaces = EndingOne { at_generation: Some(0), ..an_end(&session, Ending::LoggedOut, NOW) };
    let refused = LoggingIn {
        password: rotunda_testkit::fixtures::a_password_hash(99),
        replaces: Some(replaces.clone()),
        ..a_login(&account, &a_session(&account.user, 2))
    };
    assert_eq!(ground.store.login(refused).await.unwrap(), LoggedIn::Changed);
    assert_eq!(holder(&ground, session.id), "");
    assert_eq!(one_redis().cli(&["EXISTS", &ground.key(a_session(&account.user, 2).id)]).trim(), "0");
    assert!(ground.store.rotate(a_rotation(&session, NOW)).await.unwrap());
    assert!(!ground.store.end(replaces).await.unwrap());
    assert_eq!(holder(&ground, session.id), "");
}

/// Of a session that Redis has lost nothing is known: its end at the beginning holds it all the same.
#[tokio::test]
async fn a_session_that_was_lost_can_be_ended() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    one_redis().cli(&["DEL", &ground.key(session.id)]);
    let read = ground.store.facts(session.id).await.unwrap().unwrap().session;
    let at = |generation| EndingOne {
        at_generation: Some(generation),
        ..an_end(&session, Ending::LoggedOut, NOW)
    };
    assert!(!ground.store.end(at(5)).await.unwrap());
    assert!(ground.store.end(at(0)).await.unwrap());
    assert!(!ground.store.rotate(a_rotation(&read, NOW)).await.unwrap(), "nor does it move on from nothing");
    one_redis().cli(&["DEL", &ground.key(session.id)]);
    assert!(!ground.store.rotate(a_rotation(&read, NOW)).await.unwrap(), "after a flush in between either");
}

/// Expiry: a session that was lost gets its idle span once more, and no second time.
#[tokio::test]
async fn a_session_that_was_lost_expires_one_idle_span_later() {
    let ground = Ground::new().await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    one_redis().cli(&["DEL", &ground.key(session.id)]);
    let due = session.idle_expires_at;
    assert_eq!(ground.store.expire(due, 10).await.unwrap(), 0);
    let until = due.plus(session.idle);
    let stands = ground.store.facts(session.id).await.unwrap().unwrap().session;
    assert_eq!((stands.standing, stands.idle_expires_at), (Standing::Live, until));
    assert_eq!(ground.store.expire(until, 10).await.unwrap(), 1);
    let standing = ground.store.facts(session.id).await.unwrap().unwrap().session.standing;
    assert_eq!(standing, Standing::Ended { ending: Ending::IdleExpired, at: until });
}
