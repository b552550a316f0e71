//! Argon2 (RFC 9106): `$argon2id$v=19$m=…,t=…,p=…$salt$output`, salt and output in Base64 without padding.
//!
//! 1. Made as Argon2id with today's parameters, a fresh salt of 16 bytes, 32 bytes of output.
//! 2. Others bring Argon2i, Argon2d and version 16, which early writers left out. Django puts `argon2` before it.
//! 3. Read strictly: these fields, this order, plain decimals.
//! 4. Our own hashes are held to the bounds of the configuration, everybody else's to narrower ones.

use std::fmt::Write as _;

use argon2::{Algorithm, Argon2, Version};
use base64ct::{Base64Unpadded, Encoding};
use rotunda_core::model::{Password, PasswordHash};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::text::{Bytes, base64, fields, named};
use super::{NotComputed, StoredHashError, within};
use crate::argon_parameters::ArgonParameters;
use crate::hash_memory::HashMemory;

/// Bytes of a new salt.
pub(crate) const SALT_LEN: usize = 16;
/// Bytes of a new hash's output.
pub(crate) const OUTPUT_LEN: usize = 32;
const SALT_MOST: usize = 64;
const OUTPUT_LEAST: usize = 16;
const OUTPUT_MOST: usize = 64;

/// The most memory of a hash that was made elsewhere.
const FOREIGN_KIB: u64 = 256 * 1024;
/// The most memory that it may go through, all passes together: a second's work.
const FOREIGN_KIB_PASSES: u64 = 1024 * 1024;

/// The parts of an Argon2 hash.
pub(crate) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    parameters: ArgonParameters,
    salt: Bytes,
    output: Bytes,
}

impl Argon2Hash {
    /// Hashes a password.
    pub(crate) fn make(
        password: &Password,
        parameters: ArgonParameters,
        salt: &[u8; SALT_LEN],
        memory: &mut HashMemory,
    ) -> Result<Self, NotComputed> {
        let mut hash = Self::dummy(parameters, *salt, [0; OUTPUT_LEN]);
        let mut output = Zeroizing::new(vec![0; OUTPUT_LEN]);
        hash.compute(password, memory, &mut output)?;
        hash.output = output;
        Ok(hash)
    }

    /// From parts that no password is behind.
    pub(crate) fn dummy(parameters: ArgonParameters, salt: [u8; SALT_LEN], output: [u8; OUTPUT_LEN]) -> Self {
        let (salt, output) = (Zeroizing::new(salt.to_vec()), Zeroizing::new(output.to_vec()));
        Self { algorithm: Algorithm::Argon2id, version: Version::V0x13, parameters, salt, output }
    }

    /// Whether it was made from this password; the comparison takes the same time either way.
    pub(crate) fn verify(&self, password: &Password, memory: &mut HashMemory) -> Result<bool, NotComputed> {
        let mut output = Zeroizing::new([0; OUTPUT_MOST]);
        let output = &mut output[..self.output.len()];
        self.compute(password, memory, output)?;
        Ok(output.ct_eq(&self.output).into())
    }

    /// Whether a new hash would be made in another way.
    pub(crate) fn is_outdated(&self, today: ArgonParameters) -> bool {
        self.is_of_another_kind()
            || self.parameters != today
            || self.salt.len() < SALT_LEN
            || self.output.len() < OUTPUT_LEN
    }

    /// Reads the stored form.
    pub(crate) fn parse(text: &str) -> Result<Self, StoredHashError> {
        const FORM: StoredHashError = StoredHashError::Form("$argon2id$v=19$m=…,t=…,p=…$salt$hash");
        let text = text.strip_prefix("argon2$").unwrap_or_else(|| text.strip_prefix('$').unwrap_or(text));
        let (name, rest) = text.split_once('$').ok_or(FORM)?;
        let algorithm = match name {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return Err(FORM),
        };
        let (version, rest) = match rest.split_once('$') {
            Some(("v=19", rest)) => (Version::V0x13, rest),
            Some(("v=16", rest)) => (Version::V0x10, rest),
            // Before there were two versions, none was written.
            _ => (Version::V0x10, rest),
        };
        let [costs, salt, output] = fields(rest, '$').ok_or(FORM)?;
        let parameters = parse_costs(costs).ok_or(FORM)??;
        let salt = base64::<Base64Unpadded>(salt, argon2::MIN_SALT_LEN, SALT_MOST);
        let output = base64::<Base64Unpadded>(output, OUTPUT_LEAST, OUTPUT_MOST);
        let hash = Self {
            algorithm,
            version,
            parameters,
            salt: salt.ok_or(StoredHashError::Salt)?,
            output: output.ok_or(StoredHashError::Output)?,
        };
        if hash.is_of_another_kind() {
            hash.check_foreign_costs()?;
        }
        Ok(hash)
    }

    /// Whether it costs no more than a hash from elsewhere may.
    pub(crate) fn check_foreign_costs(&self) -> Result<(), StoredHashError> {
        let memory = u64::from(self.parameters.memory_kib());
        let passes = u64::from(self.parameters.iterations());
        within("KiB of memory", memory, 8, FOREIGN_KIB)?;
        within("KiB of memory over all passes", memory.saturating_mul(passes), 8, FOREIGN_KIB_PASSES)?;
        Ok(())
    }

    /// Never made here.
    fn is_of_another_kind(&self) -> bool {
        self.algorithm != Algorithm::Argon2id || self.version != Version::V0x13
    }

    /// The form to store.
    pub(crate) fn to_hash(&self) -> PasswordHash {
        // Long enough from the start: a string that grows leaves copies of itself behind.
        let mut text = String::with_capacity(256);
        let (m, t, p) = (self.parameters.memory_kib(), self.parameters.iterations(), self.parameters.lanes());
        // Writing to a String cannot fail.
        let _ = write!(text, "$argon2id$v=19$m={m},t={t},p={p}$");
        text.push_str(&Zeroizing::new(Base64Unpadded::encode_string(&self.salt)));
        text.push('$');
        text.push_str(&Zeroizing::new(Base64Unpadded::encode_string(&self.output)));
        PasswordHash::new(text)
    }

    /// The one place where Argon2 runs.
    fn compute(
        &self,
        password: &Password,
        memory: &mut HashMemory,
        output: &mut [u8],
    ) -> Result<(), NotComputed> {
        let parameters = self.parameters.to_argon2(output.len()).map_err(|_| NotComputed::Refused)?;
        let room = memory.room(parameters.block_count())?;
        Argon2::new(self.algorithm, self.version, parameters)
            .hash_password_into_with_memory(password.expose().as_bytes(), &self.salt, output, room)
            .map_err(|_| NotComputed::Refused)
    }
}

/// `None` when it is not of that form at all.
fn parse_costs(text: &str) -> Option<Result<ArgonParameters, StoredHashError>> {
    let mut costs = text.split(',');
    let (memory, passes, lanes) =
        (named(costs.next(), "m")?, named(costs.next(), "t")?, named(costs.next(), "p")?);
    if costs.next().is_some() {
        return None;
    }
    // A number too large for 32 bits is out of bounds anyway.
    let [memory, passes, lanes] = [memory, passes, lanes].map(|cost| u32::try_from(cost).unwrap_or(u32::MAX));
    Some(ArgonParameters::within_bounds(memory, passes, lanes).map_err(StoredHashError::from))
}
