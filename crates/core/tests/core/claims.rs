//! What an access token says, and that anybody with the published keys can check it.

use std::collections::BTreeSet;

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_core::denied::Denied;
use rotunda_core::model::Ending;
use rotunda_token::{Claims, KeySet, Verifier};
use serde_json::{Value, json};

use crate::support::{HOUR, ISSUER, MINUTE, MS, World, denied, masters, over};

fn part(token: &str, number: usize) -> Value {
    let text = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(text).unwrap()).unwrap()
}

#[tokio::test]
async fn an_access_token_has_the_claims_of_rfc_9068_and_our_own_and_no_other() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR + 5 * MS);
    w.refreshes(&mut tab).await;
    let [header, claims] = [0, 1].map(|number| part(&tab.access, number));
    let now = w.clock_now().seconds();
    let wanted = json!({
        "iss": ISSUER,
        "sub": tab.user.id.to_string(),
        "aud": ISSUER,
        "exp": now + 900 + 1,
        "iat": now,
        "jti": claims["jti"],
        "client_id": "web",
        "sid": tab.session.id.to_string(),
        "auth_time": now - 3600,
        "amr": ["pwd"],
        "ep": 0,
        "roles": [],
    });
    assert_eq!(claims, wanted);
    let kid = w.rotunda.jwks().keys[0].kid.clone();
    assert_eq!(header, json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid }));
    assert!(tab.access.len() < 1024, "{} bytes", tab.access.len());
}

#[tokio::test]
async fn no_two_access_tokens_have_the_same_id() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let mut ids = BTreeSet::new();
    for _ in 0..100 {
        ids.insert(w.refreshes(&mut tab).await.claims.jti);
    }
    assert_eq!(ids.len(), 100);
    assert!(ids.iter().all(|id| id.len() == 22), "128 bits each");
}

#[tokio::test]
async fn whoever_has_the_published_keys_accepts_it_and_only_for_this_issuer_and_audience() {
    let w = World::with(|policy| policy.audience = "https://api.example".to_owned()).await;
    let grant = w.signs_up(&World::registration("ada")).await;
    let token = grant.access_token.expose();
    let jwks = serde_json::to_vec(&w.rotunda.jwks()).unwrap();
    let verify = |issuer: &str, audience: &str| {
        let keys = KeySet::from_jwks_json(&jwks).unwrap();
        Verifier::new(keys, issuer.to_owned(), vec![audience.to_owned()])
            .verify(token, w.clock_now().0)
            .map(|c| c.sub)
    };
    assert_eq!(verify(ISSUER, "https://api.example"), Ok(grant.user.id.to_string()));
    assert_eq!(verify("https://other.example", "https://api.example"), Err(rotunda_token::Invalid::Issuer));
    assert_eq!(verify(ISSUER, ISSUER), Err(rotunda_token::Invalid::Audience));
    assert!(!String::from_utf8(jwks).unwrap().contains("\"d\""), "nothing private is published");
}

#[tokio::test]
async fn a_bearer_is_accepted_to_the_end_of_its_promise_and_not_longer() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(15 * MINUTE - MS);
    let bearer = w.bearer(&tab).await;
    assert_eq!((bearer.facts.user, bearer.facts.session), (tab.user.clone(), tab.session.clone()));
    w.pass(MS);
    assert_eq!(
        denied(w.rotunda.bearer(&tab.access).await),
        Denied::TokenExpired,
        "no leeway for our own clock"
    );
}

#[tokio::test]
async fn what_is_not_our_access_token_is_unknown() {
    let (w, other) = (World::new().await, World::new().await);
    let tab = w.register("ada").await;
    let foreign = other.register("ada").await;
    for token in ["", "a.b.c", &tab.token, &foreign.access, &tab.access[..tab.access.len() - 2]] {
        assert_eq!(denied(w.rotunda.bearer(token).await), Denied::TokenUnknown, "{token:?}");
    }
}

#[tokio::test]
async fn an_access_token_of_before_the_last_write_of_a_restored_store_opens_nothing() {
    let w = World::new().await;
    w.register("ada").await;
    let backup = w.store.inner.snapshot();
    let lost = w.sign_in("ada").await;
    let user_lost = w.register("bob").await;
    w.store.inner.restore(backup);
    for holder in [&lost, &user_lost] {
        assert_eq!(denied(w.rotunda.bearer(&holder.access).await), Denied::SessionEnded(None));
        assert_eq!(w.refused(holder).await, Denied::SessionEnded(None), "authentic, but no row");
    }
}

#[tokio::test]
async fn a_raised_epoch_refuses_an_access_token_even_where_the_row_was_never_written() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let mut state = w.store.inner.snapshot();
    state.accounts.get_mut(&tab.user.id).unwrap().user.ep += 1;
    w.store.inner.restore(state);
    assert_eq!(denied(w.rotunda.bearer(&tab.access).await), Denied::SessionEnded(None));
    assert_eq!(w.refused(&tab).await, over(Ending::LoggedOutEverywhere));
    assert_eq!(w.news().await, [w.ended(Ending::LoggedOutEverywhere, &tab)], "and the row is put right");
}

#[tokio::test]
async fn an_access_token_whose_session_is_somebody_elses_opens_nothing() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let bob = w.register("bob").await;
    let mut state = w.store.inner.snapshot();
    state.sessions.get_mut(&ada.session.id).unwrap().user_id = bob.user.id;
    w.store.inner.restore(state);
    assert_eq!(denied(w.rotunda.bearer(&ada.access).await), Denied::TokenUnknown);
}

#[tokio::test]
async fn a_service_token_is_good_but_nobody_s_bearer() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let key = w.store.inner.snapshot().signing_keys[0].open(&masters(&[1])).unwrap();
    let claims = w.bearer(&tab).await.claims;
    assert!(w.rotunda.bearer(&key.sign(&claims).unwrap()).await.is_ok(), "or the test proves nothing");
    let service = Claims {
        sub: "client:reports".to_owned(),
        client_id: "reports".to_owned(),
        sid: None,
        auth_time: None,
        amr: Vec::new(),
        ep: None,
        ..claims
    };
    let token = key.sign(&service).unwrap();
    let verifier =
        Verifier::new(KeySet::from_signing_keys([&key]), ISSUER.to_owned(), vec![ISSUER.to_owned()]);
    assert_eq!(verifier.verify(&token, w.clock_now().0), Ok(service), "a service that checks it lets it in");
    assert_eq!(denied(w.rotunda.bearer(&token).await), Denied::TokenUnknown);
}
