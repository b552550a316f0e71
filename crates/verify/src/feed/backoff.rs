//! How long to wait before the feed is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(10);
/// How long it has to go well before it counts as well: a server that fails after each first word is one that fails.
const RECOVERED_AFTER: Duration = Duration::from_secs(10);

/// Doubles from try to try, up to ten seconds; each wait is between half of that and all of it, by chance, so that all
/// the services of a server that was restarted do not come back in the same moment.
#[derive(Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// It has gone well for so long: begin anew, if that is long enough.
    pub(crate) fn good_for(&mut self, time: Duration) {
        if time >= RECOVERED_AFTER {
            self.tries = 0;
        }
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        // Each `RandomState` has other keys. That is no randomness for secrets, and enough to spread requests.
        self.wait(RandomState::new().hash_one(self.tries))
    }

    fn wait(&mut self, chance: u64) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.tries.min(10)).min(MOST);
        self.tries = self.tries.saturating_add(1);
        let share = u32::try_from(chance % 1001).unwrap_or(0);
        whole / 2 + (whole / 2) * share / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_seconds_and_differ() {
        let (mut shortest, mut longest) = (Backoff::default(), Backoff::default());
        for most in [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
            assert_eq!(shortest.wait(0), Duration::from_millis(most / 2));
            assert_eq!(longest.wait(1000), Duration::from_millis(most));
        }
        longest.good_for(RECOVERED_AFTER - Duration::from_millis(1));
        assert_eq!(longest.wait(1000), MOST);
        longest.good_for(RECOVERED_AFTER);
        assert_eq!(longest.wait(1000), FIRST);
    }
}
