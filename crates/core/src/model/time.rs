//! Points in time: milliseconds since 1970-01-01 UTC, never seconds.

use std::time::Duration;

/// Milliseconds since the Unix epoch, as the [`Clock`](crate::outside::Clock) port tells them.
///
/// Arithmetic saturates: a hostile or broken clock must not panic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This moment plus a span.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This moment minus a span.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How far two moments lie apart, whichever is earlier.
    #[must_use]
    pub fn distance(self, other: Self) -> Duration {
        Duration::from_millis(self.0.abs_diff(other.0))
    }

    /// How long from now until `later`; zero when it has passed.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// Whole seconds, rounded down, as JWT dates are (RFC 7519 §2). Never compare these: compare milliseconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Whole seconds, rounded up: so that a JWT never expires before its `expires_in` says.
    #[must_use]
    pub fn seconds_up(self) -> i64 {
        self.0.div_euclid(1000).saturating_add(i64::from(self.0.rem_euclid(1000) > 0))
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
