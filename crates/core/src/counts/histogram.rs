//! How often something was how much, in bounds that are fixed beforehand.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts values by bounds. Adding one takes no lock and no memory: it is two additions.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is beyond the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram has counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts {
    /// The bounds, ascending; a value that is equal to one counts as within it.
    pub bounds: &'static [u64],
    /// How many were within each bound and beyond the one before it; the last is what was beyond all of them.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
}

impl Histogram {
    /// An empty one; bounds ascend.
    #[must_use]
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// One more, of that value.
    pub fn add(&self, value: u64) {
        // Few bounds, and most values are within the first ones: quicker than a search.
        let place = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        if let Some(count) = self.counts.get(place) {
            // Relaxed: the counts order nothing.
            count.fetch_add(1, Ordering::Relaxed);
            self.sum.fetch_add(value, Ordering::Relaxed);
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn read(&self) -> Counts {
        Counts {
            bounds: self.bounds,
            counts: self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_within_the_first_bound_that_it_does_not_exceed() {
        let histogram = Histogram::new(&[1, 4, 16]);
        for value in [0, 1, 2, 4, 5, 16, 17, 1_000] {
            histogram.add(value);
        }
        let counts = Counts { bounds: &[1, 4, 16], counts: vec![2, 2, 2, 2], sum: 1_045 };
        assert_eq!(histogram.read(), counts);
    }
}
