//! Signing keys come, sign, pass and go, and nobody is signed out by it.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::keys::ring::KeyPhase;
use rotunda_core::model::{Caller, EventKind, Revoked};
use rotunda_core::policy::Policy;
use rotunda_core::signing::{JWKS_MAX_AGE, Rotated};
use rotunda_core::{KeyInfo, Rotunda};
use rotunda_token::{Algorithm, KeySet, Verifier};

use crate::support::{DAY, HOUR, Holder, ISSUER, MINUTE, MS, World, denied, masters};

/// Another server on the same store.
async fn beside(w: &World) -> Rotunda {
    Rotunda::start(w.outside(), masters(&[1]), w.rotunda.policy().clone()).await.unwrap()
}

async fn phases(w: &World) -> Vec<KeyPhase> {
    w.rotunda.signing_keys().await.unwrap().into_iter().map(|key| key.phase).collect()
}

fn added(rotated: Rotated) -> KeyInfo {
    match rotated {
        Rotated::Added(key) => key,
        Rotated::Coming(key) => panic!("there is one already: {key:?}"),
    }
}

/// What a service with the published keys makes of a token.
fn accepts(w: &World, published: &KeySet, token: &str) -> bool {
    let verifier = Verifier::new(published.clone(), ISSUER.to_owned(), vec![ISSUER.to_owned()]);
    verifier.verify(token, w.clock_now().0).is_ok()
}

fn published(w: &World) -> KeySet {
    KeySet::from_jwks(&w.rotunda.jwks()).unwrap()
}

#[tokio::test]
async fn a_new_key_is_known_before_it_signs_and_the_old_one_until_its_last_token_is_dead() {
    let w = World::new().await;
    let ahead = w.rotunda.policy().publish_ahead;
    let mut tab = w.register("ada").await;
    let cached = published(&w);
    let new = added(w.rotunda.rotate_keys(&Caller::default()).await.unwrap());
    assert_eq!(published(&w).len(), 2, "published at once");
    assert!(
        matches!(w.rotunda.rotate_keys(&Caller::default()).await.unwrap(), Rotated::Coming(key) if key.kid == new.kid)
    );

    // Whoever cached the set just before fetches it again before the new key signs.
    assert!(ahead > JWKS_MAX_AGE);
    w.pass(ahead - MS);
    w.refreshes(&mut tab).await;
    assert!(accepts(&w, &cached, &tab.access));
    let old = tab.clone();
    w.pass(MS);
    let cached = published(&w);
    w.refreshes(&mut tab).await;
    for token in [&old.access, &tab.access] {
        assert!(accepts(&w, &cached, token), "both keys are in the set");
    }
    w.bearer(&old).await;
    w.bearer(&tab).await;

    let outlives = w.rotunda.policy().keep_revocations();
    w.pass(outlives - MS);
    w.rotunda.sweep().await.unwrap();
    assert_eq!(phases(&w).await, [KeyPhase::Passing(w.clock_now().plus(MS)), KeyPhase::Signing]);
    w.pass(MS);
    assert_eq!(published(&w).len(), 1, "no longer shown, whether or not the janitor has come by");
    w.rotunda.sweep().await.unwrap();
    assert_eq!(phases(&w).await, [KeyPhase::Signing]);
    let feed = w.rotunda.revocations(None).await.unwrap().entries;
    assert!(matches!(&feed.last().unwrap().1.what, Revoked::Key { kid } if *kid != new.kid), "{feed:?}");
    w.refreshes(&mut tab).await;
}

#[tokio::test]
async fn the_schedule_rotates_by_itself() {
    let w = World::new().await;
    w.rotunda.sweep().await.unwrap();
    assert_eq!(phases(&w).await, [KeyPhase::Signing]);
    w.pass(90 * DAY - MS);
    w.rotunda.sweep().await.unwrap();
    assert_eq!(phases(&w).await.len(), 1);
    w.pass(MS);
    w.rotunda.sweep().await.unwrap();
    w.rotunda.sweep().await.unwrap();
    assert_eq!(phases(&w).await, [KeyPhase::Signing, KeyPhase::Coming(w.clock_now().plus(HOUR))]);
    let news: Vec<_> = w.news().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(news, [EventKind::KeyAdded]);

    let never = World::with(|policy| policy.rotate_keys_every = None).await;
    never.pass(4000 * DAY);
    never.rotunda.sweep().await.unwrap();
    assert_eq!(phases(&never).await, [KeyPhase::Signing]);
}

#[tokio::test]
async fn another_algorithm_takes_over_like_any_other_key() {
    let mut algorithms = Algorithm::ALL.to_vec();
    algorithms.retain(|algorithm| *algorithm != Algorithm::Es256);
    for algorithm in algorithms {
        let mut w = World::new().await;
        let mut tab = w.register("ada").await;
        let policy = Policy { algorithm, ..w.rotunda.policy().clone() };
        w.rotunda = Arc::new(Rotunda::start(w.outside(), masters(&[1]), policy).await.unwrap());
        w.rotunda.sweep().await.unwrap();
        let old = tab.clone();
        w.pass(HOUR - MINUTE);
        w.refreshes(&mut tab).await;
        let in_between = tab.clone();
        w.pass(MINUTE);
        let access = refreshed_at(&w.rotunda, &mut tab).await;
        for token in [&in_between.access, &access] {
            w.rotunda.bearer(token).await.unwrap();
        }
        assert_eq!(denied(w.rotunda.bearer(&old.access).await), Denied::TokenExpired);
        let keys = w.rotunda.signing_keys().await.unwrap();
        let [_, new] = keys.as_slice() else { panic!("{keys:?}") };
        assert_eq!((new.algorithm.as_str(), new.phase), (algorithm.as_str(), KeyPhase::Signing));
        let shared = w.rotunda.shared_secret(&new.kid).await.unwrap();
        assert_eq!(published(&w).len(), if algorithm.is_public() { 2 } else { 1 }, "{algorithm:?}");
        assert_eq!(shared.is_some(), !algorithm.is_public(), "{algorithm:?}");
        assert_eq!(accepts(&w, &published(&w), &access), algorithm.is_public(), "{algorithm:?}");
    }
}

#[tokio::test]
async fn two_servers_that_rotate_at_once_get_one_key_and_know_each_others() {
    let w = World::new().await;
    let other = beside(&w).await;
    let nobody = Caller::default();
    let (one, two) = tokio::join!(w.rotunda.rotate_keys(&nobody), other.rotate_keys(&nobody));
    let kids = [one.unwrap(), two.unwrap()].map(|rotated| match rotated {
        Rotated::Added(key) | Rotated::Coming(key) => key.kid,
    });
    assert_eq!(kids[0], kids[1]);
    assert_eq!(phases(&w).await.len(), 2);

    // In an emergency the other server's new key signs at once: whoever meets it looks again.
    let mut tab = w.register("ada").await;
    let signing = w.rotunda.signing_keys().await.unwrap()[0].kid.clone();
    other.revoke_key(&signing, &Caller::default()).await.unwrap();
    let token = refreshed_at(&other, &mut tab).await;
    w.pass(Duration::from_secs(1));
    w.rotunda.bearer(&token).await.unwrap();
}

/// Refreshes at that server and answers the access token.
async fn refreshed_at(server: &Rotunda, tab: &mut Holder) -> String {
    let grant = server.refresh(&tab.attempt()).await.unwrap();
    tab.token = grant.refresh_token.expose().to_owned();
    grant.access_token.expose().to_owned()
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_sessions_go_on() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let old = tab.clone();
    let first = w.rotunda.signing_keys().await.unwrap()[0].kid.clone();
    w.rotunda.revoke_key(&first, &Caller::default()).await.unwrap();
    assert_eq!(denied(w.rotunda.bearer(&old.access).await), Denied::TokenUnknown);
    assert!(!accepts(&w, &published(&w), &old.access));
    w.refreshes(&mut tab).await;
    w.bearer(&tab).await;
    assert!(accepts(&w, &published(&w), &tab.access));
    let feed = w.rotunda.revocations(None).await.unwrap().entries;
    assert_eq!(feed.last().unwrap().1.what, Revoked::Key { kid: first.clone() });
    assert_eq!(denied(w.rotunda.revoke_key(&first, &Caller::default()).await), Denied::NotFound);
    assert_eq!(denied(w.rotunda.revoke_key("nonsense", &Caller::default()).await), Denied::NotFound);
    assert_eq!(w.news().await.last().unwrap().kind, EventKind::KeyRevoked);

    // One that was about to come is not replaced.
    let coming = added(w.rotunda.rotate_keys(&Caller::default()).await.unwrap());
    w.rotunda.revoke_key(&coming.kid, &Caller::default()).await.unwrap();
    w.pass(2 * HOUR);
    let phases = phases(&w).await;
    assert!(
        matches!(phases.as_slice(), [KeyPhase::Revoked(_), KeyPhase::Signing, KeyPhase::Revoked(_)]),
        "{phases:?}"
    );
    w.refreshes(&mut tab).await;
    w.bearer(&tab).await;
}
