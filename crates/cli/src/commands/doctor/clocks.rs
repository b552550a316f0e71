//! Clocks: how far apart two may be, and what goes wrong beyond that.
//!
//! Servers judge times that others have written by their own clocks. With clocks W/2 apart, the window W of a refresh is half
//! as long on one server as it should be; a lost reply is then taken for a theft that much sooner.

use std::time::Duration;

use rotunda_core::model::UnixMillis;
use rotunda_core::policy::Policy;

use super::report::Fault;

/// Nobody notices less, and `Date` (RFC 9110, 6.6.1) tells no better than whole seconds.
pub(super) const SECONDS: Duration = Duration::from_secs(2);
/// `Date` leaves out what is less.
const A_SECOND: Duration = Duration::from_secs(1);
const ADVICE: &str = "set the clocks of all machines, and keep them right (NTP)";

/// How far somebody's clock is from ours at least, who told whole seconds between these two moments of ours.
pub(super) fn apart(theirs: UnixMillis, (asked, answered): (UnixMillis, UnixMillis)) -> Duration {
    theirs.plus(A_SECOND).until(asked).max(answered.until(theirs))
}

/// A server's clock.
pub(super) fn of_server(apart: Duration, policy: &Policy) -> Option<Fault> {
    let windows = policy.clients.values().map(|client| client.window).filter(|window| !window.is_zero());
    let half = windows.min().map_or(SECONDS, |window| window / 2).max(SECONDS);
    let seconds = apart.as_secs();
    if apart > half {
        let what = format!(
            "its clock is {seconds} seconds from this machine's, more than half of the window of a refresh ([refresh] window): \
             a lost reply may pass for a theft"
        );
        return Some(Fault::bad(what, ADVICE));
    }
    let what = || {
        format!(
            "its clock is {seconds} seconds from this machine's: the window of a refresh is off by as much"
        )
    };
    (apart > SECONDS).then(|| Fault::warning(what(), ADVICE))
}

/// A store's clock, by which nothing is decided: but one of the two is wrong.
pub(super) fn of_store(apart: Duration) -> Option<Fault> {
    let what =
        || format!("its clock is {} seconds from this machine's: one of the two is wrong", apart.as_secs());
    (apart > SECONDS).then(|| Fault::warning(what(), ADVICE))
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    #[test]
    fn what_a_date_cannot_tell_is_no_difference() {
        let between = (UnixMillis(10_000), UnixMillis(10_400));
        for (theirs, millis) in [(9_000, 0), (10_000, 0), (11_000, 600), (5_000, 4_000), (20_000, 9_600)] {
            assert_eq!(apart(UnixMillis(theirs), between), Duration::from_millis(millis), "{theirs}");
        }
    }

    #[test]
    fn half_a_window_is_too_much() {
        let mut policy = Policy::new("https://example.com");
        let grade = |seconds, policy: &Policy| {
            of_server(Duration::from_secs(seconds), policy).map(|fault| fault.grade)
        };
        assert_eq!(
            [2, 3, 5, 6].map(|seconds| grade(seconds, &policy)),
            [None, Some(Grade::Warning), Some(Grade::Warning), Some(Grade::Bad)]
        );
        // Without a window, or with a very short one, what can be told counts.
        for window in [Duration::ZERO, Duration::from_secs(1)] {
            policy.clients.values_mut().for_each(|client| client.window = window);
            assert_eq!([2, 3].map(|seconds| grade(seconds, &policy)), [None, Some(Grade::Bad)]);
        }
        assert_eq!([2, 3].map(|seconds| of_store(Duration::from_secs(seconds)).is_some()), [false, true]);
    }
}
