//! How old what the feed said is, without comparing this machine's clock with the server's.
//!
//! 1. Each message says `as_of`: when the server last read its store, by the server's clock. It stalls when the server
//!    cannot read its store, although heartbeats go on.
//! 2. What time it is *by the server's clock* is told once per answer, by its `Date` header (RFC 9110 §6.6.1), and from
//!    then on counted with a clock of our own that only measures durations. Two machines may disagree about the time;
//!    they agree about the length of a second.
//! 3. Staleness is that time less the newest `as_of`.
//! 4. `Date` is in whole seconds, and servers set their clocks. An `as_of` beyond the time that was worked out, or before
//!    the one that came last, shows that this has happened: then the time is at least that `as_of`, and is counted from
//!    there. Without `Date` the first `as_of` counts as the time, so that only what stalls later is seen.

use std::time::Duration;

/// The newest `as_of` and the server's time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Freshness {
    heard: Option<Heard>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    as_of: i64,
    /// The server's time, in its milliseconds since 1970, at …
    server: i64,
    /// … that moment of our own clock.
    at: Duration,
}

impl Freshness {
    /// Takes an `as_of`, and the `Date` of the answer where one begins.
    pub(crate) fn hear(&mut self, as_of: i64, date: Option<i64>, now: Duration) {
        let server = match (date, self.heard) {
            (Some(date), _) => date.max(as_of),
            (None, Some(before)) if as_of >= before.as_of => before.server_at(now).max(as_of),
            (None, _) => as_of,
        };
        self.heard = Some(Heard { as_of, server, at: now });
    }

    /// Takes an answer that says that nothing has changed, as of its `Date`.
    pub(crate) fn confirm(&mut self, date: Option<i64>, now: Duration) {
        if let Some(as_of) = date.or_else(|| self.heard.map(|heard| heard.server_at(now))) {
            self.heard = Some(Heard { as_of, server: as_of, at: now });
        }
    }

    /// How stale it is by now; `None` if nothing was ever heard.
    pub(crate) fn staleness(&self, now: Duration) -> Option<Duration> {
        let heard = self.heard?;
        let milliseconds = heard.server_at(now).saturating_sub(heard.as_of);
        Some(Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0)))
    }
}

impl Heard {
    fn server_at(&self, now: Duration) -> i64 {
        let passed = i64::try_from(now.saturating_sub(self.at).as_millis()).unwrap_or(i64::MAX);
        self.server.saturating_add(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_800_000_000_000;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_stalled_as_of_shows_although_heartbeats_go_on() {
        let mut freshness = Freshness::default();
        assert_eq!(freshness.staleness(ms(5)), None);
        freshness.hear(T, Some(T), ms(1000));
        freshness.hear(T + 1000, None, ms(2000));
        assert_eq!(freshness.staleness(ms(2000)), Some(ms(0)));
        for second in 3..=9 {
            freshness.hear(T + 1000, None, ms(second * 1000));
        }
        assert_eq!(freshness.staleness(ms(9500)), Some(ms(7500)));
    }

    #[test]
    fn what_is_old_at_the_first_word_counts_as_old() {
        let mut freshness = Freshness::default();
        freshness.hear(T - 30_000, Some(T), ms(1));
        assert_eq!(freshness.staleness(ms(1)), Some(ms(30_000)));
        // A server whose clock is a year away says the same.
        let mut freshness = Freshness::default();
        let year = 365 * 86_400_000;
        freshness.hear(T - year - 30_000, Some(T - year), ms(1));
        assert_eq!(freshness.staleness(ms(1)), Some(ms(30_000)));
    }

    #[test]
    fn a_server_that_sets_its_clock_causes_no_false_alarm() {
        for jump in [-3_600_000, 3_600_000] {
            let mut freshness = Freshness::default();
            freshness.hear(T, Some(T), ms(0));
            freshness.hear(T + jump + 1000, None, ms(1000));
            freshness.hear(T + jump + 2000, None, ms(2000));
            assert_eq!(freshness.staleness(ms(2500)), Some(ms(500)), "{jump}");
        }
    }

    #[test]
    fn any_number_can_be_heard() {
        let mut freshness = Freshness::default();
        for as_of in [i64::MIN, i64::MAX, 0, i64::MIN] {
            freshness.hear(as_of, Some(i64::MAX), Duration::MAX);
            freshness.hear(as_of, None, ms(0));
            assert!(freshness.staleness(Duration::MAX).is_some());
        }
    }
}
