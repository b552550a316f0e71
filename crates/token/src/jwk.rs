//! Public keys as JSON: one key (JWK, RFC 7517 §4) and a published set (JWK Set, RFC 7517 §5).
//!
//! Reading a set:
//!
//! 1. At most [`MAX_JWKS_BYTES`] and [`MAX_JWKS_KEYS`] entries: it comes over the network.
//! 2. It must be a JSON object with an array `keys`.
//! 3. An entry that is no public key for signatures is skipped: an issuer may publish keys for other purposes, and of
//!    kinds that are younger than this code (RFC 7517 §5).
//! 4. An entry with a private part is skipped too, and `oct`, which has no other: a secret that was published proves
//!    nothing.
//!
//! Whether an entry is a key that can verify here is decided by [`crate::KeySet`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::thumbprint::thumbprint;

/// The longest key set that is read, in bytes.
pub const MAX_JWKS_BYTES: usize = 64 * 1024;

/// The most entries a key set may have, the skipped ones included.
pub const MAX_JWKS_KEYS: usize = 64;

/// The members that only a private or a shared key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key as it is published (RFC 7517 §4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Jwk {
    /// What kind of key it is, and its numbers.
    #[serde(flatten)]
    pub parameters: KeyParameters,
    /// Key id. Rotunda writes the RFC 7638 thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The one algorithm it is for: `ES256`, `EdDSA` or `RS256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `use`: `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
}

/// The key type (`kty`) and the members that belong to it. All numbers are base64url without padding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kty", try_from = "Members")]
pub enum KeyParameters {
    /// A point on an elliptic curve (RFC 7518 §6.2.1).
    #[serde(rename = "EC")]
    Ec {
        /// Curve: `P-256`.
        crv: String,
        /// First coordinate: 32 bytes, big-endian.
        x: String,
        /// Second coordinate, likewise.
        y: String,
    },
    /// An Edwards curve key (RFC 8037 §2).
    #[serde(rename = "OKP")]
    Okp {
        /// Curve: `Ed25519`.
        crv: String,
        /// The key: 32 bytes.
        x: String,
    },
    /// An RSA key (RFC 7518 §6.3.1).
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus: big-endian, 2048 to 4096 bits, without leading zeros.
        n: String,
        /// Exponent, likewise; usually `AQAB`, which is 65537.
        e: String,
    },
}

/// As they are read: a derived tag would take `kty` as a number, too, and RFC 7517 §4.1 makes it a string.
#[derive(Deserialize)]
struct Members {
    kty: String,
    crv: Option<Value>,
    x: Option<Value>,
    y: Option<Value>,
    n: Option<Value>,
    e: Option<Value>,
}

impl TryFrom<Members> for KeyParameters {
    type Error = &'static str;

    fn try_from(Members { kty, crv, x, y, n, e }: Members) -> Result<Self, Self::Error> {
        let text = |member| match member {
            Some(Value::String(text)) => Ok(text),
            _ => Err("a member that belongs to this `kty` is missing, or is no string"),
        };
        Ok(match kty.as_str() {
            "EC" => Self::Ec { crv: text(crv)?, x: text(x)?, y: text(y)? },
            "OKP" => Self::Okp { crv: text(crv)?, x: text(x)? },
            "RSA" => Self::Rsa { n: text(n)?, e: text(e)? },
            _ => return Err("a `kty` that is not known here"),
        })
    }
}

impl KeyParameters {
    /// The RFC 7638 thumbprint. The texts go into JSON as they are: they must have been decoded as base64url before.
    pub(crate) fn thumbprint(&self) -> String {
        match self {
            Self::Ec { crv, x, y } => {
                thumbprint(&[r#"{"crv":""#, crv, r#"","kty":"EC","x":""#, x, r#"","y":""#, y, r#""}"#])
            }
            Self::Okp { crv, x } => thumbprint(&[r#"{"crv":""#, crv, r#"","kty":"OKP","x":""#, x, r#""}"#]),
            Self::Rsa { n, e } => thumbprint(&[r#"{"e":""#, e, r#"","kty":"RSA","n":""#, n, r#""}"#]),
        }
    }
}

/// A set of public keys, as it is published (RFC 7517 §5). Read one with [`Jwks::from_json`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl Jwks {
    /// Reads a published set and leaves out the entries that are no public keys for signatures.
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
    if PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name)) {
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
