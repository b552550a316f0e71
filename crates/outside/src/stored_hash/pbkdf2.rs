//! PBKDF2 (RFC 8018 §5.2), as different systems write it:
//!
//! | written | by | salt | output |
//! |---|---|---|---|
//! | `pbkdf2_sha256$870000$salt$output` | Django | letters | Base64 |
//! | `$pbkdf2-sha256$29000$salt$output` | passlib | Base64 with `.` for `+` | the same |
//! | `$pbkdf2-sha512$i=25000$salt$output` | PHC libraries | Base64 without padding | the same |
//! | `pbkdf2:sha256:600000$salt$output` | Werkzeug | letters | hexadecimal digits |
//! | Base64 of `00`, salt (16), output (32) | ASP.NET Identity 2: SHA-1, 1,000 iterations | | |
//! | Base64 of `01`, function, iterations, length of the salt (32 bits each), salt, output | ASP.NET Identity 3 | | |

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{
    self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA384, PBKDF2_HMAC_SHA512,
};
use base64ct::{Base64Pbkdf2, Base64Unpadded};
use rotunda_core::model::Password;
use zeroize::Zeroizing;

use super::text::{Bytes, base64, base64_any, decimal, fields, hex, letters};
use super::{NotComputed, StoredHashError, within};

/// Some seconds' work.
const MOST_ITERATIONS: u64 = 5_000_000;
const SALT_MOST: usize = 128;
const OUTPUT_LEAST: usize = 16;
const OUTPUT_MOST: usize = 128;

/// The parts of a PBKDF2 hash.
pub(crate) struct Pbkdf2Hash {
    algorithm: Algorithm,
    iterations: NonZeroU32,
    salt: Bytes,
    output: Bytes,
}

/// The function with its length of output.
type Digest = (Algorithm, u64);

impl Pbkdf2Hash {
    pub(crate) fn parse(text: &str) -> Result<Self, StoredHashError> {
        if let Some(django) = text.strip_prefix("pbkdf2_") {
            let form = StoredHashError::Form("pbkdf2_sha256$iterations$salt$hash");
            let [name, iterations, salt, output] = fields(django, '$').ok_or(form)?;
            let (digest, iterations) = digest(name).zip(decimal(iterations)).ok_or(form)?;
            let output = base64_any(output, OUTPUT_LEAST, OUTPUT_MOST);
            Self::new(digest, iterations, letters(salt, SALT_MOST), output)
        } else if let Some(modular) = text.strip_prefix("$pbkdf2") {
            let form = StoredHashError::Form("$pbkdf2-sha256$iterations$salt$hash");
            let [name, iterations, salt, output] = fields(modular, '$').ok_or(form)?;
            // Without a name, it is passlib's for SHA-1.
            let name = if name.is_empty() { "sha1" } else { name.strip_prefix('-').ok_or(form)? };
            let phc = iterations.strip_prefix("i=");
            let decode = if phc.is_some() { base64::<Base64Unpadded> } else { base64::<Base64Pbkdf2> };
            let iterations = decimal(phc.unwrap_or(iterations));
            let (digest, iterations) = digest(name).zip(iterations).ok_or(form)?;
            Self::new(
                digest,
                iterations,
                decode(salt, 1, SALT_MOST),
                decode(output, OUTPUT_LEAST, OUTPUT_MOST),
            )
        } else if let Some(werkzeug) = text.strip_prefix("pbkdf2:") {
            let form = StoredHashError::Form("pbkdf2:sha256:iterations$salt$hash");
            let [method, salt, output] = fields(werkzeug, '$').ok_or(form)?;
            let [name, iterations] = fields(method, ':').ok_or(form)?;
            let (digest, iterations) = digest(name).zip(decimal(iterations)).ok_or(form)?;
            let output = hex(output, OUTPUT_LEAST, OUTPUT_MOST);
            Self::new(digest, iterations, letters(salt, SALT_MOST), output)
        } else {
            Self::parse_asp_net(text)
        }
    }

    /// Nothing marks these but their first byte.
    fn parse_asp_net(text: &str) -> Result<Self, StoredHashError> {
        let form = StoredHashError::Form("ASP.NET Identity version 3");
        let bytes = base64_any(text, 49, 13 + SALT_MOST + OUTPUT_MOST).ok_or(StoredHashError::Unknown)?;
        let part = |from: usize, to: usize| bytes.get(from..to).map(|part| Zeroizing::new(part.to_vec()));
        match bytes.first() {
            Some(0) if bytes.len() == 49 => {
                Self::new((PBKDF2_HMAC_SHA1, 20), 1000, part(1, 17), part(17, 49))
            }
            Some(1) => {
                let (numbers, _) = bytes.get(1..13).ok_or(form)?.as_chunks();
                let [function, iterations, salt_len] =
                    <[[u8; 4]; 3]>::try_from(numbers).map_err(|_| form)?.map(u32::from_be_bytes);
                let digest = match function {
                    0 => (PBKDF2_HMAC_SHA1, 20),
                    1 => (PBKDF2_HMAC_SHA256, 32),
                    2 => (PBKDF2_HMAC_SHA512, 64),
                    _ => return Err(form),
                };
                let salt_len = usize::try_from(salt_len).unwrap_or(usize::MAX);
                let salt_end = if (8..=SALT_MOST).contains(&salt_len) { 13 + salt_len } else { usize::MAX };
                let output = part(salt_end, bytes.len());
                Self::new(digest, u64::from(iterations), part(13, salt_end), output)
            }
            _ => Err(StoredHashError::Unknown),
        }
    }

    fn new(
        (algorithm, digest_len): Digest,
        iterations: u64,
        salt: Option<Bytes>,
        output: Option<Bytes>,
    ) -> Result<Self, StoredHashError> {
        within("iterations", iterations, 1, MOST_ITERATIONS)?;
        let salt = salt.ok_or(StoredHashError::Salt)?;
        let bounded = output.filter(|output| (OUTPUT_LEAST..=OUTPUT_MOST).contains(&output.len()));
        let output = bounded.ok_or(StoredHashError::Output)?;
        // Each further block of output costs as much as the first.
        let blocks = u64::try_from(output.len()).unwrap_or(u64::MAX).div_ceil(digest_len);
        within("iterations over all blocks", iterations.saturating_mul(blocks), 1, MOST_ITERATIONS)?;
        let iterations = u32::try_from(iterations).ok().and_then(NonZeroU32::new);
        let iterations = iterations.ok_or(StoredHashError::Unknown)?;
        Ok(Self { algorithm, iterations, salt, output })
    }

    /// The library compares in constant time.
    pub(crate) fn verify(&self, password: &Password) -> Result<bool, NotComputed> {
        let password = password.expose().as_bytes();
        Ok(pbkdf2::verify(self.algorithm, self.iterations, &self.salt, password, &self.output).is_ok())
    }
}

fn digest(name: &str) -> Option<Digest> {
    match name {
        "sha1" => Some((PBKDF2_HMAC_SHA1, 20)),
        "sha256" => Some((PBKDF2_HMAC_SHA256, 32)),
        "sha384" => Some((PBKDF2_HMAC_SHA384, 48)),
        "sha512" => Some((PBKDF2_HMAC_SHA512, 64)),
        _ => None,
    }
}
