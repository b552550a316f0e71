//! The public keys that count, by `kid`.
//!
//! They come from configuration: from one's own signing keys, or from the JWK Set at an address that the operator
//! wrote down. They never come from a token (ASVS 5.0, 9.1.3).

use std::collections::BTreeMap;

use crate::{Jwks, JwksError, PublicKey, SigningKey};

/// Public keys, parsed once, each pinned to one algorithm.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    by_kid: BTreeMap<String, PublicKey>,
}

impl KeySet {
    /// From a published JWK Set. Entries that cannot verify anything here are skipped (see [`Jwks::from_json`]), so
    /// the set may turn out empty.
    ///
    /// # Errors
    /// [`JwksError`] if it is not a JWK Set at all, out of bounds, or has two keys under one `kid`.
    pub fn from_jwks_json(json: &[u8]) -> Result<Self, JwksError> {
        Self::from_jwks(&Jwks::from_json(json)?)
    }

    /// From a JWK Set that was read already, under the same rules.
    ///
    /// # Errors
    /// [`JwksError::KidTwice`].
    pub fn from_jwks(jwks: &Jwks) -> Result<Self, JwksError> {
        let mut set = Self::default();
        for key in jwks.keys.iter().filter_map(PublicKey::from_jwk) {
            if set.by_kid.get(key.kid()).is_some_and(|other| other.jwk() != key.jwk()) {
                return Err(JwksError::KidTwice);
            }
            set.insert(key);
        }
        Ok(set)
    }

    /// The public halves of signing keys.
    #[must_use]
    pub fn from_signing_keys<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Self {
        let mut set = Self::default();
        for key in keys {
            set.insert(key.public_key().clone());
        }
        set
    }

    fn insert(&mut self, key: PublicKey) {
        self.by_kid.insert(key.kid().to_owned(), key);
    }

    /// The key of that id.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&PublicKey> {
        self.by_kid.get(kid)
    }

    /// The key, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&PublicKey> {
        let mut keys = self.by_kid.values();
        keys.next().filter(|_| keys.next().is_none())
    }

    /// All keys, ordered by `kid`.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.by_kid.values()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_kid.len()
    }

    /// Whether there are none, in which case no token verifies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_kid.is_empty()
    }

    /// The set as it is published, ordered by `kid`.
    #[must_use]
    pub fn to_jwks(&self) -> Jwks {
        Jwks { keys: self.iter().map(|key| key.jwk().clone()).collect() }
    }
}
