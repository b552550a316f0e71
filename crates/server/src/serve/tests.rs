//! The accept loop before sockets that behave badly.

mod http2;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot};
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

#[tokio::test(start_paused = true)]
async fn while_nobody_waits_for_a_place_nobody_gives_one() {
    let (at, _stop, _) = start(hello(), Options::default().with_connections(3)).await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let answer = said(&mut stream, REQUEST, "hello").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        kept.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    for stream in &mut kept {
        let answer = said(stream, REQUEST, "hello").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
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
    let mut half_a_body = async || {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let half = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{";
        stream.write_all(half).await.unwrap();
        enter.recv().await.unwrap();
        stream
    };
    let answered = async {
        let mut bodies = Vec::new();
        for _ in 0..6 {
            bodies.push(half_a_body().await);
        }
        let mut stream = TcpStream::connect(at).await.unwrap();
        // Its request takes a moment, in which another one wants a place.
        bodies.push(half_a_body().await);
        said(&mut stream, REQUEST, "hello").await
    };
    let answer = timeout(Duration::from_secs(30), answered).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn who_is_worked_for_before_the_body_is_wanted_keeps_its_place() {
    let (entered, mut enter) = mpsc::channel::<()>(1);
    let done = Arc::new(Notify::new());
    let works = post({
        let done = Arc::clone(&done);
        async move |request: Request| {
            let _ = entered.send(()).await;
            done.notified().await;
            drop(request);
            "done"
        }
    });
    let (at, _stop, _) = start(Router::new().route("/", works), Options::default().with_connections(1)).await;
    let mut half = TcpStream::connect(at).await.unwrap();
    let half_a_body = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{";
    half.write_all(half_a_body).await.unwrap();
    enter.recv().await.unwrap();
    let _waits = TcpStream::connect(at).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    done.notify_one();
    let answer = said(&mut half, b"", "done").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_place_when_it_ends_is_taken_in() {
    let (entered, mut enter) = mpsc::channel::<()>(1);
    let done = Arc::new(Notify::new());
    let works = get({
        let done = Arc::clone(&done);
        async move || {
            let _ = entered.send(()).await;
            done.notified().await;
            "done"
        }
    });
    let (at, stop, served) =
        start(hello().route("/work", works), Options::default().with_connections(1)).await;
    let mut works = TcpStream::connect(at).await.unwrap();
    works.write_all(b"GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    enter.recv().await.unwrap();
    let mut waits = TcpStream::connect(at).await.unwrap();
    waits.write_all(REQUEST).await.unwrap();
    // It has left the kernel's queue.
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.send(()).unwrap();
    let answer = said(&mut waits, b"", "").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer:?}");
    done.notify_one();
    let answer = said(&mut works, b"", "").await;
    assert!(answer.ends_with("done"), "{answer:?}");
    served.await.unwrap();
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
