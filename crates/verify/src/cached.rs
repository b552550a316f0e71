//! Tokens that were verified a moment ago, so that the next request of the same caller costs no signature check.
//!
//! 1. What counts is the whole text of the token: two tokens that differ in one character are two tokens.
//! 2. An entry says only that signature, issuer, audience and form were right under the keys of its generation. The
//!    caller looks at expiry and revocations at every hit.
//! 3. When keys change or one is revoked, the generation changes, and every older entry is passed over.
//! 4. Bounded: two halves. New entries go into the young one; when that is full, the old one is dropped and the young
//!    one takes its place. What is used stays, for a hit in the old half moves to the young one.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock};

use crate::AccessToken;

/// How much of a token's end is hashed: most of an ECDSA or EdDSA signature, in a tenth of the time that all of it would
/// take. Only tokens with a good signature are ever stored, and the hash has a random seed, so nobody can aim.
const HASHED_BYTES: usize = 64;

/// A bounded set of verified tokens.
pub(crate) struct TokenCache {
    seed: RandomState,
    halves: RwLock<Halves>,
    most_per_half: usize,
}

/// By the hash of the token's end. Where two collide, the later one stays: the other is verified again, that is all.
#[derive(Default)]
struct Halves {
    young: HashMap<u64, Entry>,
    old: HashMap<u64, Entry>,
}

struct Entry {
    token: Box<str>,
    accepted: AccessToken,
    generation: u64,
}

impl Entry {
    fn accepted(&self, token: &str, generation: u64) -> Option<AccessToken> {
        (self.generation == generation && *self.token == *token).then(|| self.accepted.clone())
    }
}

impl TokenCache {
    /// Room for `entries` tokens, at least two.
    pub(crate) fn new(entries: usize) -> Self {
        Self { seed: RandomState::new(), halves: RwLock::default(), most_per_half: (entries / 2).max(1) }
    }

    /// What that token says, if it was verified in this generation.
    pub(crate) fn get(&self, token: &str, generation: u64) -> Option<AccessToken> {
        let hash = self.hash(token);
        let accepted = {
            let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = halves.young.get(&hash) {
                return entry.accepted(token, generation);
            }
            halves.old.get(&hash)?.accepted(token, generation)?
        };
        self.put(token, &accepted, generation);
        Some(accepted)
    }

    /// Keeps what a token says.
    pub(crate) fn put(&self, token: &str, accepted: &AccessToken, generation: u64) {
        let entry = Entry { token: token.into(), accepted: accepted.clone(), generation };
        let hash = self.hash(token);
        let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
        if halves.young.len() >= self.most_per_half {
            halves.old = std::mem::take(&mut halves.young);
        }
        halves.young.insert(hash, entry);
    }

    /// How many tokens are held.
    pub(crate) fn len(&self) -> usize {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        halves.young.len() + halves.old.len()
    }

    fn hash(&self, token: &str) -> u64 {
        let bytes = token.as_bytes();
        self.seed.hash_one(&bytes[bytes.len().saturating_sub(HASHED_BYTES)..])
    }
}
