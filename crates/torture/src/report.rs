//! The figures of a run.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::check::{Verdict, ViolationKind};
use crate::history::{Answer, Call, Delivery, Reason};

/// A number that many count on.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The offset of the server's clock, in milliseconds.
#[derive(Default)]
pub(crate) struct Offset(AtomicI64);

impl Offset {
    pub(crate) fn set(&self, offset: i64) {
        self.0.store(offset, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// How long things took, to about 9 %: eight steps for each doubling.
pub(crate) struct Latency([AtomicU64; 512]);

impl Default for Latency {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; 512])
    }
}

impl Latency {
    pub(crate) fn add(&self, span: Duration) {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX).max(8);
        let doublings = u64::from(micros.ilog2());
        let step = (micros >> (doublings - 3)) & 7;
        self.0[usize::try_from(doublings * 8 + step).unwrap_or(511).min(511)].fetch_add(1, Ordering::Relaxed);
    }

    /// The span, in milliseconds, that so many of a hundred do not exceed.
    pub(crate) fn percentile(&self, percent: u64) -> f64 {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let most = counts.iter().sum::<u64>() * percent / 100;
        let mut seen = 0;
        for (place, count) in (0_u64..).zip(counts) {
            seen += count;
            if seen > most {
                let micros = (8 + place % 8 + 1) << (place / 8).saturating_sub(3);
                return Duration::from_micros(micros).as_secs_f64() * 1e3;
            }
        }
        0.0
    }
}

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What is counted while a run goes on.
        #[derive(Default)]
        pub(crate) struct Stats {
            $($(#[$doc])* pub $name: Counter,)*
            pub clock: Offset,
            /// Of refreshes, from the proxy to the server and back.
            pub latency: Latency,
            /// Of refreshes, as clients see it: with all that the proxy does to them.
            pub client_latency: Latency,
            /// From the end of an outage to the first answer that grants something.
            pub recovery: Latency,
        }

        impl Stats {
            fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name.get()),)*]
            }
        }
    };
}

stats! {
    /// Attempts of clients and thieves.
    refreshes,
    /// Those that overlapped another attempt of the same session.
    racing,
    /// Those that were granted and seen.
    refreshed,
    stale_seen,
    deliveries,
    granted,
    stale,
    reused,
    ended,
    proof_missing,
    refused_otherwise,
    unclear,
    /// Answers of 5xx to any call.
    failed,
    lost,
    unreachable,
    broken,
    requests_dropped,
    requests_broken_off,
    duplicates,
    replies_dropped,
    replies_cut,
    replies_swapped,
    delayed,
    beyond_window,
    /// Refreshes lost because they would have come later than promise 1 can stand.
    too_late,
    /// Replies that would have set a jar back by more than promise 1 can stand, and were lost.
    set_back,
    kills,
    /// What the store suffered, and how often it may have lost something.
    outages,
    losses,
    /// Sessions of guests, who sign in, refresh and leave.
    guests,
    stops,
    clock_moves,
    commands,
    commands_failed,
    unseen_sign_ins,
    thefts,
    leaf_probes,
}

impl Stats {
    /// Counts an answer that says that something is wrong here.
    pub(crate) fn answered(&self, status: u16) {
        self.failed.add(u64::from(status >= 500));
        self.broken.add(u64::from(status >= 500 && status != 503));
    }

    pub(crate) fn delivered(&self, delivery: &Delivery) {
        if !matches!(delivery.call, Call::Refresh(_)) {
            return;
        }
        self.deliveries.add(1);
        let counter = match delivery.answer {
            Answer::Grant { .. } => &self.granted,
            Answer::Refused { reason: Reason::TokenStale, .. } => &self.stale,
            Answer::Refused { reason: Reason::TokenReused, .. } => &self.reused,
            Answer::Refused { reason: Reason::SessionEnded, .. } => &self.ended,
            Answer::Refused { reason: Reason::ProofMissing, .. } => &self.proof_missing,
            Answer::Unclear { .. } => &self.unclear,
            Answer::Lost { .. } => &self.lost,
            _ => &self.refused_otherwise,
        };
        counter.add(1);
        if !matches!(delivery.answer, Answer::Lost { .. }) {
            self.latency.add(delivery.back.since(delivery.sent));
        }
    }
}

/// What the checks of all sessions add up to.
#[derive(Default)]
pub(crate) struct Sums {
    pub sessions: u64,
    pub copied: u64,
    pub replayed: u64,
    pub found: u64,
    pub live: u64,
    pub signed_out: u64,
    pub beyond: u64,
    pub overlapped: u64,
    pub rotations: u64,
    pub repeats: u64,
    pub in_flight: u64,
    pub late: u64,
    pub replays: u64,
    pub caught: u64,
}

impl Sums {
    pub(crate) fn add(&mut self, verdict: &Verdict, copied: bool) {
        self.sessions += 1;
        self.copied += u64::from(copied);
        self.replayed += u64::from(copied && verdict.told.replays > 0);
        self.found += u64::from(copied && verdict.reused);
        self.live += u64::from(!verdict.may_have_ended);
        self.signed_out += u64::from(verdict.signed_out);
        self.beyond += u64::from(verdict.beyond);
        self.overlapped += verdict.overlapped;
        self.rotations += verdict.told.rotations;
        self.repeats += verdict.told.repeats;
        self.in_flight += verdict.told.in_flight;
        self.late += verdict.told.late;
        if copied {
            self.replays += verdict.told.replays;
            self.caught += verdict.told.caught;
        }
    }
}

/// What a run found.
pub struct Report {
    /// The figures, for programs.
    pub figures: Map<String, Value>,
    /// Each promise, and how often it was broken.
    pub checks: Vec<(String, u64)>,
    /// Where the traces are, if a promise was broken.
    pub kept: Option<std::path::PathBuf>,
}

impl Report {
    pub(crate) fn figures(stats: &Stats, sums: &Sums) -> Map<String, Value> {
        let mut figures: Map<String, Value> =
            stats.named().into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect();
        let sums = [
            ("sessions", sums.sessions),
            ("sessions_live_at_the_end", sums.live),
            ("sessions_with_a_thief", sums.copied),
            ("sessions_with_a_true_replay", sums.replayed),
            ("sessions_with_a_thief_found", sums.found),
            ("honest_sign_outs", sums.signed_out),
            ("sign_outs_more_than_four_rotations_late", sums.beyond),
            ("racing_at_the_server", sums.overlapped),
            ("granted_by_rotation_for_sure", sums.rotations),
            ("granted_again_inside_window", sums.repeats),
            ("granted_in_flight", sums.in_flight),
            ("granted_late_by_key", sums.late),
            ("true_replays", sums.replays),
            ("true_replays_caught", sums.caught),
        ];
        figures.extend(sums.map(|(name, count)| (name.to_owned(), json!(count))));
        let spans =
            [("server", &stats.latency), ("client", &stats.client_latency), ("recovery", &stats.recovery)];
        for (name, latency) in spans {
            for percent in [50, 99] {
                figures.insert(format!("{name}_p{percent}_ms"), json!(latency.percentile(percent)));
            }
        }
        figures
    }

    /// A promise for each kind of violation, with the number of violations.
    pub(crate) fn promises(kinds: &[ViolationKind]) -> Vec<(String, u64)> {
        let count = |kind| kinds.iter().filter(|found| **found == kind).count() as u64;
        ViolationKind::ALL.into_iter().map(|kind| (kind.promise().to_owned(), count(kind))).collect()
    }

    /// Whether every promise was kept.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.checks.iter().all(|(_, broken)| *broken == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_tenth() {
        let latency = Latency::default();
        for micros in 1..=1_000 {
            latency.add(Duration::from_micros(micros * 10));
        }
        assert!((4.9..5.6).contains(&latency.percentile(50)), "{}", latency.percentile(50));
        assert!((9.8..11.1).contains(&latency.percentile(99)), "{}", latency.percentile(99));
    }
}
