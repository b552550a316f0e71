//! Requests whose outside is odd: paths, methods, cookies.

use http::Method;
use http::header::{AUTHORIZATION, COOKIE};
use serde_json::json;

use crate::bad_bodies::READS_A_BODY;
use crate::support::{ADA, APP_ORIGIN, App, Ask, Browser, PASSWORD, delete, get, post};

const ID: &str = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21";

async fn at_home(app: &App) -> Browser<'_> {
    let mut ada = Browser::new(app);
    assert_eq!(ada.register(ADA, PASSWORD).await.status, 201);
    app.news().await;
    ada
}

#[tokio::test]
async fn routes_that_there_are_not() {
    let app = App::new().await;
    let ada = at_home(&app).await;
    let mut paths = vec![
        "/nothing",
        "/auth",
        "/auth/",
        "/auth/nothing",
        "/auth//me",
        "//auth/me",
        "/AUTH/ME",
        "/auth/me%00",
        "/auth/sessions/",
        "/auth/%73essions/x/y",
        "/auth/../auth/me",
        "/.well-known",
        "/.env",
        "/healthz/live",
        "/auth/me;x=1",
        "/openapi.yaml",
    ];
    let with_slash: Vec<_> = READS_A_BODY.iter().map(|path| format!("{path}/")).collect();
    paths.extend(with_slash.iter().map(String::as_str));
    for path in paths {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::PUT] {
            let ask = Ask::new(method, path).bearer(&ada.access_token).on_page(APP_ORIGIN);
            app.send(ask).await.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn methods_that_a_route_does_not_know() {
    let app = App::new().await;
    let table = [
        ("/auth/register", "POST"),
        ("/auth/login", "POST"),
        ("/auth/refresh", "POST"),
        ("/auth/logout", "POST"),
        ("/auth/logout-all", "POST"),
        ("/auth/password/change", "POST"),
        ("/auth/password/forgot", "POST"),
        ("/auth/password/reset", "POST"),
        ("/auth/email/verify", "POST"),
        ("/auth/email/change", "POST"),
        ("/auth/email/confirm", "POST"),
        ("/auth/report", "POST"),
        ("/auth/reauthenticate", "POST"),
        ("/auth/me", "GET,HEAD,DELETE"),
        ("/auth/me/export", "GET,HEAD"),
        ("/auth/sessions", "GET,HEAD,DELETE"),
        ("/auth/events", "GET,HEAD"),
        ("/auth/sessions/0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21", "DELETE"),
        ("/auth/verify", "GET,HEAD"),
        ("/.well-known/jwks.json", "GET,HEAD"),
        ("/healthz", "GET,HEAD"),
        ("/readyz", "GET,HEAD"),
        ("/openapi.json", "GET,HEAD"),
    ];
    for (path, known) in table {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"];
        for method in methods.into_iter().filter(|method| !known.contains(method)) {
            let answer = app.send(Ask::new(method.parse().unwrap(), path)).await;
            answer.error(405, "method_not_allowed", None, None, &[("allow", known)]);
        }
    }
}

#[tokio::test]
async fn session_ids_that_are_none() {
    let app = App::new().await;
    let mut ada = at_home(&app).await;
    let ids = [
        "x",
        "%00",
        "%ff%fe",
        "%",
        "%zz",
        "%2e%2e",
        "%2F",
        "a%2Fb",
        "..%2fme",
        "%F0%9F%92%A9",
        "0",
        "-1",
        "null",
        "0193b2f4-7c1e-7a52-9d1c",
        "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c2z",
        "%30193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21",
        "00000000-0000-0000-0000-000000000000",
        "'%20OR%201=1--",
    ];
    let long = "a".repeat(20_000);
    for id in ids.into_iter().chain([long.as_str()]) {
        let ask = delete(&format!("/auth/sessions/{id}"));
        app.send(ask.clone()).await.challenged("token_missing", None);
        app.send(ask.bearer(&ada.access_token)).await.problem(404, "not_found");
    }
    ada.me().await.user();
}

#[tokio::test]
async fn a_cookie_that_came_twice_does_not_keep_anybody_from_signing_in_or_out() {
    let app = App::new().await;
    let mut ada = at_home(&app).await;
    let page = ada.jar.value("rotunda_page").unwrap();
    let planted = format!("rotunda_device=a; rotunda_device=b; rotunda_page=planted; rotunda_page={page}");
    let login = post("/auth/login").json(&json!({"email": ADA, "password": PASSWORD}));
    assert_eq!(app.send(login.cookies(&planted)).await.status, 200);
    ada.me().await.user();
    assert_eq!(app.send(post("/auth/logout").cookies(&planted)).await.status, 204);
    ada.me().await.challenged("session_ended", Some("logged_out"));
}

/// Another program on the same host may set what it likes.
#[tokio::test]
async fn a_neighbours_cookie_does_not_hide_ours() {
    let app = App::new().await;
    let mut ada = at_home(&app).await;
    let ours = format!(
        "rotunda_refresh={}; rotunda_device={}",
        ada.jar.value("rotunda_refresh").unwrap(),
        ada.jar.value("rotunda_device").unwrap()
    );
    let neighbours: [&[u8]; 6] =
        [b"name=Jos\xc3\xa9", b"name=\xff\xfe", b"name", b"=", b"x=\"a b\"", b"a=b=c;;;"];
    for neighbour in neighbours {
        for header in
            [[neighbour, ours.as_bytes()].join(&b"; "[..]), [ours.as_bytes(), neighbour].join(&b"; "[..])]
        {
            let answer = app.send(post("/auth/refresh").with_bytes(COOKIE, &header)).await;
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&header));
        }
    }
    ada.me().await.user();
}

#[tokio::test]
async fn cookies_that_are_rubbish() {
    let app = App::new().await;
    let mut ada = at_home(&app).await;
    let rubbish: [&[u8]; 6] = [
        b"rotunda_refresh=\xff\xfe",
        b"rotunda_refresh=",
        b"rotunda_refresh=\"\"",
        b"rotunda_refresh=rt1_x",
        b"rotunda_refresh==",
        b"rotunda_refresh=a b",
    ];
    for cookies in rubbish {
        app.send(post("/auth/refresh").with_bytes(COOKIE, cookies)).await.refused("token_unknown");
    }
    let huge = format!("rotunda_refresh={}", "a".repeat(100_000));
    app.send(post("/auth/refresh").cookies(&huge)).await.refused("token_unknown");
    for none in ["rotunda_refresh", "Rotunda_Refresh=x", "xrotunda_refresh=x", ";;;", "rotunda_page=x"] {
        app.send(post("/auth/refresh").cookies(none)).await.refused("token_missing");
    }
    ada.me().await.user();
    assert_eq!(app.news().await, [""; 0]);
}

#[tokio::test]
async fn headers_that_are_huge() {
    let app = App::new().await;
    let huge = "a".repeat(200_000);
    for ask in [
        get("/auth/me"),
        get("/auth/sessions"),
        delete(&format!("/auth/sessions/{ID}")),
        post("/auth/logout"),
    ] {
        app.send(ask.bearer(&huge)).await.challenged("token_unknown", None);
    }
    app.send(get("/auth/me").with(AUTHORIZATION, &huge)).await.challenged("token_missing", None);
    let mut ada = Browser::new(&app);
    let ask = post("/auth/register").json(&json!({"email": ADA, "password": PASSWORD})).user_agent(&huge);
    assert_eq!(ada.send(ask).await.status, 201);
    let label = ada.sessions().await[0]["label"].as_str().unwrap().to_owned();
    assert!(label.len() <= 64, "{label}");
}
