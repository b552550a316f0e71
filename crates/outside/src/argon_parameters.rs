//! How much work a password hash is.

use argon2::Params;

/// The cost of one Argon2id hash, and so of one guess.
///
/// OWASP's Password Storage Cheat Sheet names pairs of memory and passes that cost an attacker about the same. The
/// default is its first choice; [`ArgonParameters::FLOORS`] are the two that a server may go down to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArgonParameters {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

impl Default for ArgonParameters {
    /// OWASP's first choice: 46 MiB, one pass, one lane.
    fn default() -> Self {
        let (memory_kib, iterations) = Self::FLOORS[0];
        Self { memory_kib, iterations, lanes: 1 }
    }
}

impl ArgonParameters {
    /// The least `(memory in KiB, iterations)` that may be configured: at least as much of both as in one of these.
    pub const FLOORS: [(u32, u32); 2] = [(46 * 1024, 1), (19 * 1024, 2)];
    /// The most memory of a hash, in KiB. Above it, one sign-in could take the whole machine.
    pub const MOST_MEMORY_KIB: u32 = 1024 * 1024;
    /// The most passes over the memory.
    pub const MOST_ITERATIONS: u32 = 16;
    /// The most lanes. They are computed one after the other, whatever their number.
    pub const MOST_LANES: u32 = 16;

    /// Parameters for new hashes: strong enough, and not so strong that this server would refuse its own hashes.
    ///
    /// # Errors
    /// [`ArgonParametersError`] with the bound that was crossed.
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, ArgonParametersError> {
        let strong_enough = |(memory, passes)| memory_kib >= memory && iterations >= passes;
        if !Self::FLOORS.into_iter().any(strong_enough) {
            return Err(ArgonParametersError::TooWeak { memory_kib, iterations });
        }
        Self::within_bounds(memory_kib, iterations, lanes)
    }

    /// As little work as Argon2 can be. For tests of everything but the strength of a hash; never in a server.
    #[must_use]
    pub const fn weak_for_tests() -> Self {
        Self { memory_kib: 8, iterations: 1, lanes: 1 }
    }

    /// Parameters of a stored hash: older ones may be weak, imported ones may be hostile.
    pub(crate) fn within_bounds(
        memory_kib: u32,
        iterations: u32,
        lanes: u32,
    ) -> Result<Self, ArgonParametersError> {
        if memory_kib > Self::MOST_MEMORY_KIB {
            return Err(ArgonParametersError::Memory(memory_kib));
        }
        if !(1..=Self::MOST_ITERATIONS).contains(&iterations) {
            return Err(ArgonParametersError::Iterations(iterations));
        }
        if !(1..=Self::MOST_LANES).contains(&lanes) {
            return Err(ArgonParametersError::Lanes(lanes));
        }
        // Argon2 itself needs 8 blocks a lane (RFC 9106 §3.1).
        if memory_kib < 8 * lanes {
            return Err(ArgonParametersError::Memory(memory_kib));
        }
        Ok(Self { memory_kib, iterations, lanes })
    }

    /// Memory in KiB (`m`).
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory (`t`).
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Lanes (`p`).
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }

    /// Memory in Argon2's blocks of 1 KiB, as the library rounds it.
    pub(crate) fn blocks(self) -> usize {
        self.to_argon2(32).map_or(0, |parameters| parameters.block_count())
    }

    pub(crate) fn to_argon2(self, output_len: usize) -> Result<Params, argon2::Error> {
        Params::new(self.memory_kib, self.iterations, self.lanes, Some(output_len))
    }
}

/// Why parameters were refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ArgonParametersError {
    /// Below every floor.
    #[error(
        "{} MiB with {iterations} iterations is too weak: take at least 46 MiB with 1, or 19 MiB with 2",
        memory_kib / 1024
    )]
    TooWeak {
        /// The memory asked for.
        memory_kib: u32,
        /// The passes asked for.
        iterations: u32,
    },
    /// Too much memory, or too little for the lanes.
    #[error("{0} KiB of memory is out of bounds: at most 1 GiB, at least 8 KiB a lane")]
    Memory(u32),
    /// No pass at all, or too many.
    #[error("{0} iterations are out of bounds: 1 to 16")]
    Iterations(u32),
    /// No lane at all, or too many.
    #[error("{0} lanes are out of bounds: 1 to 16")]
    Lanes(u32),
}
