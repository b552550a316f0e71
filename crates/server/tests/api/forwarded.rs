//! Whose address a session shows: `X-Forwarded-For` counts only from proxies that the operator trusts.

use serde_json::{Value, json};

use crate::support::{ADA, App, PASSWORD, Setup, get, post};

const X_FORWARDED_FOR: &str = "x-forwarded-for";

async fn behind(proxies: &[&str]) -> App {
    let networks = proxies.iter().map(|network| network.parse().unwrap()).collect();
    Setup::new().web(|web| web.with_trusted_proxies(networks)).start().await
}

/// The address that the list of devices shows after a sign-in.
async fn address(app: &App, peer: Option<&str>, forwarded: &[&str]) -> Value {
    let email = format!("{}@example.com", app.memory.snapshot().accounts.len());
    let body = json!({"email": email, "password": PASSWORD, "client_id": "native"});
    let mut ask = post("/auth/register").json(&body);
    for hops in forwarded {
        ask = ask.with(X_FORWARDED_FOR, hops);
    }
    let ask = match peer {
        Some(peer) => ask.peer(peer),
        None => ask,
    };
    let answer = app.send(ask).await;
    let tokens = answer.session_on_phone(201);
    let list = app.send(get("/auth/sessions").bearer(&tokens.access_token)).await;
    list.ok(&["sessions"]);
    list.json["sessions"][0]["address"].clone()
}

#[tokio::test]
async fn a_stranger_cannot_choose_its_address() {
    for proxies in [&[] as &[&str], &["10.0.0.0/8"]] {
        let app = behind(proxies).await;
        for forwarded in [&[] as &[&str], &["198.51.100.1"], &["127.0.0.1, 10.0.0.1"]] {
            assert_eq!(address(&app, Some("203.0.113.7:50001"), forwarded).await, "203.0.113.7");
        }
    }
}

#[tokio::test]
async fn behind_trusted_proxies_the_first_stranger_is_the_client() {
    let app = behind(&["10.0.0.0/8", "fd00::/8", "127.0.0.1/32"]).await;
    let table: [(&str, &[&str], &str); 13] = [
        ("10.0.0.1:443", &["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1:443", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1:443", &["6.6.6.6", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1:443", &["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1:443", &["2001:db8::9"], "2001:db8::9"),
        ("10.0.0.1:443", &["[2001:db8::9]"], "2001:db8::9"),
        ("10.0.0.1:443", &["[2001:DB8:0:0::9]:4711"], "2001:db8::9"),
        ("[fd00::1]:443", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ("[::ffff:10.0.0.1]:443", &["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1:443", &["198.51.100.1, rubbish"], "127.0.0.1"),
        ("127.0.0.1:443", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
        ("127.0.0.1:443", &["", " , "], "127.0.0.1"),
        ("127.0.0.1:443", &["10.0.0.7"], "10.0.0.7"),
    ];
    for (peer, forwarded, client) in table {
        assert_eq!(address(&app, Some(peer), forwarded).await, client, "{peer} {forwarded:?}");
    }
}

#[tokio::test]
async fn ports_and_families_of_the_socket_do_not_show() {
    let app = App::new().await;
    assert_eq!(address(&app, Some("[2001:db8::7]:50001"), &[]).await, "2001:db8::7");
    assert_eq!(address(&app, Some("[::ffff:203.0.113.7]:50001"), &[]).await, "203.0.113.7");
    assert_eq!(
        address(&app, None, &["198.51.100.1"]).await,
        Value::Null,
        "an application that tells no peer"
    );
}

#[tokio::test]
async fn a_header_that_is_no_text_is_no_address() {
    let app = behind(&["10.0.0.0/8"]).await;
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    let ask =
        post("/auth/register").json(&body).peer("10.0.0.1:443").with_bytes(X_FORWARDED_FOR, b"1.2.3.4, \xff");
    let tokens = app.send(ask).await.session_on_phone(201);
    let list = app.send(get("/auth/sessions").bearer(&tokens.access_token)).await;
    assert_eq!(list.json["sessions"][0]["address"], "10.0.0.1");
}
