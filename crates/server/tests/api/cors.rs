//! What pages of other origins may read. `support/everywhere.rs` checks the answers of every other test as well.

use http::Method;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName,
};

use crate::support::{ADA, APP_ORIGIN, Answer, App, Ask, Browser, OWN_ORIGIN, PASSWORD, Setup, get, post};

const AUTH: &str = "https://auth.example.com";
const FOREIGN: [&str; 6] = [
    "https://evil.example",
    "https://app.example.com.evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "http://localhost:3000",
    "null",
];
const FOR_USERS: [(Method, &str); 20] = [
    (Method::POST, "/auth/register"),
    (Method::POST, "/auth/login"),
    (Method::POST, "/auth/refresh"),
    (Method::POST, "/auth/logout"),
    (Method::POST, "/auth/logout-all"),
    (Method::GET, "/auth/me"),
    (Method::GET, "/auth/sessions"),
    (Method::DELETE, "/auth/sessions"),
    (Method::GET, "/auth/events"),
    (Method::DELETE, "/auth/sessions/0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21"),
    (Method::POST, "/auth/password/change"),
    (Method::POST, "/auth/password/forgot"),
    (Method::POST, "/auth/password/reset"),
    (Method::POST, "/auth/email/verify"),
    (Method::POST, "/auth/email/change"),
    (Method::POST, "/auth/email/confirm"),
    (Method::POST, "/auth/report"),
    (Method::POST, "/auth/reauthenticate"),
    (Method::DELETE, "/auth/me"),
    (Method::GET, "/auth/me/export"),
];
const FOR_SERVICES: [&str; 4] = ["/.well-known/jwks.json", "/healthz", "/readyz", "/openapi.json"];

fn preflight(path: &str, origin: &str, method: &Method) -> Ask {
    Ask::new(Method::OPTIONS, path)
        .on_page(origin)
        .with("access-control-request-method", method.as_str())
        .with("access-control-request-headers", "authorization,content-type")
}

/// Headers whose value is a list, as a sorted list.
fn listed(answer: &Answer, name: &HeaderName) -> Vec<String> {
    let text = answer.header(name.as_str()).unwrap_or_default();
    let mut items: Vec<_> =
        text.split(',').map(|item| item.trim().to_lowercase()).filter(|item| !item.is_empty()).collect();
    items.sort();
    items
}

fn allows(answer: &Answer, origin: Option<&str>, credentials: bool) {
    assert_eq!(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN.as_str()), origin, "{}", answer.asked);
    let told = answer.header(ACCESS_CONTROL_ALLOW_CREDENTIALS.as_str());
    assert_eq!(told, credentials.then_some("true"), "{}", answer.asked);
    assert_eq!(listed(answer, &http::header::VARY), ["origin"], "{}", answer.asked);
}

#[tokio::test]
async fn a_preflight_lets_our_own_and_registered_origins_in() {
    let app = Setup::at(AUTH).start().await;
    let public = FOR_SERVICES.map(|path| (Method::GET, path));
    for (method, path) in FOR_USERS.iter().chain(&public) {
        for origin in [AUTH, APP_ORIGIN] {
            let answer = app.send(preflight(path, origin, method)).await;
            assert_eq!((answer.status, answer.bytes.len()), (200, 0), "{}", answer.told());
            allows(&answer, Some(origin), path.starts_with("/auth/"));
            assert_eq!(listed(&answer, &ACCESS_CONTROL_ALLOW_METHODS), ["delete", "get", "post"]);
            assert_eq!(listed(&answer, &ACCESS_CONTROL_ALLOW_HEADERS), ["authorization", "content-type"]);
            assert_eq!(answer.header(ACCESS_CONTROL_MAX_AGE.as_str()), Some("600"));
        }
    }
}

#[tokio::test]
async fn a_preflight_names_no_foreign_origin() {
    let app = Setup::at(AUTH).start().await;
    for (method, path) in FOR_USERS {
        for origin in FOREIGN {
            let answer = app.send(preflight(path, origin, &method)).await;
            assert_eq!(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN.as_str()), None, "{origin}");
            assert_eq!(listed(&answer, &http::header::VARY), ["origin"], "{origin}");
        }
    }
}

#[tokio::test]
async fn answers_name_the_origin_that_may_read_them() {
    let app = Setup::at(AUTH).start().await;
    for path in FOR_SERVICES {
        let answer = app.send(get(path).on_page(APP_ORIGIN)).await;
        assert_eq!(answer.status, 200, "{}", answer.told());
        allows(&answer, Some(APP_ORIGIN), false);
        allows(&app.send(get(path).on_page("https://evil.example")).await, None, false);
        allows(&app.send(get(path)).await, None, false);
    }
    let mut ada = Browser::new(&app).on_page(APP_ORIGIN);
    let answer = ada.register(ADA, PASSWORD).await;
    assert_eq!(answer.status, 201);
    allows(&answer, Some(APP_ORIGIN), true);
    let answer = ada.me().await;
    answer.user();
    allows(&answer, Some(APP_ORIGIN), true);
    assert_eq!(listed(&answer, &ACCESS_CONTROL_EXPOSE_HEADERS), ["retry-after", "www-authenticate"]);
}

#[tokio::test]
async fn a_refusal_can_be_read_by_the_page_that_was_refused() {
    let app = Setup::at(AUTH).start().await;
    let answers = [
        app.send(get("/auth/me").on_page(APP_ORIGIN)).await,
        app.send(post("/auth/refresh").on_page(APP_ORIGIN)).await,
        app.send(post("/auth/login").on_page(APP_ORIGIN).json_text("{")).await,
        app.send(get("/auth/login").on_page(APP_ORIGIN)).await,
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [401, 401, 400, 405]);
    for answer in answers {
        allows(&answer, Some(APP_ORIGIN), true);
    }
}

#[tokio::test]
async fn on_loopback_every_loopback_port_is_at_home() {
    let app = App::new().await;
    for (n, origin) in [
        OWN_ORIGIN,
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "http://[::1]:4000",
        "https://app.localhost",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = app.send(preflight("/auth/login", origin, &Method::POST)).await;
        allows(&answer, Some(origin), true);
        let mut page = Browser::new(&app).on_page(origin);
        assert_eq!(page.register(&format!("user{n}@example.com"), PASSWORD).await.status, 201, "{origin}");
    }
    for origin in ["http://localhost.evil.example:3000", "http://10.0.0.1:3000", "null", "file://"] {
        let answer = app.send(preflight("/auth/login", origin, &Method::POST)).await;
        assert_eq!(answer.header(ACCESS_CONTROL_ALLOW_ORIGIN.as_str()), None, "{origin}");
        let mut page = Browser::new(&app).on_page(origin);
        page.register(ADA, PASSWORD).await.problem(403, "origin_refused");
    }
}
