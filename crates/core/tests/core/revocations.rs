//! What was revoked stays so for as long as any token lives that it concerns, whatever servers are told meanwhile.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::Rotunda;
use rotunda_core::keys::ring::KeyPhase;
use rotunda_core::model::{Caller, Revoked};
use rotunda_core::policy::Policy;
use rotunda_core::store::Feed;
use rotunda_testkit::fixtures::NOW;

use crate::support::{DAY, HOUR, MINUTE, MS, World, masters};

fn with_access_ttl(policy: &Policy, span: Duration) -> Policy {
    let mut policy = policy.clone();
    policy.clients.values_mut().for_each(|client| client.access_ttl = span);
    policy
}

/// A server on the same store whose access tokens live for so long.
async fn server(w: &World, access_ttl: Duration) -> Arc<Rotunda> {
    let policy = with_access_ttl(w.rotunda.policy(), access_ttl);
    Arc::new(Rotunda::start(w.outside(), masters(&[1]), policy).await.unwrap())
}

async fn is_told(server: &Rotunda, kind: fn(&Revoked) -> bool) -> bool {
    server.revocations(None).await.unwrap().entries.iter().any(|(_, entry)| kind(&entry.what))
}

fn is_session(what: &Revoked) -> bool {
    matches!(what, Revoked::Session { .. })
}

#[tokio::test]
async fn shorter_lives_for_new_tokens_bring_no_old_one_back() {
    let mut w = World::with(|policy| *policy = with_access_ttl(policy, DAY)).await;
    let tab = w.register("ada").await;
    w.logs_out(&tab).await;
    let longest = w.rotunda.keep_revocations();
    assert!(longest > DAY && longest == w.rotunda.policy().keep_revocations());

    w.rotunda = server(&w, 15 * MINUTE).await;
    assert!(w.rotunda.policy().keep_revocations() < HOUR);
    for _ in 0..24 {
        w.pass(HOUR);
        w.rotunda.sweep().await.unwrap();
        assert_eq!(w.rotunda.keep_revocations(), longest);
        assert!(is_told(&w.rotunda, is_session).await, "the token lives");
    }
    w.clock.set(NOW.plus(longest));
    w.rotunda.sweep().await.unwrap();
    assert!(is_told(&w.rotunda, is_session).await, "to the last moment");
    w.pass(MS);
    w.rotunda.sweep().await.unwrap();
    assert!(!is_told(&w.rotunda, is_session).await, "and then nobody needs it");
    assert_eq!(w.rotunda.keep_revocations(), w.rotunda.policy().keep_revocations());
    assert_eq!(w.store.revocations(None, NOW, 9).await.unwrap().entries, [], "it is gone");
}

#[tokio::test]
async fn a_server_deletes_nothing_that_another_still_needs() {
    let w = World::new().await;
    let (quick, slow) = (&w.rotunda, server(&w, DAY).await);
    w.register("ada").await;
    for _ in 0..3 {
        let tab = w.sign_in("ada").await;
        w.logs_out(&tab).await;
        for _ in 0..23 {
            w.pass(HOUR);
            quick.sweep().await.unwrap();
            assert!(is_told(quick, is_session).await && is_told(&slow, is_session).await);
            assert_eq!(quick.keep_revocations(), slow.keep_revocations());
        }
        // It is still there, and says so now and then.
        slow.sweep().await.unwrap();
    }
}

/// Its keys were read before the other server came.
#[tokio::test]
async fn a_key_passes_for_as_long_as_any_server_s_tokens_live() {
    let w = World::new().await;
    w.register("ada").await;
    w.rotunda.rotate_keys(&Caller::default()).await.unwrap();
    let slow = server(&w, DAY).await;
    let grant = slow.login(&World::login_of("ada")).await.unwrap();
    w.pass(w.rotunda.policy().publish_ahead + w.rotunda.policy().keep_revocations());
    w.rotunda.sweep().await.unwrap();
    let phases: Vec<_> = w.rotunda.signing_keys().await.unwrap().into_iter().map(|key| key.phase).collect();
    assert!(matches!(phases[..], [KeyPhase::Passing(_), KeyPhase::Signing]), "{phases:?}");
    w.rotunda.bearer(grant.access_token.expose()).await.unwrap();
    assert!(!is_told(&w.rotunda, |what| matches!(what, Revoked::Key { .. })).await);
}
