//! Signing keys that change while tokens are in use.

use std::sync::Arc;

use rotunda_token::Claims;
use rotunda_verify::{Invalid, Refused, RevokedBy, Verifier};
use serde_json::json;

use crate::issuer::{Issuer, credentials, heartbeat, key, revocations};
use crate::support::{HandClock, NOW, NOW_MS, seconds, until};

const KEY_UNKNOWN: Refused = Refused::Invalid(Invalid::KeyUnknown);

fn claims(issuer: &Issuer, exp: i64) -> Claims {
    Claims { exp, ..issuer.claims() }
}

/// As the server does it: publish, wait until every cache has turned over, sign with the new one, retire the old one
/// when its last token is dead. Services look at their keys at different moments; none ever refuses a good token.
#[tokio::test]
async fn a_rotation_with_caches_of_ten_minutes_causes_no_false_refusal() {
    let (old, new) = (key(), key());
    let issuer = Issuer::with_keys(&[&old]).await;
    issuer.world().max_age = Some("max-age=600".to_owned());
    let clock = HandClock::new();
    let mut services: Vec<Verifier> = Vec::new();
    let (publish, sign, retire) = (8, 8 + 12, 8 + 12 + 12);
    let mut newest = old.sign(&claims(&issuer, NOW + 600)).unwrap();
    let mut last_of_old = newest.clone();
    for minute in 0..45_i64 {
        if minute < 10 {
            let service = issuer.builder().cache(100).clock(clock.clone()).build().unwrap();
            service.ready().await;
            services.push(service);
        }
        if minute == publish {
            issuer.publish(&[&old, &new]);
        }
        if minute == retire {
            issuer.publish(&[&new]);
        }
        let exp = NOW + minute * 60 + 600;
        if minute < sign {
            newest = old.sign(&claims(&issuer, exp)).unwrap();
            last_of_old = newest.clone();
        } else {
            newest = new.sign(&claims(&issuer, exp)).unwrap();
        }
        for (nth, service) in services.iter().enumerate() {
            assert!(service.authenticate(&newest).await.is_ok(), "minute {minute}, service {nth}");
            // The old key's last token stays good for as long as it lives.
            if (sign..sign + 9).contains(&minute) {
                assert!(service.authenticate(&last_of_old).await.is_ok(), "minute {minute}, service {nth}");
            }
            let idle = || service.health().keys.age_ms.unwrap() < 600_000;
            until("the refresh in the background", idle).await;
        }
        clock.pass(seconds(60));
    }
    // No token ever named an unknown key: only the regular refreshes were made.
    for service in &services {
        assert!(service.health().keys.fetches <= 5, "{}", service.health().keys.fetches);
        assert_eq!(service.health().refused, rotunda_verify::RefusedCounts::default());
    }
}

#[tokio::test]
async fn a_retired_key_is_refused_also_for_tokens_that_were_remembered() {
    let (old, new) = (key(), key());
    let issuer = Issuer::with_keys(&[&old, &new]).await;
    let clock = HandClock::new();
    let verifier = issuer.builder().cache(100).clock(clock.clone()).build().unwrap();
    verifier.ready().await;
    let token = old.sign(&claims(&issuer, NOW + 7200)).unwrap();
    assert!(verifier.verify(&token).is_ok());
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(verifier.health().cache_hits, 1);
    issuer.publish(&[&new]);
    clock.pass(seconds(600));
    // What is remembered does not keep keys from being refreshed.
    until("the refusal", || verifier.verify(&token) == Err(KEY_UNKNOWN)).await;
}

#[tokio::test]
async fn a_key_revoked_on_the_feed_is_refused_at_once_and_its_successor_known() {
    let (stolen, new) = (key(), key());
    let issuer = Issuer::with_keys(&[&stolen]).await;
    let clock: Arc<HandClock> = HandClock::new();
    let verifier = issuer.builder().cache(100).clock(clock).follow(credentials()).build().unwrap();
    until("a stream", || !issuer.world().open.is_empty()).await;
    issuer.send(&(revocations("c1", true, NOW_MS, json!([])) + &heartbeat("c1", NOW_MS))).await;
    verifier.ready().await;
    let (bad, remembered) = (stolen.sign(&issuer.claims()).unwrap(), stolen.sign(&issuer.claims()).unwrap());
    assert!(verifier.verify(&remembered).is_ok());
    assert_eq!(issuer.key_fetches(), 1);

    // The issuer is slow to take it out of its set: that makes no difference.
    issuer.publish(&[&stolen, &new]);
    let entry = json!([{"type": "key", "kid": stolen.kid(), "at": NOW, "exp": NOW + 660}]);
    issuer.send(&revocations("c2", false, NOW_MS, entry)).await;
    until("the refusal", || verifier.verify(&remembered).is_err()).await;
    assert_eq!(verifier.verify(&remembered), Err(Refused::Revoked(RevokedBy::Key)));
    assert_eq!(verifier.verify(&bad), Err(Refused::Revoked(RevokedBy::Key)));
    let good = new.sign(&issuer.claims()).unwrap();
    until("the new key", || verifier.verify(&good).is_ok()).await;
    assert_eq!(verifier.verify(&bad), Err(Refused::Revoked(RevokedBy::Key)));
    assert_eq!(issuer.key_fetches(), 2);
}
