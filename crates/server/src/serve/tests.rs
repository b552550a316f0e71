//! The accept loop before sockets that behave badly.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

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

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_begin_is_closed() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let pair = KeyPair::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes());
    let tls = Options::default().with_tls(Some(Tls::new(pair.unwrap())));
    let proxied =
        Options::default().with_proxies(vec!["127.0.0.1/32".parse().unwrap()]).with_proxy_protocol(true);
    for options in [tls, proxied, Options::default()] {
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
    let _ = stream.read_to_end(&mut answer).await;
}
