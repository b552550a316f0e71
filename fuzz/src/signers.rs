//! One key of each kind, all of which the specifications show to everybody: a finding must come again, so none is drawn.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Algorithm, SigningKey};

/// P-256, of RFC 7515, appendix A.3: private part, then both coordinates.
const P256: [&str; 3] = [
    "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
];
/// Ed25519, of RFC 8037, appendix A.1: private part, then public key.
const ED25519: [&str; 2] =
    ["nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"];
/// RSA, of RFC 7515, appendix A.2, as PKCS#8 in base64url.
const RSA: &str = include_str!("rsa.pkcs8").trim_ascii();
/// The secret of RFC 7520, §3.5.
const OCTETS: &str = "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg";

/// A key as Rotunda has it, and once more as the library has it, which signs anything.
pub(crate) struct Signer {
    pub(crate) key: SigningKey,
    raw: Raw,
}

enum Raw {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
    Octets(Box<hmac::Key>),
}

impl Signer {
    pub(crate) fn of(algorithm: Algorithm) -> Self {
        let secret = at_rest(algorithm);
        let key = SigningKey::from_secret_bytes(algorithm, &secret).expect("a key of that algorithm");
        let raw = match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &secret).map(Raw::P256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(&secret).map(Raw::Ed25519),
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(&secret).map(Raw::Rsa),
            Algorithm::Hs256 => Ok(Raw::Octets(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &secret)))),
        };
        Self { key, raw: raw.expect("likewise") }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.raw {
            Raw::P256(pair) => pair.sign(&random, message).expect("it signs anything").as_ref().to_vec(),
            Raw::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Raw::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("likewise");
                signature
            }
            Raw::Octets(key) => hmac::sign(key, message).as_ref().to_vec(),
        }
    }
}

/// What somebody signs with who takes the published Ed25519 key for a secret: both are 32 bytes.
pub(crate) fn sign_with_a_public_key(message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &decoded(ED25519[1])), message).as_ref().to_vec()
}

/// PKCS#8 (RFC 5208), which for the two short kinds is always the same but for its numbers (RFC 5915, RFC 8410 §7).
fn at_rest(algorithm: Algorithm) -> Vec<u8> {
    const BEFORE_P256: &[u8] =
        b"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\
        \x3d\x03\x01\x07\x04\x6d\x30\x6b\x02\x01\x01\x04\x20";
    const BETWEEN_P256: &[u8] = b"\xa1\x44\x03\x42\x00\x04";
    const BEFORE_ED25519: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    match algorithm {
        Algorithm::Es256 => {
            let [private, x, y] = P256.map(decoded);
            [BEFORE_P256, &private, BETWEEN_P256, &x, &y].concat()
        }
        Algorithm::EdDsa => [BEFORE_ED25519, &decoded(ED25519[0])].concat(),
        Algorithm::Rs256 => decoded(RSA),
        Algorithm::Hs256 => decoded(OCTETS),
    }
}

fn decoded(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).expect("base64url")
}
