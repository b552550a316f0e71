//! Bodies that are no good JSON object: every route that reads one says so clearly, whatever it is.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http::header::CONTENT_TYPE;
use hyper::body::Frame;
use serde_json::json;

use crate::support::{ADA, App, Ask, PASSWORD, Phone, post};

/// Every route that reads a body; the last ones need a bearer token before they do.
pub(crate) const READS_A_BODY: [&str; 12] = [
    "/auth/register",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/auth/email/verify",
    "/auth/email/confirm",
    "/auth/password/forgot",
    "/auth/password/reset",
    "/auth/report",
    "/auth/email/change",
    "/auth/password/change",
    "/auth/reauthenticate",
];

/// Those of them that make do without a body.
const NEEDS_NOTHING: [&str; 2] = ["/auth/refresh", "/auth/logout"];

/// Those of them that need a bearer token.
pub(crate) const NEEDS_A_BEARER: [&str; 3] =
    ["/auth/email/change", "/auth/password/change", "/auth/reauthenticate"];

/// The most bytes that a body may have.
const MOST: usize = 16 * 1024;

async fn with_phone(app: &App) -> Phone<'_> {
    let mut ada = Phone::new(app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.news().await;
    ada
}

fn asking(route: &str, phone: &Phone<'_>) -> Ask {
    let ask = post(route);
    if NEEDS_A_BEARER.contains(&route) { ask.bearer(&phone.access_token) } else { ask }
}

/// Sends each body to each route and expects the same refusal, and that nothing happened.
async fn refused(bodies: &[&[u8]], status: u16, error: &str) {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    for route in READS_A_BODY {
        for body in bodies {
            let answer = app.send(asking(route, &ada).json_bytes(body)).await;
            answer.problem(status, error);
            let told = answer.json["error_description"].as_str().unwrap();
            assert!(!told.contains("struct"), "names of the code do not belong on the wire: {told}");
        }
    }
    assert_eq!(app.news().await, [""; 0]);
    ada.me().await.user();
}

#[tokio::test]
async fn what_is_no_json() {
    let bodies: [&[u8]; 17] = [
        b"{",
        b"{\"email\":",
        b"{\"email\":\"a@b.c",
        b"{\"email\":\"a@b.c\"",
        b"{} {}",
        b"{}x",
        b"x",
        b" ",
        b"{'email':1}",
        b"{\"email\":NaN}",
        b"{\"email\":\"\\ud800\"}",
        b"{\"email\":\"a\nb\"}",
        b"{\"n\":1e999}",
        b"email=a%40b.c&password=x",
        b"\xef\xbb\xbf{}",
        b"{\"a\":1,}",
        b"{\"email\":\"\x00\"}",
    ];
    refused(&bodies, 400, "invalid_request").await;
}

#[tokio::test]
async fn what_is_no_object() {
    let bodies: [&[u8]; 11] = [
        b"null",
        b"true",
        b"0",
        b"-1.5e3",
        b"\"text\"",
        b"[]",
        b"[null,null,null,null]",
        b"[null,null,null,null,null,null]",
        b"[\"ada@example.com\",\"correct horse battery\",null,null,null]",
        b"[\"correct horse battery\",\"staple of four words\"]",
        b"[{}]",
    ];
    refused(&bodies, 400, "invalid_request").await;
}

#[tokio::test]
async fn what_is_no_utf_8() {
    let bodies: [&[u8]; 4] = [
        b"\xff\xfe{\x00}\x00",
        b"{\"email\":\"\xff\"}",
        b"{\"password\":\"caf\xe9\"}",
        b"{\"x\":\"\xc0\x80\"}",
    ];
    refused(&bodies, 400, "invalid_request").await;
}

#[tokio::test]
async fn a_key_that_stands_twice() {
    let bodies: [&[u8]; 8] = [
        br#"{"email":"a@b.c","email":"a@b.c"}"#,
        br#"{"password":"x","email":"a@b.c","password":"y"}"#,
        br#"{"refresh_token":null,"refresh_token":null}"#,
        br#"{"unknown":1,"unknown":1}"#,
        br#"{"unknown":{"a":1,"a":2}}"#,
        br#"{"unknown":[{"a":{"b":1,"b":1}}]}"#,
        br#"{"email":"a@b.c","\u0065mail":"b@b.c"}"#,
        br#"{"passw\u006Frd":"x","password":"x"}"#,
    ];
    refused(&bodies, 400, "invalid_request").await;
}

#[tokio::test]
async fn what_is_nested_too_deep() {
    let deep = |open: &str, close: &str| format!("{{\"x\":{}1{}}}", open.repeat(2_000), close.repeat(2_000));
    let bodies = [deep("[", "]"), deep("{\"x\":", "}")];
    refused(&bodies.each_ref().map(String::as_bytes), 400, "invalid_request").await;
}

#[tokio::test]
async fn what_is_too_large() {
    let padded = |bytes: usize| format!("{{\"x\":\"{}\"}}", "a".repeat(bytes - 8));
    let bodies = [padded(MOST + 1), padded(MOST * 4), " ".repeat(MOST + 1), "{".repeat(MOST + 1)];
    refused(&bodies.each_ref().map(String::as_bytes), 413, "payload_too_large").await;
}

#[tokio::test]
async fn a_body_of_exactly_16_kib_is_read() {
    let app = App::new().await;
    let whole = json!({"email": ADA, "password": PASSWORD, "client_id": "native", "unknown": ""}).to_string();
    let padding = " ".repeat(MOST - whole.len());
    app.send(post("/auth/register").json_text(&format!("{whole}{padding}"))).await.session_on_phone(201);
}

/// Goes on for ever.
struct Endless;

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 4096])))))
    }
}

/// In pieces, without a `Content-Length`.
#[tokio::test]
async fn a_stream_that_goes_on_is_cut_off() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    for route in READS_A_BODY {
        let ask = asking(route, &ada).with(CONTENT_TYPE, "application/json");
        let answer = app.send_raw(&ask, ask.to_request_with(Body::new(Endless))).await;
        answer.problem(413, "payload_too_large");
    }
}

#[tokio::test]
async fn what_does_not_say_that_it_is_json() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonp",
        "json",
        "",
    ];
    for route in READS_A_BODY {
        for kind in types {
            for body in ["{}", "{", "", "email=a"] {
                let ask = asking(route, &ada).with(CONTENT_TYPE, kind).body(body.as_bytes());
                app.send(ask).await.problem(415, "unsupported_media_type");
            }
        }
        app.send(asking(route, &ada).body(b"{}")).await.problem(415, "unsupported_media_type");
        let odd = asking(route, &ada).with_bytes(CONTENT_TYPE, b"application/\xff").body(b"{}");
        app.send(odd).await.problem(415, "unsupported_media_type");
    }
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON ; charset=UTF-8"] {
        let login = json!({"email": ADA, "password": PASSWORD, "client_id": "native"}).to_string();
        let ask = post("/auth/login").with(CONTENT_TYPE, kind).body(login.as_bytes());
        app.send(ask).await.session_on_phone(200);
    }
}

#[tokio::test]
async fn a_body_may_be_absent_where_nothing_in_it_is_needed() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    for empty in [|ask: Ask| ask, |ask: Ask| ask.json_bytes(b""), |ask: Ask| ask.json_bytes(b"{}")] {
        app.send(empty(post("/auth/refresh"))).await.refused("token_missing");
        assert_eq!(app.send(empty(post("/auth/logout"))).await.status, 204);
        let needed = READS_A_BODY.into_iter().filter(|route| !NEEDS_NOTHING.contains(route));
        for route in needed {
            app.send(empty(asking(route, &ada))).await.problem(400, "invalid_request");
        }
    }
}

/// A route that reads no body does not mind one.
#[tokio::test]
async fn a_body_that_nobody_reads_changes_nothing() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    let ask = post("/auth/logout-all").bearer(&ada.access_token);
    app.send(ask.json_bytes(b"\xff{")).await.no_content(&[]);
    assert_eq!(
        app.news().await,
        ["session.ended logged_out_everywhere", "user.epoch_raised logged_out_everywhere"]
    );
}
