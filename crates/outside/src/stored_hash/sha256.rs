//! Salted SHA-256, once: the weakest of all, and so the most urgent to replace.
//!
//! 1. `{SSHA256}` and Base64 of digest and salt (LDAP): SHA-256 of password and salt.
//! 2. `sha256$salt$digest` in hexadecimal digits: HMAC-SHA-256 keyed by the salt (Werkzeug before 2.3), or SHA-256 of salt
//!    and password (Django's way with shorter digests). The form does not say which, so both are tried: whoever finds
//!    a password for either has found it for the user.

use aws_lc_rs::{digest, hmac};
use rotunda_core::model::Password;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::StoredHashError;
use super::text::{Bytes, base64_any, fields, hex, letters};

const SALT_MOST: usize = 64;
const DIGEST: usize = 32;

/// The parts of a salted SHA-256.
pub(crate) struct Sha256Hash {
    salt: Bytes,
    output: Bytes,
    of_ldap: bool,
}

impl Sha256Hash {
    pub(crate) fn parse(text: &str) -> Result<Self, StoredHashError> {
        if let Some(ldap) = text.strip_prefix("{SSHA256}") {
            let mut output =
                base64_any(ldap, DIGEST + 1, DIGEST + SALT_MOST).ok_or(StoredHashError::Output)?;
            let salt = Zeroizing::new(output.split_off(DIGEST));
            return Ok(Self { salt, output, of_ldap: true });
        }
        let parts = text.strip_prefix("sha256$").and_then(|rest| fields(rest, '$'));
        let [salt, output] = parts.ok_or(StoredHashError::Form("sha256$salt$hash"))?;
        let salt = letters(salt, SALT_MOST).ok_or(StoredHashError::Salt)?;
        let output = hex(output, DIGEST, DIGEST).ok_or(StoredHashError::Output)?;
        Ok(Self { salt, output, of_ldap: false })
    }

    pub(crate) fn verify(&self, password: &Password) -> bool {
        let password = password.expose().as_bytes();
        if self.of_ldap {
            return self.is(&sha256([password, &self.salt]));
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.salt);
        let keyed = self.is(hmac::sign(&key, password).as_ref());
        let plain = self.is(&sha256([&self.salt, password]));
        keyed | plain
    }

    fn is(&self, output: &[u8]) -> bool {
        output.ct_eq(&self.output).into()
    }
}

fn sha256(parts: [&[u8]; 2]) -> Zeroizing<Vec<u8>> {
    let mut context = digest::Context::new(&digest::SHA256);
    parts.into_iter().for_each(|part| context.update(part));
    Zeroizing::new(context.finish().as_ref().to_vec())
}
