//! What a developer is told, whose server is on loopback: which page or host came, who may, what to do. A server with a
//! public name says no more than it must.

use http::header::HOST;
use serde_json::json;

use crate::support::{ADA, APP_ORIGIN, Answer, App, Ask, PASSWORD, Setup, get, post};

const SECURE: &str = "https://localhost:8443";

fn told(answer: &Answer) -> &str {
    answer.json["error_description"].as_str().unwrap()
}

fn says(answer: &Answer, words: &[&str]) {
    let missing: Vec<_> = words.iter().filter(|word| !told(answer).contains(**word)).collect();
    assert!(missing.is_empty(), "{missing:?} is not in {}", told(answer));
}

fn login() -> Ask {
    post("/auth/login").json(&json!({"email": ADA, "password": PASSWORD}))
}

#[tokio::test]
async fn a_developer_whose_page_is_refused_is_told_what_came_who_may_and_what_to_do() {
    let app = App::new().await;
    let ours = app.origin();
    let everything = [ours.as_str(), "public_url", "app_origins"];
    for (headers, words) in [
        (
            &[("origin", "http://192.168.1.5:5173")][..],
            &["\"http://192.168.1.5:5173\"", "http://localhost:5173"][..],
        ),
        (
            &[("origin", "https://other.example")],
            &["\"https://other.example\"", "pages of this machine on any port"],
        ),
        (&[("origin", "null")], &["Origin: null", "sandboxed frame", "no setting"]),
        (&[("origin", "")], &["\"\""]),
        (&[("origin", "file://")], &["\"file://\""]),
        (&[("origin", &ours), ("origin", &ours)], &["more than one `Origin`", "proxy"]),
        (&[("sec-fetch-site", "cross-site")], &["`Sec-Fetch-Site: \"cross-site\"`", "pass on `Origin`"]),
    ] {
        let answer = app.send(login().with_all(headers)).await;
        answer.problem(403, "origin_refused");
        says(&answer, words);
        if headers.len() == 1 && headers[0].0 == "origin" && headers[0].1.starts_with("http") {
            says(&answer, &everything);
        }
    }
}

/// Whatever somebody sends comes back quoted and cut.
#[tokio::test]
async fn what_is_repeated_is_short_and_harmless() {
    let app = App::new().await;
    let long = format!("http://{}", "a".repeat(5_000));
    for answer in [app.send(login().on_page(&long)).await, app.send(get("/healthz").with(HOST, &long)).await]
    {
        assert!(told(&answer).len() < 1_000 && told(&answer).contains("aaa\"…"), "{}", told(&answer));
    }
    let bytes = login().with_bytes("origin", b"http://\xff\xfe<b>\t");
    let answer = app.send(bytes).await;
    answer.problem(403, "origin_refused");
    says(&answer, &["\\t\"."]);
}

#[tokio::test]
async fn applications_that_may_are_named() {
    let app = Setup::at("http://localhost:8080").start().await;
    let answer = app.send(login().on_page("https://evil.example")).await;
    says(&answer, &["Here http://localhost:8080 may", &format!("on any port, and {APP_ORIGIN}.")]);
}

/// The very words of before, for a server that strangers reach.
#[tokio::test]
async fn in_production_a_refused_page_learns_no_more_than_who_may() {
    let app = Setup::at("https://auth.example.com").start().await;
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "http://auth.example.com")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        let answer = app.send(login().with_all(headers)).await;
        answer.problem(403, "origin_refused");
        assert_eq!(
            told(&answer),
            "This request came from a page of another origin. Pages of https://auth.example.com may make it, and those \
             of `app_origins` in the configuration."
        );
    }
    // Nor does it ask by what scheme or host the proxy calls it.
    let networks = vec!["10.0.0.0/8".parse().unwrap()];
    let app =
        Setup::at("https://auth.example.com").web(|web| web.with_trusted_proxies(networks)).start().await;
    let asked =
        get("/healthz").with(HOST, "10.0.0.7:8080").with("x-forwarded-proto", "http").peer("10.0.0.1:443");
    app.send(asked).await.ok(&["status"]);
}

#[tokio::test]
async fn a_developer_whose_proxy_changes_the_host_is_told_both_ways_out() {
    let app = App::new().await;
    let answer = app.send(get("/healthz").with(HOST, "servers")).await;
    answer.problem(421, "misdirected_request");
    let ours = app.origin();
    says(
        &answer,
        &[
            &ours,
            "\"servers\"",
            "\"https://servers\"",
            "proxy_set_header Host $http_host",
            "ProxyPreserveHost On",
        ],
    );
    let answer = app.send(get("/healthz").with(HOST, "auth.example.com")).await;
    says(&answer, &["set `public_url` to \"https://auth.example.com\""]);
}

/// A proxy with a certificate before a server on this machine, which speaks http to the browser after all.
#[tokio::test]
async fn a_developer_whose_proxy_drops_https_is_told_so() {
    let networks = vec!["127.0.0.1/32".parse().unwrap()];
    let app = Setup::at(SECURE).web(|web| web.with_trusted_proxies(networks)).start().await;
    let proxy = "127.0.0.1:40000";
    let by_page = login().with(HOST, "localhost:8443").on_page("http://localhost:8443");
    let by_proxy =
        login().with(HOST, "localhost:8443").on_page(SECURE).with("x-forwarded-proto", "http").peer(proxy);
    let by_forwarded =
        get("/healthz").with(HOST, "localhost:8443").with("forwarded", "for=[::1];proto=http").peer(proxy);
    for (ask, evidence) in [
        (by_page, "its page is \"http://localhost:8443\""),
        (by_proxy.clone(), "the proxy at 127.0.0.1 says so"),
        (by_forwarded, "the proxy at 127.0.0.1 says so"),
    ] {
        let answer = app.send(ask).await;
        answer.problem(421, "misdirected_request");
        says(&answer, &[evidence, SECURE, "X-Forwarded-Proto: https", "\"http://localhost:8443\""]);
    }
    assert!(app.memory.snapshot().accounts.is_empty());
    // A stranger's word is no evidence, and neither is a page elsewhere on this machine that calls us by https.
    for ask in [
        by_proxy.clone().peer("192.0.2.1:1"),
        by_proxy.with("x-forwarded-proto", "https"),
        login().with(HOST, "localhost:8443").on_page("http://localhost:3000"),
    ] {
        app.send(ask).await.refused("credentials_invalid");
    }
}

/// The same proxy, before a server that takes itself for http: whatever it says, this works.
#[tokio::test]
async fn a_server_on_http_asks_nobody_by_what_scheme_they_came() {
    let networks = vec!["127.0.0.1/32".parse().unwrap()];
    let app = Setup::new().web(|web| web.with_trusted_proxies(networks)).start().await;
    for proto in ["http", "https"] {
        let ask = get("/healthz").with("x-forwarded-proto", proto).peer("127.0.0.1:40000");
        app.send(ask.on_page("http://localhost:8080").with(HOST, "localhost:8080")).await.ok(&["status"]);
    }
}
