//! The accept loop: bounded connections, bounded headers, bounded waiting, and a drain at the end.

mod impatient;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::edge::Peer;
use impatient::Impatient;

/// How many connections are served at once, unless the caller says fewer; further ones wait in the kernel's queue.
pub const MOST_CONNECTIONS: usize = 10_000;
/// How long the first bytes of a connection, and the headers of a request, may take to arrive.
const HEADERS: Duration = Duration::from_secs(10);
/// How long a client may take to read what is ready for it.
const READERS: Duration = Duration::from_secs(20);
/// The most bytes that all headers of a request may have together.
const HEADER_BYTES: usize = 32 * 1024;
/// The most headers of a request.
const HEADER_COUNT: usize = 100;
/// How long requests under way may take once the server was told to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// Tells answers that would go on for ever that the server is stopping; in the extensions of each request.
#[derive(Clone)]
pub struct Closing(watch::Receiver<bool>);

impl Closing {
    /// Done when the server is told to stop, or is gone.
    pub async fn told(mut self) {
        let _ = self.0.wait_for(|closing| *closing).await;
    }
}

/// Serves until `stop` is done, then lets the requests under way finish.
///
/// `connections` is how many may be open at once: leave some of the process's file descriptors to the store.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: usize,
    stop: impl Future<Output = ()>,
) {
    let builder = Arc::new(connection());
    let places = Arc::new(Semaphore::new(connections.min(MOST_CONNECTIONS)));
    let graceful = GracefulShutdown::new();
    let (close, closing) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let router = router.clone();
        let closing = Closing(closing.clone());
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(closing.clone());
            router.clone().oneshot(request.map(axum::body::Body::new))
        });
        let builder = Arc::clone(&builder);
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let connection = builder
                .serve_connection(TokioIo::new(Impatient::new(stream, HEADERS, READERS)), service)
                .into_owned();
            // A connection that breaks is the network's business, not ours.
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    close.send_replace(true);
    tracing::info!("stopping: requests under way may finish; a second signal cuts them off");
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in {} s and were cut off", DRAIN.as_secs());
    }
}

type Accepted = (TcpStream, Peer, tokio::sync::OwnedSemaphorePermit);

/// The next connection; `None` when there was none to be had just now.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small and complete: waiting for more of them only delays the one that is there.
            let _ = stream.set_nodelay(true);
            Some((stream, Peer(peer), place))
        }
        Err(error) => {
            // Out of file descriptors, most likely: a pause lets some go.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

fn connection() -> Builder<TokioExecutor> {
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
        // keep is bounded by these three.
        .max_concurrent_streams(16)
        .initial_stream_window_size(16 * 1024)
        .initial_connection_window_size(64 * 1024)
        .max_send_buf_size(64 * 1024)
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}
