//! What an operator wants to see of a store.

use std::sync::atomic::{AtomicU64, Ordering};

use rotunda_core::counts::{Counts, Histogram};

/// Bounds of the sizes of batches.
const BATCHES: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Counts since the store was opened, and how it is now.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// How many rotations were carried out together.
    pub rotation_batches: Counts,
    /// How many facts were asked for together.
    pub facts_batches: Counts,
    /// How many rotations wait for a statement.
    pub rotations_waiting: usize,
    /// How many questions for facts do.
    pub facts_waiting: usize,
    /// The connections for everything that shares no statement.
    pub pool: Connections,
    /// The connections for statements that are shared.
    pub lanes: Connections,
}

/// Connections to the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Connections {
    /// Those that are open.
    pub open: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
    /// How many there may be.
    pub most: usize,
    /// How many calls wait for one.
    pub waiting: usize,
}

/// What is not counted but looked at.
pub(crate) struct Now {
    pub(crate) rotations_waiting: usize,
    pub(crate) facts_waiting: usize,
    pub(crate) pool: Connections,
    pub(crate) lanes: Connections,
}

pub(crate) struct Counters {
    pub(crate) rotation_batches: Histogram,
    pub(crate) facts_batches: Histogram,
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

impl Default for Counters {
    fn default() -> Self {
        Self {
            rotation_batches: Histogram::new(&BATCHES),
            facts_batches: Histogram::new(&BATCHES),
            commits: Counter::default(),
            reads: Counter::default(),
            rotations: Counter::default(),
            rotation_statements: Counter::default(),
            facts: Counter::default(),
            facts_statements: Counter::default(),
            retries: Counter::default(),
            failures: Counter::default(),
            refused: Counter::default(),
        }
    }
}

impl Counters {
    pub(crate) fn read(&self, now: Now) -> Stats {
        let Now { rotations_waiting, facts_waiting, pool, lanes } = now;
        Stats {
            rotation_batches: self.rotation_batches.read(),
            facts_batches: self.facts_batches.read(),
            rotations_waiting,
            facts_waiting,
            pool,
            lanes,
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
