//! The keys that count, by `kid`.
//!
//! 1. They come from configuration: from one's own signing keys, from the JWK Set at an address that the operator wrote
//!    down, or from a secret that a team shares. They never come from a token (ASVS 5.0, 9.1.3).
//! 2. A set that was read from a JWK Set has public keys only, so no HS256 token passes it, whatever its MAC. One from a
//!    shared secret has no public key, so nothing else passes.
//! 3. What is accepted and what is published need not be the same: a server may publish a key before it signs, and
//!    accept one that it publishes no more. Both are sets of their own, made of whichever keys they are to have.

use std::collections::BTreeMap;

use crate::{Jwks, JwksError, SharedSecret, SigningKey, VerifyingKey};

/// Keys that check signatures, parsed once, each pinned to one algorithm.
///
/// It can be collected from any [`VerifyingKey`]s; of two with one `kid`, the last one counts.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    by_kid: BTreeMap<String, VerifyingKey>,
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
        for key in jwks.keys.iter().filter_map(VerifyingKey::from_jwk) {
            if set.by_kid.get(key.kid()).is_some_and(|other| other.jwk() != key.jwk()) {
                return Err(JwksError::KidTwice);
            }
            set.insert(key);
        }
        Ok(set)
    }

    /// What checks the tokens of these signing keys, those of HS256 included: for whoever has them all.
    #[must_use]
    pub fn from_signing_keys<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Self {
        keys.into_iter().map(|key| key.verifying_key().clone()).collect()
    }

    /// From a secret that the issuer shares with this service. The set accepts HS256 and nothing else.
    #[must_use]
    pub fn from_shared_secret(secret: &SharedSecret) -> Self {
        Self::from_shared_secrets([secret])
    }

    /// From several: the secret of today, and the one that replaces it or was replaced.
    #[must_use]
    pub fn from_shared_secrets<'a>(secrets: impl IntoIterator<Item = &'a SharedSecret>) -> Self {
        secrets.into_iter().map(VerifyingKey::from_shared_secret).collect()
    }

    fn insert(&mut self, key: VerifyingKey) {
        self.by_kid.insert(key.kid().to_owned(), key);
    }

    /// The key of that id.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.by_kid.get(kid)
    }

    /// The key, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&VerifyingKey> {
        let mut keys = self.by_kid.values();
        keys.next().filter(|_| keys.next().is_none())
    }

    /// All keys, ordered by `kid`.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
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

    /// The set as it is published, ordered by `kid`. Shared secrets are left out.
    #[must_use]
    pub fn to_jwks(&self) -> Jwks {
        Jwks { keys: self.iter().filter_map(VerifyingKey::jwk).cloned().collect() }
    }
}

impl FromIterator<VerifyingKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        let mut set = Self::default();
        keys.into_iter().for_each(|key| set.insert(key));
        set
    }
}
