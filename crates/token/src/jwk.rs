//! Public keys as JSON: one key (JWK, RFC 7517 §4) and a published set (JWK Set, RFC 7517 §5).
//!
//! Reading a set:
//!
//! 1. At most [`MAX_JWKS_BYTES`] and [`MAX_JWKS_KEYS`] entries: it comes over the network.
//! 2. It must be a JSON object with an array `keys`.
//! 3. An entry that is no EC public key for signatures is skipped: an issuer may publish keys for other purposes, and
//!    of kinds that are younger than this code (RFC 7517 §5).
//! 4. An entry with a private part is skipped too: a private key that was published proves nothing.
//!
//! Whether an entry is a key that can verify here is decided by [`crate::KeySet`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest key set that is read, in bytes.
pub const MAX_JWKS_BYTES: usize = 64 * 1024;

/// The most entries a key set may have, the skipped ones included.
pub const MAX_JWKS_KEYS: usize = 64;

/// The public half of an elliptic curve key (RFC 7517 §4, RFC 7518 §6.2.1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Jwk {
    /// Key type: `EC`.
    pub kty: String,
    /// Curve: `P-256`.
    pub crv: String,
    /// First coordinate: 32 bytes, big-endian, base64url without padding.
    pub x: String,
    /// Second coordinate, likewise.
    pub y: String,
    /// Key id. Rotunda writes the RFC 7638 thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The one algorithm it is for: `ES256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `use`: `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
}

/// A set of public keys, as it is published (RFC 7517 §5). Read one with [`Jwks::from_json`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl Jwks {
    /// Reads a published set and leaves out the entries that are no EC public keys for signatures.
    ///
    /// # Errors
    /// [`JwksError::TooLong`], [`JwksError::TooManyKeys`], [`JwksError::NotJwks`].
    pub fn from_json(json: &[u8]) -> Result<Self, JwksError> {
        #[derive(Deserialize)]
        struct Entries {
            keys: Vec<Value>,
        }

        if json.len() > MAX_JWKS_BYTES {
            return Err(JwksError::TooLong);
        }
        // serde would also read the struct from an array.
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(JwksError::NotJwks);
        }
        let Entries { keys } = serde_json::from_slice(json).map_err(|_| JwksError::NotJwks)?;
        if keys.len() > MAX_JWKS_KEYS {
            return Err(JwksError::TooManyKeys);
        }
        Ok(Self { keys: keys.into_iter().filter_map(public_signature_key).collect() })
    }
}

fn public_signature_key(entry: Value) -> Option<Jwk> {
    let members = entry.as_object()?;
    if members.contains_key("d") {
        return None;
    }
    // `key_ops` is the other way to say what `use` says (RFC 7517 §4.3).
    if let Some(operations) = members.get("key_ops")
        && !operations.as_array()?.iter().any(|operation| operation == "verify")
    {
        return None;
    }
    let jwk: Jwk = serde_json::from_value(entry).ok()?;
    jwk.key_use.as_deref().is_none_or(|key_use| key_use == "sig").then_some(jwk)
}

/// Why a key set cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JwksError {
    /// Longer than [`MAX_JWKS_BYTES`].
    #[error(
        "the key set is longer than {MAX_JWKS_BYTES} bytes; check that its address is the issuer's `jwks_uri`"
    )]
    TooLong,
    /// More entries than [`MAX_JWKS_KEYS`].
    #[error("the key set has more than {MAX_JWKS_KEYS} keys; retire old ones at the issuer")]
    TooManyKeys,
    /// Not a JWK Set (RFC 7517 §5).
    #[error(
        "this is not a JSON object with an array `keys`; check that its address is the issuer's `jwks_uri`"
    )]
    NotJwks,
    /// Two different keys under one `kid`, so that it names neither (RFC 7517 §4.5).
    #[error("two different keys have the same `kid`; give each its own at the issuer")]
    KidTwice,
}
