//! Every choice of a run, from one seed (SplitMix64, Steele, Lea and Flood 2014).
//!
//! A stream of choices belongs to whoever makes them: a household, a device, a request on its way. So the choices of one
//! do not depend on how fast another one was.

use std::time::Duration;

/// A stream of choices.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of `who` in the run of `seed`.
    pub(crate) fn of(seed: u64, who: &str, number: u64) -> Self {
        let name = who.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        let mut chance = Self(seed ^ name);
        chance.0 = chance.next() ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        chance.next();
        chance
    }

    /// A stream of its own, for something that goes on beside this one.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number from `from` to `to`, both included.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// Whether something happens that happens so many times in a thousand.
    pub(crate) fn permille(&mut self, times: u64) -> bool {
        self.below(1000) < times
    }

    /// A part of a span, from so many to so many percent of it.
    pub(crate) fn part(&mut self, of: Duration, from: u64, to: u64) -> Duration {
        let percent = u32::try_from(self.between(from, to)).unwrap_or(u32::MAX);
        of * percent / 100
    }

    /// One of some.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices_and_another_one_others() {
        let choices = |seed, number| {
            let mut chance = Chance::of(seed, "household", number);
            (0..8).map(|_| chance.between(10, 20)).collect::<Vec<_>>()
        };
        assert_eq!(choices(1, 1), choices(1, 1));
        assert_ne!(choices(1, 1), choices(1, 2));
        assert_ne!(choices(1, 1), choices(2, 1));
        assert!(choices(3, 3).iter().all(|n| (10..=20).contains(n)));
    }
}
