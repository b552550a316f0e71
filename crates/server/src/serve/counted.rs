//! How many connections there were and are.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::watch::ConnectionCounts;

static ACCEPTED: AtomicU64 = AtomicU64::new(0);
static OPEN: AtomicU64 = AtomicU64::new(0);

/// A connection, for as long as it is open.
pub(super) struct Counted(());

impl Counted {
    pub(super) fn count() -> Self {
        ACCEPTED.fetch_add(1, Ordering::Relaxed);
        OPEN.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) fn read() -> ConnectionCounts {
    let [accepted, open] = [&ACCEPTED, &OPEN].map(|number| number.load(Ordering::Relaxed));
    ConnectionCounts { accepted, open }
}
