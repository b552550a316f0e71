//! The accept loop: bounded connections, bounded headers, bounded waiting, and a drain at the end.
//!
//! 1. A connection takes one of the places. When somebody has come and there is none, those that were idle for the longest give
//!    theirs (`connections.rs`); further ones wait in the kernel's queue.
//! 2. Where that is configured, a PROXY header tells whose it is, and TLS begins; both within [`HEADERS`].
//! 3. HTTP/1.1 or 2, with limits of headers, bodies, streams and waiting.
//! 4. Told to stop, it is no longer ready (`/readyz`), but where the next server has the same listener. It goes on for [`LINGER`]
//!    and says with each answer of HTTP/1.1 that the connection ends with it: so that no client sends its next request on one that is
//!    just being closed. Where proxies are connected, it goes on for up to [`PROXIES`], until they have heard it on each connection
//!    that they keep. Then it takes no more connections, but for those that the kernel has taken for it, while there are places; the
//!    others are reset. HTTP/2 says the same with GOAWAY. Requests under way have [`DRAIN`] to finish.

mod bodies;
mod connection;
mod connections;
pub(crate) mod counted;
mod impatient;
pub mod metrics;
mod proxy_protocol;
mod strangers;
#[cfg(test)]
mod tests;
mod tls;

use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};

use crate::reply::log::worth_a_line;
use connection::{Common, attend};
use connections::{Connections, Who};
use counted::Counted;
pub use tls::{KeyPair, KeyPairError, Tls};

/// How many connections are served at once, unless the caller says fewer; further ones wait in the kernel's queue.
pub const MOST_CONNECTIONS: usize = 10_000;
/// How long the first bytes of a connection, and the headers of a request, may take to arrive; so may a PROXY header and the
/// handshake of TLS together.
const HEADERS: Duration = Duration::from_secs(10);
/// How long a client may take to read what is ready for it.
const READERS: Duration = Duration::from_secs(20);
/// The most bytes that all headers of a request may have together.
const HEADER_BYTES: usize = 32 * 1024;
/// The same over HTTP/2, where 32 more are counted for each (RFC 9113 §6.5.2): there may be sixteen requests at once.
const HTTP2_HEADER_BYTES: u32 = 16 * 1024;
/// The most headers of a request.
const HEADER_COUNT: usize = 100;
/// How long it goes on after it was told to stop, while clients are told to take another connection.
const LINGER: Duration = Duration::from_millis(500);
/// How long it goes on after that while proxies keep connections that they were not told of: longer than the five seconds after
/// which they are to forget idle ones, and than they take to hear from `/readyz` that it leaves.
const PROXIES: Duration = Duration::from_secs(6);
/// How long a connection that came in that time may take to ask.
const FRESH: Duration = Duration::from_secs(1);
/// How long requests under way may take once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// How often it is tried to make room while every place is taken.
const ROOM: Duration = Duration::from_millis(20);

/// What comes before HTTP, and how many may come.
#[derive(Clone)]
pub struct Options {
    connections: usize,
    tls: Option<Tls>,
    proxies: Vec<IpNet>,
    has_proxy_protocol: bool,
    is_handed_over: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: MOST_CONNECTIONS,
            tls: None,
            proxies: Vec::new(),
            has_proxy_protocol: false,
            is_handed_over: false,
        }
    }
}

impl Options {
    /// How many connections may be open at once, [`MOST_CONNECTIONS`] at most: leave some of the process's file descriptors to the
    /// store.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, MOST_CONNECTIONS);
        self
    }

    /// Speaks TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// Where proxies are, by whose connections many clients come. They are given more time to notice that the server stops.
    #[must_use]
    pub fn with_proxies(mut self, networks: Vec<IpNet>) -> Self {
        self.proxies = networks;
        self
    }

    /// Demands a PROXY header of each connection, and takes connections from the proxies only: whoever could send one from elsewhere
    /// could be anybody.
    #[must_use]
    pub fn with_proxy_protocol(mut self, has_proxy_protocol: bool) -> Self {
        self.has_proxy_protocol = has_proxy_protocol;
        self
    }

    /// The listener is somebody else's, who keeps it open: what waits there at the end is for the next server.
    #[must_use]
    pub fn with_handed_over(mut self, is_handed_over: bool) -> Self {
        self.is_handed_over = is_handed_over;
        self
    }
}

/// Tells answers that would go on for ever that the server is stopping; in the extensions of each request.
#[derive(Clone)]
pub struct Closing {
    told: watch::Receiver<bool>,
    /// The same, for those that ask with each request and do not wait.
    is_told: Arc<AtomicBool>,
    /// The next server takes this one's place, on the same listener.
    is_handed_over: bool,
}

impl Closing {
    /// Done when the server is told to stop, or is gone.
    pub async fn told(mut self) {
        let _ = self.told.wait_for(|closing| *closing).await;
    }

    fn is_told(&self) -> bool {
        self.is_told.load(Ordering::Acquire)
    }

    /// Whether new requests are for other servers, and no longer for this one. Where the listener is somebody else's they are for
    /// the next one on it, and nobody needs to know.
    #[must_use]
    pub fn leaves_it_to_others(&self) -> bool {
        self.is_told() && !self.is_handed_over
    }
}

/// Serves until `stop` is done, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, router: Router, options: Options, stop: impl Future<Output = ()>) {
    let Options { connections, tls, proxies, has_proxy_protocol, is_handed_over } = options;
    let (close, closing) = watch::channel(false);
    let is_told = Arc::<AtomicBool>::default();
    let closing = Closing { told: closing, is_told: Arc::clone(&is_told), is_handed_over };
    let common = Common { builder: http(), router, closing, tls, proxies, has_proxy_protocol };
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let inside = Inside {
        common: Arc::new(common),
        places: Arc::new(Semaphore::new(connections)),
        connections: Arc::default(),
    };
    let connections = Arc::clone(&inside.connections);
    let mut door = Door { listener, waiting: None, inside, seconds };
    door.open_until(stop).await;
    is_told.store(true, Ordering::Release);
    close.send_replace(true);
    tracing::info!("stopping: requests under way may finish; a second signal cuts them off");
    let lingered = async {
        tokio::select! {
            () = sleep(LINGER) => {}
            () = connections.emptied() => {}
        }
        connections.leave(Who::Direct);
        let _ = timeout(PROXIES, connections.proxies_know()).await;
    };
    door.open_until(lingered).await;
    door.close(is_handed_over);
    if timeout(DRAIN, drained(&connections)).await.is_err() {
        tracing::warn!("some requests did not finish in {} s and were cut off", DRAIN.as_secs());
    }
}

/// Done when the last connection is closed, of those that can no longer become more.
async fn drained(connections: &Connections) {
    connections.leave(Who::Begun);
    if timeout(FRESH, connections.emptied()).await.is_ok() {
        return;
    }
    connections.leave(Who::All);
    let since = connections.now();
    while timeout(Duration::from_secs(1), connections.emptied()).await.is_err() {
        connections.parting_second(since);
    }
}

/// Where connections come in.
struct Door {
    listener: TcpListener,
    /// Who has come, and waits for a place. Nobody is asked for a place before there is somebody to have it.
    waiting: Option<(TcpStream, SocketAddr)>,
    inside: Inside,
    seconds: Interval,
}

/// Where they are then.
struct Inside {
    common: Arc<Common>,
    places: Arc<Semaphore>,
    connections: Arc<Connections>,
}

impl Door {
    async fn open_until(&mut self, end: impl Future<Output = ()>) {
        let Inside { places, connections, .. } = &self.inside;
        let mut end = std::pin::pin!(end);
        loop {
            let accepted = tokio::select! {
                () = &mut end => return,
                _ = self.seconds.tick() => {
                    connections.second();
                    continue;
                }
                accepted = accept(&self.listener, &mut self.waiting, places, connections) => accepted,
            };
            if let Some((stream, peer, place)) = accepted {
                self.inside.take_in(stream, peer, Some(place));
            }
        }
    }

    /// Those that the kernel has taken for us would be reset when the listener is closed: they come in first, for as long as there are
    /// places. The kernel is asked itself, because the runtime may not have heard of the last ones yet. Where the listener is somebody
    /// else's, they are for the next server.
    fn close(self, is_handed_over: bool) {
        if let Some((stream, peer)) = self.waiting {
            // The kernel's queue has it no more: it comes in even if there is no place, as the last one.
            self.inside.take_in(stream, peer, Arc::clone(&self.inside.places).try_acquire_owned().ok());
        }
        if is_handed_over {
            return;
        }
        let Ok(listener) = self.listener.into_std() else { return };
        while let Ok(place) = Arc::clone(&self.inside.places).try_acquire_owned() {
            let (stream, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                // One that hung up while it waited; those behind it did not.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(_) => return,
            };
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                self.inside.take_in(stream, peer, Some(place));
            }
        }
    }
}

impl Inside {
    fn take_in(&self, stream: TcpStream, peer: SocketAddr, place: Option<OwnedSemaphorePermit>) {
        // Answers are small and complete: waiting for more of them only delays the one that is there.
        let _ = stream.set_nodelay(true);
        // With a PROXY header each client has a connection of its own.
        let is_shared = !self.common.has_proxy_protocol && self.common.is_proxy(peer);
        let member = self.connections.enter(is_shared);
        let common = Arc::clone(&self.common);
        let counted = Counted::count();
        tokio::spawn(async move {
            attend(&common, stream, peer, &member.open).await;
            drop((member, place, counted));
        });
    }
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

/// The next connection, once it has a place; `None` when there was none to be had just now. Who waits for a place stays in `waiting`
/// when this is dropped.
async fn accept(
    listener: &TcpListener,
    waiting: &mut Option<(TcpStream, SocketAddr)>,
    places: &Arc<Semaphore>,
    connections: &Connections,
) -> Option<Accepted> {
    if waiting.is_none() {
        match listener.accept().await {
            Ok(accepted) => *waiting = Some(accepted),
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => return None,
            Err(error) => {
                static FAILED: AtomicU64 = AtomicU64::new(0);
                if let Some(so_far) = worth_a_line(&FAILED) {
                    tracing::warn!(%error, so_far, "a connection could not be accepted");
                }
                // Out of file descriptors, most likely: some are given back, and a pause lets them go.
                connections.make_room();
                sleep(Duration::from_millis(50)).await;
                return None;
            }
        }
    }
    let place = loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            break place;
        }
        connections.make_room();
        if let Ok(place) = timeout(ROOM, Arc::clone(places).acquire_owned()).await {
            break place.ok()?;
        }
    };
    waiting.take().map(|(stream, peer)| (stream, peer, place))
}

fn http() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_headers(HEADER_COUNT)
        .max_buf_size(HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        // An honest body has 16 KiB at most, and few requests are under way at once: what one connection may make us
        // keep is bounded by these three, and by the headers.
        .max_concurrent_streams(16)
        .initial_stream_window_size(16 * 1024)
        .initial_connection_window_size(64 * 1024)
        // As much as is handed on at once (`bodies.rs`): what is in here was not taken yet, and nobody can tell.
        .max_send_buf_size(16 * 1024)
        .max_frame_size(16 * 1024)
        // All headers of a request, also where they come in many frames (CVE-2024-27316). `connection.rs` counts them.
        .max_header_list_size(HTTP2_HEADER_BYTES)
        // Requests that are taken back before they were looked at, and those that we reset for what is wrong with them: more
        // than these, and the connection ends (CVE-2023-44487, CVE-2025-8671). `connections.rs` counts those taken back later.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}
