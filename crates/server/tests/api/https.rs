//! Under https: prefixes, `Secure`, and what `[cookies]` widens.

use std::time::Duration;

use serde_json::Value;

use crate::support::{ADA, APP_ORIGIN, App, Browser, PASSWORD, Setup, post};

const AUTH: &str = "https://auth.example.com";
const REFRESH: &str =
    "__Secure-rotunda_refresh=rt1_…; HttpOnly; Max-Age=604800; Path=/auth/refresh; SameSite=Strict; Secure";
const DEVICE: &str =
    "__Secure-rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict; Secure";
const PAGE: &str = "__Host-rotunda_page=rp1_…; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure";
const GONE: [&str; 2] = [
    "__Secure-rotunda_refresh=; HttpOnly; Max-Age=0; Path=/auth/refresh; SameSite=Strict; Secure",
    "__Host-rotunda_page=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure",
];

/// The same cookies for a whole domain, with the refresh cookie on another path.
const WIDE: [&str; 3] = [
    "__Secure-rotunda_refresh=rt1_…; Domain=example.com; HttpOnly; Max-Age=604800; Path=/auth; SameSite=Strict; Secure",
    "__Secure-rotunda_device=rd1_…; Domain=example.com; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict; Secure",
    "__Secure-rotunda_page=rp1_…; Domain=example.com; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure",
];
const WIDE_GONE: [&str; 2] = [
    "__Secure-rotunda_refresh=; Domain=example.com; HttpOnly; Max-Age=0; Path=/auth; SameSite=Strict; Secure",
    "__Secure-rotunda_page=; Domain=example.com; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure",
];

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn every_cookie_carries_its_prefix_and_secure() {
    let app = Setup::at(AUTH).start().await;
    for page in [AUTH, APP_ORIGIN] {
        let mut ada = Browser::new(&app).on_page(page);
        let email = format!("ada@{}", page.trim_start_matches("https://"));
        ada.register(&email, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
        app.wait(HOUR);
        assert_eq!(ada.refresh().await.session_in_browser(200, &[REFRESH, DEVICE]).generation, 1);
        ada.logout().await.no_content(&GONE);
        assert_eq!(ada.jar.names(), ["__Secure-rotunda_device"]);
    }
}

#[tokio::test]
async fn a_cookie_without_the_prefix_is_not_ours() {
    let app = Setup::at(AUTH).start().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let planted = format!("rotunda_refresh={}", ada.jar.value("rotunda_refresh").unwrap());
    app.send(post("/auth/refresh").on_page(AUTH).cookies(&planted)).await.refused("token_missing");
}

#[tokio::test]
async fn the_refresh_cookie_goes_nowhere_but_to_the_refresh() {
    let app = Setup::at(AUTH).start().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let names = |path: &str| -> Vec<String> {
        let sent = ada.dress(post(path));
        let cookies = sent.header("cookie").unwrap().to_str().unwrap();
        cookies.split("; ").map(|pair| pair.split_once('=').unwrap().0.to_owned()).collect()
    };
    assert_eq!(names("/anything"), ["__Host-rotunda_page"]);
    assert_eq!(names("/auth/me"), ["__Secure-rotunda_device", "__Host-rotunda_page"]);
    let all = ["__Secure-rotunda_refresh", "__Secure-rotunda_device", "__Host-rotunda_page"];
    assert_eq!(names("/auth/refresh"), all);
}

#[tokio::test]
async fn a_domain_and_a_path_widen_the_cookies() {
    let widen =
        |web: rotunda_server::Web| web.with_cookies(Some("example.com".to_owned()), Some("/auth".to_owned()));
    let app = Setup::at(AUTH).web(widen).start().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await.session_in_browser(201, &WIDE);
    app.wait(HOUR);
    ada.refresh().await.session_in_browser(200, &WIDE[..2]);
    ada.logout().await.no_content(&WIDE_GONE);
    assert_eq!(ada.jar.names(), ["__Secure-rotunda_device"]);
    // With the wider path the refresh cookie alone says which session to end.
    ada.login(ADA, PASSWORD).await.session_in_browser(200, &WIDE);
    let mut other_tab = ada.clone();
    ada.jar.lose("rotunda_page");
    ada.logout().await.no_content(&WIDE_GONE);
    other_tab.refresh().await.over("session_ended", "logged_out");
}

#[tokio::test]
async fn tokens_are_made_for_the_public_url() {
    let app: App = Setup::at(AUTH).start().await;
    let mut ada = Browser::new(&app);
    let tokens = ada.register(ADA, PASSWORD).await.session_in_browser(201, &[REFRESH, DEVICE, PAGE]);
    let bearer = app.rotunda.bearer(&tokens.access_token).await.unwrap();
    let claims: Value = serde_json::to_value(&bearer.claims).unwrap();
    assert_eq!((&claims["iss"], &claims["client_id"]), (&Value::from(AUTH), &Value::from("web")));
    assert_eq!(claims["sid"], Value::from(tokens.session));
}
