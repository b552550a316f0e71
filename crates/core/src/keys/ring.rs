//! Which signing key does what, now. Pure: dates in, phases out.
//!
//! 1. A key is published as soon as it is made, and *comes* to sign when the caches of those who verify have turned over.
//! 2. Of the keys whose time has come, the latest *signs*. Where none has come yet, the first to come signs.
//! 3. A key that has signed *passes* until the last token of it has run out: it stays published and accepted.
//! 4. Then it is *over*: neither published nor accepted, and the janitor deletes it.
//! 5. A *revoked* key is neither, from that moment on.
//!
//! Servers that share a store agree on all of this without talking to each other: the dates are in the store. A clock that
//! runs a little ahead signs with a key that everybody has known for long.

use std::time::Duration;

use super::SealedSigningKey;
use crate::model::UnixMillis;

/// What a signing key is for, at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyPhase {
    /// Published; signs from then on.
    Coming(UnixMillis),
    /// Signs.
    Signing,
    /// Accepted until then: its last token has run out by then.
    Passing(UnixMillis),
    /// Nothing that it signed can still be good.
    Over,
    /// Revoked at that moment.
    Revoked(UnixMillis),
}

impl KeyPhase {
    /// Whether its tokens are accepted, and its public half is published.
    #[must_use]
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::Coming(_) | Self::Signing | Self::Passing(_))
    }
}

/// The phase of each key, in the order given (oldest first). `outlives` is how long after a key has stopped signing its last
/// token may be accepted somewhere.
#[must_use]
pub fn phases(keys: &[SealedSigningKey], now: UnixMillis, outlives: Duration) -> Vec<KeyPhase> {
    let signing = signing(keys, now, |_| true);
    let phase = |(place, key): (usize, &SealedSigningKey)| {
        if let Some(at) = key.revoked_at {
            return KeyPhase::Revoked(at);
        }
        if Some(place) == signing {
            return KeyPhase::Signing;
        }
        if now < key.signs_from {
            return KeyPhase::Coming(key.signs_from);
        }
        // Whoever came next put it to rest. A successor that was revoked meanwhile does not count: this one may have been
        // called back in its place.
        let rest = keys
            .iter()
            .enumerate()
            .filter(|(other, it)| it.revoked_at.is_none() && rank(*other, it) > rank(place, key))
            .map(|(_, it)| it.signs_from)
            .min()
            .unwrap_or(now);
        let until = rest.plus(outlives);
        if now < until { KeyPhase::Passing(until) } else { KeyPhase::Over }
    };
    keys.iter().enumerate().map(phase).collect()
}

/// The place of the key that signs, of those that can be used here; `None` when all of them are revoked, or there is none.
pub(crate) fn signing(
    keys: &[SealedSigningKey],
    now: UnixMillis,
    usable: impl Fn(usize) -> bool,
) -> Option<usize> {
    let is_good = |(place, key): &(usize, &SealedSigningKey)| key.revoked_at.is_none() && usable(*place);
    let good = || keys.iter().enumerate().filter(is_good);
    let come = good().filter(|(_, key)| key.signs_from <= now).max_by_key(|(place, key)| rank(*place, key));
    come.or_else(|| good().min_by_key(|(place, key)| rank(*place, key))).map(|(place, _)| place)
}

/// Later ones take over from earlier ones; of two of one moment, the one that was added later.
fn rank(place: usize, key: &SealedSigningKey) -> (UnixMillis, usize) {
    (key.signs_from, place)
}

#[cfg(test)]
mod tests {
    use super::KeyPhase::{Coming, Over, Passing, Revoked, Signing};
    use super::*;

    const OUTLIVES: Duration = Duration::from_millis(100);

    fn key(signs_from: i64, revoked_at: Option<i64>) -> SealedSigningKey {
        SealedSigningKey {
            kid: format!("from {signs_from}"),
            algorithm: "ES256".to_owned(),
            master_id: 1,
            sealed: Vec::new(),
            created_at: UnixMillis(signs_from - 50),
            signs_from: UnixMillis(signs_from),
            revoked_at: revoked_at.map(UnixMillis),
        }
    }

    fn at(keys: &[SealedSigningKey], now: i64) -> Vec<KeyPhase> {
        phases(keys, UnixMillis(now), OUTLIVES)
    }

    #[test]
    fn a_key_comes_signs_passes_and_is_over() {
        let keys = [key(0, None), key(1_000, None)];
        assert_eq!(at(&keys, 999), [Signing, Coming(UnixMillis(1_000))]);
        assert_eq!(at(&keys, 1_000), [Passing(UnixMillis(1_100)), Signing]);
        assert_eq!(at(&keys, 1_099), [Passing(UnixMillis(1_100)), Signing]);
        assert_eq!(at(&keys, 1_100), [Over, Signing]);
    }

    #[test]
    fn the_first_key_signs_although_a_clock_runs_behind() {
        assert_eq!(at(&[key(1_000, None)], 900), [Signing]);
        assert_eq!(at(&[], 900), []);
    }

    #[test]
    fn a_revoked_key_is_nothing_whatever_else_it_would_be() {
        let signing = [key(0, None), key(1_000, Some(1_500)), key(1_500, None)];
        assert_eq!(at(&signing, 1_550), [Passing(UnixMillis(1_600)), Revoked(UnixMillis(1_500)), Signing]);
        let coming = [key(0, None), key(1_000, Some(500))];
        assert_eq!(at(&coming, 1_200), [Signing, Revoked(UnixMillis(500))]);
        assert_eq!(at(&[key(0, Some(5))], 10), [Revoked(UnixMillis(5))]);
    }

    #[test]
    fn a_successor_in_an_emergency_does_not_disturb_the_one_that_was_coming() {
        let keys = [key(0, Some(700)), key(1_000, None), key(700, None)];
        assert_eq!(at(&keys, 800), [Revoked(UnixMillis(700)), Coming(UnixMillis(1_000)), Signing]);
        assert_eq!(at(&keys, 1_050), [Revoked(UnixMillis(700)), Signing, Passing(UnixMillis(1_100))]);
    }

    #[test]
    fn exactly_one_key_signs_at_any_time() {
        for case in 0..4_u32.pow(3) {
            let key_of = |digit: u32| key(i64::from(digit / 2) * 100, (digit % 2 == 1).then_some(50));
            let keys = [key_of(case % 4), key_of(case / 4 % 4), key_of(case / 16)];
            for now in [0, 50, 99, 100, 101, 500] {
                let signing = at(&keys, now).into_iter().filter(|phase| *phase == Signing).count();
                let good = keys.iter().any(|key| key.revoked_at.is_none());
                assert_eq!(signing, usize::from(good), "case {case} at {now}");
            }
        }
    }
}
