//! When requests are made.
//!
//! 1. In a closed loop ([`Pace::Closed`]) each client asks again when it has its answer: a server that stalls is asked less, and
//!    its stall is seen by as many requests as there are clients.
//! 2. In an open loop ([`Pace::Open`]) request `n` is due at `n` intervals after the beginning, whatever became of those before
//!    it; people do not wait for each other. One that finds all clients busy waits for one of them, and **its time counts from
//!    the moment at which it was due**. So a stall is seen by all that were due meanwhile (no coordinated omission).

use std::time::Duration;

/// How a load is paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The next request when the answer is there.
    Closed,
    /// By a schedule.
    Open(Schedule),
}

/// Requests at even intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// In nanoseconds; at least one.
    interval: u64,
}

impl Schedule {
    /// So many requests a second, from one in an hour to a thousand million; what is no rate is one in an hour.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
    pub fn per_second(rate: f64) -> Self {
        Self { interval: (1e9 / rate.max(f64::MIN_POSITIVE)).clamp(1.0, 3600e9) as u64 }
    }

    /// When request `n` is due, from the beginning.
    #[must_use]
    pub fn moment(self, n: u64) -> Duration {
        Duration::from_nanos(n.saturating_mul(self.interval))
    }

    /// How many are due before `span` is over; the first is at once.
    #[must_use]
    pub fn within(self, span: Duration) -> u64 {
        u64::try_from(span.as_nanos().div_ceil(u128::from(self.interval))).unwrap_or(u64::MAX)
    }
}
