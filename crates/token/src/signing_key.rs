//! The private key that signs access tokens, and its form at rest.
//!
//! 1. [`SigningKey::generate`] makes a key and gives its form at rest, once; the caller seals and keeps that.
//! 2. [`SigningKey::from_secret_bytes`] reads it again at start. Reading is slow, so the key is kept for as long as the
//!    process lives.
//! 3. Its `kid` is the RFC 7638 thumbprint of the public half, or of the secret where there is none: it follows from
//!    the key, so that it can be neither mistaken nor given twice.
//! 4. The token header depends on nothing but the key, so it is encoded here, once.

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::ZeroizeOnDrop;

use crate::private_key::PrivateKey;
use crate::{Algorithm, Jwk, SharedSecret, VerifyingKey};

/// A private key, ready to sign. It cannot be printed, copied or written, and is wiped when it is dropped.
pub struct SigningKey {
    pub(crate) private: PrivateKey,
    /// `base64url(header) .`, the beginning of every token.
    pub(crate) encoded_header: String,
    verifying: VerifyingKey,
}

impl SigningKey {
    /// Makes a new key: P-256, Ed25519, RSA of 3072 bits (which takes a second), or 32 random bytes. The second value
    /// is the only copy of it that can be kept.
    ///
    /// # Errors
    /// [`SigningKeyError::Generation`].
    pub fn generate(algorithm: Algorithm) -> Result<(Self, SecretBytes), SigningKeyError> {
        let make = || {
            let private = PrivateKey::generate(algorithm)?;
            let bytes = private.to_secret_bytes()?;
            Some((Self::new(private)?, bytes))
        };
        make().ok_or(SigningKeyError::Generation)
    }

    /// Reads a key from its form at rest: see [`SecretBytes`].
    ///
    /// # Errors
    /// [`SigningKeyError::Unreadable`] if it is not a key of that algorithm, or one that no verifier would take, like an
    /// RSA key of less than 2048 or more than 4096 bits.
    pub fn from_secret_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, SigningKeyError> {
        PrivateKey::from_secret_bytes(algorithm, bytes).and_then(Self::new).ok_or(SigningKeyError::Unreadable)
    }

    fn new(private: PrivateKey) -> Option<Self> {
        let verifying = private.verifying_key()?;
        let (algorithm, kid) = (verifying.algorithm().as_str(), verifying.kid());
        let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"{kid}"}}"#);
        let encoded_header = Base64UrlUnpadded::encode_string(header.as_bytes()) + ".";
        Some(Self { private, encoded_header, verifying })
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// Its key id: the RFC 7638 thumbprint, 43 characters.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.verifying.kid()
    }

    /// What checks its signatures.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The public half, as it is published; `None` for HS256, which has none.
    #[must_use]
    pub fn public_jwk(&self) -> Option<&Jwk> {
        self.verifying.jwk()
    }

    /// The secret that services must have to check its tokens; `None` for all but HS256.
    #[must_use]
    pub fn shared_secret(&self) -> Option<&SharedSecret> {
        self.private.shared_secret()
    }
}

/// A key in its form at rest: PKCS#8 (RFC 5208, DER), or for HS256 the 32 bytes of the secret. It cannot be printed,
/// copied or serialised, and is wiped on drop.
#[derive(ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The key itself. Seal it before it goes anywhere.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// Why there is no signing key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The cryptographic library could not make a key.
    #[error("no key could be generated; the system's source of randomness may be out of order")]
    Generation,
    /// Not the form at rest, damaged, or a key for another algorithm.
    #[error("this is not a private key of that algorithm; restore it from a backup or make a new one")]
    Unreadable,
}
