//! What an operator wants to see of a store.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the store was opened.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Transactions committed, those that rotate among them.
    pub commits: u64,
    /// Reads taken on, those of facts not among them.
    pub reads: u64,
    /// Rotations asked for.
    pub rotations: u64,
    /// Statements that they shared. Rotations by statements is the size of a batch: it grows with the load.
    pub rotation_statements: u64,
    /// Sessions whose facts were asked for.
    pub facts: u64,
    /// Statements that they shared.
    pub facts_statements: u64,
    /// Transactions and batches that were run once more, because they had stood in another one's way or their connection had
    /// ended.
    pub retries: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Calls refused because too many were waiting.
    pub refused: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) commits: Counter,
    pub(crate) reads: Counter,
    pub(crate) rotations: Counter,
    pub(crate) rotation_statements: Counter,
    pub(crate) facts: Counter,
    pub(crate) facts_statements: Counter,
    pub(crate) retries: Counter,
    pub(crate) failures: Counter,
    pub(crate) refused: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> Stats {
        Stats {
            commits: self.commits.read(),
            reads: self.reads.read(),
            rotations: self.rotations.read(),
            rotation_statements: self.rotation_statements.read(),
            facts: self.facts.read(),
            facts_statements: self.facts_statements.read(),
            retries: self.retries.read(),
            failures: self.failures.read(),
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
