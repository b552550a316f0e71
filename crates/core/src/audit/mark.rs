//! Signed places (Ed25519, RFC 8032): the floor, the head, and checkpoints between them.
//!
//! 1. The key is derived from a master key (`crate::keys`), so it is in no database, and needs no file of its own.
//! 2. What is signed begins with a word for what the mark is kept as. A checkpoint that lies about is therefore no head: nobody
//!    cuts the log off behind one and passes that for the end.
//! 3. A mark names the master key. It has to stay in its file for as long as what it has signed is kept.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::failure::Failure;
use crate::keys::{KeyError, MasterKeys};
use crate::model::{AuditMark, UnixMillis};
use crate::store::KeptMark;

/// Why a mark is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MarkFault {
    /// The key is not at hand.
    #[error("it is signed under master key {0}, which is not in the master key file: put that key back")]
    UnknownKey(u8),
    /// It was altered, or made by somebody else.
    #[error("its signature is not good: it was altered, or somebody else has made it")]
    Signature,
}

impl MasterKeys {
    /// Signs a place under the current master key.
    pub(crate) fn sign_mark(
        &self,
        kept: KeptMark,
        (seq, hash): (u64, [u8; 32]),
        at: UnixMillis,
    ) -> Result<AuditMark, Failure> {
        const DOING: &str = "signing the audit log";
        let key_id = self.current_id();
        let pair = self.pair(key_id).map_err(|error| Failure::broken(DOING, error))?;
        let mut mark = AuditMark { seq, hash, at, key_id, signature: Vec::new() };
        mark.signature = pair.sign(&signed_bytes(kept, &mark)).as_ref().to_vec();
        Ok(mark)
    }

    /// Checks a mark that was signed here, or on another server with the same keys.
    pub(crate) fn check_mark(&self, kept: KeptMark, mark: &AuditMark) -> Result<(), MarkFault> {
        let public = self.audit_key(mark.key_id).ok_or(MarkFault::UnknownKey(mark.key_id))?;
        check(&public, kept, mark)
    }

    /// The public key of marks that were signed under this master key.
    #[must_use]
    pub fn audit_key(&self, id: u8) -> Option<[u8; 32]> {
        let pair = self.pair(id).ok()?;
        pair.public_key().as_ref().try_into().ok()
    }

    /// All of them.
    pub(crate) fn audit_keys(&self) -> BTreeMap<u8, [u8; 32]> {
        self.checks().filter_map(|(id, _)| Some((id, self.audit_key(id)?))).collect()
    }

    fn pair(&self, id: u8) -> Result<Ed25519KeyPair, KeyError> {
        let keys = self.get(id).ok_or(KeyError::UnknownMaster(id))?;
        Ed25519KeyPair::from_seed_unchecked(keys.audit_seed()).map_err(|_| KeyError::Derivation)
    }
}

/// Checks a mark with a public key.
pub(super) fn check(public: &[u8; 32], kept: KeptMark, mark: &AuditMark) -> Result<(), MarkFault> {
    let key = UnparsedPublicKey::new(&ED25519, public);
    key.verify(&signed_bytes(kept, mark), &mark.signature).map_err(|_| MarkFault::Signature)
}

fn signed_bytes(kept: KeptMark, mark: &AuditMark) -> Vec<u8> {
    let word: &[u8] = match kept {
        KeptMark::Floor => b"rotunda audit floor v1\0",
        KeptMark::Head => b"rotunda audit head v1\0",
        KeptMark::Checkpoint => b"rotunda audit checkpoint v1\0",
    };
    [word, &mark.seq.to_be_bytes(), &mark.at.0.to_be_bytes(), &mark.hash].concat()
}
