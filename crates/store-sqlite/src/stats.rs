//! What an operator wants to see of a store.

use std::sync::atomic::{AtomicU64, Ordering};

use rotunda_core::counts::{Counts, Histogram};

/// Bounds of the sizes of groups.
const GROUPS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// Counts since the store was opened, and how it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// How many writes shared a transaction.
    pub groups: Counts,
    /// The queue of the writer.
    pub writes_waiting: Waiting,
    /// The queue of the readers.
    pub reads_waiting: Waiting,
    /// The connections that lie at hand for reads of one row, and how many of them nobody uses just now.
    pub at_hand: AtHandNow,
}

/// A queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// How many wait.
    pub now: usize,
    /// How many may wait.
    pub most: usize,
}

/// Connections at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AtHandNow {
    /// Those that nobody uses.
    pub free: usize,
    /// All of them.
    pub all: usize,
}

pub(crate) struct Counters {
    pub(crate) groups: Histogram,
    pub(crate) commits: Counter,
    pub(crate) writes: Counter,
    pub(crate) reads: Counter,
    pub(crate) failed_commits: Counter,
    pub(crate) refused: Counter,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            groups: Histogram::new(&GROUPS),
            commits: Counter::default(),
            writes: Counter::default(),
            reads: Counter::default(),
            failed_commits: Counter::default(),
            refused: Counter::default(),
        }
    }
}

impl Counters {
    pub(crate) fn read(&self, [writes_waiting, reads_waiting]: [Waiting; 2], at_hand: AtHandNow) -> Stats {
        Stats {
            groups: self.groups.read(),
            writes_waiting,
            reads_waiting,
            at_hand,
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
