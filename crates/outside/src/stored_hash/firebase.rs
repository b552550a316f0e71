//! Firebase's scrypt: `$firebase-scrypt$ln=14,r=8,p=1$salt$output`, a form of our own.
//!
//! 1. Firebase derives a key from the password with scrypt, over the user's salt and the project's salt separator, and
//!    encrypts the project's signer key with it (AES-256 in counter mode, from zero). The outcome is what it exports.
//! 2. Encrypting in counter mode is adding a key stream. At the import the signer key is taken off again, and only the
//!    key stream is stored: the project's secret never reaches the database, and a hash needs nothing beside it.
//! 3. To verify, derive the key and compare its key stream.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64ct::{Base64Unpadded, Encoding};
use rotunda_core::model::{Password, PasswordHash};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::scrypt::{Costs, phc_costs};
use super::text::{Bytes, base64, base64_any, decimal, fields};
use super::{NotComputed, StoredHashError};

pub(super) const PREFIX: &str = "$firebase-scrypt$";
const FORM: StoredHashError = StoredHashError::Form("$firebase-scrypt$ln=…,r=…,p=1$salt$hash");
const SALT_MOST: usize = 64;
const OUTPUT_LEAST: usize = 32;
const OUTPUT_MOST: usize = 128;

/// The parts of a hash that came from Firebase.
pub(crate) struct FirebaseHash {
    costs: Costs,
    salt: Bytes,
    key_stream: Bytes,
}

impl FirebaseHash {
    pub(crate) fn parse(text: &str) -> Result<Self, StoredHashError> {
        let [costs, salt, output] =
            text.strip_prefix(PREFIX).and_then(|rest| fields(rest, '$')).ok_or(FORM)?;
        let costs = phc_costs(costs).ok_or(FORM)??;
        let salt = base64::<Base64Unpadded>(salt, 1, SALT_MOST).ok_or(StoredHashError::Salt)?;
        let output = base64::<Base64Unpadded>(output, OUTPUT_LEAST, OUTPUT_MOST);
        Ok(Self { costs, salt, key_stream: output.ok_or(StoredHashError::Output)? })
    }

    pub(crate) fn verify(&self, password: &Password) -> Result<bool, NotComputed> {
        let mut key = Zeroizing::new([0; 32]);
        self.costs.compute(password, &self.salt, &mut *key)?;
        let mut stream = Zeroizing::new(vec![0; self.key_stream.len()]);
        let cipher = UnboundCipherKey::new(&AES_256, &*key).and_then(EncryptingKey::ctr);
        let from_zero = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        cipher
            .and_then(|cipher| cipher.less_safe_encrypt(&mut stream, from_zero))
            .map_err(|_| NotComputed::Refused)?;
        Ok(stream.ct_eq(&self.key_stream).into())
    }
}

/// What a Firebase project hashes its passwords with.
pub struct FirebaseParameters {
    signer_key: Bytes,
    salt_separator: Bytes,
    rounds: u64,
    mem_cost: u64,
}

/// Why Firebase's parameters cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FirebaseParametersError {
    /// It uses another algorithm.
    #[error("`algorithm` is not SCRYPT")]
    Algorithm,
    /// A parameter is not there, or is not what it should be.
    #[error("`{0}` is missing or cannot be read")]
    Parameter(&'static str),
    /// They would make hashes that are refused.
    #[error(transparent)]
    Costs(#[from] StoredHashError),
}

impl FirebaseParameters {
    /// From the block that Firebase shows: `hash_config { algorithm: SCRYPT, base64_signer_key: …, base64_salt_separator:
    /// …, rounds: 8, mem_cost: 14, }`.
    ///
    /// # Errors
    /// [`FirebaseParametersError`] with the parameter; nothing of what is in it.
    pub fn parse(text: &str) -> Result<Self, FirebaseParametersError> {
        let values = || {
            let lines = text.split([',', '\n', '{', '}']).filter_map(|line| line.split_once(':'));
            lines.map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
        };
        let value = |wanted: &str| values().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        if value("algorithm") != Some("SCRYPT") {
            return Err(FirebaseParametersError::Algorithm);
        }
        let key = value("base64_signer_key").and_then(|text| base64_any(text, OUTPUT_LEAST, OUTPUT_MOST));
        let separator = value("base64_salt_separator").and_then(|text| base64_any(text, 0, SALT_MOST / 2));
        let number = |name| value(name).and_then(decimal).ok_or(FirebaseParametersError::Parameter(name));
        let (rounds, mem_cost) = (number("rounds")?, number("mem_cost")?);
        phc_costs(&format!("ln={mem_cost},r={rounds},p=1")).ok_or(FORM)??;
        Ok(Self {
            signer_key: key.ok_or(FirebaseParametersError::Parameter("base64_signer_key"))?,
            salt_separator: separator.ok_or(FirebaseParametersError::Parameter("base64_salt_separator"))?,
            rounds,
            mem_cost,
        })
    }

    /// The form to store of a user's hash and salt, both in Base64 as Firebase exports them.
    ///
    /// # Errors
    /// When they are not what these parameters make.
    pub fn hash(&self, salt: &str, hash: &str) -> Result<PasswordHash, StoredHashError> {
        let standard = |text: &str| Zeroizing::new(text.replace('-', "+").replace('_', "/"));
        let mut salt = base64_any(&standard(salt), 1, SALT_MOST / 2).ok_or(StoredHashError::Salt)?;
        salt.extend_from_slice(&self.salt_separator);
        let length = self.signer_key.len();
        let mut output = base64_any(&standard(hash), length, length).ok_or(StoredHashError::Output)?;
        output.iter_mut().zip(self.signer_key.iter()).for_each(|(byte, key)| *byte ^= key);
        let [salt, output] = [salt, output].map(|bytes| Base64Unpadded::encode_string(&bytes));
        let (ln, r) = (self.mem_cost, self.rounds);
        Ok(PasswordHash::new(format!("{PREFIX}ln={ln},r={r},p=1${salt}${output}")))
    }
}
