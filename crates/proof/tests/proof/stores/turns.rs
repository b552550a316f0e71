//! A real store that can be led: while it is *led*, whatever asks it for something that a refresh needs stops first, and
//! goes on only when it is polled again. So whoever polls says which of several refreshes reads or writes next.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Event, Facts, SessionId, UnixMillis};
use rotunda_core::store::{EndingOne, Rotating, Store};
use rotunda_testkit::Layer;

/// The store behind it, and where those who use it stop.
pub(crate) struct Turns {
    inner: Arc<dyn Store>,
    led: AtomicBool,
    stops: AtomicU64,
}

impl Turns {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, led: AtomicBool::new(false), stops: AtomicU64::new(0) }
    }

    /// Lets `asking` go on to where it stops next. `Some`: it has come to its end.
    pub(crate) async fn turn<T>(&self, asking: &mut Pin<Box<dyn Future<Output = T> + Send>>) -> Option<T> {
        let stops = self.stops.load(Ordering::SeqCst);
        self.led.store(true, Ordering::SeqCst);
        let turned = std::future::poll_fn(|cx| match asking.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.stops.load(Ordering::SeqCst) > stops => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let turned = turned.await;
        self.led.store(false, Ordering::SeqCst);
        turned
    }

    fn stop(&self) -> Stop<'_> {
        Stop { turns: self, done: !self.led.load(Ordering::SeqCst) }
    }
}

/// Once is pending, and wakes nobody: whoever leads polls again.
struct Stop<'a> {
    turns: &'a Turns,
    done: bool,
}

impl Future for Stop<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.done, true) {
            return Poll::Ready(());
        }
        self.turns.stops.fetch_add(1, Ordering::SeqCst);
        Poll::Pending
    }
}

#[async_trait]
impl Layer for Turns {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        self.stop().await;
        self.inner.facts(id).await
    }

    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        self.stop().await;
        self.inner.rotate(rotation).await
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        self.stop().await;
        self.inner.end(end).await
    }

    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        self.stop().await;
        self.inner.note(event, quiet_since).await
    }
}
