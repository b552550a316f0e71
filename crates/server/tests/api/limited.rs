//! Whoever asks too often is told when to come back, and nothing about who they are.

use std::time::Duration;

use rotunda_core::limits::{Limits, Quota};
use rotunda_core::model::LetterKind;
use rotunda_core::policy::Registration;
use serde_json::{Value, json};

use crate::support::{ADA, APP_ORIGIN, App, Ask, OTHER_PASSWORD, PASSWORD, Phone, Setup, post};

const MINUTE: Duration = Duration::from_secs(60);

/// A route, a request that counts, and what it is answered where it may.
type Route = (&'static str, fn() -> Value, u16);

/// Every limited route.
const ROUTES: [Route; 11] = [
    ("/auth/register", || json!({"email": "no address", "password": PASSWORD}), 400),
    ("/auth/login", || json!({"email": "nobody@example.com", "password": PASSWORD}), 401),
    ("/auth/password/forgot", || json!({"email": "nobody@example.com"}), 202),
    ("/auth/email/verify", || json!({"email": "nobody@example.com"}), 202),
    ("/auth/email/verify", || json!({"token": "rl1_x", "password": PASSWORD}), 400),
    ("/auth/password/reset", || json!({"token": "rl1_x", "new_password": OTHER_PASSWORD}), 400),
    ("/auth/email/confirm", || json!({"token": "rl1_x", "password": PASSWORD}), 400),
    ("/auth/report", || json!({"token": "rl1_x"}), 400),
    ("/auth/email/change", || json!({"email": "ada@elsewhere.example"}), 202),
    ("/auth/reauthenticate", || json!({"password": OTHER_PASSWORD}), 401),
    (
        "/auth/password/change",
        || json!({"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD}),
        401,
    ),
];

/// Two a minute, from anywhere and at anything.
fn tight() -> Limits {
    let quota = Quota::new(2, MINUTE);
    Limits {
        enabled: true,
        login_per_address: quota,
        login_per_account: quota,
        login_per_device: quota,
        reauthenticate: quota,
        register_per_address: quota,
        forgot_per_address: quota,
        forgot_per_account: quota,
        codes_per_address: quota,
        refresh_per_session: quota,
        client_per_address: quota,
    }
}

async fn app() -> App {
    Setup::at("https://auth.example.com").limits(tight()).start().await
}

/// Asks as a page of the application does; routes that want no bearer token do not mind one.
fn asking((path, body, _): Route, ada: &Phone<'_>) -> Ask {
    ada.dress(post(path).json(&body())).bearer(&ada.access_token).on_page(APP_ORIGIN)
}

#[tokio::test]
async fn the_third_of_two_a_minute_waits_on_every_limited_route() {
    for route in ROUTES {
        let app = app().await;
        let mut ada = Phone::new(&app, "ada");
        // From elsewhere, so that it counts against nobody here.
        let body = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
        let registered = app.send(post("/auth/register").json(&body).peer("192.0.2.1:1")).await;
        registered.session_on_phone(201);
        ada.receive(&registered);
        app.news().await;
        for _ in 0..2 {
            let answer = app.send(asking(route, &ada)).await;
            assert_eq!(answer.status, route.2, "{}", answer.told());
        }
        app.news().await;
        app.letters().await;
        for (waited, left) in [(0, "60"), (1, "60"), (29_999, "30"), (29_000, "1")] {
            app.wait(Duration::from_millis(waited));
            let answer = app.send(asking(route, &ada)).await;
            answer.limited(left);
            assert_eq!(answer.header("www-authenticate"), None);
            assert_eq!(answer.header("access-control-allow-origin"), Some(APP_ORIGIN));
            let exposed = answer.header("access-control-expose-headers").unwrap();
            assert!(exposed.split(',').any(|name| name == "retry-after"), "{exposed}");
        }
        assert_eq!((app.news().await, app.letters().await), (Vec::new(), Vec::new()), "{}", route.0);
        ada.me().await.user();
        app.wait(Duration::from_secs(1));
        assert_eq!(app.send(asking(route, &ada)).await.status, route.2, "{}", route.0);
        ada.refresh().await.session_on_phone(200);
    }
}

#[tokio::test]
async fn refreshes_of_a_session_are_limited_and_it_lives_on() {
    let app = app().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    for _ in 0..2 {
        ada.refresh().await.session_on_phone(200);
    }
    ada.refresh().await.limited("60");
    ada.me().await.user();
    app.wait(MINUTE);
    ada.refresh().await.session_on_phone(200);
}

/// What was right is not counted: good links, right passwords.
#[tokio::test]
async fn whoever_does_it_right_does_not_wait() {
    let limits = Limits {
        forgot_per_address: Quota::new(9, MINUTE),
        forgot_per_account: Quota::new(9, MINUTE),
        ..tight()
    };
    let app = Setup::new().limits(limits).start().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    for _ in 0..4 {
        ada.login(ADA, PASSWORD).await.session_on_phone(200);
        ada.reauthenticate(PASSWORD).await.session_on_phone(200);
        let forgot = post("/auth/password/forgot").json(&json!({"email": ADA}));
        app.send(ada.dress(forgot)).await.letter_sent();
        let link = app.link(LetterKind::ResetPassword).await;
        ada.reset(&link, PASSWORD).await.session_on_phone(200);
    }
}

/// Three letters to one address, from wherever they are asked for, whoever has it. Those that only show an address to be
/// theirs are counted apart: whoever asks for them must not use up those that let an owner in.
#[tokio::test]
async fn letters_to_one_address_are_limited_together() {
    let app = Setup::new()
        .policy(|policy| policy.registration = Registration::Verified)
        .limits(Limits { forgot_per_account: Quota::new(3, MINUTE), ..Limits::default() })
        .start()
        .await;
    for email in [ADA, "nobody@example.com"] {
        let register = post("/auth/register").json(&json!({"email": email, "password": PASSWORD}));
        let forgot = post("/auth/password/forgot").json(&json!({"email": email}));
        let verify = post("/auth/email/verify").json(&json!({"email": email}));
        let verifications = [verify.clone(), verify.clone(), verify];
        for asks in [verifications, [register, forgot.clone(), forgot]] {
            for (n, ask) in asks.iter().enumerate() {
                app.send(ask.clone().peer(&format!("192.0.2.{n}:1"))).await.letter_sent();
            }
            for (n, ask) in asks.iter().enumerate() {
                app.send(ask.clone().peer(&format!("198.51.100.{n}:1"))).await.limited("60");
            }
        }
    }
}
