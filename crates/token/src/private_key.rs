//! The private halves of the four kinds, behind one door: make, write, read, sign.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64ct::{Base64UrlUnpadded, Encoding};

use crate::{Algorithm, KeyParameters, SecretBytes, SharedSecret, VerifyingKey};

/// Bytes of a P-256 coordinate.
const COORDINATE_BYTES: usize = 32;

/// A private key of one of the kinds. aws-lc wipes the memory of each when it is dropped.
pub(crate) enum PrivateKey {
    /// Made with the `FIXED` algorithm: JWS wants the raw form of a signature, not DER (RFC 7518 §3.4).
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
    Hs256(SharedSecret, Box<hmac::Key>),
}

impl PrivateKey {
    pub(crate) fn generate(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Es256 => Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?),
            Algorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::generate().ok()?),
            Algorithm::Rs256 => Self::Rs256(RsaKeyPair::generate(KeySize::Rsa3072).ok()?),
            Algorithm::Hs256 => Self::from_shared_secret(SharedSecret::generate()?),
        })
    }

    /// Reads what [`PrivateKey::to_secret_bytes`] wrote. PKCS#8 names its algorithm, so one kind is not read as another.
    pub(crate) fn from_secret_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Es256 => {
                Self::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).ok()?)
            }
            Algorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::from_pkcs8(bytes).ok()?),
            Algorithm::Rs256 => Self::Rs256(RsaKeyPair::from_pkcs8(bytes).ok()?),
            Algorithm::Hs256 => Self::from_shared_secret(SharedSecret::from_bytes(bytes)?),
        })
    }

    fn from_shared_secret(secret: SharedSecret) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self::Hs256(secret, Box::new(key))
    }

    pub(crate) fn to_secret_bytes(&self) -> Option<SecretBytes> {
        let bytes = match self {
            Self::Es256(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
            Self::EdDsa(pair) => pair.to_pkcs8v1().ok()?.as_ref().to_vec(),
            Self::Rs256(pair) => AsDer::<Pkcs8V1Der>::as_der(pair).ok()?.as_ref().to_vec(),
            Self::Hs256(secret, _) => secret.as_bytes().to_vec(),
        };
        Some(SecretBytes::new(bytes))
    }

    /// What checks its signatures, under the thumbprint's name. It goes through the same checks as a published key, so
    /// nothing is signed with a key that no service would take.
    pub(crate) fn verifying_key(&self) -> Option<VerifyingKey> {
        let parameters = match self {
            Self::Es256(pair) => {
                let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(COORDINATE_BYTES)?;
                KeyParameters::Ec { crv: "P-256".to_owned(), x: encode(x), y: encode(y) }
            }
            Self::EdDsa(pair) => {
                KeyParameters::Okp { crv: "Ed25519".to_owned(), x: encode(pair.public_key().as_ref()) }
            }
            Self::Rs256(pair) => {
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                let [n, e] = [n, e].map(|number| encode(number.big_endian_without_leading_zero()));
                KeyParameters::Rsa { n, e }
            }
            Self::Hs256(secret, _) => return Some(VerifyingKey::from_shared_secret(secret)),
        };
        VerifyingKey::from_parameters(parameters, None)
    }

    pub(crate) fn shared_secret(&self) -> Option<&SharedSecret> {
        match self {
            Self::Hs256(secret, _) => Some(secret),
            Self::Es256(_) | Self::EdDsa(_) | Self::Rs256(_) => None,
        }
    }

    /// How long its signatures are, in bytes.
    pub(crate) fn signature_bytes(&self) -> usize {
        match self {
            Self::Es256(_) | Self::EdDsa(_) => 64,
            Self::Rs256(pair) => pair.public_modulus_len(),
            Self::Hs256(_, key) => key.algorithm().tag_len(),
        }
    }

    /// Signs. The source of randomness is a formality of the interface: aws-lc draws by itself what it needs.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Self::Es256(pair) => pair.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec(),
            Self::EdDsa(pair) => pair.try_sign(message).ok()?.as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
                signature
            }
            Self::Hs256(_, key) => hmac::sign(key, message).as_ref().to_vec(),
        })
    }
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
