//! How the issuer's keys are fetched, kept and asked for again.

use std::time::Duration;

use rotunda_token::{Claims, SigningKey};
use rotunda_verify::{Invalid, Limits, Refused, Unavailable, Verifier};
use tokio::sync::watch;

use crate::issuer::{Issuer, key};
use crate::support::{HandClock, NOW, seconds, until};

const KEY_UNKNOWN: Refused = Refused::Invalid(Invalid::KeyUnknown);

async fn ready(issuer: &Issuer, clock: &std::sync::Arc<HandClock>) -> Verifier {
    let verifier = issuer.builder().clock(clock.clone()).build().unwrap();
    verifier.ready().await;
    verifier
}

/// A token that no key of the issuer signed: a new key for each is slow, so the id is changed instead.
fn random_key_ids(issuer: &Issuer, count: usize) -> Vec<String> {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let token = key().sign(&issuer.claims()).unwrap();
    let rest = token.split_once('.').unwrap().1.to_owned();
    let header = |i| format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"random-{i}"}}"#);
    (0..count).map(|i| Base64UrlUnpadded::encode_string(header(i).as_bytes()) + "." + &rest).collect()
}

#[tokio::test]
async fn a_request_before_the_first_fetch_waits_for_it_and_many_wait_for_one() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let (go, hold) = watch::channel(false);
    issuer.world().hold_keys = Some(hold);
    let verifier = issuer.builder().clock(HandClock::new()).build().unwrap();
    let token = key.sign(&issuer.claims()).unwrap();
    assert_eq!(verifier.verify(&token), Err(Refused::Unavailable(Unavailable::NoKeys)));
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), token.clone());
            tokio::spawn(async move { verifier.authenticate(&token).await })
        })
        .collect();
    until("the first fetch", || issuer.key_fetches() == 1).await;
    go.send(true).unwrap();
    for answer in waiting {
        assert_eq!(answer.await.unwrap().unwrap().user(), Some(issuer.claims().sub.as_str()));
    }
    assert_eq!(issuer.key_fetches(), 1);
}

#[tokio::test]
async fn ten_thousand_random_key_ids_cause_one_fetch_per_cool_down() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let clock = HandClock::new();
    let verifier = ready(&issuer, &clock).await;
    assert_eq!(issuer.key_fetches(), 1);
    for round in 1..=3 {
        for token in random_key_ids(&issuer, 10_000) {
            assert_eq!(verifier.authenticate(&token).await, Err(KEY_UNKNOWN));
        }
        assert_eq!(issuer.key_fetches(), 1 + round);
        assert_eq!(verifier.health().keys.fetches, 1 + round as u64);
        clock.pass(seconds(30));
    }
    // Among them, the token of the right key was never in doubt.
    assert!(verifier.authenticate(&key.sign(&issuer.claims()).unwrap()).await.is_ok());
}

#[tokio::test]
async fn random_key_ids_sent_all_at_once_and_hung_up_on_cause_one_fetch_too() {
    let (old, new) = (key(), key());
    let issuer = Issuer::with_keys(&[&old]).await;
    let verifier = ready(&issuer, &HandClock::new()).await;
    let (go, hold) = watch::channel(false);
    issuer.world().hold_keys = Some(hold);
    issuer.publish(&[&old, &new]);
    let callers: Vec<_> = random_key_ids(&issuer, 200)
        .into_iter()
        .map(|token| {
            let verifier = verifier.clone();
            tokio::spawn(async move { verifier.authenticate(&token).await })
        })
        .collect();
    until("the fetch", || issuer.key_fetches() == 2).await;
    callers.iter().for_each(tokio::task::JoinHandle::abort);
    for caller in callers {
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    go.send(true).unwrap();
    // The callers went away; the fetch that they caused did not go with them.
    until("the new key", || verifier.health().keys.count == 2).await;
    assert!(verifier.verify(&new.sign(&issuer.claims()).unwrap()).is_ok());
    assert_eq!(issuer.key_fetches(), 2);
}

#[tokio::test]
async fn aged_keys_are_refreshed_in_the_background_with_their_entity_tag() {
    let (old, new) = (key(), key());
    let issuer = Issuer::with_keys(&[&old]).await;
    issuer.world().etag = Some("\"v1\"".to_owned());
    issuer.world().max_age = Some("public, max-age=120".to_owned());
    let clock = HandClock::new();
    let verifier = ready(&issuer, &clock).await;
    let token = old.sign(&issuer.claims()).unwrap();

    clock.pass(seconds(119));
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(verifier.health().keys.age_ms, Some(119_000));
    assert_eq!(issuer.key_fetches(), 1);

    // The request that finds them aged is answered while the issuer has not even answered.
    let (go, hold) = watch::channel(false);
    issuer.world().hold_keys = Some(hold);
    clock.pass(seconds(1));
    assert!(verifier.authenticate(&token).await.is_ok());
    assert!(verifier.authenticate(&token).await.is_ok());
    until("the refresh", || issuer.key_fetches() == 2).await;
    go.send(true).unwrap();
    until("a 304", || verifier.health().keys.age_ms == Some(0)).await;
    assert_eq!(issuer.world().key_requests, [None, Some("\"v1\"".to_owned())]);

    // A new set under a new tag replaces the old one.
    issuer.publish(&[&new]);
    issuer.world().etag = Some("\"v2\"".to_owned());
    clock.pass(seconds(120));
    assert!(verifier.verify(&token).is_ok());
    until("the new set", || verifier.verify(&token) == Err(KEY_UNKNOWN)).await;
}

#[tokio::test]
async fn the_last_good_set_stays_while_the_issuer_answers_nonsense() {
    let (held, unknown) = (key(), key());
    let issuer = Issuer::with_keys(&[&held]).await;
    let clock = HandClock::new();
    let verifier = ready(&issuer, &clock).await;
    let claims = Claims { exp: NOW + 86_400, ..issuer.claims() };
    let (good, new) = (held.sign(&claims).unwrap(), unknown.sign(&claims).unwrap());
    let nonsense: [(Option<u16>, String); 6] = [
        (Some(500), String::new()),
        (Some(302), issuer.world().jwks.clone()),
        (Some(304), String::new()),
        (None, "<html>".to_owned()),
        (None, r#"{"keys":[]}"#.to_owned()),
        (None, format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(70_000))),
    ];
    for (nth, (status, body)) in nonsense.into_iter().enumerate() {
        issuer.world().keys_status = status;
        issuer.world().jwks = body;
        clock.pass(seconds(600));
        let before = issuer.key_fetches();
        assert!(verifier.verify(&good).is_ok());
        until("a failed refresh", || {
            issuer.key_fetches() > before && verifier.health().keys.last_error.is_some()
        })
        .await;
        let health = verifier.health().keys;
        assert_eq!((health.count, health.age_ms), (1, Some(600_000 * (nth as u64 + 1))));
        assert!(verifier.verify(&good).is_ok());
        // An unknown key may be a new one: an outage, and no sign-out.
        assert_eq!(verifier.authenticate(&new).await, Err(Refused::Unavailable(Unavailable::KeysOutOfDate)));
        assert_eq!(verifier.authenticate(&new).await, Err(Refused::Unavailable(Unavailable::KeysOutOfDate)));
    }
    assert_eq!(issuer.world().followed, 0);
    issuer.world().keys_status = None;
    issuer.publish(&[&held, &unknown]);
    clock.pass(seconds(600));
    assert!(verifier.authenticate(&new).await.is_ok());
    assert_eq!(verifier.health().keys.last_error, None);
}

#[tokio::test]
async fn without_any_key_yet_it_is_an_outage_and_tried_again_after_a_second() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    issuer.world().keys_status = Some(503);
    let clock = HandClock::new();
    let verifier = issuer.builder().clock(clock.clone()).build().unwrap();
    let token = key.sign(&issuer.claims()).unwrap();
    for _ in 0..20 {
        assert_eq!(verifier.authenticate(&token).await, Err(Refused::Unavailable(Unavailable::NoKeys)));
    }
    assert_eq!(issuer.key_fetches(), 1);
    assert!(!verifier.health().ready);
    issuer.world().keys_status = None;
    clock.pass(seconds(1));
    assert!(verifier.authenticate(&token).await.is_ok());
    assert!(verifier.health().ready);
}

#[tokio::test]
async fn an_issuer_that_never_answers_costs_a_request_no_more_than_the_limit() {
    let issuer = Issuer::start().await;
    let (_never, hold) = watch::channel(false);
    issuer.world().hold_keys = Some(hold);
    let limits = Limits { answer: Duration::from_millis(100), ..Limits::default() };
    let verifier = issuer.builder().limits(limits).build().unwrap();
    let token = key().sign(&issuer.claims()).unwrap();
    let answer = tokio::time::timeout(seconds(5), verifier.authenticate(&token)).await.unwrap();
    assert_eq!(answer, Err(Refused::Unavailable(Unavailable::NoKeys)));
}

#[tokio::test]
async fn keys_can_be_elsewhere_and_a_shared_secret_needs_none() {
    let key = key();
    let keys = Issuer::with_keys(&[&key]).await;
    let issuer = Issuer::start().await;
    let verifier = issuer.builder().jwks_url(format!("{}/.well-known/jwks.json", keys.url)).build().unwrap();
    assert!(verifier.authenticate(&key.sign(&issuer.claims()).unwrap()).await.is_ok());

    let shared = SigningKey::generate(rotunda_token::Algorithm::Hs256).unwrap().0;
    let secret = shared.shared_secret().unwrap();
    let by_secret = issuer.builder().shared_secret(secret).build().unwrap();
    assert!(by_secret.verify(&shared.sign(&issuer.claims()).unwrap()).is_ok());
    assert!(by_secret.verify(&key.sign(&issuer.claims()).unwrap()).is_err());
    assert!(verifier.authenticate(&shared.sign(&issuer.claims()).unwrap()).await.is_err());
    assert_eq!(issuer.key_fetches(), 0);
}
