//! Redis loses what it had: all of it, or its last writes. Whoever has the device secret goes on, nobody else does, and what
//! has ended stays ended.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, SessionId};
use rotunda_core::outside::Clock;
use rotunda_testkit::CommandLine as _;

use crate::ground::one_redis;
use crate::home::{Client, Home, LATER};

/// Forgets a session, as a flush or an eviction does.
fn lose(home: &Home, id: SessionId) {
    one_redis().cli(&["DEL", &home.ground.key(id)]);
}

/// A copy of the hash of a session.
fn dump(home: &Home, id: SessionId) -> Vec<u8> {
    redis::cmd("DUMP").arg(home.ground.key(id)).query(&mut connection()).unwrap()
}

/// Puts an older one back, as a failover does to a replica that was behind.
fn put_back(home: &Home, id: SessionId, dump: &[u8]) {
    let mut restore = redis::cmd("RESTORE");
    restore.arg(home.ground.key(id)).arg(0).arg(dump).arg("REPLACE");
    restore.query::<()>(&mut connection()).unwrap();
}

fn connection() -> redis::Connection {
    redis::Client::open(one_redis().url()).unwrap().get_connection().unwrap()
}

async fn a_session_that_was_used(home: &Home) -> Client {
    let mut client = home.sign_in().await;
    for _ in 0..3 {
        home.pass(LATER);
        home.refreshes(&mut client).await;
    }
    home.pass(LATER);
    client
}

#[tokio::test]
async fn a_session_that_was_lost_goes_on_beside_its_device() {
    let home = Home::new().await;
    let mut client = a_session_that_was_used(&home).await;
    lose(&home, client.id);
    for _ in 0..3 {
        home.refreshes(&mut client).await;
        home.pass(LATER);
    }
    assert_eq!(client.generation, 6, "it is an ordinary session from there on");
}

#[tokio::test]
async fn a_thief_without_the_device_gets_nothing_of_a_lost_session_and_cannot_end_it() {
    let home = Home::new().await;
    let first = home.sign_in().await;
    let mut client = first.clone();
    home.pass(LATER);
    home.refreshes(&mut client).await;
    home.pass(LATER);
    for stolen in [first, client.clone()] {
        lose(&home, client.id);
        for thief in [stolen.token_alone(), stolen.on_another_device()] {
            assert_eq!(home.refused(&thief).await, Denied::TokenAhead);
        }
    }
    home.refreshes(&mut client).await;
    home.pass(LATER);
    assert_eq!(home.refused(&client.token_alone()).await, Denied::ProofMissing, "it has been shown again");
    home.refreshes(&mut client).await;
}

#[tokio::test]
async fn a_flush_between_any_two_steps_signs_nobody_out() {
    let home = Home::new().await;
    let mut client = home.sign_in().await;
    for step in 0..12 {
        // What another tab has sent before, and what comes of it after the loss.
        let late = client.clone();
        if step % 3 != 0 {
            home.refreshes(&mut client).await;
        }
        lose(&home, client.id);
        match step % 4 {
            0 => home.refreshes(&mut client).await,
            1 => {
                home.refreshes(&mut client).await;
                let answer = home.asks(&late).await;
                assert!(
                    matches!(&answer, Ok(_) | Err(rotunda_core::failure::Error::Denied(Denied::TokenStale))),
                    "step {step}: {:?}",
                    answer.map(|grant| grant.session.lineage.generation)
                );
            }
            2 => {
                // The late one comes first: the client does not keep its answer, because it is not newer.
                home.asks(&late).await.unwrap();
                lose(&home, client.id);
            }
            _ if late.generation < client.generation => home.asks(&late).await.map(drop).unwrap(),
            _ => home.refreshes(&mut client).await,
        }
        home.pass(LATER);
        home.refreshes(&mut client).await;
        home.pass(LATER);
    }
}

#[tokio::test]
async fn last_writes_that_were_lost_are_brought_by_the_device() {
    let home = Home::new().await;
    let mut client = a_session_that_was_used(&home).await;
    let older = dump(&home, client.id);
    for _ in 0..2 {
        home.refreshes(&mut client).await;
        home.pass(LATER);
    }
    put_back(&home, client.id, &older);
    assert_eq!(home.refused(&client.token_alone()).await, Denied::ProofMissing);
    assert_eq!(home.refused(&client.on_another_device()).await, Denied::TokenAhead);
    let before = client.clone();
    home.refreshes(&mut client).await;
    assert_eq!(client.generation, before.generation + 1);
    home.pass(LATER);
    home.refreshes(&mut client).await;
    home.pass(LATER);
    assert_eq!(home.refused(&before).await, Denied::TokenReused, "a used token is a used token again");
}

/// By what an old dump says, everybody has been away for too long.
#[tokio::test]
async fn a_dump_older_than_the_idle_time_signs_nobody_out() {
    use rotunda_core::store::Sessions;
    let home = Home::new().await;
    let mut client = home.sign_in().await;
    let old = dump(&home, client.id);
    let idle = home.rotunda.session(client.id).await.unwrap().session.idle;
    for _ in 0..4 {
        home.pass(idle / 3);
        home.refreshes(&mut client).await;
        assert_eq!(home.ground.store.expire(home.clock.now(), 10).await.unwrap(), 0);
    }
    put_back(&home, client.id, &old);
    assert_eq!(home.ground.store.expire(home.clock.now(), 10).await.unwrap(), 0);
    let generation = client.generation;
    home.refreshes(&mut client).await;
    assert_eq!(client.generation, generation + 1);
    home.pass(idle);
    assert_eq!(home.refused(&client).await, Denied::SessionEnded(Some(Ending::IdleExpired)), "then it is up");
}

#[tokio::test]
async fn an_end_that_redis_has_lost_stays_ended() {
    let home = Home::new().await;
    for ends_all in [false, true] {
        let client = a_session_that_was_used(&home).await;
        let live = dump(&home, client.id);
        let facts = home.rotunda.session(client.id).await.unwrap();
        let user = facts.user.id;
        if ends_all {
            use rotunda_core::store::Accounts;
            let end = rotunda_testkit::fixtures::an_end_of_all(
                &facts.user,
                Ending::LoggedOutEverywhere,
                rotunda_testkit::fixtures::NOW,
            );
            assert!(home.ground.store.end_all(end).await.unwrap() >= Some(1), "{user}");
        } else {
            use rotunda_core::store::Sessions;
            let end = rotunda_testkit::fixtures::an_end(
                &facts.session,
                Ending::LoggedOut,
                rotunda_testkit::fixtures::NOW,
            );
            assert!(home.ground.store.end(end).await.unwrap());
        }
        let ending = if ends_all { Ending::LoggedOutEverywhere } else { Ending::LoggedOut };
        assert_eq!(home.refused(&client).await, Denied::SessionEnded(Some(ending)));
        put_back(&home, client.id, &live);
        assert_eq!(home.refused(&client).await, Denied::SessionEnded(Some(ending)), "an older state");
        lose(&home, client.id);
        assert_eq!(home.refused(&client).await, Denied::SessionEnded(Some(ending)), "nothing at all");
    }
}
