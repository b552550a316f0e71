//! How a family of tokens moves on. Pure, as [`decide`](super::decide) is.

use crate::model::{Lineage, RetryHash, RetryKeys, Salt, TokenHash, UnixMillis};

/// The token that a rotation starts from, as it was presented.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its generation.
    pub generation: u32,
    /// The hash of its secret.
    pub hash: TokenHash,
    /// The master key that it was made under.
    pub key_id: u8,
    /// The retry keys that came with it, newest first.
    pub retry: [Option<RetryHash>; RetryKeys::MOST],
}

/// The token that a rotation leads to, as the store knows it.
#[derive(Clone, Copy, Debug)]
pub struct Successor {
    /// The hash of its secret.
    pub hash: TokenHash,
    /// The salt that it was derived with.
    pub salt: Salt,
    /// The master key that it was made under.
    pub key_id: u8,
}

impl Step {
    /// Where the family stands after the rotation.
    ///
    /// After an ordinary one everything moves up by one. After an *ahead* one the store's own history is of a branch
    /// that the client has left: only what was presented is known, and that includes the keys of the generations before,
    /// whose requests may still be under way.
    #[must_use]
    pub fn rotate(&self, old: &Lineage, successor: Successor, now: UnixMillis) -> Lineage {
        let ordinary = old.generation == self.generation && old.current_hash == self.hash;
        let [a, b, c, _] = old.retry_hashes;
        let [newest, ..] = self.retry;
        Lineage {
            generation: self.generation.saturating_add(1),
            current_hash: successor.hash,
            previous_hash: Some(self.hash),
            before_hash: old.previous_hash.filter(|_| ordinary),
            salt: Some(successor.salt),
            previous_salt: old.salt.filter(|_| ordinary),
            key_id: successor.key_id,
            previous_key_id: self.key_id,
            rotated_at: Some(now),
            // A key excuses late requests of one generation only: one that has done so already is an old one passed off
            // as new, by a thief who hides behind what the victim still sends.
            retry_hashes: if ordinary {
                [newest.filter(|key| !old.retry_hashes.contains(&Some(*key))), a, b, c]
            } else {
                self.retry
            },
        }
    }
}
