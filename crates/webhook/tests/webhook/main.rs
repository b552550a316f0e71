//! Messages to real servers on this machine: kind ones, broken ones and wicked ones.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests: to panic is to report")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rotunda_core::outside::{Courier, NotDelivered, Parcel};
use rotunda_webhook::{HttpCourier, Patience, Reach};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that answers everybody with the same bytes, and counts and keeps what it heard.
struct Server {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
    heard: tokio::sync::mpsc::UnboundedReceiver<String>,
}

enum Manner {
    /// Answers like this.
    Answers(String),
    /// Takes everything and never says a word.
    Hangs,
    /// Answers one byte at a time, for ever.
    Drips,
}

impl Server {
    async fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (visits, (tell, heard)) = (Arc::new(AtomicUsize::new(0)), tokio::sync::mpsc::unbounded_channel());
        let (count, manner) = (Arc::clone(&visits), Arc::new(manner));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&manner), tell.clone()));
            }
        });
        Self { address, visits, heard }
    }

    fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, manner: Arc<Manner>, tell: tokio::sync::mpsc::UnboundedSender<String>) {
    let mut heard = Vec::new();
    let mut part = [0; 4096];
    while !String::from_utf8_lossy(&heard).contains("{\"hello\":true}") {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => break,
            Ok(many) => heard.extend_from_slice(&part[..many]),
        }
    }
    let _ = tell.send(String::from_utf8_lossy(&heard).into_owned());
    match &*manner {
        Manner::Answers(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Manner::Hangs => {
            let _ = stream.read(&mut part).await;
        }
        Manner::Drips => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

fn answer(status: &str, more: &str) -> Manner {
    Manner::Answers(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n{more}connection: close\r\n\r\n"))
}

fn courier(networks: &[&str]) -> HttpCourier {
    let reach = Reach::new(networks.iter().map(|it| it.parse().unwrap()).collect());
    let patience = Patience { to_connect: Duration::from_millis(500), in_all: Duration::from_millis(500) };
    HttpCourier::new(reach, patience).unwrap()
}

fn parcel(url: &str) -> Parcel {
    Parcel {
        url: url.to_owned(),
        headers: vec![("webhook-id", "a.1".to_owned()), ("webhook-signature", "v1,x".to_owned())],
        body: br#"{"hello":true}"#.to_vec(),
    }
}

fn why(outcome: Result<(), NotDelivered>) -> String {
    outcome.expect_err("this should not have arrived").why
}

#[tokio::test]
async fn a_message_arrives_as_it_is() {
    let mut server = Server::new(answer("204 No Content", "")).await;
    courier(&["127.0.0.0/8"]).deliver(parcel(&server.url())).await.unwrap();
    let heard = server.heard.recv().await.unwrap();
    assert!(heard.starts_with("POST /hooks HTTP/1.1\r\n"), "{heard}");
    for line in [
        "webhook-id: a.1",
        "webhook-signature: v1,x",
        "content-type: application/json",
        "user-agent: Rotunda/",
    ] {
        assert!(heard.contains(line), "{line}\n{heard}");
    }
    assert!(heard.ends_with("\r\n\r\n{\"hello\":true}"), "{heard}");
}

#[tokio::test]
async fn a_refusal_is_told_and_says_when_to_come_back() {
    let server = Server::new(answer("503 Service Unavailable", "retry-after: 120\r\n")).await;
    let failure = courier(&["127.0.0.0/8"]).deliver(parcel(&server.url())).await.unwrap_err();
    assert_eq!(failure.why, "it answered 503 Service Unavailable");
    assert_eq!(failure.not_before, Some(Duration::from_secs(120)));
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let inside = Server::new(answer("200 OK", "")).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let more = format!("location: http://{}/metadata\r\n", inside.address);
        let server = Server::new(answer(status, &more)).await;
        // Not even to where it might have gone by itself.
        let told = why(courier(&["127.0.0.0/8"]).deliver(parcel(&server.url())).await);
        assert!(told.contains("redirects are not followed"), "{told}");
    }
    assert_eq!(inside.visits(), 0);
}

#[tokio::test]
async fn nobody_private_is_connected_to() {
    let inside = Server::new(answer("200 OK", "")).await;
    let port = inside.address.port();
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("http://localhost:{port}/"),
    ] {
        let told = why(courier(&[]).deliver(parcel(&url)).await);
        assert!(told.contains("private_networks"), "{url}: {told}");
    }
    // `http` reaches what is named and nothing else: this name is of another network than the one that is.
    let told = why(courier(&["10.0.0.0/8"]).deliver(parcel(&format!("http://localhost:{port}/"))).await);
    assert!(told.contains("private_networks"), "{told}");
    assert_eq!(inside.visits(), 0);
    // And were it named, it would have been reached: nothing else was in the way.
    courier(&["127.0.0.0/8", "::1/128"]).deliver(parcel(&format!("http://localhost:{port}/"))).await.unwrap();
    assert_eq!(inside.visits(), 1);
}

#[tokio::test]
async fn one_that_hangs_or_drips_is_left_alone_in_bounded_time() {
    for manner in [Manner::Hangs, Manner::Drips] {
        let server = Server::new(manner).await;
        let told = why(courier(&["127.0.0.0/8"]).deliver(parcel(&server.url())).await);
        assert_eq!(told, "no answer within 500ms");
    }
}

#[tokio::test]
async fn one_that_is_not_there_is_told_in_words() {
    let gone = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let told = why(courier(&["127.0.0.0/8"]).deliver(parcel(&format!("http://{gone}/x?key=secret"))).await);
    assert!(told.contains("refused"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn a_server_whose_certificate_nobody_trusts_is_not_told() {
    let mut server = Server::new(Manner::Hangs).await;
    let url = format!("https://{}/", server.address);
    why(courier(&["127.0.0.0/8"]).deliver(parcel(&url)).await);
    let heard = server.heard.recv().await.unwrap();
    assert!(!heard.contains("hello"), "the message went out without TLS");
}
