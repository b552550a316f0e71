//! The private key that signs access tokens, and its form at rest.
//!
//! 1. [`SigningKey::generate`] makes a key and gives its PKCS#8 form, once; the caller seals and keeps that.
//! 2. [`SigningKey::from_pkcs8`] reads it again at start. Reading is slow, so the key is kept for as long as the
//!    process lives.
//! 3. Its `kid` is the RFC 7638 thumbprint of the public half: it follows from the key, so that it can be neither
//!    mistaken nor given twice.
//! 4. The token header depends on nothing but the key, so it is encoded here, once.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair};
use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::ZeroizeOnDrop;

use crate::{Algorithm, Jwk, PublicKey};

/// A private key, ready to sign. It cannot be printed, copied or written; aws-lc wipes its memory when it is dropped.
pub struct SigningKey {
    /// Made with the `FIXED` algorithm: JWS wants the raw form of a signature, not DER (RFC 7518 §3.4).
    pub(crate) key_pair: EcdsaKeyPair,
    /// `base64url(header) .`, the beginning of every token.
    pub(crate) encoded_header: String,
    public: PublicKey,
}

impl SigningKey {
    /// Makes a new key. The second value is the only copy of it that can be kept.
    ///
    /// # Errors
    /// [`SigningKeyError::Generation`].
    pub fn generate(algorithm: Algorithm) -> Result<(Self, Pkcs8), SigningKeyError> {
        let failed = |_| SigningKeyError::Generation;
        let key_pair = EcdsaKeyPair::generate(signing_algorithm(algorithm)).map_err(failed)?;
        let pkcs8 = Pkcs8(key_pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec());
        let key = Self::new(algorithm, key_pair).ok_or(SigningKeyError::Generation)?;
        Ok((key, pkcs8))
    }

    /// Reads a key from its PKCS#8 form (RFC 5208, DER).
    ///
    /// # Errors
    /// [`SigningKeyError::Pkcs8`] if it is not a key of that algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, SigningKeyError> {
        EcdsaKeyPair::from_pkcs8(signing_algorithm(algorithm), pkcs8)
            .ok()
            .and_then(|key_pair| Self::new(algorithm, key_pair))
            .ok_or(SigningKeyError::Pkcs8)
    }

    fn new(algorithm: Algorithm, key_pair: EcdsaKeyPair) -> Option<Self> {
        let public = match algorithm {
            Algorithm::Es256 => PublicKey::from_p256_point(key_pair.public_key().as_ref(), None)?,
        };
        let header = format!(r#"{{"typ":"at+jwt","alg":"{}","kid":"{}"}}"#, algorithm.as_str(), public.kid());
        let encoded_header = Base64UrlUnpadded::encode_string(header.as_bytes()) + ".";
        Some(Self { key_pair, encoded_header, public })
    }

    /// Its algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// Its key id: the RFC 7638 thumbprint of the public half, 43 characters.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// The public half, ready to verify.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The public half, as it is published.
    #[must_use]
    pub fn public_jwk(&self) -> &Jwk {
        self.public.jwk()
    }
}

fn signing_algorithm(algorithm: Algorithm) -> &'static EcdsaSigningAlgorithm {
    match algorithm {
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}

/// A private key in PKCS#8 form (RFC 5208, DER). It cannot be printed, copied or serialised, and is wiped on drop.
#[derive(ZeroizeOnDrop)]
pub struct Pkcs8(Vec<u8>);

impl Pkcs8 {
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
    /// Not PKCS#8, damaged, or a key for another algorithm.
    #[error("this is not a PKCS#8 private key of that algorithm; restore it from a backup or make a new one")]
    Pkcs8,
}
