//! When something that we need is not there: always 503 with `Retry-After`, never a word about the user.

use http::header::COOKIE;
use rotunda_core::model::{LetterKind, Password};
use rotunda_core::policy::Registration;
use rotunda_core::register::Newcomer;
use rotunda_testkit::CommandLine as _;
use serde_json::json;

use crate::support::{
    ADA, APP_ORIGIN, App, Ask, Browser, OTHER_PASSWORD, PASSWORD, Phone, Setup, delete, get, post,
};

const AUTH: &str = "https://auth.example.com";

/// Every way to ask for something that needs the store.
fn asks(browser: &Browser<'_>, phone: &Phone<'_>) -> Vec<Ask> {
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let mut asks = vec![
        post("/auth/register").json(&json!({"email": "bob@example.com", "password": PASSWORD})),
        post("/auth/login").json(&json!({"email": ADA, "password": PASSWORD})),
        post("/auth/login")
            .json(&json!({"email": "nobody@example.com", "password": PASSWORD, "client_id": "native"})),
        phone.refreshing(),
        browser.bare(post("/auth/refresh")),
        browser.bare(post("/auth/logout")),
        post("/auth/logout").json(&json!({"refresh_token": phone.refresh_token})),
        post("/auth/password/forgot").json(&json!({"email": ADA})),
        post("/auth/email/verify").json(&json!({"email": "nobody@example.com"})),
        get("/readyz"),
        browser.bare(get("/auth/verify").with("x-forwarded-method", "GET")),
    ];
    let tokens = [&browser.access_token, &phone.access_token];
    asks.extend(tokens.into_iter().flat_map(|token| {
        [
            get("/auth/me"),
            get("/auth/verify"),
            get("/auth/sessions"),
            delete("/auth/sessions"),
            get("/auth/events"),
            delete(&format!("/auth/sessions/{}", phone.session)),
            post("/auth/logout"),
            post("/auth/logout-all"),
            post("/auth/password/change").json(&change),
            post("/auth/email/change").json(&json!({"email": "ada@elsewhere.example"})),
            post("/auth/reauthenticate").json(&json!({"password": PASSWORD})),
            get("/auth/me/export"),
            delete("/auth/me"),
        ]
        .map(|ask| ask.bearer(token))
    }));
    asks
}

async fn two_devices(app: &App) -> (Browser<'_>, Phone<'_>) {
    let (mut browser, mut phone) = (Browser::new(app), Phone::new(app, "ada"));
    assert_eq!(browser.register(ADA, PASSWORD).await.status, 201);
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    app.news().await;
    (browser, phone)
}

#[tokio::test]
async fn without_the_store_nobody_is_told_that_they_are_signed_out() {
    let app = App::new().await;
    let (mut browser, mut phone) = two_devices(&app).await;
    app.memory.set_out(true);
    for ask in asks(&browser, &phone) {
        app.send(ask).await.unavailable("5");
    }
    for path in ["/healthz", "/openapi.json", "/.well-known/jwks.json"] {
        assert_eq!(app.send(get(path)).await.status, 200, "{path} needs no store");
    }
    // What is garbage is garbage without asking.
    app.send(post("/auth/refresh").json(&json!({"refresh_token": "rt1_x"}))).await.refused("token_unknown");
    app.send(get("/auth/me").bearer("x")).await.challenged("token_unknown", None);
    app.memory.set_out(false);
    app.send(get("/readyz")).await.ok(&["status"]);
    browser.me().await.user();
    phone.me().await.user();
    assert_eq!(browser.refresh().await.status, 200);
    phone.refresh().await.session_on_phone(200);
    assert_eq!(app.news().await, [""; 0]);
}

#[tokio::test]
async fn an_overloaded_password_pool_says_when_to_come_back() {
    let app = App::new().await;
    let (mut browser, mut phone) = two_devices(&app).await;
    app.hasher.set_overloaded(true);
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let busy = [
        post("/auth/register").json(&json!({"email": "bob@example.com", "password": PASSWORD})),
        post("/auth/login").json(&json!({"email": ADA, "password": PASSWORD})),
        post("/auth/login").json(&json!({"email": "nobody@example.com", "password": PASSWORD})),
        post("/auth/password/change").bearer(&browser.access_token).json(&change),
        post("/auth/reauthenticate").bearer(&browser.access_token).json(&json!({"password": PASSWORD})),
    ];
    for ask in busy {
        app.send(ask).await.unavailable("2");
    }
    // Whoever is signed in does not notice.
    browser.me().await.user();
    assert_eq!(browser.refresh().await.status, 200);
    phone.refresh().await.session_on_phone(200);
    app.hasher.set_overloaded(false);
    assert_eq!(browser.login(ADA, PASSWORD).await.status, 200);
}

/// Every link there is, with the request that uses it.
async fn links(app: &App, browser: &mut Browser<'_>) -> [Ask; 5] {
    browser.change_email("ada@elsewhere.example").await.letter_sent();
    app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
    app.send(post("/auth/email/verify").json(&json!({"email": ADA}))).await.letter_sent();
    let of_user = app.link(LetterKind::VerifyEmail).await;
    app.letter(LetterKind::NewDevice).await;
    let confirm = app.link(LetterKind::ConfirmEmail).await;
    let reset = app.link(LetterKind::ResetPassword).await;
    let report = app.link(LetterKind::EmailChangeAsked).await;
    app.letters().await;
    let bob = json!({"email": "bob@example.com", "password": PASSWORD});
    app.send(post("/auth/register").json(&bob)).await.letter_sent();
    let of_newcomer = app.link(LetterKind::VerifyEmail).await;
    let with_password = |token: &str| json!({"token": token, "password": PASSWORD});
    app.news().await;
    [
        post("/auth/email/verify").json(&with_password(&of_newcomer)),
        post("/auth/email/verify").json(&with_password(&of_user)),
        post("/auth/password/reset").json(&json!({"token": reset, "new_password": OTHER_PASSWORD})),
        post("/auth/email/confirm").json(&with_password(&confirm)),
        post("/auth/report").json(&json!({"token": report})),
    ]
}

async fn verified() -> (App, Ask) {
    let app = Setup::new().policy(|policy| policy.registration = Registration::Verified).start().await;
    let (email, password) = (ADA.to_owned(), Password::new(PASSWORD.to_owned()));
    app.rotunda.add_user(&Newcomer { email, password, username: None, name: None }).await.unwrap();
    let login = post("/auth/login").json(&json!({"email": ADA, "password": PASSWORD}));
    (app, login)
}

/// An outage is no reason to ask for another letter: each link is as good afterwards, and nothing was half done.
#[tokio::test]
async fn a_link_outlives_an_outage() {
    for which in 0..5 {
        let (app, login) = verified().await;
        let mut ada = Browser::new(&app);
        assert_eq!(ada.send(login).await.status, 200);
        let ask = links(&app, &mut ada).await[which].clone();
        app.memory.set_out(true);
        app.send(ask.clone()).await.unavailable("5");
        app.memory.set_out(false);
        if which < 4 {
            app.hasher.set_overloaded(true);
            app.send(ask.clone()).await.unavailable("2");
            app.hasher.set_overloaded(false);
        }
        assert_eq!((app.news().await, app.letters().await.len()), (Vec::new(), 1), "{}", ask.path);
        ada.me().await.user();
        assert!(matches!(app.send(ask.clone()).await.status, 200 | 204), "{}", ask.path);
        app.send(ask).await.link_invalid();
    }
}

/// A registration that nobody could write down has written to nobody.
#[tokio::test]
async fn a_registration_in_an_outage_writes_no_letter() {
    let (app, _) = verified().await;
    let bob = post("/auth/register").json(&json!({"email": "bob@example.com", "password": PASSWORD}));
    app.memory.set_out(true);
    app.send(bob.clone()).await.unavailable("5");
    app.memory.set_out(false);
    app.hasher.set_overloaded(true);
    app.send(bob.clone()).await.unavailable("2");
    app.hasher.set_overloaded(false);
    assert_eq!(app.letters().await, [""; 0]);
    app.send(bob).await.letter_sent();
    assert_eq!(app.letters().await, ["verify_email bob@example.com"]);
}

#[tokio::test]
async fn health_and_readiness() {
    let app = App::new().await;
    for path in ["/healthz", "/readyz"] {
        let answer = app.send(get(path)).await;
        answer.ok(&["status"]);
        assert_eq!(answer.json["status"], "ok");
    }
    app.memory.set_out(true);
    app.send(get("/healthz")).await.ok(&["status"]);
    app.send(get("/readyz")).await.ok(&["status"]);
    app.clock.advance(std::time::Duration::from_secs(1));
    app.send(get("/readyz")).await.unavailable("5");
    app.memory.set_out(false);
    app.send(get("/readyz")).await.ok(&["status"]);
}

#[tokio::test]
async fn a_panic_ends_one_request_and_nothing_else() {
    let app = Setup::at(AUTH).start().await;
    let (mut browser, _) = two_devices(&app).await;
    app.arm();
    let login = json!({"email": ADA, "password": PASSWORD});
    let ask = post("/auth/login").json(&login).on_page(APP_ORIGIN);
    app.send(ask).await.problem(500, "server_error");
    assert_eq!(app.news().await, [""; 0]);
    browser.me().await.user();
    app.send(get("/healthz")).await.ok(&["status"]);
}

/// The page of another origin can read it too, or it would take an outage for something else.
#[tokio::test]
async fn the_page_that_asked_can_read_that_there_is_an_outage() {
    let app = Setup::at(AUTH).start().await;
    let (browser, _) = two_devices(&app).await;
    app.memory.set_out(true);
    let cookies = browser.bare(post("/auth/refresh"));
    let cookies = cookies.header(COOKIE.as_str()).unwrap().to_str().unwrap();
    let answer = app.send(post("/auth/refresh").cookies(cookies).on_page(APP_ORIGIN)).await;
    answer.unavailable("5");
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP_ORIGIN));
}
