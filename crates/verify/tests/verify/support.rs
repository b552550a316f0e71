//! A clock that tests move, and waiting for a condition.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rotunda_verify::Clock;

/// Seconds since 1970 at which every test begins.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const NOW_MS: i64 = NOW * 1000;
/// The same, as a server's `Date`.
pub(crate) const NOW_DATE: &str = "Fri, 15 Jan 2027 08:00:00 GMT";

/// A clock that moves when told to, and only then.
#[derive(Default)]
pub(crate) struct HandClock {
    passed_ms: AtomicI64,
    /// Of the wall clock only, as if somebody had set it.
    set_ms: AtomicI64,
}

impl HandClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.passed_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn set_wall(&self, ms: i64) {
        self.set_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn unix_ms(&self) -> i64 {
        NOW_MS + self.passed_ms.load(Ordering::SeqCst) + self.set_ms.load(Ordering::SeqCst)
    }

    fn elapsed(&self) -> Duration {
        // Not from zero: nothing may take zero for "never".
        Duration::from_millis(1_000_000 + u64::try_from(self.passed_ms.load(Ordering::SeqCst)).unwrap())
    }
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Waits until it holds; ten seconds at most.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = tokio::time::timeout(seconds(10), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(deadline.await.is_ok(), "did not happen: {what}");
}
