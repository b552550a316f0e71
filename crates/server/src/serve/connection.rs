//! One connection, from its first byte to its last.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, FORWARDED, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use ipnet::IpNet;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tower::ServiceExt;

use super::bodies::{Arriving, Leaving};
use super::connections::{Open, Told};
use super::impatient::Impatient;
use super::tls::Tls;
use super::{Closing, FRESH, HEADER_COUNT, HEADERS, READERS, proxy_protocol, strangers};
use crate::edge::Peer;
use crate::edge::caller::X_FORWARDED_FOR;
use crate::edge::host::X_FORWARDED_PROTO;
use crate::reply::log::worth_a_line;

/// What all connections have in common.
pub(super) struct Common {
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) router: Router,
    pub(super) closing: Closing,
    pub(super) tls: Option<Tls>,
    /// Whose PROXY headers are believed.
    pub(super) proxies: Vec<IpNet>,
    pub(super) has_proxy_protocol: bool,
}

impl Common {
    pub(super) fn is_proxy(&self, peer: SocketAddr) -> bool {
        let from = peer.ip().to_canonical();
        self.proxies.iter().any(|network| network.contains(&from))
    }
}

/// What bytes come from and go to.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Whose a connection is.
#[derive(Clone, Copy)]
struct Whose {
    peer: Peer,
    /// The PROXY header named nobody: no header of a request is the proxy's word.
    is_nameless: bool,
}

/// Serves a connection until it is closed.
pub(super) async fn attend(common: &Common, stream: TcpStream, peer: SocketAddr, open: &Arc<Open>) {
    if common.tls.is_none() && !common.has_proxy_protocol {
        let whose = Whose { peer: Peer(peer), is_nameless: false };
        return converse(common, stream, whose, open, false).await;
    }
    let mut arriving = pin!(arrive(common, stream, peer));
    let mut limit = pin!(sleep(HEADERS));
    let mut left = false;
    let arrived = loop {
        tokio::select! {
            arrived = arriving.as_mut() => break arrived,
            () = limit.as_mut() => return tracing::debug!("a connection did not begin in time"),
            // Who is still arriving has asked nothing that could be answered; told to leave, it may ask once, if it is quick.
            told = open.told() => match told {
                Told::Go => return,
                Told::Leave if left => {}
                Told::Leave => {
                    left = true;
                    limit.set(sleep(FRESH));
                }
            },
        }
    };
    match arrived {
        Ok((stream, whose)) => converse(common, stream, whose, open, left).await,
        Err(error) => tracing::debug!(%error, "a connection broke off before it asked anything"),
    }
}

/// What comes before HTTP: whose connection it is, and TLS.
async fn arrive(
    common: &Common,
    stream: TcpStream,
    peer: SocketAddr,
) -> io::Result<(Box<dyn Stream>, Whose)> {
    let mut whose = Whose { peer: Peer(peer), is_nameless: false };
    let mut stream = BufReader::with_capacity(1024, stream);
    if common.has_proxy_protocol {
        if !common.is_proxy(peer) {
            return Err(refused(peer, "it is not from one of [server] trusted_proxies"));
        }
        let named = proxy_protocol::read(&mut stream).await.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => refused(peer, &error.to_string()),
            _ => error,
        })?;
        whose = Whose { peer: Peer(named.unwrap_or(peer)), is_nameless: named.is_none() };
    }
    match &common.tls {
        None => Ok((Box::new(stream), whose)),
        Some(tls) => {
            strangers::tell_if_not_tls(stream.fill_buf().await?, common.has_proxy_protocol);
            Ok((Box::new(tls.acceptor().accept(stream).await?), whose))
        }
    }
}

/// A proxy that is configured otherwise than we are is found in the log; somebody who knocks all night does not fill it.
fn refused(peer: SocketAddr, why: &str) -> io::Error {
    let from = peer.ip();
    static REFUSED: AtomicU64 = AtomicU64::new(0);
    if let Some(so_far) = worth_a_line(&REFUSED) {
        tracing::warn!(%from, why, so_far, "a connection was refused, with [server] proxy_protocol");
    }
    io::Error::new(io::ErrorKind::PermissionDenied, "refused")
}

/// Speaks HTTP. One that has `left` was told to leave before it could ask.
async fn converse(
    common: &Common,
    stream: impl Stream + 'static,
    whose: Whose,
    open: &Arc<Open>,
    left: bool,
) {
    let service = service_fn(|mut request: Request<Incoming>| {
        let version = request.version();
        let is_http2 = version == Version::HTTP_2;
        let mut under_way = open.begin(is_http2);
        if whose.is_nameless {
            forget_hops(request.headers_mut());
        }
        request.extensions_mut().insert(whose.peer);
        request.extensions_mut().insert(common.closing.clone());
        // HTTP/2 counts bytes only, and many short headers take many times their bytes: the request is let go of at once.
        let request = (request.headers().len() <= HEADER_COUNT).then_some(request);
        let request = request.map(|it| it.map(|body| axum::body::Body::new(Arriving::new(body, open))));
        let answer = request.map(|request| common.router.clone().oneshot(request));
        let closing = common.closing.clone();
        async move {
            let mut answer = match answer {
                Some(answer) => answer.await?,
                None => too_many_headers(),
            };
            under_way.answered();
            if version < Version::HTTP_2 && closing.is_told() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(answer.map(|body| Leaving::new(body, is_http2, under_way)))
        }
    });
    let stream = Impatient::new(stream, HEADERS, READERS).with_proxy_header(common.has_proxy_protocol);
    let mut connection = pin!(common.builder.serve_connection(TokioIo::new(stream), service));
    let mut fresh = pin!(sleep(FRESH));
    let mut must_ask = left;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                // A connection that breaks is the network's business, not ours.
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return;
            }
            told = open.told() => match told {
                Told::Leave => connection.as_mut().graceful_shutdown(),
                Told::Go => return,
            },
            () = fresh.as_mut(), if must_ask => {
                must_ask = false;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// As hyper answers where headers have too many bytes, or are too many over HTTP/1.1.
fn too_many_headers() -> Response<axum::body::Body> {
    let mut answer = Response::new(axum::body::Body::empty());
    *answer.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    answer
}

/// Takes away what only a proxy may say: where a PROXY header names nobody, nothing tells its words from those of a client.
fn forget_hops(headers: &mut HeaderMap) {
    for name in [X_FORWARDED_FOR, X_FORWARDED_PROTO, FORWARDED] {
        headers.remove(name);
    }
}
