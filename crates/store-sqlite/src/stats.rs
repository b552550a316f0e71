//! What an operator wants to see of a store.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the store was opened.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Transactions committed.
    pub commits: u64,
    /// Writes that were part of them. Writes by commits is the size of a group: it grows with the load.
    pub writes: u64,
    /// Reads taken on.
    pub reads: u64,
    /// Transactions that failed as a whole; every caller in them was told so.
    pub failed_commits: u64,
    /// Reads and writes refused because too many were waiting.
    pub refused: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: Counter,
    pub(crate) writes: Counter,
    pub(crate) reads: Counter,
    pub(crate) failed_commits: Counter,
    pub(crate) refused: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> Stats {
        Stats {
            commits: self.commits.read(),
            writes: self.writes.read(),
            reads: self.reads.read(),
            failed_commits: self.failed_commits.read(),
            refused: self.refused.read(),
        }
    }
}

/// A number that only grows.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    // Relaxed: the counts order nothing.
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
