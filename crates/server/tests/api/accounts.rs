//! Who may have an account, how people sign in to it, and for how long.

use std::time::Duration;

use rotunda_core::model::Handle;
use rotunda_core::operate::Who;
use rotunda_core::policy::Registration;
use rotunda_core::register::Newcomer;
use rotunda_testkit::CommandLine as _;
use serde_json::{Value, json};

use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, Phone, Setup, post, text};

const HOUR: Duration = Duration::from_secs(3600);
/// The cookies of a browser that forgets its user when it is closed.
const FORGETFUL: [&str; 3] = [
    "rotunda_refresh=rt1_…; HttpOnly; Path=/auth/refresh; SameSite=Strict",
    "rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict",
    "rotunda_page=rp1_…; HttpOnly; Path=/; SameSite=Lax",
];

fn registering(more: &Value) -> crate::support::Ask {
    let mut body = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post("/auth/register").json(&body)
}

#[tokio::test]
async fn where_registration_is_off_it_says_so_and_operators_add_users() {
    let app = Setup::new().policy(|policy| policy.registration = Registration::Off).start().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.problem(403, "registration_off");
    ada.register("no address", "short").await.problem(403, "registration_off");
    assert_eq!(app.news().await, [""; 0]);
    let newcomer = Newcomer {
        email: ADA.to_owned(),
        password: rotunda_core::model::Password::new(PASSWORD.to_owned()),
        username: None,
        name: None,
    };
    app.rotunda.add_user(&newcomer).await.unwrap();
    assert_eq!(ada.login(ADA, PASSWORD).await.status, 200);
    assert_eq!(app.news().await, ["user.registered", "user.signed_in"]);
}

#[tokio::test]
async fn an_address_or_a_name_is_taken_whatever_its_case() {
    let app = App::new().await;
    app.send(registering(&json!({"username": "Ada.L", "name": "Ada"}))).await.session_on_phone(201);
    app.news().await;
    for email in [ADA, "ADA@EXAMPLE.COM", " ada@Example.com "] {
        app.send(registering(&json!({"email": email}))).await.problem(409, "email_taken");
    }
    for username in ["Ada.L", "ada.l", "ADA.L"] {
        let other = json!({"email": "other@example.com", "username": username});
        app.send(registering(&other)).await.problem(409, "username_taken");
    }
    assert_eq!(app.news().await, [""; 0]);
    assert_eq!(app.memory.snapshot().accounts.len(), 1);
}

#[tokio::test]
async fn she_signs_in_by_address_or_user_name_whatever_their_case() {
    let app = App::new().await;
    let answer = app.send(registering(&json!({"username": "Ada.L", "name": " Ada Lovelace "}))).await;
    answer.session_on_phone(201);
    let user = &answer.json["user"];
    assert_eq!(
        (&user["email"], &user["username"], &user["name"]),
        (&json!(ADA), &json!("Ada.L"), &json!("Ada Lovelace"))
    );
    let login = |field: &str, value: &str| {
        post("/auth/login").json(&json!({field: value, "password": PASSWORD, "client_id": "native"}))
    };
    for (field, value) in
        [("email", ADA), ("email", "Ada@EXAMPLE.com"), ("username", "Ada.L"), ("username", "aDA.l")]
    {
        let again = app.send(login(field, value)).await;
        again.session_on_phone(200);
        assert_eq!(again.json["user"], *user);
    }
    // A name in the place of an address is nobody's, and is answered like a wrong password.
    for (field, value) in [("email", "Ada.L"), ("username", ADA), ("username", "nobody"), ("email", "")] {
        app.send(login(field, value)).await.refused("credentials_invalid");
    }
}

#[tokio::test]
async fn nobody_learns_whether_there_is_an_account() {
    let app = App::new().await;
    Browser::new(&app).register(ADA, PASSWORD).await;
    app.news().await;
    let mut stranger = Browser::new(&app);
    let wrong = stranger.login(ADA, OTHER_PASSWORD).await;
    let nobody = stranger.login("nobody@example.com", OTHER_PASSWORD).await;
    for answer in [&wrong, &nobody] {
        answer.refused("credentials_invalid");
    }
    assert_eq!(wrong.bytes, nobody.bytes);
    assert_eq!(
        (app.hasher.verifications(), app.hasher.verifications_without_hash()),
        (2, 1),
        "the same work for both"
    );
    assert_eq!(app.news().await, ["user.sign_in_failed"], "from one address, once a minute");
}

#[tokio::test]
async fn whoever_is_disabled_learns_it_with_the_right_password_only() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let handle = Handle::Email(rotunda_testkit::fixtures::email(ADA));
    let user = app.rotunda.find_user(&Who::Handle(handle)).await.unwrap();
    app.news().await;
    app.rotunda.disable_user(user.id).await.unwrap();
    let mut news = app.news().await;
    news.sort();
    assert_eq!(news, ["session.ended user_disabled", "user.disabled", "user.epoch_raised user_disabled"]);
    ada.me().await.challenged("session_ended", Some("user_disabled"));
    ada.refresh().await.over("session_ended", "user_disabled");
    let answer = ada.login(ADA, PASSWORD).await;
    answer.error(403, "access_denied", Some("user_disabled"), None, &[]);
    ada.login(ADA, OTHER_PASSWORD).await.refused("credentials_invalid");
    app.rotunda.enable_user(user.id).await.unwrap();
    ada.refresh().await.over("session_ended", "user_disabled");
    assert_eq!(ada.login(ADA, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_browser_that_is_told_to_forget_forgets_when_it_is_closed() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    ada.logout().await;
    let body = json!({"email": ADA, "password": PASSWORD, "remember": false});
    let answer = ada.post("/auth/login", &body).await;
    answer.session_in_browser(200, &FORGETFUL);
    assert_eq!(answer.json["refresh_expires_in"], 86_400);
    assert_eq!(answer.json["session"]["expires_at"], "2026-01-02T00:00:00.000Z");
    assert_eq!(answer.json["session"]["idle_expires_at"], "2026-01-02T00:00:00.000Z");
    app.wait(23 * HOUR);
    let answer = ada.refresh().await;
    answer.session_in_browser(200, &FORGETFUL[..2]);
    assert_eq!(answer.json["refresh_expires_in"], 3_600, "used or not, a day is the most");
    let mut left_open = ada.clone();
    ada.jar.close();
    assert_eq!(ada.jar.names(), ["rotunda_device"]);
    ada.refresh().await.refused("token_missing");
    app.wait(HOUR - Duration::from_millis(1));
    assert_eq!(left_open.refresh().await.status, 200);
    app.wait(Duration::from_millis(1));
    left_open.refresh().await.over("session_ended", "absolute_expired");
}

#[tokio::test]
async fn what_is_shown_is_when_it_ends() {
    let app = App::new().await;
    let (mut ada, mut phone) = (Browser::new(&app), Phone::new(&app, "ada"));
    let answer = ada.register(ADA, PASSWORD).await;
    let idle = Duration::from_secs(answer.json["refresh_expires_in"].as_u64().unwrap());
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    app.wait(idle - Duration::from_millis(1));
    assert_eq!(ada.refresh().await.status, 200);
    app.wait(idle);
    // The browser drops the cookie in the same moment; one that does not is told.
    let kept = format!("rotunda_refresh={}", ada.jar.value("rotunda_refresh").unwrap());
    ada.refresh().await.refused("token_missing");
    app.send(post("/auth/refresh").cookies(&kept)).await.over("session_ended", "idle_expired");
    // Fourteen days but a millisecond have passed; an app that is used ends on its ninetieth day.
    for days in [14, 29, 29] {
        assert_eq!(phone.refresh().await.status, 200);
        app.wait(Duration::from_secs(days * 24 * 3600));
    }
    assert_eq!(phone.refresh().await.status, 200);
    app.wait(Duration::from_secs(4 * 24 * 3600) + Duration::from_millis(1));
    phone.refresh().await.over("session_ended", "absolute_expired");
}

#[tokio::test]
async fn passwords_are_taken_as_they_are() {
    let app = App::new().await;
    let good = [
        " a b c d e  ",
        " correct horse ",
        "пароль из слов",
        "密码密码密码密码密码密码",
        "👩‍👩‍👧‍👦 family 👩‍👩‍👧‍👦",
        "nul \u{0} and bell \u{7}",
        "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        "\"quoted\" and \\ slashed",
    ];
    let longest = ["ab".repeat(512), "éè".repeat(256)];
    for (n, password) in good.into_iter().chain(longest.iter().map(String::as_str)).enumerate() {
        let email = format!("user{n}@example.com");
        let mut user = Phone::new(&app, "user");
        user.register(&email, password).await.session_on_phone(201);
        user.login(&email, password).await.session_on_phone(200);
        for other in [format!("{password} "), format!(" {password}")] {
            user.login(&email, &other).await.refused("credentials_invalid");
        }
    }
}

#[tokio::test]
async fn a_new_password_has_12_characters_and_1024_bytes_at_most() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    let bad = [String::new(), "short".to_owned(), "é".repeat(11), "a".repeat(1025), "é".repeat(513)];
    for password in &bad {
        let answer = ada.register(ADA, password).await;
        answer.problem(400, "password_unacceptable");
        let told = text(&answer.json["error_description"]);
        assert!(told.contains("12 characters") || told.contains("1024 bytes"), "{told}");
    }
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    for password in &bad {
        let change = json!({"current_password": PASSWORD, "new_password": password});
        let ask = post("/auth/password/change").bearer(&ada.access_token).json(&change);
        app.send(ask).await.problem(400, "password_unacceptable");
        let guess = json!({"current_password": password, "new_password": OTHER_PASSWORD});
        let ask = post("/auth/password/change").bearer(&ada.access_token).json(&guess);
        app.send(ask).await.refused("credentials_invalid");
        ada.clone().login(ADA, password).await.refused("credentials_invalid");
    }
    ada.me().await.user();
}
