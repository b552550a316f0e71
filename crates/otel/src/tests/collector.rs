//! A collector: a real listener that reads what it is sent and answers as it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use prost::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::message::{AnyValue, ExportRequest, ExportResponse, PartialSuccess, Span};

/// It takes the batch, and rejects one span of it.
pub(super) const BUT_ONE: u16 = 299;
/// It reads the request, and never answers.
pub(super) const NEVER: u16 = 0;

pub(super) struct Collector {
    pub(super) address: SocketAddr,
    status: Arc<AtomicU16>,
    heard: UnboundedReceiver<Vec<u8>>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let answers = Arc::clone(&status);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, tell.clone(), Arc::clone(&answers)));
            }
        });
        Self { address, status, heard }
    }

    /// From now on it answers like this.
    pub(super) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The body of the next request.
    pub(super) async fn next(&mut self) -> Vec<u8> {
        self.heard.recv().await.unwrap()
    }

    /// The bodies of all requests that came until now.
    pub(super) fn all(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }
}

/// One connection, with one request after the other.
async fn serve(mut stream: TcpStream, tell: UnboundedSender<Vec<u8>>, status: Arc<AtomicU16>) {
    let mut bytes = Vec::new();
    loop {
        let (head, body) = loop {
            if let Some(places) = whole(&bytes) {
                break places;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        // The test may be over.
        let _ = tell.send(bytes[head..head + body].to_vec());
        bytes.drain(..head + body);
        let status = match status.load(Ordering::SeqCst) {
            NEVER => return std::future::pending().await,
            status => status,
        };
        let partial_success = (status == BUT_ONE).then_some(PartialSuccess { rejected_spans: 1 });
        let body = ExportResponse { partial_success }.encode_to_vec();
        let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all(&[head.as_bytes(), &body].concat()).await.is_err() {
            return;
        }
    }
}

/// How long head and body of a request are, once it is there as a whole; and it is what a collector takes.
fn whole(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(bytes).unwrap() {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return None,
    };
    let of = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        std::str::from_utf8(found.unwrap().value).unwrap()
    };
    assert_eq!((request.method, request.path), (Some("POST"), Some("/v1/traces")));
    assert_eq!(of("content-type"), "application/x-protobuf");
    let body = of("content-length").parse().unwrap();
    (bytes.len() >= head + body).then_some((head, body))
}

/// The spans of some bodies.
pub(super) fn spans(bodies: &[Vec<u8>]) -> Vec<Span> {
    let requests = bodies.iter().map(|body| ExportRequest::decode(&**body).unwrap());
    let of_resources = requests.flat_map(|request| request.resource_spans);
    of_resources.flat_map(|it| it.scope_spans).flat_map(|scope| scope.spans).collect()
}

/// What a span says, in the order of names.
pub(super) fn attributes(span: &Span) -> Vec<(&str, String)> {
    let text = |value: &AnyValue| match (&value.text, value.number) {
        (Some(text), None) => text.clone(),
        (None, Some(number)) => number.to_string(),
        both => panic!("one of the two: {both:?}"),
    };
    let mut all: Vec<_> =
        span.attributes.iter().map(|it| (it.key.as_str(), text(it.value.as_ref().unwrap()))).collect();
    all.sort();
    all
}
