//! When something that we need is not there: always 503 with `Retry-After`, never a word about the user.

use http::header::COOKIE;
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
        get("/readyz"),
    ];
    let tokens = [&browser.access_token, &phone.access_token];
    asks.extend(tokens.into_iter().flat_map(|token| {
        [
            get("/auth/me"),
            get("/auth/sessions"),
            delete(&format!("/auth/sessions/{}", phone.session)),
            post("/auth/logout"),
            post("/auth/logout-all"),
            post("/auth/password/change").json(&change),
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
