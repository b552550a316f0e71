//! What is sensitive needs a password that was entered a moment ago: another address, one's data, the end of the account.

use std::time::Duration;

use rotunda_core::model::LetterKind;
use serde_json::json;

use crate::support::{
    ADA, APP_ORIGIN, App, Ask, Browser, OTHER_PASSWORD, PASSWORD, Phone, Setup, fields, get, post,
};

const NEW: &str = "ada@elsewhere.example";
const BOB: &str = "bob@example.com";
const FIVE_MINUTES: Duration = Duration::from_secs(300);
const MOMENT: Duration = Duration::from_millis(1);
const COOKIES: [&str; 3] = [
    "rotunda_refresh=rt1_…; HttpOnly; Max-Age=604800; Path=/auth/refresh; SameSite=Strict",
    "rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict",
    "rotunda_page=rp1_…; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax",
];
const GONE: [&str; 2] = [
    "rotunda_refresh=; HttpOnly; Max-Age=0; Path=/auth/refresh; SameSite=Strict",
    "rotunda_page=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax",
];

async fn browser(app: &App) -> Browser<'_> {
    let mut ada = Browser::new(app);
    assert_eq!(ada.register(ADA, PASSWORD).await.status, 201);
    app.news().await;
    ada
}

fn confirming(link: &str, password: &str) -> Ask {
    post("/auth/email/confirm").json(&json!({"token": link, "password": password}))
}

async fn phone(app: &App) -> Phone<'_> {
    let mut ada = Phone::new(app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.news().await;
    ada
}

#[tokio::test]
async fn five_minutes_after_the_password_it_is_asked_for_again() {
    let app = App::new().await;
    let mut ada = browser(&app).await;
    app.wait(FIVE_MINUTES - MOMENT);
    assert_eq!(ada.export().await.status, 200);
    app.wait(MOMENT);
    // A refresh is no password.
    assert_eq!(ada.refresh().await.status, 200);
    app.news().await;
    ada.export().await.step_up();
    ada.change_email(NEW).await.step_up();
    ada.delete_me().await.step_up();
    assert_eq!((app.news().await, app.letters().await), (Vec::new(), Vec::new()), "nothing was done");
    ada.me().await.user();

    let old = ada.sessions().await[0]["id"].as_str().unwrap().to_owned();
    let mut left_over = ada.clone();
    let new = ada.reauthenticate(PASSWORD).await.session_in_browser(200, &COOKIES);
    assert_ne!(new.session, old);
    assert_eq!(app.news().await, ["session.ended renewed", "user.reauthenticated"]);
    left_over.refresh().await.over("session_ended", "renewed");
    left_over.me().await.challenged("session_ended", Some("renewed"));
    assert_eq!(ada.export().await.status, 200);
    ada.change_email(NEW).await.letter_sent();
    ada.delete_me().await.no_content(&GONE);
}

#[tokio::test]
async fn on_a_phone_as_well() {
    let app = App::new().await;
    let mut ada = phone(&app).await;
    app.wait(FIVE_MINUTES);
    ada.export().await.step_up();
    ada.change_email(NEW).await.step_up();
    ada.delete_me().await.step_up();
    let device = app.device_of(&ada.session).await;
    ada.reauthenticate(PASSWORD).await.session_on_phone(200);
    assert_eq!(app.device_of(&ada.session).await, device, "it is the same device");
    ada.refresh().await.session_on_phone(200);
    ada.delete_me().await.no_content(&[]);
    ada.refresh().await.refused("session_ended");
}

#[tokio::test]
async fn whoever_does_not_know_the_password_is_refused_and_stays_signed_in() {
    let app = App::new().await;
    let (mut ada, mut phone) = (browser(&app).await, Phone::new(&app, "ada"));
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    app.wait(FIVE_MINUTES);
    for wrong in ["", OTHER_PASSWORD, "correct horse battery "] {
        ada.reauthenticate(wrong).await.refused("credentials_invalid");
        phone.reauthenticate(wrong).await.refused("credentials_invalid");
    }
    ada.me().await.user();
    ada.export().await.step_up();
    phone.refresh().await.session_on_phone(200);
    phone.export().await.step_up();
}

/// A page of the application reads what is wanted of it.
#[tokio::test]
async fn the_page_can_read_that_the_password_is_wanted() {
    let app = Setup::at("https://auth.example.com").start().await;
    let mut ada = Browser::new(&app).on_page(APP_ORIGIN);
    assert_eq!(ada.register(ADA, PASSWORD).await.status, 201);
    app.wait(FIVE_MINUTES);
    let answer = ada.export().await;
    answer.step_up();
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP_ORIGIN));
    assert!(
        answer
            .header("access-control-expose-headers")
            .is_some_and(|names| names.contains("www-authenticate"))
    );
}

#[tokio::test]
async fn another_address_is_told_to_both() {
    let app = App::new().await;
    let (mut ada, mut phone) = (browser(&app).await, Phone::new(&app, "ada"));
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    app.letters().await;
    app.news().await;
    ada.change_email(NEW).await.letter_sent();
    let link = app.link(LetterKind::ConfirmEmail).await;
    assert_eq!(app.letters().await, [format!("confirm_email {NEW}"), format!("email_change_asked {ADA}")]);
    assert_eq!(ada.me().await.json["email"], ADA);
    let confirm = confirming(&link, PASSWORD);
    app.send(confirm.clone()).await.no_content(&[]);
    let me = ada.me().await;
    assert_eq!((&me.json["email"], &me.json["email_verified"]), (&json!(NEW), &json!(true)));
    let taking_back = app.link(LetterKind::EmailChanged).await;
    assert_eq!(app.letters().await, [format!("email_changed {ADA}"), format!("email_changed_to {NEW}")]);
    assert_eq!(app.news().await, ["user.email_change_asked", "user.email_changed"]);
    app.send(confirm).await.link_invalid();
    phone.refresh().await.session_on_phone(200);
    phone.login(ADA, PASSWORD).await.refused("credentials_invalid");
    phone.login(NEW, PASSWORD).await.session_on_phone(200);

    // It was not her: the address so far takes everything back.
    let report = post("/auth/report").json(&json!({"token": taking_back}));
    app.send(report.clone()).await.no_content(&[]);
    ada.refresh().await.over("session_ended", "reported");
    phone.refresh().await.over("session_ended", "reported");
    app.send(report).await.link_invalid();
    let link = app.link(LetterKind::ReportTaken).await;
    assert!(app.letters().await.contains(&format!("report_taken {ADA}")));
    phone.login(ADA, PASSWORD).await.refused("credentials_invalid");
    let answer = ada.reset(&link, OTHER_PASSWORD).await;
    assert_eq!((answer.status, &answer.json["user"]["email"]), (200, &json!(ADA)), "{}", answer.told());
}

#[tokio::test]
async fn an_address_that_somebody_has_is_not_told_from_one_that_nobody_has() {
    let app = App::new().await;
    let mut ada = browser(&app).await;
    Phone::new(&app, "bob").register(BOB, PASSWORD).await.session_on_phone(201);
    let free = ada.change_email(NEW).await;
    free.letter_sent();
    app.letters().await;
    let taken = ada.change_email(BOB).await;
    taken.letter_sent();
    assert_eq!(format!("{:?}", free.headers), format!("{:?}", taken.headers));
    assert_eq!(app.letters().await, [format!("email_change_asked {ADA}"), format!("email_in_use {BOB}")]);
    ada.change_email("no address").await.problem(400, "invalid_request");
}

/// Whoever owns the new mailbox and did not ask for the change does not know the password.
#[tokio::test]
async fn the_link_alone_changes_no_address() {
    let app = App::new().await;
    let mut ada = browser(&app).await;
    ada.change_email(NEW).await.letter_sent();
    let link = app.link(LetterKind::ConfirmEmail).await;
    app.letters().await;
    app.news().await;
    for wrong in ["", OTHER_PASSWORD] {
        app.send(confirming(&link, wrong)).await.refused("credentials_invalid");
    }
    let bare = post("/auth/email/confirm").json(&json!({"token": link}));
    app.send(bare).await.problem(400, "invalid_request");
    assert_eq!((app.news().await, app.letters().await), (vec!["user.sign_in_failed".to_owned()], Vec::new()));
    assert_eq!(ada.me().await.json["email"], ADA);
    app.send(confirming(&link, PASSWORD)).await.no_content(&[]);
    assert_eq!(ada.me().await.json["email"], NEW);
}

/// Whoever signs out has thought better of it.
#[tokio::test]
async fn a_change_of_address_ends_with_the_session_that_asked() {
    let app = App::new().await;
    let mut ada = browser(&app).await;
    ada.change_email(NEW).await.letter_sent();
    let link = app.link(LetterKind::ConfirmEmail).await;
    ada.logout().await.no_content(&GONE);
    app.send(confirming(&link, PASSWORD)).await.link_invalid();
    assert_eq!(ada.login(ADA, PASSWORD).await.json["user"]["email"], ADA);
}

/// Every field of the export; a new one is reviewed here.
#[tokio::test]
async fn ones_data_is_everything_and_opens_nothing() {
    let app = App::new().await;
    let (mut ada, mut phone) = (browser(&app).await, Phone::new(&app, "ada"));
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    Phone::new(&app, "bob").register(BOB, PASSWORD).await.session_on_phone(201);
    ada.logout().await;
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    app.deliver().await;
    let answer = phone.export().await;
    let headers = [
        ("cache-control", "no-store"),
        ("content-disposition", "attachment; filename=\"my-data.json\""),
        ("content-type", "application/json"),
    ];
    answer.has(200, &headers, &[]);
    let data = &answer.json;
    assert_eq!(fields(data), ["devices", "events", "sessions", "user"]);
    assert_eq!(fields(&data["user"]), ["created_at", "email", "email_verified", "id", "name", "username"]);
    let devices = data["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 2);
    for device in devices {
        assert_eq!(fields(device), ["address", "first_seen_at", "id", "label", "last_seen_at"]);
    }
    let sessions = data["sessions"].as_array().unwrap();
    let session_fields = [
        "address",
        "client_id",
        "created_at",
        "current",
        "device_first_seen_at",
        "device_id",
        "expires_at",
        "id",
        "label",
        "last_used_at",
    ];
    assert!(sessions.iter().all(|session| fields(session) == session_fields));
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let events = data["events"].as_array().unwrap();
    let event_fields = ["address", "at", "ended", "kind", "session_id", "user_agent"];
    assert!(events.iter().all(|event| fields(event) == event_fields));
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"user.registered"), Some(&"user.data_exported")));
    let ended = events.iter().find(|event| event["kind"] == "session.ended").unwrap();
    assert_eq!(ended["ended"], "logged_out");
    let told = String::from_utf8(answer.bytes.clone()).unwrap();
    assert!(!told.contains(BOB), "somebody else's data");
    let accounts = app.memory.snapshot().accounts;
    let hashes = accounts.values().map(|account| account.password.expose().to_owned());
    for secret in app.secrets().into_iter().chain(hashes).chain([PASSWORD.to_owned()]) {
        assert!(!told.contains(&secret), "{secret} is in {told}");
    }
}

#[tokio::test]
async fn a_deletion_leaves_nobody_behind() {
    let app = App::new().await;
    let (mut ada, mut phone) = (browser(&app).await, Phone::new(&app, "ada"));
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    ada.change_email(NEW).await.letter_sent();
    let link = app.link(LetterKind::ConfirmEmail).await;
    let notice = app.link(LetterKind::EmailChangeAsked).await;
    app.letters().await;
    ada.delete_me().await.no_content(&GONE);
    assert_eq!(ada.jar.names(), ["rotunda_device"]);
    for _ in 0..2 {
        phone.refresh().await.refused("session_ended");
        phone.me().await.challenged("session_ended", None);
        ada.me().await.challenged("session_ended", None);
        ada.delete_me().await.challenged("session_ended", None);
        app.send(get("/auth/me/export").bearer(&phone.access_token)).await.challenged("session_ended", None);
    }
    app.send(confirming(&link, PASSWORD)).await.link_invalid();
    app.send(post("/auth/report").json(&json!({"token": notice}))).await.link_invalid();
    assert_eq!(app.letters().await, [format!("account_deleted {ADA}")]);
    let state = app.memory.snapshot();
    assert!(state.accounts.is_empty() && state.devices.is_empty() && state.links.is_empty());
    assert!(state.letters.is_empty());
    let left = format!("{:?}", state.events);
    for trace in [ADA, NEW, "203.0.113.7", "198.51.100.23", "Firefox", "iPhone"] {
        assert!(!left.contains(trace), "{trace} is in {left}");
    }
    phone.login(ADA, PASSWORD).await.refused("credentials_invalid");
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &COOKIES);
}
