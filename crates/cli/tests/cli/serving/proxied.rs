//! The PROXY protocol, spoken by a real HAProxy; and by those who may not.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};

use rotunda_grounds::Haproxy;
use serde_json::json;

use crate::support::{PASSWORD, Place, get, post};

const CONFIG: &str = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\nproxy_protocol = true\n";

/// Comes from an address of this machine that is not the proxy's, and says to be somebody else.
fn liar() -> reqwest::Client {
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
    let other: IpAddr = [127, 0, 0, 7].into();
    reqwest::Client::builder().local_address(other).default_headers(headers).build().unwrap()
}

#[tokio::test]
async fn behind_haproxy_callers_have_their_own_address_and_cannot_choose_another() {
    for words in ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl check check-send-proxy inter 100"] {
        let place = Place::new(CONFIG);
        let server = place.serve();
        let proxy = Haproxy::sending(&[place.port], words);
        let client = liar();
        let url = format!("http://localhost:{}", proxy.port());
        let ada = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "native"});
        let host = format!("localhost:{}", place.port);
        let session = post(&client, &format!("{url}/auth/register"), &ada, &[("host", &host)]).await;
        assert_eq!(session.status, 201, "{words}: {session:?}");
        let list = get(&client, &format!("{url}/auth/sessions"), &session.text("/access_token")).await;
        assert_eq!(list.text("/sessions/0/address"), "127.0.0.7", "{words}: {list:?}");
        assert!(place.run(&["health"], "").status.success(), "{words}");
        assert_eq!(server.stop(), Some(0));
    }
}

#[tokio::test]
async fn without_a_header_or_from_elsewhere_nobody_is_answered() {
    let place = Place::new(CONFIG);
    let server = place.serve();
    let answer = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(("127.0.0.1", place.port)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // A connection that is closed with something unread is reset.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    };
    let request =
        format!("GET /healthz HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", place.port);
    assert_eq!(answer(request.as_bytes()), "");
    let named = format!("PROXY TCP4 203.0.113.7 127.0.0.1 4711 8080\r\n{request}");
    assert!(answer(named.as_bytes()).starts_with("HTTP/1.1 200 "));
    assert_eq!(answer(format!("PROXY TCP4 somebody\r\n{request}").as_bytes()), "");
    let elsewhere = liar().get(format!("{}/healthz", server.url)).send().await;
    assert!(elsewhere.is_err(), "{elsewhere:?}");
    let log = place.read("server.log");
    for why in [
        "it does not begin with a PROXY header",
        "is not from one of [server] trusted_proxies",
        "not understood",
    ] {
        assert!(log.contains(why), "{why}: {log}");
    }
}

#[test]
fn a_health_check_of_this_machine_that_would_not_be_answered_is_told_at_the_start() {
    for (trusted, is_told) in [("10.0.0.11/32", true), ("127.0.0.1/32", false)] {
        let place = Place::new(&CONFIG.replace("127.0.0.1", trusted));
        let _server = place.serve();
        let log = place.read("server.log");
        assert_eq!(log.contains("`rotunda health` on this machine comes from 127.0.0.1"), is_told, "{log}");
        assert_eq!(place.run(&["health"], "").status.success(), !is_told, "{trusted}");
    }
}
