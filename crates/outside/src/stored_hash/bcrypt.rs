//! bcrypt: `$2b$12$` and 53 letters of its own Base64, the salt's 22 and the output's 31.
//!
//! 1. `$2a$`, `$2b$` and `$2y$` name the same function, after repairs in one implementation or another. `$2x$`, which
//!    names an error, is refused.
//! 2. A password is cut after 72 bytes, as every implementation does: of a longer one, only those are checked until the
//!    first login replaces the hash. Django's `bcrypt_sha256` avoids that: it gives bcrypt the password's SHA-256 in hex.

use aws_lc_rs::digest;
use base64ct::Base64Bcrypt;
use rotunda_core::model::Password;
use zeroize::Zeroizing;

use super::text::{base64, decimal, fields};
use super::{NotComputed, StoredHashError, within};

/// A fourth of a second each at 12, twice as much with each step.
const COSTS: (u64, u64) = (4, 15);

/// A bcrypt hash as it is written, checked.
pub(crate) struct BcryptHash {
    text: Zeroizing<String>,
    of_digest: bool,
}

impl BcryptHash {
    pub(crate) fn parse(text: &str) -> Result<Self, StoredHashError> {
        const FORM: StoredHashError = StoredHashError::Form("$2b$12$ and 53 letters");
        let digested = text.strip_prefix("bcrypt_sha256$");
        let plain = digested.or_else(|| text.strip_prefix("bcrypt$")).unwrap_or(text);
        let ["", "2a" | "2b" | "2y", cost, rest] = fields(plain, '$').ok_or(FORM)? else { return Err(FORM) };
        let cost = decimal(cost).filter(|_| cost.len() == 2).ok_or(FORM)?;
        within("as bcrypt's cost", cost, COSTS.0, COSTS.1)?;
        let (salt, output) = rest.split_at_checked(22).filter(|_| rest.len() == 53).ok_or(FORM)?;
        base64::<Base64Bcrypt>(salt, 16, 16).ok_or(StoredHashError::Salt)?;
        base64::<Base64Bcrypt>(output, 23, 23).ok_or(StoredHashError::Output)?;
        Ok(Self { text: Zeroizing::new(plain.to_owned()), of_digest: digested.is_some() })
    }

    pub(crate) fn verify(&self, password: &Password) -> Result<bool, NotComputed> {
        let password = password.expose().as_bytes();
        let verified = if self.of_digest {
            bcrypt::verify(Zeroizing::new(hex_digest(password)), &self.text)
        } else {
            bcrypt::verify(password, &self.text)
        };
        verified.map_err(|_| NotComputed::Refused)
    }
}

fn hex_digest(password: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = digest::digest(&digest::SHA256, password);
    let digits = digest.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| DIGITS[usize::from(digit)]).collect()
}
