//! The generic cell rate algorithm: a bucket of tries that empties by one with each try and regains one each
//! [`Quota::per`], as one moment in time.
//!
//! That moment is when the bucket will be full again ([`FullAt`]; the algorithm's "theoretical arrival time").
//!
//! 1. A bucket that is full, or was never heard of, is as if it were full again just now.
//! 2. A try puts the moment off by `per`.
//! 3. It is let through if the moment then lies at most `burst * per` ahead; otherwise it is told how long to wait, and
//!    has cost nothing.
//!
//! Pure, and exact: between any two moments at most `burst + elapsed / per` tries go through.

use std::time::Duration;

use crate::model::UnixMillis;

/// How many tries at once, and how long it takes to regain one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quota {
    burst: u32,
    per_micros: i64,
}

impl Quota {
    /// The most tries that a bucket holds.
    pub const MOST_BURST: u32 = 1_000_000;
    /// The shortest time to regain one. Clocks here tell milliseconds, so several may be regained between two ticks.
    pub const SHORTEST: Duration = Duration::from_micros(1);
    /// The longest time to regain one.
    pub const LONGEST: Duration = Duration::from_hours(24);

    /// `burst` tries at once, 1 to [`Quota::MOST_BURST`], then one each `per`, [`Quota::SHORTEST`] to
    /// [`Quota::LONGEST`], in whole microseconds rounded up. What lies outside is brought to the nearer bound.
    #[must_use]
    pub const fn new(burst: u32, per: Duration) -> Self {
        let most = Self::LONGEST.as_micros() as i64;
        let up = per.as_nanos().div_ceil(1_000);
        let per_micros = match up {
            0 => 1,
            up if up > most as u128 => most,
            up => up as i64,
        };
        let burst = match burst {
            0 => 1,
            burst if burst > Self::MOST_BURST => Self::MOST_BURST,
            burst => burst,
        };
        Self { burst, per_micros }
    }

    /// How many tries a full bucket holds.
    #[must_use]
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// How long it takes to regain one.
    #[must_use]
    pub fn per(self) -> Duration {
        Duration::from_micros(self.per_micros.unsigned_abs())
    }

    /// How long an empty bucket takes to be full again. The bounds above keep the product far from overflowing.
    fn span_micros(self) -> i64 {
        i64::from(self.burst).saturating_mul(self.per_micros)
    }
}

/// When a bucket is full again: microseconds since 1970-01-01 UTC. A bucket without one is full.
///
/// Arithmetic saturates. A clock that is 290 000 years off panics nobody, and limits nobody either.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FullAt(i64);

impl FullAt {
    /// Whether that has come: the bucket is full, and there is nothing to remember of it.
    #[must_use]
    pub fn is_past(self, now: UnixMillis) -> bool {
        self.0 <= micros(now)
    }
}

/// What became of a try. Both have what to remember of the bucket from now on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It goes through, and there is one less.
    Taken(FullAt),
    /// It has to wait this long, in whole milliseconds rounded up: waiting so long suffices, a millisecond less does not.
    ///
    /// The bucket is as it was, except after a clock that went back. What was remembered then lies further ahead than
    /// an empty bucket's moment ever does, and becomes an empty bucket's: so that nobody waits for the clock to catch up.
    Wait(FullAt, Duration),
}

/// Tries to take one from a bucket.
#[must_use]
pub fn take(bucket: Option<FullAt>, quota: Quota, now: UnixMillis) -> Verdict {
    let now = micros(now);
    let empty = now.saturating_add(quota.span_micros());
    let before = bucket.map_or(now, |bucket| bucket.0.clamp(now, empty));
    let after = before.saturating_add(quota.per_micros);
    if after <= empty {
        return Verdict::Taken(FullAt(after));
    }
    let wait = after.abs_diff(empty).div_ceil(1_000);
    Verdict::Wait(FullAt(before), Duration::from_millis(wait))
}

/// Puts one back that was taken; `None` when the bucket is full with it. It never holds more than its burst.
#[must_use]
pub fn give_back(bucket: Option<FullAt>, quota: Quota, now: UnixMillis) -> Option<FullAt> {
    let after = FullAt(bucket?.0.saturating_sub(quota.per_micros));
    (!after.is_past(now)).then_some(after)
}

fn micros(moment: UnixMillis) -> i64 {
    moment.0.saturating_mul(1_000)
}
