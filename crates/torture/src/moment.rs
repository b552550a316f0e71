//! The harness's own time: one monotonic clock, in nanoseconds since the run began.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Moment(pub u64);

impl Moment {
    /// After everything.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    pub(crate) fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub(crate) fn millis(self) -> i64 {
        i64::try_from(self.0 / 1_000_000).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NEVER {
            return f.write_str("never");
        }
        write!(f, "{}.{:06}", self.0 / 1_000_000_000, self.0 / 1_000 % 1_000_000)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Now.
pub(crate) fn now() -> Moment {
    static START: OnceLock<Instant> = OnceLock::new();
    let now = instant();
    let start = START.get_or_init(|| now);
    Moment(u64::try_from(now.saturating_duration_since(*start).as_nanos()).unwrap_or(u64::MAX))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the harness records when each call was sent and answered; it stands outside of Rotunda"
)]
fn instant() -> Instant {
    Instant::now()
}

/// By how many milliseconds the machine's time of day is ahead of [`now`]. Only the ledger asks: to notice when the
/// machine itself moves its clock, which the server under test then sees.
#[expect(
    clippy::disallowed_methods,
    reason = "the server under test reads the machine's time of day; the harness must know what it sees"
)]
pub(crate) fn time_of_day_ahead() -> i64 {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(wall.as_millis()).unwrap_or(i64::MAX) - now().millis()
}
