//! How often each decision was met: an exploration that never meets a rule says nothing about it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use rotunda_core::refresh::Decision;

const NAMES: [&str; 15] = [
    "mismatch",
    "ended",
    "address",
    "moved",
    "unproven",
    "another generation",
    "rotate",
    "debounce",
    "replay",
    "in flight",
    "late retry",
    "ahead",
    "ahead refused",
    "stale",
    "reuse",
];

/// One counter a decision.
#[derive(Default)]
pub struct Tally([AtomicU64; NAMES.len()]);

impl Tally {
    pub(crate) fn count(&self, decision: Decision) {
        self.0[place(decision)].fetch_add(1, Ordering::Relaxed);
    }

    /// How often this decision was met.
    #[must_use]
    pub fn of(&self, decision: Decision) -> u64 {
        self.0[place(decision)].load(Ordering::Relaxed)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = NAMES.iter().zip(&self.0).map(|(name, count)| (name, count.load(Ordering::Relaxed)));
        let met: Vec<_> = met.filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}")).collect();
        f.write_str(&met.join(", "))
    }
}

fn place(decision: Decision) -> usize {
    match decision {
        Decision::Mismatch => 0,
        Decision::Ended { .. } => 1,
        Decision::Address => 2,
        Decision::Moved => 3,
        Decision::Unproven => 4,
        Decision::AnotherGeneration => 5,
        Decision::Rotate => 6,
        Decision::Debounce => 7,
        Decision::Replay => 8,
        Decision::InFlight => 9,
        Decision::LateRetry => 10,
        Decision::Ahead => 11,
        Decision::AheadRefused => 12,
        Decision::Stale => 13,
        Decision::Reuse => 14,
    }
}
