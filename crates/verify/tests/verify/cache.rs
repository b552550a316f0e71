//! Tokens that are remembered: what is still asked each time.

use rotunda_token::Claims;
use rotunda_verify::{Invalid, Refused};

use crate::issuer::{Issuer, key};
use crate::support::{HandClock, NOW, seconds};

#[tokio::test]
async fn a_remembered_token_expires_when_it_does() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let clock = HandClock::new();
    let verifier = issuer.builder().cache(10).leeway_seconds(5).clock(clock.clone()).build().unwrap();
    verifier.ready().await;
    let token = key.sign(&Claims { exp: NOW + 60, ..issuer.claims() }).unwrap();
    assert!(verifier.verify(&token).is_ok());
    clock.pass(std::time::Duration::from_millis(64_999));
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(verifier.health().cache_hits, 1);
    clock.pass(std::time::Duration::from_millis(1));
    assert_eq!(verifier.verify(&token), Err(Refused::Expired));
}

#[tokio::test]
async fn a_remembered_token_lends_its_signature_to_no_other() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let verifier = issuer.builder().cache(10).clock(HandClock::new()).build().unwrap();
    verifier.ready().await;
    let token = key.sign(&issuer.claims()).unwrap();
    let other = key.sign(&Claims { sub: "root".to_owned(), ..issuer.claims() }).unwrap();
    assert!(verifier.verify(&token).is_ok());
    let forged = format!("{}.{}", other.rsplit_once('.').unwrap().0, token.rsplit_once('.').unwrap().1);
    assert_eq!(verifier.verify(&forged), Err(Refused::Invalid(Invalid::Signature)));
    assert_eq!(verifier.health().cached, 1);
}

#[tokio::test]
async fn the_cache_is_bounded_and_keeps_what_is_used() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let verifier = issuer.builder().cache(20).clock(HandClock::new()).build().unwrap();
    verifier.ready().await;
    let used = key.sign(&issuer.claims()).unwrap();
    for nth in 0..100 {
        let once = key.sign(&Claims { jti: nth.to_string(), ..issuer.claims() }).unwrap();
        assert!(verifier.verify(&once).is_ok());
        assert!(verifier.verify(&used).is_ok());
        assert!(verifier.health().cached <= 20);
    }
    assert_eq!(verifier.health().cache_hits, 99);
    assert_eq!(verifier.health().verified, 200);
}

#[tokio::test]
async fn without_a_cache_nothing_is_remembered() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let clock = HandClock::new();
    let verifier = issuer.builder().clock(clock.clone()).build().unwrap();
    verifier.ready().await;
    let token = key.sign(&issuer.claims()).unwrap();
    assert!(verifier.verify(&token).is_ok() && verifier.verify(&token).is_ok());
    assert_eq!((verifier.health().cache_hits, verifier.health().cached), (0, 0));
    clock.pass(seconds(660));
    assert_eq!(verifier.verify(&token), Err(Refused::Expired));
}
