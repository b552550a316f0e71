//! A feed that is cut: the service goes on or refuses, as it has chosen, and always knows.

use rotunda_verify::{Refused, RevokedBy, Unavailable, WhenStale};
use serde_json::json;

use crate::feed::followed;
use crate::issuer::{Issuer, credentials, heartbeat, key, revocations};
use crate::support::{HandClock, NOW, NOW_DATE, NOW_MS, seconds, until};

const STALE: Refused = Refused::Unavailable(Unavailable::FeedStale);

fn refuse(after: u64) -> WhenStale {
    WhenStale::Refuse { after: seconds(after) }
}

#[tokio::test]
async fn a_service_that_goes_on_does_and_sees_how_stale_it_is() {
    let service = followed(|builder| builder).await;
    service.issuer.world().stream_status = Some(503);
    service.issuer.cut();
    until("the cut", || !service.verifier.health().feed.unwrap().connected).await;
    service.clock.pass(seconds(300));
    assert!(service.verify(&service.token(|_| ())).is_ok());
    let health = service.verifier.health();
    assert!(health.ready);
    let feed = health.feed.unwrap();
    assert_eq!((feed.connected, feed.staleness_ms), (false, Some(300_000)));
    assert!(feed.last_error.is_some());
}

#[tokio::test]
async fn a_service_that_refuses_does_so_with_503_until_the_feed_is_back() {
    let service = followed(|builder| builder.when_stale(refuse(30))).await;
    let token = service.token(|_| ());
    let bad = service.token(|claims| claims.sid = Some("ended".to_owned()));
    service
        .page("c2", false, json!([{"type": "session", "sid": "ended", "at": NOW, "exp": NOW + 660}]))
        .await;
    service.refused(&bad, RevokedBy::Session).await;
    service.issuer.cut();
    service.clock.pass(seconds(30));
    assert!(service.verify(&token).is_ok());
    service.clock.pass(seconds(1));
    // Remembered or not.
    assert_eq!(service.verify(&token), Err(STALE));
    assert_eq!(service.verify(&service.token(|claims| claims.jti = "new".to_owned())), Err(STALE));
    // What is known to be bad stays so.
    assert_eq!(service.verify(&bad), Err(Refused::Revoked(RevokedBy::Session)));
    assert!(matches!(service.verify("nonsense"), Err(Refused::Invalid(_))));
    let health = service.verifier.health();
    assert_eq!((health.ready, health.refused.unavailable), (false, 2));

    service.opened(2).await;
    service.issuer.send(&heartbeat("c2", NOW_MS + 31_000)).await;
    until("the return", || service.verify(&token).is_ok()).await;
    assert!(service.verifier.health().ready);
}

#[tokio::test]
async fn a_service_that_refuses_does_so_before_the_feed_is_heard() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    issuer.world().token_status = Some(503);
    let verifier = issuer
        .builder()
        .clock(HandClock::new())
        .follow(credentials())
        .when_stale(refuse(30))
        .build()
        .unwrap();
    let token = key.sign(&issuer.claims()).unwrap();
    assert_eq!(verifier.authenticate(&token).await, Err(STALE));
    assert_eq!(verifier.health().feed.unwrap().staleness_ms, None);
}

#[tokio::test]
async fn heartbeats_of_a_server_that_cannot_read_its_store_do_not_pass_for_news() {
    let service = followed(|builder| builder.when_stale(refuse(10))).await;
    let token = service.token(|_| ());
    for second in 1..=10 {
        service.clock.pass(seconds(1));
        service.issuer.send(&heartbeat(&format!("c{second}"), NOW_MS)).await;
        assert!(service.verify(&token).is_ok(), "{second}");
    }
    service.clock.pass(seconds(1));
    service.issuer.send(&heartbeat("c11", NOW_MS)).await;
    service
        .page("c11", false, json!([{"type": "session", "sid": "mark", "at": NOW, "exp": NOW + 660}]))
        .await;
    until("all of that", || service.verifier.health().feed.unwrap().entries == 1).await;
    assert_eq!(service.verifier.health().feed.unwrap().staleness_ms, Some(11_000));
    assert_eq!(service.verify(&token), Err(STALE));
}

/// The first word is already old: the server's own `Date` tells, whatever this machine's clock says.
#[tokio::test]
async fn what_is_old_on_arrival_counts_as_old_however_wrong_our_clock_is() {
    for set in [-86_400_000, 0, 86_400_000] {
        let key = key();
        let issuer = Issuer::with_keys(&[&key]).await;
        issuer.world().date = Some(NOW_DATE.to_owned());
        let clock = HandClock::new();
        clock.set_wall(set);
        let verifier = issuer.builder().clock(clock.clone()).follow(credentials()).build().unwrap();
        until("a stream", || !issuer.world().open.is_empty()).await;
        let old = NOW_MS - 20_000;
        issuer.send(&(revocations("c1", true, old, json!([])) + &heartbeat("c1", old))).await;
        verifier.ready().await;
        assert_eq!(verifier.health().feed.unwrap().staleness_ms, Some(20_000), "{set}");
        clock.pass(seconds(1));
        issuer.send(&heartbeat("c1", NOW_MS + 1000)).await;
        until("news", || verifier.health().feed.unwrap().staleness_ms == Some(0)).await;
    }
}
