//! A stored password hash: `$argon2id$v=19$m=…,t=…,p=…$salt$output`, salt and output in Base64 without padding.
//!
//! 1. Made with today's parameters, a fresh salt of 16 bytes, 32 bytes of output.
//! 2. Read strictly: these fields, this order, plain decimals. Whatever else it says, it is not a hash of ours.
//! 3. Bounded before anything is allocated or computed: whoever plants a row must not get a gigabyte for it.

use std::fmt::Write as _;

use argon2::{Algorithm, Argon2, Block, Version};
use base64ct::{Base64Unpadded, Encoding};
use rotunda_core::model::{Password, PasswordHash};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::argon_parameters::{ArgonParameters, ArgonParametersError};

/// Bytes of a new salt.
pub(crate) const SALT_LEN: usize = 16;
/// Bytes of a new hash's output.
pub(crate) const OUTPUT_LEN: usize = 32;
const SALT_MOST: usize = 64;
const OUTPUT_LEAST: usize = 16;
const OUTPUT_MOST: usize = 64;

/// The parts of a stored hash.
pub(crate) struct Phc {
    parameters: ArgonParameters,
    salt: Zeroizing<Vec<u8>>,
    output: Zeroizing<Vec<u8>>,
}

/// Why a stored hash cannot be verified against. Says nothing of what is in it beyond the costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum PhcError {
    #[error("the stored password hash is not of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash")]
    Form,
    #[error("the stored password hash is refused: {0}")]
    Costs(#[from] ArgonParametersError),
    #[error("the stored password hash has a salt that is not 8 to 64 bytes in Base64")]
    Salt,
    #[error("the stored password hash has an output that is not 16 to 64 bytes in Base64")]
    Output,
}

impl Phc {
    /// Hashes a password.
    pub(crate) fn make(
        password: &Password,
        parameters: ArgonParameters,
        salt: &[u8; SALT_LEN],
    ) -> Result<Self, argon2::Error> {
        let mut output = Zeroizing::new(vec![0; OUTPUT_LEN]);
        compute(password, parameters, salt, &mut output)?;
        Ok(Self { parameters, salt: Zeroizing::new(salt.to_vec()), output })
    }

    /// From parts that no password is behind.
    pub(crate) fn dummy(parameters: ArgonParameters, salt: [u8; SALT_LEN], output: [u8; OUTPUT_LEN]) -> Self {
        Self { parameters, salt: Zeroizing::new(salt.to_vec()), output: Zeroizing::new(output.to_vec()) }
    }

    /// Whether it was made from this password; the comparison takes the same time either way.
    pub(crate) fn verify(&self, password: &Password) -> Result<bool, argon2::Error> {
        let mut output = Zeroizing::new([0; OUTPUT_MOST]);
        let output = &mut output[..self.output.len()];
        compute(password, self.parameters, &self.salt, output)?;
        Ok(output.ct_eq(&self.output).into())
    }

    /// Whether a new hash would be made in another way.
    pub(crate) fn is_outdated(&self, today: ArgonParameters) -> bool {
        self.parameters != today || self.salt.len() < SALT_LEN || self.output.len() < OUTPUT_LEN
    }

    /// Reads the stored form.
    pub(crate) fn parse(hash: &PasswordHash) -> Result<Self, PhcError> {
        let fields = hash.expose().strip_prefix("$argon2id$v=19$").ok_or(PhcError::Form)?;
        let mut fields = fields.split('$');
        let (Some(costs), Some(salt), Some(output), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(PhcError::Form);
        };
        let parameters = parse_costs(costs)?;
        let salt = decode::<SALT_MOST>(salt).filter(|s| s.len() >= argon2::MIN_SALT_LEN);
        let output = decode::<OUTPUT_MOST>(output).filter(|o| o.len() >= OUTPUT_LEAST);
        Ok(Self { parameters, salt: salt.ok_or(PhcError::Salt)?, output: output.ok_or(PhcError::Output)? })
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
}

/// glibc's allocator keeps pieces of up to 32 MiB for later, for each thread: after a few hashes of 19 MiB an idle
/// server held 440 MiB. Larger pieces go back to the system at once, and what is never touched of them costs nothing.
const GIVEN_BACK_FROM_BLOCKS: usize = 33 * 1024;

/// The one place where Argon2 runs. Its memory is taken here and given back before this returns.
fn compute(
    password: &Password,
    parameters: ArgonParameters,
    salt: &[u8],
    output: &mut [u8],
) -> Result<(), argon2::Error> {
    let parameters = parameters.to_argon2(output.len())?;
    let blocks = parameters.block_count();
    let mut memory: Vec<Block> = Vec::new();
    memory.try_reserve_exact(blocks.max(GIVEN_BACK_FROM_BLOCKS)).map_err(|_| argon2::Error::OutOfMemory)?;
    memory.resize(blocks, Block::new());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    argon2.hash_password_into_with_memory(password.expose().as_bytes(), salt, output, &mut memory)
}

fn parse_costs(text: &str) -> Result<ArgonParameters, PhcError> {
    let mut costs = text.split(',');
    let mut cost = |name: &str| -> Result<u32, PhcError> {
        let digits = costs.next().and_then(|field| field.strip_prefix(name)).ok_or(PhcError::Form)?;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        // A number too large for 32 bits is out of bounds anyway.
        if plain { Ok(digits.parse().unwrap_or(u32::MAX)) } else { Err(PhcError::Form) }
    };
    let (memory, iterations, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
    if costs.next().is_some() {
        return Err(PhcError::Form);
    }
    Ok(ArgonParameters::within_bounds(memory, iterations, lanes)?)
}

/// At most `MOST` bytes of Base64; `None` for anything else.
fn decode<const MOST: usize>(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; MOST]);
    let len = Base64Unpadded::decode(text, &mut bytes).ok()?.len();
    bytes.truncate(len);
    Some(bytes)
}
