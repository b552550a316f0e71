//! What the follower does about a stream that only looks alive, and what is seen when it is gone itself.

use std::time::Duration;

use rotunda_verify::{Clock, Limits, SystemClock};
use serde_json::json;

use crate::feed::{PATIENT, followed};
use crate::issuer::{Issuer, credentials, heartbeat, key, revocations};
use crate::support::{NOW_MS, until};

/// Bytes that complete no event keep nothing alive.
#[tokio::test]
async fn comments_are_no_heartbeats() {
    let silence = Duration::from_millis(300);
    let service = followed(|builder| builder.limits(Limits { silence, ..Limits::default() })).await;
    let first = service.issuer.world().open.back().unwrap().clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(50));
        while first.send(": still here\n\n".into()).await.is_ok() {
            every.tick().await;
        }
    });
    service.opened(2).await;
}

#[test]
fn a_runtime_that_ends_takes_the_connection_with_it() {
    let main = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let first = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let issuer = main.block_on(Issuer::with_keys(&[&key()]));
    let verifier = first.block_on(async {
        let verifier = issuer.builder().follow(credentials()).limits(PATIENT).build().unwrap();
        until("a stream", || !issuer.world().open.is_empty()).await;
        issuer.send(&(revocations("c1", true, NOW_MS, json!([])) + &heartbeat("c1", NOW_MS))).await;
        verifier.ready().await;
        verifier
    });
    assert!(verifier.health().feed.unwrap().connected);
    drop(first);
    let feed = verifier.health().feed.unwrap();
    assert!(!feed.connected);
    assert!(feed.last_error.unwrap().contains("runtime"));
}

/// Five streams, each with one heartbeat: that is no recovery, and the pauses grow to 100, 200, 400 and 800 ms at least.
#[tokio::test]
async fn one_heartbeat_is_no_recovery() {
    let service = followed(|builder| builder).await;
    let clock = SystemClock::new();
    for streams in 2..=5 {
        service.issuer.cut();
        service.opened(streams).await;
        service.beat("c1").await;
        until("the heartbeat", || service.verifier.health().feed.unwrap().connected).await;
    }
    assert!(clock.elapsed() >= Duration::from_millis(1500), "{:?}", clock.elapsed());
}
