//! When the issuer's keys are fetched. Pure: times in, decision out; every time is one of [`crate::Clock::elapsed`].

use std::time::Duration;

/// How long a set counts as fresh when the issuer does not say.
const USUAL_AGE: Duration = Duration::from_secs(600);
/// What the issuer says is believed within these bounds.
const LEAST_AGE: Duration = Duration::from_secs(10);
const MOST_AGE: Duration = Duration::from_secs(3600);
/// How soon a first fetch that failed is tried again: until then nothing works at all.
pub(crate) const FIRST_RETRY: Duration = Duration::from_secs(1);

/// What asks for keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    /// There are none yet.
    None,
    /// Those there are have aged.
    Aged,
    /// A token names a key that is not among them. Anybody can send such a token.
    UnknownKid,
    /// The feed says that one of them was revoked.
    Revoked,
}

/// What was fetched when.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    /// A fetch is under way.
    pub(crate) under_way: bool,
    /// Something happened during the fetch that it may have missed.
    pub(crate) again: bool,
    last_start: Option<Duration>,
    last_for_unknown_kid: Option<Duration>,
    /// When the held set was fetched, or found to be unchanged.
    pub(crate) confirmed: Option<Duration>,
    /// Why the last fetch failed, if it did.
    pub(crate) error: Option<String>,
}

impl Schedule {
    /// Whether a fetch may begin now, with none under way. An unknown key id causes at most one fetch per cool-down,
    /// whatever else is fetched.
    pub(crate) fn may_start(&self, why: Why, now: Duration, cool_down: Duration) -> bool {
        let passed =
            |since: Option<Duration>, wait| since.is_none_or(|since| now.saturating_sub(since) >= wait);
        match why {
            Why::None => passed(self.last_start, FIRST_RETRY),
            Why::Aged => passed(self.last_start, LEAST_AGE),
            Why::UnknownKid => passed(self.last_for_unknown_kid, cool_down),
            Why::Revoked => true,
        }
    }

    /// Notes that a fetch begins.
    pub(crate) fn started(&mut self, why: Why, now: Duration) {
        self.under_way = true;
        self.last_start = Some(now);
        if why == Why::UnknownKid {
            self.last_for_unknown_kid = Some(now);
        }
    }
}

/// How long an answer counts as fresh: `max-age` less `Age` (RFC 9111 §4.2), between ten seconds and an hour; ten
/// minutes if the issuer says nothing; the least if it says not to store it.
pub(crate) fn fresh_for(cache_control: Option<&str>, age: Option<&str>) -> Duration {
    let Some(cache_control) = cache_control else { return USUAL_AGE };
    let mut max_age = None;
    for directive in cache_control.split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return LEAST_AGE;
        }
        if name.eq_ignore_ascii_case("max-age") {
            max_age = value.trim().trim_matches('"').parse::<u64>().ok();
        }
    }
    let age = age.and_then(|age| age.trim().parse::<u64>().ok()).unwrap_or(0);
    max_age.map_or(USUAL_AGE, |max_age| {
        Duration::from_secs(max_age.saturating_sub(age)).clamp(LEAST_AGE, MOST_AGE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_issuer_says_about_age_is_believed_within_bounds() {
        let cases = [
            (None, None, 600),
            (Some("public, max-age=600"), None, 600),
            (Some("public, MAX-AGE = 120"), Some("20"), 100),
            (Some("max-age=1"), None, 10),
            (Some("max-age=31536000"), None, 3600),
            (Some("max-age=120"), Some("500"), 10),
            (Some("no-store"), None, 10),
            (Some("max-age=900, no-cache"), None, 10),
            (Some("max-age=99999999999999999999999"), None, 600),
            (Some("max-age=-1, ,=,"), Some("x"), 600),
        ];
        for (cache_control, age, seconds) in cases {
            assert_eq!(
                fresh_for(cache_control, age),
                Duration::from_secs(seconds),
                "{cache_control:?} {age:?}"
            );
        }
    }

    #[test]
    fn an_unknown_key_id_waits_for_its_own_cool_down_only() {
        let (second, cool_down) = (Duration::from_secs(1), Duration::from_secs(30));
        let mut schedule = Schedule::default();
        schedule.started(Why::None, second);
        assert!(schedule.may_start(Why::UnknownKid, second * 2, cool_down));
        schedule.started(Why::UnknownKid, second * 2);
        assert!(!schedule.may_start(Why::UnknownKid, second * 31, cool_down));
        assert!(schedule.may_start(Why::Aged, second * 31, cool_down));
        assert!(schedule.may_start(Why::UnknownKid, second * 32, cool_down));
        // "Never again" can be said, too.
        assert!(!schedule.may_start(Why::UnknownKid, second * 32, Duration::MAX));
    }
}
