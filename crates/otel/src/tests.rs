//! A real server, real requests, and a collector that reads what it is sent.

mod collector;
mod golden;
mod world;

use std::io;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Password, PasswordHash};
use rotunda_core::outside::{PasswordHasher, PasswordVerdict};
use rotunda_testkit::fixtures::NOW;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::message::{ERROR, SERVER, Span};
use collector::{BUT_ONE, Collector, NEVER, attributes, spans};
use world::{AGENT, Answer, PLACE, World};

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
const RETRY_KEY: &str = "a-retry-key-like-no-other-9x";
const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn credentials() -> Value {
    json!({"email": ADA, "password": PASSWORD, "client_id": "native"})
}

/// What happens on a day, with an address and ids wherever a client may write them. Answers what must not be told.
async fn a_day(world: &World) -> Vec<String> {
    let first = world.post("/auth/register", credentials()).await;
    assert_eq!(first.status, 201, "{first:?}");
    let second = world.post(&format!("/auth/login?email={ADA}"), credentials()).await;
    assert_eq!(second.status, 200, "{second:?}");
    let of = |answer: &Answer, device: &Answer| {
        json!({"refresh_token": answer.text("/refresh_token"), "device_secret": device.text("/device_secret"),
               "retry_keys": [RETRY_KEY]})
    };
    let next = world.post("/auth/refresh", of(&first, &first)).await;
    assert_eq!(next.status, 200, "{next:?}");
    let stolen = world.post("/auth/refresh", of(&next, &second)).await;
    assert_eq!((stolen.status, stolen.text("/reason").as_str()), (401, "token_reused"));
    let garbage = world.post("/auth/refresh", json!({"refresh_token": "nonsense"})).await;
    assert_eq!(garbage.status, 401);
    let bearer = format!("Bearer {}", second.text("/access_token"));
    let headers = [("authorization", bearer.as_str()), ("cookie", "session=a-telling-cookie")];
    let me = world.ask("GET", "/auth/me", &headers, Value::Null).await;
    assert_eq!((me.status, me.text("/email").as_str()), (200, ADA));
    let path = format!("/auth/sessions/{}", first.text("/session/id"));
    let ended = world.ask("DELETE", &path, &headers, Value::Null).await;
    assert!((200..500).contains(&ended.status), "{ended:?}");
    assert_eq!(world.ask("GET", &format!("/{ADA}"), &[], Value::Null).await.status, 404);
    assert_eq!(world.ask("TELLING", "/healthz", &[], Value::Null).await.status, 405);
    let pointers = [
        "/access_token",
        "/refresh_token",
        "/device_secret",
        "/session/id",
        "/user/id",
        "/session/device_id",
    ];
    let answers = [&first, &second, &next];
    let given =
        answers.iter().flat_map(|it| pointers.iter().filter_map(move |at| it.body.pointer(at)?.as_str()));
    let mut telling: Vec<String> = given.map(str::to_owned).collect();
    assert!(telling.len() >= 12, "{telling:?}");
    let parts = first.text("/access_token");
    telling.extend(parts.split('.').map(str::to_owned));
    telling.extend(
        [ADA, "example.com", PASSWORD, RETRY_KEY, PLACE, AGENT, "telling", "nonsense", "127.0.0.1"]
            .map(str::to_owned),
    );
    telling
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

/// All attributes but the id of the request.
fn about(span: &Span) -> Vec<(&str, String)> {
    attributes(span).into_iter().filter(|(name, _)| *name != "rotunda.request_id").collect()
}

fn said(pairs: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[tokio::test]
async fn each_request_is_a_span_and_nobody_is_named() {
    let mut collector = Collector::start().await;
    let world = World::start(&format!("http://{}/", collector.address), 1.0, LOOPBACK).await;
    let telling = a_day(&world).await;
    assert_eq!(world.finish().await, [9, 0, 0], "each once");
    let bodies = collector.all();
    let spans = spans(&bodies);
    assert_eq!(spans.len(), 9);
    for span in &spans {
        assert_eq!((span.kind, span.trace_id.len(), span.span_id.len()), (SERVER, 16, 8));
        assert_eq!((span.parent_span_id.len(), span.flags), (0, 0x101), "its trace begins here");
        assert_eq!(span.start_time_unix_nano, u64::try_from(NOW.0).unwrap() * 1_000_000);
        assert!(span.status.is_none(), "a refusal is no error of the server's: {span:?}");
        assert!(attributes(span).contains(&("rotunda.request_id", hex(&span.trace_id))), "{span:?}");
    }
    let [login] = named(&spans, "POST /auth/login")[..] else { panic!("{spans:?}") };
    let expected = [
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("http.route", "/auth/login"),
        ("url.scheme", "http"),
    ];
    assert_eq!(about(login), said(&expected));
    let refreshes: Vec<_> = named(&spans, "POST /auth/refresh").into_iter().map(about).collect();
    let refresh = |decision: Option<&'static str>, status: &str, outcome: &str| {
        let mut all = said(&[
            ("http.request.method", "POST"),
            ("http.response.status_code", status),
            ("http.route", "/auth/refresh"),
        ]);
        all.extend(decision.map(|row| ("rotunda.refresh.decision", row.to_owned())));
        all.extend(said(&[("rotunda.refresh.outcome", outcome), ("url.scheme", "http")]));
        all
    };
    let expected = [
        refresh(Some("rotate"), "200", "granted"),
        refresh(Some("moved"), "401", "refused"),
        refresh(None, "401", "refused"),
    ];
    assert_eq!(refreshes, expected);
    assert_eq!(named(&spans, "DELETE /auth/sessions/{id}").len(), 1);
    let [nowhere] = named(&spans, "GET")[..] else { panic!("{spans:?}") };
    let expected =
        [("http.request.method", "GET"), ("http.response.status_code", "404"), ("url.scheme", "http")];
    assert_eq!(about(nowhere), said(&expected));
    assert_eq!(named(&spans, "HTTP /healthz").len(), 1, "a method that nobody knows");
    let bytes = bodies.concat();
    for telling in &telling {
        assert!(
            !bytes.windows(telling.len()).any(|window| window.eq_ignore_ascii_case(telling.as_bytes())),
            "{telling} is told"
        );
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_which_trace_and_a_stranger_does_not() {
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let [kept, left] = ["01", "00"].map(|flags| format!("00-{trace}-{parent}-{flags}"));
    let mut collector = Collector::start().await;
    let endpoint = format!("http://{}", collector.address);

    // Of its own traces this server tells none.
    let world = World::start(&endpoint, 0.0, LOOPBACK).await;
    let answer = world.health(&[("traceparent", &kept), ("x-request-id", "given-by-the-proxy")]).await;
    world.health(&[("traceparent", &left)]).await;
    world.health(&[("traceparent", "nonsense")]).await;
    world.health(&[]).await;
    assert_eq!(world.finish().await, [1, 0, 0]);
    let spans_of_proxy = spans(&collector.all());
    let [span] = &spans_of_proxy[..] else { panic!("{spans_of_proxy:?}") };
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (trace.to_owned(), parent.to_owned()));
    assert_eq!(span.flags, 0x301, "its parent is elsewhere");
    assert_ne!(span.span_id, span.parent_span_id);
    assert_eq!(answer.request_id, "given-by-the-proxy");
    assert!(attributes(span).contains(&("rotunda.request_id", answer.request_id)));

    let world = World::start(&endpoint, 1.0, &[]).await;
    let answers =
        [world.health(&[("traceparent", &kept)]).await, world.health(&[("traceparent", &left)]).await];
    assert_eq!(world.finish().await, [2, 0, 0]);
    let of_strangers = spans(&collector.all());
    assert_eq!(of_strangers.len(), 2);
    for (span, answer) in of_strangers.iter().zip(&answers) {
        assert_eq!((hex(&span.trace_id), span.parent_span_id.len()), (answer.request_id.clone(), 0));
    }
}

#[tokio::test]
async fn a_stranger_behind_a_careless_proxy_has_a_hundred_told_a_second() {
    let mut collector = Collector::start().await;
    let world = World::start(&format!("http://{}", collector.address), 0.0, LOOPBACK).await;
    // Ids that any ratio would keep.
    let kept = format!("00-{}1-{}1-01", "0".repeat(31), "0".repeat(15));
    for _ in 0..103 {
        world.health(&[("traceparent", &kept)]).await;
    }
    assert_eq!(world.finish().await, [100, 3, 0], "the clock stands still");
    assert_eq!(spans(&collector.all()).len(), 100);
}

#[tokio::test]
async fn a_sample_of_none_sends_nothing() {
    let mut collector = Collector::start().await;
    let world = World::start(&format!("http://{}", collector.address), 0.0, &[]).await;
    a_day(&world).await;
    assert_eq!(world.finish().await, [0, 0, 0]);
    assert_eq!(collector.all(), Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn without_a_collector_requests_go_on() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::start(&format!("http://127.0.0.1:{port}"), 1.0, LOOPBACK).await;
    a_day(&world).await;
    assert_eq!(world.finish().await, [0, 0, 9]);
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_neither_a_request_nor_the_stop() {
    let mut collector = Collector::start().await;
    collector.answers(NEVER);
    let world = World::start(&format!("http://{}", collector.address), 1.0, LOOPBACK).await;
    world.health(&[]).await;
    assert_eq!(spans(&[collector.next().await]).len(), 1, "it has the batch, and says nothing");
    a_day(&world).await;
    let counts = world.exporter.counts();
    world.exporter.finish(Duration::from_millis(20)).await;
    assert_eq!(counts.read().map(|(_, number)| number), [0, 0, 0], "the thread still waits");
}

/// Everything that was logged in this process.
static LOGGED: Mutex<String> = Mutex::new(String::new());

/// Writes there.
struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How often it was warned of that collector.
fn warnings(collector: &Collector) -> usize {
    let logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    let about = format!("collector=http://{}/", collector.address);
    logged.lines().filter(|line| line.contains("WARN") && line.contains(&about)).count()
}

/// A batch of one span, until it is known what became of it.
async fn one_batch(world: &World, collector: &mut Collector) {
    let done = || world.exporter.counts().read().iter().map(|(_, number)| number).sum::<u64>();
    let before = done();
    world.health(&[]).await;
    assert_eq!(spans(&[collector.next().await]).len(), 1);
    while done() == before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_outage_costs_a_warning_and_not_one_for_each_batch() {
    static LOG: Once = Once::new();
    LOG.call_once(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| Lines).init());
    let mut collector = Collector::start().await;
    let world = World::start(&format!("http://{}", collector.address), 1.0, &[]).await;
    one_batch(&world, &mut collector).await;
    assert_eq!(warnings(&collector), 0);
    for (status, so_far) in
        [(503, 1), (503, 1), (429, 1), (200, 1), (503, 2), (BUT_ONE, 2), (200, 2), (BUT_ONE, 3)]
    {
        collector.answers(status);
        one_batch(&world, &mut collector).await;
        assert_eq!(warnings(&collector), so_far, "{status}");
    }
    assert_eq!(world.finish().await, [3, 0, 6]);
}

/// Checks no password for as long as anybody waits, and says when it was asked to.
struct Stuck(UnboundedSender<()>);

#[async_trait]
impl PasswordHasher for Stuck {
    async fn hash(&self, _: Password) -> Result<PasswordHash, Failure> {
        std::future::pending().await
    }

    async fn verify(&self, _: Password, _: Option<PasswordHash>) -> Result<PasswordVerdict, Failure> {
        self.0.send(()).unwrap();
        std::future::pending().await
    }

    fn read_foreign(&self, text: &str) -> Result<PasswordHash, String> {
        Err(text.to_owned())
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_ends_its_span() {
    let mut collector = Collector::start().await;
    let (asked, mut is_asked) = unbounded_channel();
    let endpoint = format!("http://{}", collector.address);
    let world = World::start_with(Arc::new(Stuck(asked)), &endpoint, 1.0, &[]).await;
    let login = world.post("/auth/login", credentials());
    tokio::select! {
        _ = login => panic!("it is stuck"),
        _ = is_asked.recv() => {}
    }
    let told = spans(&[collector.next().await]);
    let [given_up] = named(&told, "POST /auth/login")[..] else { panic!("{told:?}") };
    assert_eq!(given_up.status.as_ref().map(|status| status.code), Some(ERROR));
    let expected = [
        ("error.type", "cancelled"),
        ("http.request.method", "POST"),
        ("http.route", "/auth/login"),
        ("url.scheme", "http"),
    ];
    assert_eq!(about(given_up), said(&expected));
}
