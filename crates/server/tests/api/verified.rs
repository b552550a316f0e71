//! Where addresses are verified: a letter comes first, and nobody learns who has an account.

use std::time::Duration;

use rotunda_core::model::{LetterKind, Password};
use rotunda_core::policy::Registration;
use rotunda_core::register::Newcomer;
use rotunda_testkit::CommandLine as _;
use serde_json::{Value, json};

use crate::support::{ADA, Answer, App, Browser, OTHER_PASSWORD, PASSWORD, Phone, Setup, post};

const BOB: &str = "bob@example.com";
const COOKIES: [&str; 3] = [
    "rotunda_refresh=rt1_…; HttpOnly; Max-Age=604800; Path=/auth/refresh; SameSite=Strict",
    "rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict",
    "rotunda_page=rp1_…; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax",
];
const LINK_LIFE: Duration = Duration::from_secs(30 * 60);
const MOMENT: Duration = Duration::from_millis(1);

async fn verified() -> App {
    Setup::new().policy(|policy| policy.registration = Registration::Verified).start().await
}

async fn add(app: &App, email: &str) {
    let (email, password) = (email.to_owned(), Password::new(PASSWORD.to_owned()));
    let newcomer = Newcomer { email, password, username: None, name: None };
    app.rotunda.add_user(&newcomer).await.unwrap();
}

#[tokio::test]
async fn a_browser_registers_waits_for_the_letter_and_is_signed_in() {
    let app = verified().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.letter_sent();
    assert!(ada.jar.names().is_empty());
    assert!(app.memory.snapshot().accounts.is_empty(), "there is nobody before the link was followed");
    ada.login(ADA, PASSWORD).await.refused("credentials_invalid");
    let link = app.link(LetterKind::VerifyEmail).await;
    assert_eq!(app.letters().await, ["verify_email ada@example.com"]);
    assert_eq!(app.news().await, ["user.registration_asked", "user.sign_in_failed"]);

    let answer = ada.verify(&link, PASSWORD).await;
    answer.session_in_browser(200, &COOKIES);
    assert_eq!(
        (&answer.json["user"]["email"], &answer.json["user"]["email_verified"]),
        (&json!(ADA), &json!(true))
    );
    assert_eq!(app.news().await, ["user.registered", "user.email_verified", "user.signed_in"]);
    assert_eq!(app.letters().await, [""; 0], "nobody is warned of the device that they registered on");
    ada.me().await.user();
    assert_eq!(ada.refresh().await.status, 200);
    ada.verify(&link, PASSWORD).await.link_invalid();
    ada.me().await.user();
}

#[tokio::test]
async fn a_phone_registers_waits_for_the_letter_and_is_signed_in() {
    let app = verified().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.letter_sent();
    let link = app.link(LetterKind::VerifyEmail).await;
    ada.verify(&link, PASSWORD).await.session_on_phone(200);
    ada.me().await.user();
    ada.refresh().await.session_on_phone(200);
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
}

/// The owner of an address follows a link that somebody else asked for: nothing comes of it.
#[tokio::test]
async fn the_link_alone_is_not_enough() {
    let app = verified().await;
    let mut mallory = Browser::new(&app);
    mallory.register(ADA, PASSWORD).await.letter_sent();
    let link = app.link(LetterKind::VerifyEmail).await;
    let mut ada = Browser::new(&app);
    ada.verify(&link, OTHER_PASSWORD).await.refused("credentials_invalid");
    assert!(app.memory.snapshot().accounts.is_empty() && ada.jar.names().is_empty());
    let without = json!({"token": link});
    app.send(post("/auth/email/verify").json(&without)).await.problem(400, "invalid_request");
    // It was not used up: whoever knows the password may still come.
    ada.verify(&link, PASSWORD).await.session_in_browser(200, &COOKIES);
}

#[tokio::test]
async fn of_two_registrations_with_one_address_the_first_that_is_followed_counts() {
    let app = verified().await;
    let (mut ada, mut other) = (Phone::new(&app, "ada"), Phone::new(&app, "other"));
    ada.register(ADA, PASSWORD).await.letter_sent();
    let hers = app.link(LetterKind::VerifyEmail).await;
    app.letters().await;
    other.register(ADA, OTHER_PASSWORD).await.letter_sent();
    let others = app.link(LetterKind::VerifyEmail).await;
    assert_ne!(hers, others);
    ada.verify(&hers, PASSWORD).await.session_on_phone(200);
    other.verify(&others, OTHER_PASSWORD).await.link_invalid();
    other.login(ADA, OTHER_PASSWORD).await.refused("credentials_invalid");
    ada.me().await.user();
}

#[tokio::test]
async fn a_user_name_that_was_taken_meanwhile_is_told() {
    let app = verified().await;
    let asking = |email: &str| {
        let body = json!({"email": email, "password": PASSWORD, "username": "ada", "client_id": "native"});
        post("/auth/register").json(&body)
    };
    app.send(asking(ADA)).await.letter_sent();
    let hers = app.link(LetterKind::VerifyEmail).await;
    app.letters().await;
    app.send(asking(BOB)).await.letter_sent();
    let his = app.link(LetterKind::VerifyEmail).await;
    Phone::new(&app, "ada").verify(&hers, PASSWORD).await.session_on_phone(200);
    Phone::new(&app, "bob").verify(&his, PASSWORD).await.problem(409, "username_taken");
    app.send(asking("carol@example.com")).await.problem(409, "username_taken");
}

/// Half an hour from when it was sent, to the millisecond; a mail server that was away costs nothing of it.
#[tokio::test]
async fn a_link_lives_half_an_hour_from_when_its_letter_was_sent() {
    for (waited, is_good) in [(LINK_LIFE - MOMENT, true), (LINK_LIFE, false)] {
        let app = verified().await;
        let mut ada = Phone::new(&app, "ada");
        ada.register(ADA, PASSWORD).await.letter_sent();
        app.wait(3 * LINK_LIFE);
        let link = app.link(LetterKind::VerifyEmail).await;
        app.wait(waited);
        let answer = ada.verify(&link, PASSWORD).await;
        if is_good {
            answer.session_on_phone(200);
        } else {
            answer.link_invalid();
        }
    }
}

#[tokio::test]
async fn another_letter_for_whoever_was_added_and_has_not_shown_the_address() {
    let app = verified().await;
    add(&app, ADA).await;
    let mut before = Phone::new(&app, "before");
    before.login(ADA, PASSWORD).await.session_on_phone(200);
    app.letters().await;
    app.news().await;
    app.send(post("/auth/email/verify").json(&json!({"email": ADA}))).await.letter_sent();
    let link = app.link(LetterKind::VerifyEmail).await;
    let mut ada = Browser::new(&app);
    ada.verify(&link, OTHER_PASSWORD).await.refused("credentials_invalid");
    let answer = ada.verify(&link, PASSWORD).await;
    answer.session_in_browser(200, &COOKIES);
    assert_eq!(answer.json["user"]["email_verified"], true);
    before.refresh().await.over("session_ended", "email_verified");
    before.me().await.challenged("session_ended", Some("email_verified"));
    // Now there is nothing to show any more.
    app.letters().await;
    app.send(post("/auth/email/verify").json(&json!({"email": ADA}))).await.letter_sent();
    assert_eq!(app.letters().await, [""; 0]);
}

/// What an answer says, to be compared with another one.
fn whole(answer: &Answer) -> (u16, String, &[u8]) {
    (answer.status, format!("{:?}", answer.headers), &answer.bytes)
}

/// The address of a user, of one who has not shown it, of a disabled one, and nobody's: one answer. Where the letters go
/// is the only difference.
#[tokio::test]
async fn the_answer_is_the_same_whoever_has_the_address() {
    let app = verified().await;
    for email in [ADA, BOB, "eve@example.com"] {
        add(&app, email).await;
    }
    let users = app.rotunda.users(None, 9).await.unwrap();
    let eve = users.iter().find(|user| user.email.to_string() == "eve@example.com").unwrap();
    app.rotunda.disable_user(eve.id).await.unwrap();
    app.send(post("/auth/email/verify").json(&json!({"email": ADA}))).await.letter_sent();
    let link = app.link(LetterKind::VerifyEmail).await;
    Phone::new(&app, "ada").verify(&link, PASSWORD).await.session_on_phone(200);
    app.letters().await;
    let everybody = [ADA, BOB, "eve@example.com", "nobody@example.com", "ADA@EXAMPLE.COM"];
    type Route = (&'static str, fn(&str) -> Value, &'static [&'static str]);
    let routes: [Route; 3] = [
        (
            "/auth/register",
            |email| json!({"email": email, "password": PASSWORD}),
            &[
                "already_registered ada@example.com",
                "already_registered ada@example.com",
                "already_registered bob@example.com",
                "verify_email nobody@example.com",
            ],
        ),
        (
            "/auth/password/forgot",
            |email| json!({"email": email}),
            &[
                "reset_password ada@example.com",
                "reset_password ada@example.com",
                "reset_password bob@example.com",
            ],
        ),
        ("/auth/email/verify", |email| json!({"email": email}), &["verify_email bob@example.com"]),
    ];
    for (path, body, letters) in routes {
        let mut first = None;
        for email in everybody {
            let answer = app.send(post(path).json(&body(email))).await;
            answer.letter_sent();
            let first =
                first.get_or_insert((answer.status, format!("{:?}", answer.headers), answer.bytes.clone()));
            assert_eq!(whole(&answer), (first.0, first.1.clone(), first.2.as_slice()), "{path} {email}");
        }
        assert_eq!(app.letters().await, *letters, "{path}");
    }
}

#[tokio::test]
async fn an_address_alone_or_a_link_with_its_password_and_nothing_between() {
    let app = verified().await;
    Phone::new(&app, "ada").register(ADA, PASSWORD).await.letter_sent();
    let link = app.link(LetterKind::VerifyEmail).await;
    app.news().await;
    let bodies = [
        json!({}),
        json!({"token": link}),
        json!({"password": PASSWORD}),
        json!({"email": ADA, "token": link}),
        json!({"email": ADA, "password": PASSWORD}),
        json!({"email": ADA, "token": link, "password": PASSWORD}),
        json!({"email": null, "token": null, "password": null}),
    ];
    for body in bodies {
        app.send(post("/auth/email/verify").json(&body)).await.problem(400, "invalid_request");
    }
    for path in ["/auth/email/verify", "/auth/password/forgot"] {
        for no_address in ["", "ada", "a b@example.com", "ada@example.com\r\nBcc: x@y.z"] {
            let answer = app.send(post(path).json(&json!({"email": no_address}))).await;
            answer.problem(400, "invalid_request");
        }
    }
    assert_eq!((app.news().await, app.memory.snapshot().letters.len()), (Vec::new(), 0));
}
