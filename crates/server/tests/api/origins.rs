//! Pages of other origins cannot use the cookies of somebody who visits them: every route that sets, reads or clears
//! one to change something, against every way in which a browser says where its page is from.

use rotunda_core::model::LetterKind;
use serde_json::json;

use crate::support::{
    ADA, APP_ORIGIN, App, Ask, Browser, OTHER_PASSWORD, PASSWORD, Phone, Setup, delete, post,
};

const AUTH: &str = "https://auth.example.com";

/// What the request says about its page, and whether it may pass.
pub(crate) const PAGES: [(&[(&str, &str)], bool); 15] = [
    (&[("origin", AUTH)], true),
    (&[("origin", APP_ORIGIN)], true),
    (&[("origin", APP_ORIGIN), ("sec-fetch-site", "cross-site")], true),
    (&[("origin", "https://evil.example")], false),
    (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
    (&[("origin", "http://auth.example.com")], false),
    (&[("origin", "https://auth.example.com:8443")], false),
    (&[("origin", "null")], false),
    (&[("origin", "")], false),
    (&[("origin", AUTH), ("origin", AUTH)], false),
    (&[("sec-fetch-site", "same-origin")], true),
    (&[("sec-fetch-site", "same-site")], false),
    (&[("sec-fetch-site", "cross-site")], false),
    (&[("sec-fetch-site", "none")], false),
    (&[], true),
];

/// Every route that concerns cookies, with what it answers where it may.
const ROUTES: [(&str, u16); 12] = [
    ("/auth/register", 201),
    ("/auth/login", 200),
    ("/auth/refresh", 200),
    ("/auth/logout", 204),
    ("/auth/logout-all", 204),
    ("/auth/password/change", 200),
    ("/auth/email/verify", 200),
    ("/auth/password/reset", 200),
    ("/auth/email/change", 202),
    ("/auth/reauthenticate", 200),
    ("/auth/sessions", 204),
    ("/auth/me", 204),
];

async fn asking(app: &App, route: &str, bearer: &str) -> Ask {
    let ask = if ["/auth/me", "/auth/sessions"].contains(&route) { delete(route) } else { post(route) };
    match route {
        "/auth/register" => ask.json(&json!({"email": "bob@example.com", "password": PASSWORD})),
        "/auth/login" => ask.json(&json!({"email": ADA, "password": PASSWORD})),
        "/auth/logout-all" => ask.bearer(bearer),
        "/auth/password/change" => {
            ask.bearer(bearer).json(&json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD}))
        }
        "/auth/email/verify" => {
            app.send(post(route).json(&json!({"email": ADA}))).await.letter_sent();
            let token = app.link(LetterKind::VerifyEmail).await;
            ask.json(&json!({"token": token, "password": PASSWORD}))
        }
        "/auth/password/reset" => {
            app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
            let token = app.link(LetterKind::ResetPassword).await;
            ask.json(&json!({"token": token, "new_password": OTHER_PASSWORD}))
        }
        "/auth/email/change" => ask.bearer(bearer).json(&json!({"email": "ada@elsewhere.example"})),
        "/auth/reauthenticate" => ask.bearer(bearer).json(&json!({"password": PASSWORD})),
        "/auth/me" | "/auth/sessions" => ask.bearer(bearer),
        _ => ask,
    }
}

async fn ada_at_home(app: &App) -> Browser<'_> {
    let mut ada = Browser::new(app);
    assert_eq!(ada.register(ADA, PASSWORD).await.status, 201);
    app.news().await;
    ada
}

#[tokio::test]
async fn only_our_pages_use_our_cookies() {
    for (route, status) in ROUTES {
        for (page, passes) in PAGES {
            let app = Setup::at(AUTH).start().await;
            let mut ada = ada_at_home(&app).await;
            let asked = asking(&app, route, &ada.access_token).await;
            app.news().await;
            let ask = ada.bare(asked).with_all(page);
            let answer = app.send(ask).await;
            if passes {
                assert_eq!(answer.status, status, "{page:?}: {}", answer.told());
                continue;
            }
            answer.problem(403, "origin_refused");
            assert_eq!(app.news().await, [""; 0], "{route} {page:?}");
            ada.me().await.user();
            assert_eq!(ada.refresh().await.status, 200, "{route} {page:?}");
        }
    }
}

#[tokio::test]
async fn a_refused_page_is_told_which_pages_may() {
    let app = Setup::at(AUTH).start().await;
    let answer = app.send(post("/auth/refresh").on_page("https://evil.example")).await;
    answer.problem(403, "origin_refused");
    let told = answer.json["error_description"].as_str().unwrap();
    assert!(told.contains(AUTH) && told.contains("app_origins"), "{told}");
}

/// Whoever brings a token in its hands, and not in a cookie, is no victim of a foreign page.
#[tokio::test]
async fn what_an_app_carries_in_bodies_is_asked_for_no_origin() {
    for (page, _) in PAGES {
        let app = Setup::at(AUTH).start().await;
        let mut ada = Phone::new(&app, "ada");
        let email = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
        let answer = app.send(post("/auth/register").json(&email).with_all(page)).await;
        answer.session_on_phone(201);
        ada.receive(&answer);
        let answer = app.send(post("/auth/login").json(&email).with_all(page)).await;
        answer.session_on_phone(200);
        let answer = app.send(ada.refreshing().with_all(page)).await;
        answer.session_on_phone(200);
        ada.receive(&answer);
        let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
        let ask = post("/auth/password/change").bearer(&ada.access_token).json(&change).with_all(page);
        let answer = app.send(ask).await;
        assert_eq!((answer.status, answer.cookies()), (200, Vec::new()), "{page:?}: {}", answer.told());
        ada.receive(&answer);
        let out = post("/auth/logout").json(&json!({"refresh_token": ada.refresh_token})).with_all(page);
        app.send(out).await.no_content(&[]);
        ada.refresh().await.over("session_ended", "logged_out");
        ada.login(ADA, OTHER_PASSWORD).await.session_on_phone(200);
        app.send(post("/auth/logout-all").bearer(&ada.access_token).with_all(page)).await.no_content(&[]);
        ada.refresh().await.over("session_ended", "logged_out_everywhere");
    }
}

/// A token in the hand passes, and what the browser added of its own accord does not count.
#[tokio::test]
async fn a_foreign_page_with_a_token_of_its_own_does_not_reach_the_visitors_session() {
    let app = Setup::at(AUTH).start().await;
    let mut ada = ada_at_home(&app).await;
    let mut mallory = Phone::new(&app, "mallory");
    mallory.register("mallory@example.com", PASSWORD).await.session_on_phone(201);
    let by_body = post("/auth/logout").json(&json!({"refresh_token": mallory.refresh_token}));
    let by_bearer = post("/auth/logout").bearer(&mallory.access_token);
    for ask in [by_body, by_bearer] {
        app.send(ada.bare(ask).on_page("https://evil.example")).await.no_content(&[]);
        ada.me().await.user();
    }
    assert_eq!(ada.refresh().await.status, 200);
    // Signing the visitor in as somebody else is refused as well.
    let login = json!({"email": "mallory@example.com", "password": PASSWORD});
    let mut lured = ada.clone().on_page("https://evil.example");
    lured.post("/auth/login", &login).await.problem(403, "origin_refused");
}

#[tokio::test]
async fn a_wrong_password_from_a_foreign_page_is_not_even_tried() {
    let app = Setup::at(AUTH).start().await;
    ada_at_home(&app).await;
    let before = app.hasher.verifications();
    let guess = json!({"email": ADA, "password": "a wild guess"});
    for page in ["https://evil.example", "null"] {
        app.send(post("/auth/login").json(&guess).on_page(page)).await.problem(403, "origin_refused");
    }
    assert_eq!(app.hasher.verifications(), before);
}
