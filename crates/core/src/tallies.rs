//! Figures for the console's front page: how many sign-ins, refreshes, refusals and thefts there were, hour by hour.
//!
//! 1. Whatever happens is counted in this process, in memory: a request waits for no store because of it.
//! 2. Every few seconds, and when the process stops, what was counted is added to the store ([`Rotunda::flush_tallies`]). What a
//!    process that dies has counted since is lost: these are figures, not the audit log.
//! 3. All servers on one store add up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Rotunda;
use crate::failure::{Error, Failure};
use crate::model::{Tally, UnixMillis};

/// For how long figures are kept.
pub(crate) const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

const HOUR_MILLIS: i64 = 3_600_000;

/// What was counted since the process started, and how much of it is in the store.
#[derive(Default)]
pub(crate) struct Tallies {
    counted: [AtomicU64; Tally::ALL.len()],
    stored: [AtomicU64; Tally::ALL.len()],
}

impl Tallies {
    /// One more.
    pub(crate) fn count(&self, what: Tally) {
        if let Some(counter) = self.counted.get(what as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One more of what was granted, or of what was refused; a failure is neither.
    pub(crate) fn count_outcome<T>(&self, outcome: &Result<T, Error>, granted: Tally, refused: Tally) {
        match outcome {
            Ok(_) => self.count(granted),
            Err(Error::Denied(_)) => self.count(refused),
            Err(Error::Failure(_)) => {}
        }
    }

    /// What was counted since the process started.
    pub(crate) fn counted(&self) -> Vec<(Tally, u64)> {
        let counters = Tally::ALL.iter().copied().zip(&self.counted);
        counters.map(|(what, counter)| (what, counter.load(Ordering::Relaxed))).collect()
    }

    /// What is not in the store yet, which it is taken to be from now on. Of two who take at once, neither takes what the other does.
    fn take(&self) -> Vec<(Tally, u64)> {
        let more = self.counted().into_iter().zip(&self.stored).map(|((what, counted), stored)| {
            (what, counted.saturating_sub(stored.fetch_max(counted, Ordering::Relaxed)))
        });
        more.filter(|(_, count)| *count > 0).collect()
    }

    /// It is not in the store after all.
    fn give_back(&self, what: Tally, count: u64) {
        if let Some(stored) = self.stored.get(what as usize) {
            stored.fetch_sub(count, Ordering::Relaxed);
        }
    }
}

impl Rotunda {
    /// Adds what was counted to the store. Call it every few seconds, and when nothing more will happen.
    ///
    /// # Errors
    /// When the store does not answer; what was counted is added the next time.
    pub async fn flush_tallies(&self) -> Result<(), Failure> {
        let more = self.tallies.take();
        if more.is_empty() {
            return Ok(());
        }
        let added = self.store.add_tallies(hour_of(self.clock.now()), more.clone()).await;
        if added.is_err() {
            more.into_iter().for_each(|(what, count)| self.tallies.give_back(what, count));
        }
        added
    }
}

/// When the hour of a moment begins.
pub(crate) fn hour_of(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0.saturating_sub(at.0.rem_euclid(HOUR_MILLIS)))
}
