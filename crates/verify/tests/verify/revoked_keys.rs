//! A signing key that was revoked never counts again, whoever wrote its last token's `exp`.

use rotunda_token::{Claims, KeySet};
use rotunda_verify::{Refused, RevokedBy};
use serde_json::{Value, json};

use crate::feed::{PATIENT, followed};
use crate::issuer::{Issuer, credentials, heartbeat, key, revocations};
use crate::support::{HandClock, NOW, NOW_MS, seconds, until};

const BY_KEY: Refused = Refused::Revoked(RevokedBy::Key);

fn entry(kid: &str) -> Value {
    json!([{"type": "key", "kid": kid, "at": NOW, "exp": NOW + 721}])
}

/// Whoever has the key signs what lives longer than any entry of the feed. The issuer's key set is no help here: there
/// is none, or it is an old copy.
#[tokio::test]
async fn it_stays_revoked_when_the_feed_has_forgotten_it() {
    for fixed in [true, false] {
        let stolen = key();
        let issuer = Issuer::with_keys(&[&stolen]).await;
        let clock = HandClock::new();
        let builder = issuer.builder().clock(clock.clone()).follow(credentials()).limits(PATIENT);
        let builder = if fixed { builder.keys(KeySet::from_signing_keys([&stolen])) } else { builder };
        let verifier = builder.build().unwrap();
        until("a stream", || !issuer.world().open.is_empty()).await;
        issuer.send(&(revocations("c1", true, NOW_MS, json!([])) + &heartbeat("c1", NOW_MS))).await;
        verifier.ready().await;
        let forged = stolen.sign(&Claims { exp: NOW + 50_000_000, ..issuer.claims() }).unwrap();
        assert!(verifier.verify(&forged).is_ok());

        issuer.send(&revocations("c2", false, NOW_MS, entry(stolen.kid()))).await;
        until("the refusal", || verifier.verify(&forged) == Err(BY_KEY)).await;
        let told = usize::from(!fixed) * 2;
        until("the key set of old", || issuer.key_fetches() == told && verifier.health().keys.count == 0)
            .await;

        clock.pass(seconds(790));
        issuer.send(&heartbeat("c2", NOW_MS + 790_000)).await;
        until("the feed has forgotten it", || verifier.health().feed.unwrap().entries == 0).await;
        assert_eq!(verifier.authenticate(&forged).await, Err(BY_KEY), "fixed: {fixed}");
        // A full page without it takes nothing back either.
        let page = revocations(
            "d1",
            true,
            NOW_MS + 790_000,
            json!([{"type": "token", "jti": "x", "exp": NOW + 2000}]),
        );
        issuer.send(&(page + &heartbeat("d1", NOW_MS + 790_000))).await;
        until("the page", || verifier.health().feed.unwrap().entries == 1).await;
        assert_eq!(verifier.authenticate(&forged).await, Err(BY_KEY), "fixed: {fixed}");
        assert_eq!(verifier.health().keys.count, 0);
    }
}

/// A long-lived connection is asked about its key too, remembered or not.
#[tokio::test]
async fn it_ends_what_was_accepted_before() {
    let service = followed(|builder| builder).await;
    let token = service.token(|claims| claims.exp = NOW + 10_000);
    let (first, remembered) = (service.verify(&token).unwrap(), service.verify(&token).unwrap());
    assert_eq!(service.verifier.health().cache_hits, 1);
    service.page("c2", false, entry(service.key.kid())).await;
    service.refused(&token, RevokedBy::Key).await;
    assert_eq!(service.verifier.still_good(&first), Err(BY_KEY));
    assert_eq!(service.verifier.still_good(&remembered), Err(BY_KEY));
    service.clock.pass(seconds(790));
    service.beat("c2").await;
    until("the feed has forgotten it", || service.verifier.health().feed.unwrap().entries == 0).await;
    assert_eq!(service.verifier.still_good(&first), Err(BY_KEY));
}
