//! Unpredictable bytes, as the system gives them.

use rotunda_core::failure::Failure;
use rotunda_core::outside::Entropy;

/// The system's source of randomness (`getrandom(2)` on Linux).
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the Entropy that everybody else takes")]
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Failure> {
        getrandom::fill(buffer).map_err(|e| Failure::unavailable("asking the system for random bytes", e))
    }
}
