//! Randomness that repeats itself, and randomness that fails.

use std::sync::atomic::{AtomicU64, Ordering};

use rotunda_core::failure::Failure;
use rotunda_core::outside::Entropy;

/// SplitMix64: the same seed gives the same bytes, in the order in which they are asked for. Not random at all.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// A stream of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Failure> {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Has nothing to give: every call fails.
#[derive(Clone, Copy, Debug)]
pub struct BrokenEntropy;

impl Entropy for BrokenEntropy {
    fn fill(&self, _buffer: &mut [u8]) -> Result<(), Failure> {
        Err(Failure::unavailable("drawing random bytes", "this source is broken on purpose"))
    }
}
