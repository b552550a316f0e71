//! A stand-in for Argon2 that costs nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Password, PasswordHash};
use rotunda_core::outside::{PasswordHasher, PasswordVerdict};

/// Hashes passwords with FNV-1a, which protects nothing: for tests only.
///
/// A hash reads `$quick$v=<version>$<salt>$<digest>`; the salt counts up, so that no two hashes are the same.
#[derive(Debug)]
pub struct QuickHasher {
    version: u32,
    salts: AtomicU64,
    verified: AtomicU64,
    verified_without_hash: AtomicU64,
    overloaded: AtomicBool,
}

impl Default for QuickHasher {
    fn default() -> Self {
        Self::of_version(1)
    }
}

impl QuickHasher {
    /// A hasher whose parameters are of this version; the hashes of any other are outdated to it.
    #[must_use]
    pub fn of_version(version: u32) -> Self {
        Self {
            version,
            salts: AtomicU64::new(0),
            verified: AtomicU64::new(0),
            verified_without_hash: AtomicU64::new(0),
            overloaded: AtomicBool::new(false),
        }
    }

    /// How many passwords were checked, those without a hash included.
    #[must_use]
    pub fn verifications(&self) -> u64 {
        self.verified.load(Ordering::SeqCst)
    }

    /// How many of them were checked without a hash: the attempts on accounts that do not exist.
    #[must_use]
    pub fn verifications_without_hash(&self) -> u64 {
        self.verified_without_hash.load(Ordering::SeqCst)
    }

    /// Whether too many are waiting from now on: every call then fails with an overload.
    pub fn set_overloaded(&self, overloaded: bool) {
        self.overloaded.store(overloaded, Ordering::SeqCst);
    }

    fn admit(&self) -> Result<(), Failure> {
        if self.overloaded.load(Ordering::SeqCst) {
            Err(Failure::overload("hashing a password"))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl PasswordHasher for QuickHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, Failure> {
        self.admit()?;
        let salt = self.salts.fetch_add(1, Ordering::SeqCst);
        Ok(phc(self.version, salt, &password))
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, Failure> {
        self.admit()?;
        self.verified.fetch_add(1, Ordering::SeqCst);
        let Some(hash) = hash else {
            self.verified_without_hash.fetch_add(1, Ordering::SeqCst);
            return Ok(PasswordVerdict { right: false, outdated: false });
        };
        let (version, salt) = parts(hash.expose())
            .ok_or_else(|| Failure::broken("reading a password hash", "QuickHasher did not make it"))?;
        let right = phc(version, salt, &password) == hash;
        Ok(PasswordVerdict { right, outdated: version != self.version })
    }

    fn read_foreign(&self, text: &str) -> Result<PasswordHash, String> {
        let read = parts(text).map(|_| PasswordHash::new(text.to_owned()));
        read.ok_or_else(|| "the password hash has none of the known forms".to_owned())
    }
}

fn phc(version: u32, salt: u64, password: &Password) -> PasswordHash {
    let digest = fnv1a(&[&version.to_le_bytes(), &salt.to_le_bytes(), password.expose().as_bytes()]);
    PasswordHash::new(format!("$quick$v={version}${salt:016x}${digest:016x}"))
}

fn parts(phc: &str) -> Option<(u32, u64)> {
    let (version, rest) = phc.strip_prefix("$quick$v=")?.split_once('$')?;
    let (salt, _digest) = rest.split_once('$')?;
    Some((version.parse().ok()?, u64::from_str_radix(salt, 16).ok()?))
}

pub(crate) fn fnv1a(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().copied().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
