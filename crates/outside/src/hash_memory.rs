//! The memory that a hashing thread computes Argon2 in.
//!
//! 1. Fresh memory costs a quarter of a hash: the system zeroes each page when it is first touched, and gives it out in pieces of
//!    4 KiB. So a thread keeps what it has while one hash follows the other. Argon2 writes each block before it reads it
//!    (RFC 9106 §3.2), so that nothing of the hash before is ever read.
//! 2. Never more than a hash with today's parameters takes: what an imported hash took beyond that goes back at once.
//! 3. When none has come for a second ([`KEPT`]), all of it goes back: an idle server is small.

use std::time::Duration;

use argon2::Block;

use crate::stored_hash::NotComputed;

/// How long a thread that has nothing to do keeps its memory.
pub(crate) const KEPT: Duration = Duration::from_secs(1);

/// glibc's allocator keeps pieces of up to 32 MiB for later, for each thread: after a few hashes of 19 MiB an idle
/// server held 440 MiB. Larger pieces go back to the system at once, and what is never touched of them costs nothing.
const GIVEN_BACK_FROM_BLOCKS: usize = 33 * 1024;

/// A thread's memory: none at first.
#[derive(Default)]
pub(crate) struct HashMemory(Vec<Block>);

impl HashMemory {
    /// Room for so many blocks of 1 KiB.
    ///
    /// # Errors
    /// [`NotComputed::Memory`] when the system has no more.
    pub(crate) fn room(&mut self, blocks: usize) -> Result<&mut [Block], NotComputed> {
        if blocks > self.0.len() {
            // Not grown but taken anew: growing would copy what nobody reads.
            self.give_back();
            self.0.try_reserve_exact(blocks.max(GIVEN_BACK_FROM_BLOCKS)).map_err(|_| NotComputed::Memory)?;
            self.0.resize(blocks, Block::new());
        }
        self.0.get_mut(..blocks).ok_or(NotComputed::Memory)
    }

    /// Gives everything back if it is more than so many blocks.
    pub(crate) fn keep_at_most(&mut self, blocks: usize) {
        if self.0.len() > blocks {
            self.give_back();
        }
    }

    /// Gives everything back to the system.
    pub(crate) fn give_back(&mut self) {
        self.0 = Vec::new();
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_used_again_and_only_so_much_is_kept() {
        let mut memory = HashMemory::default();
        let first = memory.room(64).unwrap().as_ptr();
        memory.keep_at_most(64);
        assert_eq!(memory.room(64).unwrap().as_ptr(), first);
        let smaller = memory.room(8).unwrap();
        assert_eq!((smaller.as_ptr(), smaller.len()), (first, 8), "a weaker hash takes a part of it");
        assert_eq!(memory.room(65).unwrap().len(), 65);
        memory.keep_at_most(64);
        assert!(memory.is_empty(), "what only an imported hash needs is not kept");
    }

    #[test]
    fn more_than_there_is_is_an_error_and_no_end() {
        assert_eq!(HashMemory::default().room(usize::MAX / 2048).unwrap_err(), NotComputed::Memory);
    }
}
