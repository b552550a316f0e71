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

    /// As text in UTC with milliseconds (RFC 3339 §5.6). Moments outside of the years 0 to 9999 are told as the nearest inside.
    #[must_use]
    pub fn rfc3339(self) -> String {
        const DAY: i64 = 86_400_000;
        // From 0000-01-01 until the last millisecond of 9999.
        let at = self.0.clamp(-62_167_219_200_000, 253_402_300_799_999);
        let (year, month, day) = date(at.div_euclid(DAY));
        let in_day = at.rem_euclid(DAY);
        let (seconds, millis) = (in_day / 1000, in_day % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Year, month and day of the Gregorian calendar, that many days after 1970-01-01. Years are counted from March, so that
/// the day that comes and goes is the last one, and months before it follow a line.
fn date(days: i64) -> (i64, i64, i64) {
    // From 0000-03-01, in whole turns of 400 years and what is left of one.
    let since = days + 719_468;
    let (turns, in_turn) = (since.div_euclid(146_097), since.rem_euclid(146_097));
    let year_of_turn = (in_turn - in_turn / 1_460 + in_turn / 36_524 - in_turn / 146_096) / 365;
    let in_year = in_turn - (365 * year_of_turn + year_of_turn / 4 - year_of_turn / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (400 * turns + year_of_turn + i64::from(month <= 2), month, day)
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_as_the_calendar_has_it() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_164_799_999, "2024-02-28T23:59:59.999Z"),
            (1_709_251_199_007, "2024-02-29T23:59:59.007Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_795_305_600_123, "2026-11-22T00:00:00.123Z"),
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(UnixMillis(at).rfc3339(), text);
        }
    }
}
