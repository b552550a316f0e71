//! Keys of which too little is known: for whom a request waits, and for how long.

use std::time::Duration;

use rotunda_token::Claims;
use rotunda_verify::{Invalid, Limits, Refused, Unavailable};
use tokio::sync::watch;

use crate::issuer::{Issuer, key};
use crate::support::{HandClock, NOW, seconds, until};

/// A service that nobody has called for a month must not accept, of all things, the first token that comes.
#[tokio::test]
async fn an_idle_service_asks_before_it_accepts() {
    let (old, new) = (key(), key());
    let issuer = Issuer::with_keys(&[&old]).await;
    issuer.world().max_age = Some("max-age=600".to_owned());
    let clock = HandClock::new();
    let verifier = issuer.builder().clock(clock.clone()).build().unwrap();
    verifier.ready().await;
    let forged = old.sign(&Claims { exp: NOW + 50_000_000, ..issuer.claims() }).unwrap();

    // While the issuer is away, the last set counts.
    issuer.world().keys_status = Some(503);
    clock.pass(seconds(86_400));
    assert!(verifier.authenticate(&forged).await.is_ok());
    assert_eq!(issuer.key_fetches(), 2);

    issuer.world().keys_status = None;
    issuer.publish(&[&new]);
    clock.pass(seconds(86_400));
    assert_eq!(verifier.authenticate(&forged).await, Err(Refused::Invalid(Invalid::KeyUnknown)));
}

/// The refresh in the background has left before the new key was published. That it brings nothing is no verdict.
#[tokio::test]
async fn a_fetch_that_began_before_is_not_the_last_word() {
    let (old, new) = (key(), key());
    let issuer = Issuer::with_keys(&[&old]).await;
    let clock = HandClock::new();
    let verifier = issuer.builder().clock(clock.clone()).build().unwrap();
    verifier.ready().await;
    let (go, hold) = watch::channel(false);
    issuer.world().hold_keys = Some(hold);
    clock.pass(seconds(600));
    let claims = Claims { exp: NOW + 5000, ..issuer.claims() };
    assert!(verifier.verify(&old.sign(&claims).unwrap()).is_ok());
    until("the refresh", || issuer.key_fetches() == 2).await;
    issuer.publish(&[&old, &new]);
    let token = new.sign(&claims).unwrap();
    let (judged, ()) = tokio::join!(biased; verifier.authenticate(&token), async { go.send(true).unwrap() });
    assert!(judged.is_ok(), "{judged:?}");
    assert_eq!(issuer.key_fetches(), 3);
}

/// The fetch belongs to a runtime that nobody drives any more.
#[test]
fn a_fetch_that_never_ends_is_not_waited_for() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (main, asleep) = (runtime(), runtime());
    let key = key();
    let issuer = main.block_on(Issuer::with_keys(&[&key]));
    let limits = Limits { answer: Duration::from_millis(100), ..Limits::default() };
    let verifier = asleep.block_on(async { issuer.builder().limits(limits).build().unwrap() });
    let token = key.sign(&issuer.claims()).unwrap();
    let answer =
        main.block_on(async { tokio::time::timeout(seconds(5), verifier.authenticate(&token)).await });
    assert_eq!(answer, Ok(Err(Refused::Unavailable(Unavailable::NoKeys))));
}

/// Whoever stops waiting has learned nothing: that is an outage.
#[tokio::test]
async fn an_unknown_key_is_no_verdict_while_the_issuer_is_silent() {
    let key_held = key();
    let issuer = Issuer::with_keys(&[&key_held]).await;
    let limits = Limits { answer: Duration::from_millis(100), ..Limits::default() };
    let verifier = issuer.builder().clock(HandClock::new()).limits(limits).build().unwrap();
    verifier.ready().await;
    let (_never, hold) = watch::channel(false);
    issuer.world().hold_keys = Some(hold);
    let token = key().sign(&issuer.claims()).unwrap();
    for _ in 0..3 {
        let answer = verifier.authenticate(&token).await;
        assert_eq!(answer, Err(Refused::Unavailable(Unavailable::KeysOutOfDate)));
    }
}
