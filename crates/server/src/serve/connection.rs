//! One connection, from its first byte to its last.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

use axum::Router;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::ServiceExt;

use super::connections::{Open, Told, UnderWay};
use super::impatient::Impatient;
use super::tls::Tls;
use super::{Closing, HEADERS, READERS, proxy_protocol};
use crate::edge::Peer;
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

/// Serves a connection until it is closed.
pub(super) async fn attend(common: &Common, stream: TcpStream, peer: SocketAddr, open: &Arc<Open>) {
    if common.tls.is_none() && !common.has_proxy_protocol {
        return converse(common, stream, Peer(peer), open).await;
    }
    let mut arriving = pin!(timeout(HEADERS, arrive(common, stream, peer)));
    let arrived = loop {
        tokio::select! {
            arrived = &mut arriving => break arrived,
            // Who is still arriving has asked nothing that could be answered; told to leave, it may ask once.
            told = open.told() => match told {
                Told::Go => return,
                Told::Leave => {}
            },
        }
    };
    match arrived {
        Ok(Ok((stream, peer))) => converse(common, stream, peer, open).await,
        Ok(Err(error)) => tracing::debug!(%error, "a connection broke off before it asked anything"),
        Err(_) => tracing::debug!("a connection did not begin in time"),
    }
}

/// What comes before HTTP: whose connection it is, and TLS.
async fn arrive(common: &Common, stream: TcpStream, peer: SocketAddr) -> io::Result<(Box<dyn Stream>, Peer)> {
    let (stream, peer): (Box<dyn Stream>, Peer) = if common.has_proxy_protocol {
        if !common.is_proxy(peer) {
            return Err(refused(peer, "it is not from one of [server] trusted_proxies"));
        }
        let mut stream = BufReader::with_capacity(1024, stream);
        let named = proxy_protocol::read(&mut stream).await.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => refused(peer, &error.to_string()),
            _ => error,
        })?;
        (Box::new(stream), Peer(named.unwrap_or(peer)))
    } else {
        (Box::new(stream), Peer(peer))
    };
    match &common.tls {
        None => Ok((stream, peer)),
        Some(tls) => Ok((Box::new(tls.acceptor().accept(stream).await?), peer)),
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

/// Speaks HTTP.
async fn converse(common: &Common, stream: impl Stream + 'static, peer: Peer, open: &Arc<Open>) {
    let service = service_fn(|mut request: Request<Incoming>| {
        let version = request.version();
        let mut under_way = open.begin(version == Version::HTTP_2);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(common.closing.clone());
        let answer = common.router.clone().oneshot(request.map(axum::body::Body::new));
        let closing = common.closing.clone();
        async move {
            let mut answer = answer.await?;
            under_way.answered();
            if version < Version::HTTP_2 && closing.is_told() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(answer.map(|body| Watched { body, _under_way: under_way }))
        }
    });
    let stream = TokioIo::new(Impatient::new(stream, HEADERS, READERS));
    let mut connection = pin!(common.builder.serve_connection(stream, service));
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
        }
    }
}

/// The body of an answer. Until its last byte is handed on, the request is under way.
struct Watched {
    body: axum::body::Body,
    _under_way: UnderWay,
}

impl Body for Watched {
    type Data = <axum::body::Body as Body>::Data;
    type Error = <axum::body::Body as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
