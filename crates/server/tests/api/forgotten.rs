//! A forgotten password, and "this was not me".

use std::time::Duration;

use rotunda_core::model::LetterKind;
use rotunda_core::operate::Who;
use rotunda_core::policy::Registration;
use rotunda_testkit::CommandLine as _;
use serde_json::json;

use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, Phone, Setup, fields, post, text};

const COOKIES: [&str; 3] = [
    "rotunda_refresh=rt1_…; HttpOnly; Max-Age=604800; Path=/auth/refresh; SameSite=Strict",
    "rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict",
    "rotunda_page=rp1_…; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax",
];
const GONE: [&str; 2] = [
    "rotunda_refresh=; HttpOnly; Max-Age=0; Path=/auth/refresh; SameSite=Strict",
    "rotunda_page=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax",
];
const HOUR: Duration = Duration::from_secs(3600);

async fn forget(app: &App) -> String {
    app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
    app.link(LetterKind::ResetPassword).await
}

async fn report(app: &App, token: &str) -> crate::support::Answer {
    app.send(post("/auth/report").json(&json!({"token": token}))).await
}

#[tokio::test]
async fn the_life_of_an_account() {
    let app = Setup::new().policy(|policy| policy.registration = Registration::Verified).start().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.letter_sent();
    let link = app.link(LetterKind::VerifyEmail).await;
    ada.verify(&link, PASSWORD).await.session_in_browser(200, &COOKIES);
    let mut phone = Phone::new(&app, "ada");
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    let notice = app.letter(LetterKind::NewDevice).await;
    assert_eq!(notice.letter.caller.user_agent.as_deref(), Some("Rotary/2.1 (iPhone; iOS 18.3)"));
    assert_eq!(app.letters().await, ["new_device ada@example.com", "verify_email ada@example.com"]);
    app.news().await;

    app.wait(HOUR);
    let link = forget(&app).await;
    ada.reset(&link, OTHER_PASSWORD).await.session_in_browser(200, &COOKIES);
    phone.refresh().await.over("session_ended", "password_reset");
    phone.login(ADA, PASSWORD).await.refused("credentials_invalid");
    phone.login(ADA, OTHER_PASSWORD).await.session_on_phone(200);
    let letters = ["password_reset ada@example.com", "reset_password ada@example.com"];
    assert_eq!(app.letters().await, letters, "the phone was known, and nobody is warned of it again");
    let news = app.news().await;
    assert!(news.contains(&"user.password_reset".to_owned()), "{news:?}");
    assert_eq!(news.iter().filter(|told| *told == "session.ended password_reset").count(), 2);

    ada.change_email("ada@elsewhere.example").await.letter_sent();
    let link = app.link(LetterKind::ConfirmEmail).await;
    let confirm = json!({"token": link, "password": OTHER_PASSWORD});
    app.send(post("/auth/email/confirm").json(&confirm)).await.no_content(&[]);
    assert_eq!(app.letters().await.len(), 4, "each address heard of it twice");

    let data = ada.export().await;
    assert_eq!(fields(&data.json), ["devices", "events", "sessions", "user"]);
    assert_eq!(data.json["user"]["email"], "ada@elsewhere.example");
    let sessions = ada.sessions().await;
    let seen: Vec<_> = sessions.iter().map(|session| text(&session["device_first_seen_at"])).collect();
    assert_eq!(seen.len(), 2);
    assert!(seen.contains(&"2026-01-01T00:00:00.000Z".to_owned()), "the phone was known before: {seen:?}");

    ada.delete_me().await.no_content(&GONE);
    phone.refresh().await.refused("session_ended");
    phone.login("ada@elsewhere.example", OTHER_PASSWORD).await.refused("credentials_invalid");
    assert_eq!(app.letters().await, ["account_deleted ada@elsewhere.example"]);
}

#[tokio::test]
async fn a_phone_resets_and_shows_the_device_that_it_was() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let (device, secret) = (app.device_of(&ada.session).await, ada.device_secret.clone());
    let link = forget(&app).await;
    let answer = ada.reset(&link, OTHER_PASSWORD).await;
    answer.session_on_phone(200);
    assert_eq!(answer.json["user"]["email_verified"], true, "the letter came to them");
    assert_eq!(app.device_of(&ada.session).await, device);
    assert_ne!(ada.device_secret, secret, "what was copied is good for nothing");
    ada.refresh().await.session_on_phone(200);
    let mut other = Phone::new(&app, "other");
    let link = forget(&app).await;
    other.reset(&link, PASSWORD).await.session_on_phone(200);
    assert_ne!(app.device_of(&other.session).await, device);
}

/// Refused for its new password, a reset has used nothing up.
#[tokio::test]
async fn a_new_password_that_does_not_do_may_be_mended() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let link = forget(&app).await;
    app.news().await;
    for bad in ["", "too short", &"a".repeat(1025)] {
        ada.reset(&link, bad).await.problem(400, "password_unacceptable");
    }
    ada.refresh().await.session_in_browser(200, &COOKIES[..2]);
    assert_eq!(app.news().await, [""; 0]);
    ada.reset(&link, OTHER_PASSWORD).await.session_in_browser(200, &COOKIES);
    ada.reset(&link, PASSWORD).await.link_invalid();
    ada.me().await.user();
}

/// With a bad link nothing is said about the new password.
#[tokio::test]
async fn a_bad_link_is_refused_before_the_password_is_looked_at() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let link = forget(&app).await;
    let wrong = [
        String::new(),
        "rl1_".to_owned(),
        link[..link.len() - 1].to_owned(),
        format!("{link}A"),
        format!(" {link}"),
        link.to_uppercase(),
        "ü".repeat(30),
        "a".repeat(10_000),
        ada.access_token.clone(),
        ada.jar.value("rotunda_refresh").unwrap().to_owned(),
    ];
    for token in &wrong {
        for new in [OTHER_PASSWORD, "short"] {
            ada.reset(token, new).await.link_invalid();
        }
    }
    assert_eq!(app.hasher.verifications(), 0);
    ada.me().await.user();
}

#[tokio::test]
async fn a_link_is_good_for_one_thing() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    ada.change_email("ada@elsewhere.example").await.letter_sent();
    app.send(post("/auth/email/verify").json(&json!({"email": ADA}))).await.letter_sent();
    let reset = forget(&app).await;
    let links = [
        (app.link(LetterKind::VerifyEmail).await, "/auth/email/verify"),
        (reset, "/auth/password/reset"),
        (app.link(LetterKind::ConfirmEmail).await, "/auth/email/confirm"),
        (app.link(LetterKind::EmailChangeAsked).await, "/auth/report"),
    ];
    app.news().await;
    for (token, _) in &links {
        for (_, path) in links.iter().filter(|(other, _)| other != token) {
            let body = json!({"token": token, "password": PASSWORD, "new_password": OTHER_PASSWORD});
            ada.post(path, &body).await.link_invalid();
        }
    }
    assert_eq!(app.news().await, [""; 0]);
    // None of them was used up by it.
    let (token, path) = &links[2];
    ada.post(path, &json!({"token": token, "password": PASSWORD})).await.no_content(&[]);
}

#[tokio::test]
async fn who_is_disabled_gets_no_letter_and_their_link_is_void() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let link = forget(&app).await;
    app.letters().await;
    let user = app.rotunda.users(None, 1).await.unwrap().pop().unwrap();
    app.rotunda.disable_user(user.id).await.unwrap();
    app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
    assert_eq!(app.letters().await, [""; 0]);
    ada.reset(&link, OTHER_PASSWORD).await.link_invalid();
    app.rotunda.enable_user(user.id).await.unwrap();
    ada.reset(&link, OTHER_PASSWORD).await.link_invalid();
    assert!(app.rotunda.find_user(&Who::Id(user.id)).await.is_ok());
    assert_eq!(ada.login(ADA, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn this_was_not_me() {
    let app = App::new().await;
    let (mut ada, mut stranger) = (Browser::new(&app), Phone::new(&app, "stranger"));
    ada.register(ADA, PASSWORD).await;
    stranger.login(ADA, PASSWORD).await.session_on_phone(200);
    let link = app.link(LetterKind::NewDevice).await;
    app.letters().await;
    app.wait(Duration::from_secs(6 * 24 * 3600));
    assert_eq!(ada.refresh().await.status, 200);
    app.news().await;
    report(&app, &link).await.no_content(&[]);
    stranger.refresh().await.over("session_ended", "reported");
    stranger.login(ADA, PASSWORD).await.refused("credentials_invalid");
    ada.refresh().await.over("session_ended", "reported");
    assert_eq!(app.letters().await, ["report_taken ada@example.com"]);
    report(&app, &link).await.link_invalid();
    let link = forget(&app).await;
    ada.reset(&link, OTHER_PASSWORD).await.session_in_browser(200, &COOKIES);
    ada.reauthenticate(OTHER_PASSWORD).await.session_in_browser(200, &COOKIES);
}

/// The mail server is away: the answer is the same, and the letter comes later.
#[tokio::test]
async fn a_letter_waits_for_the_mail_server() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    app.mail.refuse(Some(rotunda_core::outside::MailFailure::Later("421 not now".to_owned())));
    app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
    assert_eq!(app.letters().await, [""; 0]);
    app.mail.refuse(None);
    app.wait(HOUR);
    let link = app.link(LetterKind::ResetPassword).await;
    ada.reset(&link, OTHER_PASSWORD).await.session_in_browser(200, &COOKIES);
}
