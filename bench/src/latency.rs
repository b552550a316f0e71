//! How long things took.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;

/// The longest time that is told from a longer one.
const LONGEST: Duration = Duration::from_secs(600);
/// Of each time this many digits are kept: a thousandth of it is lost at most.
const DIGITS: u8 = 3;

/// Times, in microseconds.
#[derive(Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// Never, as its bounds are good ones.
    pub fn new() -> anyhow::Result<Self> {
        let longest = u64::try_from(LONGEST.as_micros())?;
        Ok(Self(Histogram::new_with_bounds(1, longest, DIGITS).context("a histogram without bounds")?))
    }

    /// One more. What took more than ten minutes counts as ten minutes.
    pub fn add(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Those of another measurement as well.
    pub fn join(&mut self, other: &Self) {
        // Both have the bounds above.
        let _ = self.0.add(&other.0);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time that `share` of all did not exceed, in milliseconds: 0.5 for the median. 0 when there was nothing.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "ten minutes in microseconds")]
    pub fn quantile(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1000.0
    }
}

/// The middle one of some figures, of an even number the upper one; 0 when there are none.
#[must_use]
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
