//! Keys: the master keys, what is derived from them, and signing keys sealed under them.
//!
//! 1. A master key is 32 random bytes with an id from 1 to 255. The one with the highest id is current.
//! 2. From each, HKDF-SHA256 (RFC 5869) derives one key for each use, told apart by a label; none is used for two things.
//! 3. A new one is *coming* until each server has it: it opens what was made with it, and nothing is made with it yet.
//!    An old one stays until the last session made under it has ended.
//! 4. Access tokens are signed with other keys altogether, which a master key only seals at rest (`seal.rs`). Other small
//!    secrets are sealed likewise, under a key of their own (`secret.rs`).

pub mod ring;
mod seal;
mod secret;

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt as HkdfSalt};
use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use seal::SealedSigningKey;

/// The root of everything that a refresh token rests on.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// From 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key itself.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A value that shows whether a master key is the one that the database was made with, and shows nothing else.
#[derive(Clone, Copy, Debug)]
pub struct KeyCheck(pub [u8; 16]);

impl PartialEq for KeyCheck {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for KeyCheck {}

/// The keys derived from one master key, parsed once and kept.
pub struct DerivedKeys {
    /// Tags every refresh token.
    pub(crate) tag: hmac::Key,
    /// Hashes token secrets for the store.
    pub(crate) hash: hmac::Key,
    /// Derives a token's successor.
    pub(crate) next: hmac::Key,
    /// Makes the secrets of links.
    pub(crate) link: hmac::Key,
    /// Makes the one-time token of the first admin.
    pub(crate) first_admin: hmac::Key,
    seal: [u8; 32],
    /// Seals other small secrets.
    secret: [u8; 32],
    audit: [u8; 32],
    check: KeyCheck,
}

impl Drop for DerivedKeys {
    fn drop(&mut self) {
        self.seal.zeroize();
        self.secret.zeroize();
        self.audit.zeroize();
    }
}

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl DerivedKeys {
    fn new(master: &MasterKey) -> Result<Self, KeyError> {
        let pseudo_random = HkdfSalt::new(HKDF_SHA256, b"rotunda v1").extract(master.expose());
        let derive = |label: &[u8]| -> Result<[u8; 32], KeyError> {
            let mut out = [0; 32];
            let labels = [label];
            let okm = pseudo_random.expand(&labels, Bytes32).map_err(|_| KeyError::Derivation)?;
            okm.fill(&mut out).map_err(|_| KeyError::Derivation)?;
            Ok(out)
        };
        let hmac_key = |label: &[u8]| -> Result<hmac::Key, KeyError> {
            let mut bytes = derive(label)?;
            let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
            bytes.zeroize();
            Ok(key)
        };
        let mut check = [0; 16];
        check.copy_from_slice(&derive(b"check")?[..16]);
        Ok(Self {
            tag: hmac_key(b"refresh token tag")?,
            hash: hmac_key(b"refresh token hash")?,
            next: hmac_key(b"refresh token successor")?,
            link: hmac_key(b"link secret")?,
            first_admin: hmac_key(b"first admin")?,
            seal: derive(b"signing key seal")?,
            secret: derive(b"secret seal")?,
            audit: derive(b"audit log signature")?,
            check: KeyCheck(check),
        })
    }
}

impl DerivedKeys {
    /// What the signing key of the audit log is made from.
    pub(crate) fn audit_seed(&self) -> &[u8; 32] {
        &self.audit
    }
}

/// All master keys of a server, by id.
pub struct MasterKeys {
    by_id: BTreeMap<u8, DerivedKeys>,
    current: u8,
}

impl MasterKeys {
    /// From all that the operator has; the highest id is current.
    ///
    /// # Errors
    /// [`KeyError::None`] without any, [`KeyError::IdZero`] for an id of 0.
    pub fn new(keys: impl IntoIterator<Item = (u8, MasterKey)>) -> Result<Self, KeyError> {
        Self::with_coming(keys, &BTreeSet::new())
    }

    /// The same, where some are coming: of the others, the highest id is current.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`KeyError::NoneCurrent`] where all of them are coming.
    pub fn with_coming(
        keys: impl IntoIterator<Item = (u8, MasterKey)>,
        coming: &BTreeSet<u8>,
    ) -> Result<Self, KeyError> {
        let mut by_id = BTreeMap::new();
        for (id, key) in keys {
            if id == 0 {
                return Err(KeyError::IdZero);
            }
            by_id.insert(id, DerivedKeys::new(&key)?);
        }
        let last = by_id.keys().rev().find(|id| !coming.contains(id)).copied();
        let none = if by_id.is_empty() { KeyError::None } else { KeyError::NoneCurrent };
        Ok(Self { by_id, current: last.ok_or(none)? })
    }

    /// The id under which new tokens are made.
    #[must_use]
    pub fn current_id(&self) -> u8 {
        self.current
    }

    /// What was derived from the key of that id.
    #[must_use]
    pub fn get(&self, id: u8) -> Option<&DerivedKeys> {
        self.by_id.get(&id)
    }

    /// What was derived from each key, by id.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u8, &DerivedKeys)> + '_ {
        self.by_id.iter().map(|(id, keys)| (*id, keys))
    }

    /// The check value of each key.
    pub fn checks(&self) -> impl Iterator<Item = (u8, KeyCheck)> + '_ {
        self.by_id.iter().map(|(id, keys)| (*id, keys.check))
    }
}

/// What can be wrong with keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no master key at all.
    #[error("there is no master key")]
    None,
    /// Nothing can be made: each key is one that is coming.
    #[error("every master key is still \"coming\"; the one that is in use is missing")]
    NoneCurrent,
    /// Ids run from 1 to 255.
    #[error("a master key's id runs from 1 to 255")]
    IdZero,
    /// HKDF did not derive; it cannot fail at these lengths.
    #[error("a key could not be derived")]
    Derivation,
    /// A sealed signing key names a master key that is not here.
    #[error("a signing key is sealed under master key {0}, which is not in the master key file")]
    UnknownMaster(u8),
    /// A sealed signing key does not open: it was altered, or the master key is another one.
    #[error(
        "a signing key does not open under master key {0}: it was altered, or this is another master key"
    )]
    Seal(u8),
    /// Something secret names a master key that is not here.
    #[error("something secret is sealed under master key {0}, which is not in the master key file")]
    SecretMaster(u8),
    /// Something secret does not open: it was altered or moved, or the master key is another one.
    #[error(
        "something secret does not open under master key {0}: it was altered, or this is another master key"
    )]
    Secret(u8),
    /// A signing key opens, but is none.
    #[error("a signing key is stored in a form this version does not read")]
    SigningKey,
}
