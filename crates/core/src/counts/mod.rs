//! What this process has counted since it started, for whoever watches it.
//!
//! 1. Each is a plain number that only grows. Counting takes no lock, no memory and no store, and nothing is decided by it.
//! 2. Refreshes are counted by the row of the table that answered them (`crate::refresh`), once each, however many rounds it took.
//! 3. What happens is written down as events, by every server and command. Each event is chained once, by one server
//!    (`crate::audit`), and counted there: all servers together count every ending of a session exactly once, whoever ended it.
//! 4. [`Rotunda::counted`] reads all of it. What it is called elsewhere is not known here.

mod histogram;

use std::sync::atomic::{AtomicU64, Ordering};

pub use histogram::{Counts, Histogram};

use crate::Rotunda;
use crate::desk::overview::Around;
use crate::janitor::Swept;
use crate::model::{Ending, EventKind, RecordedEvent, Tally};
use crate::post::Delivered;
use crate::refresh::Decision;
use crate::webhooks::Told;

/// A name, and how often.
pub type Named = Vec<(&'static str, u64)>;

/// Everything that was counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Refreshes by the row of the table that answered them.
    pub decisions: Named,
    /// Rounds of a refresh that had to be done again, because somebody else was faster.
    pub refresh_rounds_repeated: u64,
    /// What the console counts as well.
    pub tallies: Vec<(Tally, u64)>,
    /// Events by their kind, as they were chained.
    pub events: Named,
    /// Ended sessions by why, as their events were chained.
    pub endings: Named,
    /// Letters by what became of an attempt.
    pub letters: Named,
    /// Messages to webhooks by what became of an attempt.
    pub deliveries: Named,
    /// Steps of the janitor by how they ended.
    pub sweeps: Named,
    /// What the janitor wrote down or deleted.
    pub swept: Named,
    /// What is slow to count, as it was when somebody last looked.
    pub around: Option<Around>,
    /// How many signing keys do not open here.
    pub unopened_keys: usize,
}

/// Numbers with names that never change.
struct Family<const N: usize> {
    names: [&'static str; N],
    numbers: [AtomicU64; N],
}

impl<const N: usize> Family<N> {
    const fn new(names: [&'static str; N]) -> Self {
        Self { names, numbers: [const { AtomicU64::new(0) }; N] }
    }

    fn add(&self, more: [u64; N]) {
        for (number, more) in self.numbers.iter().zip(more) {
            number.fetch_add(more, Ordering::Relaxed);
        }
    }

    fn read(&self) -> Named {
        let numbers = self.numbers.iter().map(|number| number.load(Ordering::Relaxed));
        self.names.into_iter().zip(numbers).collect()
    }
}

/// The numbers themselves.
pub(crate) struct Counters {
    decisions: [AtomicU64; Decision::ROWS.len()],
    rounds_repeated: AtomicU64,
    events: Vec<(&'static str, AtomicU64)>,
    endings: Vec<(Ending, AtomicU64)>,
    letters: Family<3>,
    deliveries: Family<3>,
    sweeps: Family<2>,
    swept: Family<9>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            decisions: [const { AtomicU64::new(0) }; Decision::ROWS.len()],
            rounds_repeated: AtomicU64::new(0),
            events: EventKind::names().map(|name| (name, AtomicU64::new(0))).collect(),
            endings: Ending::ALL.iter().map(|ending| (*ending, AtomicU64::new(0))).collect(),
            letters: Family::new(["sent", "put_off", "given_up"]),
            deliveries: Family::new(["arrived", "put_off", "given_up"]),
            sweeps: Family::new(["done", "failed"]),
            swept: Family::new([
                "expired_sessions",
                "ended_sessions",
                "events",
                "links",
                "devices",
                "revocations",
                "deliveries",
                "tallies",
                "answers",
            ]),
        }
    }
}

impl Counters {
    /// A refresh was answered by that row.
    pub(crate) fn decided(&self, decision: Decision) {
        if let Some(number) = self.decisions.get(decision.row()) {
            number.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A round of a refresh came too late.
    pub(crate) fn round_repeated(&self) {
        self.rounds_repeated.fetch_add(1, Ordering::Relaxed);
    }

    /// These events were chained here.
    pub(crate) fn chained(&self, events: &[RecordedEvent]) {
        for RecordedEvent { event, .. } in events {
            if let Some((_, number)) = self.events.iter().find(|(name, _)| *name == event.kind.as_str()) {
                number.fetch_add(1, Ordering::Relaxed);
            }
            if let EventKind::SessionEnded(ending) = event.kind
                && let Some((_, number)) = self.endings.iter().find(|(it, _)| *it == ending)
            {
                number.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A round of the post.
    pub(crate) fn posted(&self, delivered: &Delivered) {
        let given_up = delivered.failed.iter().filter(|letter| letter.again_at.is_none()).count() as u64;
        let put_off = (delivered.failed.len() as u64).saturating_sub(given_up);
        self.letters.add([u64::from(delivered.sent), put_off, given_up]);
    }

    /// A round of a webhook.
    pub(crate) fn told(&self, told: &Told) {
        self.deliveries.add([told.arrived, told.put_off, told.given_up].map(u64::from));
    }

    /// A step of the janitor.
    pub(crate) fn swept(&self, swept: &Swept) {
        self.sweeps.add([1, 0]);
        let Swept { expired, sessions, events, links, devices, revocations, deliveries, tallies, answers } =
            *swept;
        let rows = [expired, sessions, events, links, devices, revocations, deliveries, tallies, answers];
        self.swept.add(rows.map(u64::from));
    }

    /// A step that the janitor could not do.
    pub(crate) fn not_swept(&self) {
        self.sweeps.add([0, 1]);
    }
}

impl Rotunda {
    /// What this process has counted since it started.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let counters = &self.counters;
        Counted {
            decisions: Decision::ROWS.into_iter().zip(counters.decisions.iter().map(read)).collect(),
            refresh_rounds_repeated: read(&counters.rounds_repeated),
            tallies: self.tallies.counted(),
            events: counters.events.iter().map(|(name, number)| (*name, read(number))).collect(),
            endings: counters
                .endings
                .iter()
                .map(|(ending, number)| (ending.as_str(), read(number)))
                .collect(),
            letters: counters.letters.read(),
            deliveries: counters.deliveries.read(),
            sweeps: counters.sweeps.read(),
            swept: counters.swept.read(),
            around: self.around(),
            unopened_keys: self.unopened_keys().len(),
        }
    }
}
