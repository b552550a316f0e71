//! The accept loop before sockets that behave badly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{KeyPair, Options, Tls, serve};

/// A server, until somebody says stop.
async fn start(router: Router, options: Options) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    (at, stop, tokio::spawn(serve(listener, router, options, stopped)))
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends it, and answers all that comes back until `end` has come or the connection is closed.
async fn said(stream: &mut TcpStream, bytes: &[u8], end: &str) -> String {
    stream.write_all(bytes).await.unwrap();
    let (mut said, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        match stream.read(&mut piece).await {
            Ok(read) if read > 0 => said.extend_from_slice(&piece[..read]),
            _ => return String::from_utf8_lossy(&said).into_owned(),
        }
        if !end.is_empty() && String::from_utf8_lossy(&said).ends_with(end) {
            return String::from_utf8_lossy(&said).into_owned();
        }
    }
}

fn with_tls() -> Options {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let pair = KeyPair::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes());
    Options::default().with_tls(Some(Tls::new(pair.unwrap())))
}

fn with_proxy_protocol() -> Options {
    Options::default().with_proxies(vec!["127.0.0.1/32".parse().unwrap()]).with_proxy_protocol(true)
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_begin_is_closed() {
    for options in [with_tls(), with_proxy_protocol(), Options::default()] {
        let (at, _stop, _) = start(hello(), options).await;
        for beginning in [&b""[..], b"PROXY TCP4 ", b"\x16\x03\x01"] {
            let mut stream = TcpStream::connect(at).await.unwrap();
            let answer = said(&mut stream, beginning, "").await;
            assert!(!answer.contains("hello"), "{answer}");
        }
    }
}

#[tokio::test]
async fn when_every_place_is_taken_idle_ones_give_theirs() {
    let (at, _stop, _) = start(hello(), Options::default().with_connections(3)).await;
    let mut idle = Vec::new();
    for beginning in [&b""[..], b"GET / HTTP/1.1\r\nHost: ", b"", b"PRI * HTT", b"", b"", b""] {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        idle.push(stream);
    }
    for _ in 0..10 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let answer = said(&mut stream, REQUEST, "hello").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        idle.push(stream);
    }
}

#[tokio::test]
async fn told_to_stop_it_says_so_with_the_last_answer_and_takes_in_who_waits() {
    let (at, stop, served) = start(hello(), Options::default()).await;
    let mut kept = TcpStream::connect(at).await.unwrap();
    let answer = said(&mut kept, REQUEST, "hello").await;
    assert!(!answer.contains("connection: close"), "{answer}");
    stop.send(()).unwrap();
    let mut fresh = TcpStream::connect(at).await.unwrap();
    // Both are open while it lingers, and what they ask is answered.
    tokio::task::yield_now().await;
    for stream in [&mut kept, &mut fresh] {
        let answer = said(stream, REQUEST, "").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
    }
    served.await.unwrap();
    assert!(TcpStream::connect(at).await.is_err());
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// `GET /` (RFC 7541, Appendix A).
fn headers(stream: u32) -> Vec<u8> {
    frame(1, 5, stream, b"\x82\x86\x84\x41\x09localhost")
}

fn reset(stream: u32) -> Vec<u8> {
    frame(3, 0, stream, &8_u32.to_be_bytes())
}

#[tokio::test]
async fn requests_over_http2_that_are_taken_back_at_once_end_the_connection() {
    let (at, _stop, _) = start(hello(), Options::default()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let flood: Vec<u8> =
        (0..1_000).flat_map(|number| [headers(2 * number + 1), reset(2 * number + 1)].concat()).collect();
    stream.write_all(PREFACE).await.unwrap();
    // It may be closed in the midst of it.
    let _ = stream.write_all(&flood).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    // GOAWAY, ENHANCE_YOUR_CALM (RFC 9113 §7), unless the reset of the connection overtook it.
    let calm = answer.windows(4).any(|four| four == 11_u32.to_be_bytes());
    assert!(calm || answer.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn requests_that_are_taken_back_while_they_are_worked_on_end_the_connection() {
    let (entered, mut enter) = mpsc::channel::<()>(1);
    let entered = Arc::new(entered);
    let router = Router::new().route(
        "/",
        get(move || {
            let entered = Arc::clone(&entered);
            async move {
                let _ = entered.send(()).await;
                std::future::pending::<()>().await;
            }
        }),
    );
    let (at, _stop, _) = start(router, Options::default()).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    for number in 0..101 {
        stream.write_all(&headers(2 * number + 1)).await.unwrap();
        enter.recv().await.unwrap();
        stream.write_all(&reset(2 * number + 1)).await.unwrap();
    }
    let mut answer = Vec::new();
    // Long before a PING that is not answered would end it.
    let closed = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "it is still open");
}

/// The kind of the next frame, its flags and what is in it; nothing when the connection is closed.
async fn next_frame(stream: &mut TcpStream) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], head[4], payload))
}

/// Asks over HTTP/2, and opens no window for the body of the answer (RFC 9113 §6.9.2), whose head has come then.
async fn asked_without_a_window(at: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let no_window = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let asked = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &no_window, &headers(1)].concat();
    stream.write_all(&asked).await.unwrap();
    while next_frame(&mut stream).await.unwrap().0 != 1 {}
    stream
}

/// Answers each PING until the connection is closed.
async fn ping_until_closed(mut stream: TcpStream) {
    while let Some((kind, flags, payload)) = next_frame(&mut stream).await {
        if kind == 6 && flags & 1 == 0 {
            let _ = stream.write_all(&frame(6, 1, 0, &payload)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_over_http2_that_is_not_taken_holds_nothing() {
    let (at, _stop, _) = start(hello(), Options::default()).await;
    let stream = asked_without_a_window(at).await;
    let closed = timeout(Duration::from_secs(60), ping_until_closed(stream)).await;
    assert!(closed.is_ok(), "it holds its place for as long as it likes");

    let (at, _stop, _) = start(hello(), Options::default().with_connections(1)).await;
    let _unread = asked_without_a_window(at).await;
    let mut stream = TcpStream::connect(at).await.unwrap();
    let answer = timeout(Duration::from_secs(10), said(&mut stream, REQUEST, "hello")).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let (at, stop, served) = start(hello(), Options::default()).await;
    tokio::spawn(ping_until_closed(asked_without_a_window(at).await));
    stop.send(()).unwrap();
    let stopped = timeout(Duration::from_secs(12), served).await;
    assert!(stopped.is_ok(), "it delays the stop");
}

#[tokio::test]
async fn bodies_that_do_not_arrive_hold_no_place() {
    let (entered, mut enter) = mpsc::channel::<()>(16);
    let read = post(move |request: Request| {
        let entered = entered.clone();
        async move {
            let _ = entered.send(()).await;
            let _ = axum::body::to_bytes(request.into_body(), 1_000).await;
        }
    });
    let (at, _stop, _) = start(hello().route("/body", read), Options::default().with_connections(3)).await;
    let answered = async {
        let mut bodies = Vec::new();
        for _ in 0..6 {
            let mut stream = TcpStream::connect(at).await.unwrap();
            let half = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{";
            stream.write_all(half).await.unwrap();
            enter.recv().await.unwrap();
            bodies.push(stream);
        }
        let mut stream = TcpStream::connect(at).await.unwrap();
        said(&mut stream, REQUEST, "hello").await
    };
    let answer = timeout(Duration::from_secs(30), answered).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn who_is_still_arriving_does_not_delay_the_stop() {
    for (options, beginning) in
        [(with_tls(), &b"\x16\x03\x01"[..]), (with_proxy_protocol(), &b"PROXY TCP4 "[..])]
    {
        let (at, stop, served) = start(hello(), options).await;
        let mut silent = TcpStream::connect(at).await.unwrap();
        silent.write_all(beginning).await.unwrap();
        stop.send(()).unwrap();
        let stopped = timeout(Duration::from_secs(6), served).await;
        assert!(stopped.is_ok(), "{beginning:?}");
    }
}

#[tokio::test]
async fn where_a_proxy_header_names_nobody_no_other_header_does() {
    let told = |headers: HeaderMap| async move {
        let told = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];
        let told = told.into_iter().filter(|name| headers.contains_key(*name)).count();
        format!("{told} told")
    };
    let (at, _stop, _) = start(Router::new().route("/", get(told)), with_proxy_protocol()).await;
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\
                   Forwarded: for=203.0.113.7\r\n\r\n";
    for (header, told) in [
        (&b"PROXY UNKNOWN\r\n"[..], "0 told"),
        (&b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"[..], "0 told"),
        (&b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"[..], "0 told"),
        (&b"PROXY TCP4 127.0.0.1 192.0.2.1 4711 443\r\n"[..], "3 told"),
    ] {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let answer = said(&mut stream, &[header, request.as_bytes()].concat(), " told").await;
        assert!(answer.ends_with(told), "{header:?}: {answer}");
    }
}
