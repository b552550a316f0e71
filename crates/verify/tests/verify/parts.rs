//! A large page arrives in parts: what counts is the whole.

use rotunda_verify::{Refused, RevokedBy, Unavailable, WhenStale};
use serde_json::{Value, json};

use crate::feed::{PATIENT, followed};
use crate::issuer::{Issuer, credentials, heartbeat, key, revocations};
use crate::support::{HandClock, NOW, NOW_MS, seconds, until};

const STALE: Refused = Refused::Unavailable(Unavailable::FeedStale);

fn session(sid: &str) -> Value {
    json!([{"type": "session", "sid": sid, "at": NOW, "exp": NOW + 660}])
}

#[tokio::test]
async fn the_first_part_is_not_the_feed() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let when_stale = WhenStale::Refuse { after: seconds(30) };
    let builder = issuer.builder().clock(HandClock::new()).limits(PATIENT).when_stale(when_stale);
    let verifier = builder.follow(credentials()).build().unwrap();
    let token = key.sign(&issuer.claims()).unwrap();
    assert_eq!(verifier.authenticate(&token).await, Err(STALE));
    until("a stream", || !issuer.world().open.is_empty()).await;
    issuer.send(&revocations("c1", true, NOW_MS, session("another"))).await;
    until("the first part", || verifier.health().feed.unwrap().entries == 1).await;
    assert_eq!(verifier.verify(&token), Err(STALE));
    assert_eq!(verifier.health().feed.unwrap().staleness_ms, None);
    issuer.send(&(revocations("c1", false, NOW_MS, session("third")) + &heartbeat("c1", NOW_MS))).await;
    until("the whole", || verifier.verify(&token).is_ok()).await;
}

/// A server whose second part cannot be read, again and again, is one that says nothing.
#[tokio::test]
async fn parts_of_pages_that_break_off_do_not_pass_for_news() {
    let service = followed(|builder| builder.when_stale(WhenStale::Refuse { after: seconds(20) })).await;
    let token = service.token(|_| ());
    let mut as_of = NOW_MS;
    for round in 1..=3 {
        service.clock.pass(seconds(9));
        as_of += 9000;
        let broken = "event: revocations\ndata: {\"broken\":1}\n\n";
        service.issuer.send(&(revocations("z", true, as_of, session("another")) + broken)).await;
        service.opened(1 + round).await;
        assert_eq!(service.verifier.health().feed.unwrap().staleness_ms, Some(9000 * round as u64));
    }
    assert_eq!(service.verify(&token), Err(STALE));
}

#[tokio::test]
async fn a_poll_that_breaks_off_brings_nothing_new() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let builder =
        issuer.builder().clock(HandClock::new()).when_stale(WhenStale::Refuse { after: seconds(10) });
    let verifier = builder.poll(credentials()).build().unwrap();
    let token = key.sign(&issuer.claims()).unwrap();
    let mut first: Value = json!({"cursor": "c1", "full": true, "more": true, "keep": 660, "as_of": NOW_MS});
    first["entries"] = session("another");
    issuer.world().earlier = vec![first, json!({"broken": 1})];
    assert!(verifier.poll_revocations().await.is_err());
    assert_eq!(verifier.authenticate(&token).await, Err(STALE));
    assert!(verifier.poll_revocations().await.is_ok());
    assert!(verifier.authenticate(&token).await.is_ok());
}

/// The old cursor belongs to what the full page replaces: to go on from it would be to miss what is in neither.
#[tokio::test]
async fn a_full_page_that_breaks_off_is_asked_for_whole() {
    let service = followed(|builder| builder).await;
    let token = service.token(|_| ());
    service.page("c5", false, session(&service.issuer.claims().sid.unwrap())).await;
    service.beat("c5").await;
    service.refused(&token, RevokedBy::Session).await;
    service.page("z1", true, session("another")).await;
    until("the first part", || service.verifier.health().feed.unwrap().entries == 2).await;
    service.issuer.cut();
    service.opened(2).await;
    let since: Vec<_> = service.issuer.world().streams.iter().map(|(since, _)| since.clone()).collect();
    assert_eq!(since, [None, None]);
    // What was known stays in force until the whole has come.
    assert_eq!(service.verify(&token), Err(Refused::Revoked(RevokedBy::Session)));
}
