//! A key that checks signatures, parsed once: what a `kid` stands for.
//!
//! 1. It is pinned to one algorithm when it is made; a token cannot choose another (RFC 8725 §3.1). The kinds are
//!    different types inside, so no public key can become the key of an HMAC.
//! 2. It is checked when it is made (RFC 8725 §3.4): a P-256 point is on the curve; an RSA modulus is odd and has 2048
//!    to 4096 bits (below is too weak, above only slow), its exponent is odd, at least 3 and below 2³². Ed25519 has 32
//!    bytes, and those that are no point verify nothing.
//! 3. Its `kid` is the one that its publisher gave, else its RFC 7638 thumbprint.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64ct::{Base64UrlUnpadded, Encoding};

use crate::{Algorithm, Jwk, KeyParameters, SharedSecret};

/// First byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// Bits of an RSA modulus that is read. RFC 7518 §3.3 asks for the lower limit.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A key that checks signatures of one algorithm.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: String,
    check: Check,
}

/// What a signature is checked with.
#[derive(Clone, Debug)]
enum Check {
    Public { jwk: Jwk, parsed: ParsedPublicKey },
    // Its `Debug` names the hash function and nothing else.
    Shared(Box<hmac::Key>),
}

impl VerifyingKey {
    /// The one algorithm it is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its key id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// As it is published, with `kid`, `alg` and `use`; `None` for a shared secret, which is never published.
    #[must_use]
    pub fn jwk(&self) -> Option<&Jwk> {
        match &self.check {
            Check::Public { jwk, .. } => Some(jwk),
            Check::Shared(_) => None,
        }
    }

    /// Whether `signature` is this key's over `message`. HMACs are compared in constant time.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.check {
            Check::Public { parsed, .. } => parsed.verify_sig(message, signature).is_ok(),
            Check::Shared(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }

    /// From a published key; `None` if it is of a kind that is not spoken here, or not a valid key.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let is_or_absent = |member: &Option<String>, ours| member.as_deref().is_none_or(|it| it == ours);
        Self::from_parameters(jwk.parameters.clone(), jwk.kid.clone())
            .filter(|key| is_or_absent(&jwk.alg, key.algorithm.as_str()) && is_or_absent(&jwk.key_use, "sig"))
    }

    /// From the numbers of a public key; `None` as for [`VerifyingKey::from_jwk`].
    pub(crate) fn from_parameters(parameters: KeyParameters, kid: Option<String>) -> Option<Self> {
        let (algorithm, parsed) = match &parameters {
            KeyParameters::Ec { crv, x, y } if crv == "P-256" => (Algorithm::Es256, p256(x, y)?),
            KeyParameters::Okp { crv, x } if crv == "Ed25519" => (Algorithm::EdDsa, ed25519(x)?),
            KeyParameters::Rsa { n, e } => (Algorithm::Rs256, rsa(n, e)?),
            _ => return None,
        };
        // The numbers were decoded, so their texts are base64url and need no escapes in the thumbprint's JSON.
        let kid = kid.unwrap_or_else(|| parameters.thumbprint());
        let jwk = Jwk {
            parameters,
            kid: Some(kid.clone()),
            alg: Some(algorithm.as_str().to_owned()),
            key_use: Some("sig".to_owned()),
        };
        Some(Self { algorithm, kid, check: Check::Public { jwk, parsed } })
    }

    /// From a secret that was shared on purpose.
    pub(crate) fn from_shared_secret(secret: &SharedSecret) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self { algorithm: Algorithm::Hs256, kid: secret.kid(), check: Check::Shared(Box::new(key)) }
    }
}

fn p256(x: &str, y: &str) -> Option<ParsedPublicKey> {
    let point = [&[UNCOMPRESSED], bytes32(x)?.as_slice(), bytes32(y)?.as_slice()].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()
}

fn ed25519(x: &str) -> Option<ParsedPublicKey> {
    ParsedPublicKey::new(&ED25519, bytes32(x)?).ok()
}

/// The library refuses leading zeros (RFC 7518 §2 wants as few bytes as possible); it would take a modulus of twice the
/// size, and tell of a bad exponent only at each verification.
fn rsa(n: &str, e: &str) -> Option<ParsedPublicKey> {
    let (n, e) = (Base64UrlUnpadded::decode_vec(n).ok()?, Base64UrlUnpadded::decode_vec(e).ok()?);
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    let bits = n.len() * 8 - usize::try_from(n.first()?.leading_zeros()).ok()?;
    if !RSA_BITS.contains(&bits) || !is_odd(&n) || !is_odd(&e) || e == [1] || e.len() > 4 {
        return None;
    }
    RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()
}

/// Coordinates and Ed25519 keys are always written in full (RFC 7518 §6.2.1.2, RFC 8037 §2).
fn bytes32(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let length = Base64UrlUnpadded::decode(text, &mut bytes).ok()?.len();
    (length == bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7520 §4.4, with the key of §3.5. Here, because its JWS has another `kid` than the one that follows from the
    /// secret, so that no key set finds it.
    #[test]
    fn the_hmac_of_rfc_7520_verifies() {
        const SIGNED: &[u8] = b"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.\
            SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9h\
            ZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3\
            ZXB0IG9mZiB0by4";
        let secret = SharedSecret::from_text("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg").unwrap();
        let mac = Base64UrlUnpadded::decode_vec("s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0").unwrap();
        let key = VerifyingKey::from_shared_secret(&secret);
        assert!(key.verifies(SIGNED, &mac));
        assert!(!key.verifies(&SIGNED[1..], &mac));
        assert!(!key.verifies(SIGNED, &mac[..31]));
    }
}
