//! The time. Everything here that depends on it takes a [`Clock`], so that tests can move it.

use std::time::{Duration, Instant, SystemTime};

/// What time it is, in two ways that must not be confused.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01T00:00:00Z. This is compared with the `exp` of tokens, and with nothing else.
    fn unix_ms(&self) -> i64;

    /// The time since some moment that never changes. It never goes back. Ages, cool-downs and staleness are measured
    /// with it, for a clock that somebody sets must not make old keys young.
    fn elapsed(&self) -> Duration;
}

/// The system's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Begins to count.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the Clock that everybody else takes")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock that everybody else takes")]
    fn unix_ms(&self) -> i64 {
        let (sign, distance) = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => (1, since),
            Err(before) => (-1, before.duration()),
        };
        i64::try_from(distance.as_millis()).unwrap_or(i64::MAX).saturating_mul(sign)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
