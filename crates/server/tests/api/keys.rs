//! Keys change while services verify: nobody is refused who should not be, and nobody let through.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::model::Caller;
use rotunda_core::outside::Clock as _;
use rotunda_core::signing::{JWKS_MAX_AGE, Rotated};
use rotunda_testkit::FixedClock;
use rotunda_token::{Invalid, KeySet};
use rotunda_verify::{Clock, Refused, Verifier};
use tokio::net::TcpListener;

use crate::support::{ADA, App, PASSWORD, Phone, Setup};

const STEP: Duration = Duration::from_secs(30);

/// The service's time is the server's, and moves when the test says so.
struct Moved {
    clock: FixedClock,
    began: i64,
}

impl Clock for Moved {
    fn unix_ms(&self) -> i64 {
        self.clock.now().0
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.clock.now().0 - self.began).unwrap())
    }
}

/// Rotunda on a socket, and three services that keep its keys for as long as they are told to.
async fn served() -> (App, Vec<Verifier>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let app = Setup::at(&url).start().await;
    let router = app.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let verifiers: Vec<_> = (0..3)
        .map(|_| {
            let clock = Arc::new(Moved { clock: app.clock.clone(), began: app.now().0 });
            Verifier::builder(&url).audience(&url).cache(64).clock(clock).build().unwrap()
        })
        .collect();
    for verifier in &verifiers {
        verifier.ready().await;
    }
    (app, verifiers)
}

/// What verifies with the keys that are published now.
fn plain(app: &App) -> rotunda_token::Verifier {
    let (keys, issuer) =
        (KeySet::from_jwks(&app.rotunda.jwks()).unwrap(), app.rotunda.policy().issuer.clone());
    rotunda_token::Verifier::new(keys, issuer.clone(), vec![issuer])
}

/// A token, and when its expiry is.
type Issued = (String, i64);

#[tokio::test]
async fn keys_rotate_under_load_without_one_false_refusal() {
    let (app, verifiers) = served().await;
    let mut phones = Vec::new();
    for number in 0..4 {
        let mut phone = Phone::new(&app, "ada");
        phone.register(&format!("{number}{ADA}"), PASSWORD).await.session_on_phone(201);
        phones.push(phone);
    }
    let mut issued: Vec<Issued> = Vec::new();
    let (mut checks, mut kids) = (0, Vec::new());
    // A library that keeps the set for ten minutes, whatever it meets meanwhile.
    let (mut plain, mut fetched) = (plain(&app), app.now());
    // Six hours, in which the key changes three times; each service fetches the set every ten minutes.
    for step in 0..720_u32 {
        app.wait(STEP);
        if step % 240 == 30 {
            assert!(matches!(app.rotunda.rotate_keys(&Caller::default()).await.unwrap(), Rotated::Added(_)));
        }
        if step % 10 == 0 {
            app.rotunda.sweep().await.unwrap();
        }
        let turn = step as usize % phones.len();
        phones[turn].refresh().await.session_on_phone(200);
        issued.push((phones[turn].access_token.clone(), app.now().seconds() + 15 * 60));
        issued.retain(|(_, exp)| *exp > app.now().seconds());
        kids.extend(app.rotunda.signing_keys().await.unwrap().into_iter().map(|key| key.kid));
        if fetched.until(app.now()) >= JWKS_MAX_AGE {
            (plain, fetched) = (self::plain(&app), app.now());
        }
        for (token, _) in &issued {
            let judged = plain.verify(token, app.now().0);
            assert!(judged.is_ok(), "step {step}: {judged:?}");
        }
        for verifier in &verifiers {
            for (token, _) in &issued {
                let judged = verifier.authenticate(token).await;
                assert!(judged.is_ok(), "step {step}: {judged:?}");
                checks += 1;
            }
            // What those requests have begun in the background takes no time beside half a minute.
            while verifier.health().keys.age_ms.unwrap() >= 600_000 {
                tokio::task::yield_now().await;
            }
        }
    }
    kids.sort();
    kids.dedup();
    assert_eq!(kids.len(), 4, "the first key and three after it");
    assert!(checks > 60_000, "{checks}");
    for verifier in &verifiers {
        let fetches = verifier.health().keys.fetches;
        assert!((36..=44).contains(&fetches), "every ten minutes, and hardly more: {fetches}");
    }
}

#[tokio::test]
async fn a_retired_key_and_a_revoked_one_are_refused() {
    let (app, verifiers) = served().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let old = ada.access_token.clone();
    let kid = app.rotunda.signing_keys().await.unwrap()[0].kid.clone();
    app.rotunda.revoke_key(&kid, &Caller::default()).await.unwrap();
    ada.refresh().await.session_on_phone(200);
    for verifier in &verifiers {
        // The new key is met before the set is due: it is fetched, and the revoked one is not in it.
        verifier.authenticate(&ada.access_token).await.unwrap();
        assert_eq!(verifier.authenticate(&old).await.unwrap_err(), Refused::Invalid(Invalid::KeyUnknown));
    }

    app.rotunda.rotate_keys(&Caller::default()).await.unwrap();
    app.wait(app.rotunda.policy().publish_ahead + app.rotunda.policy().keep_revocations());
    app.rotunda.sweep().await.unwrap();
    let retired = ada.access_token.clone();
    ada.refresh().await.session_on_phone(200);
    for verifier in &verifiers {
        verifier.authenticate(&ada.access_token).await.unwrap();
        assert_eq!(verifier.authenticate(&retired).await.unwrap_err(), Refused::Invalid(Invalid::KeyUnknown));
    }
}
