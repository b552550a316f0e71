//! A public key, parsed once: what a `kid` stands for.
//!
//! 1. It is pinned to one algorithm when it is made; a token cannot choose another (RFC 8725 §3.1).
//! 2. Its point is checked to be on the curve when it is made (RFC 8725 §3.4).
//! 3. Its `kid` is the one that its publisher gave, else its RFC 7638 thumbprint.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64ct::{Base64UrlUnpadded, Encoding};

use crate::{Algorithm, Jwk};

/// Bytes of a P-256 coordinate; both are always written in full (RFC 7518 §6.2.1.2).
const COORDINATE_BYTES: usize = 32;

/// First byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A public key that checks signatures of one algorithm.
#[derive(Clone, Debug)]
pub struct PublicKey {
    algorithm: Algorithm,
    kid: String,
    jwk: Jwk,
    parsed: ParsedPublicKey,
}

impl PublicKey {
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

    /// As it is published, with `kid`, `alg` and `use`.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// From a published key; `None` if it is of a kind that is not spoken here, or not a valid key.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let is_or_absent = |member: &Option<String>, ours| member.as_deref().is_none_or(|it| it == ours);
        if jwk.kty != "EC"
            || jwk.crv != "P-256"
            || !is_or_absent(&jwk.alg, Algorithm::Es256.as_str())
            || !is_or_absent(&jwk.key_use, "sig")
        {
            return None;
        }
        let point =
            [&[UNCOMPRESSED], coordinate(&jwk.x)?.as_slice(), coordinate(&jwk.y)?.as_slice()].concat();
        Self::from_p256_point(&point, jwk.kid.clone())
    }

    /// From an uncompressed point on P-256; `None` if it is not one.
    pub(crate) fn from_p256_point(point: &[u8], kid: Option<String>) -> Option<Self> {
        let (x, y) = point.strip_prefix(&[UNCOMPRESSED])?.split_at_checked(COORDINATE_BYTES)?;
        let (x, y) = (Base64UrlUnpadded::encode_string(x), Base64UrlUnpadded::encode_string(y));
        let kid = kid.unwrap_or_else(|| p256_thumbprint(&x, &y));
        let jwk = Jwk {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            x,
            y,
            kid: Some(kid.clone()),
            alg: Some(Algorithm::Es256.as_str().to_owned()),
            key_use: Some("sig".to_owned()),
        };
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()?;
        Some(Self { algorithm: Algorithm::Es256, kid, jwk, parsed })
    }
}

fn coordinate(text: &str) -> Option<[u8; COORDINATE_BYTES]> {
    let mut bytes = [0; COORDINATE_BYTES];
    let length = Base64UrlUnpadded::decode(text, &mut bytes).ok()?.len();
    (length == COORDINATE_BYTES).then_some(bytes)
}

/// RFC 7638 §3: SHA-256 over the required members in alphabetical order, without spaces.
fn p256_thumbprint(x: &str, y: &str) -> String {
    let json = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Base64UrlUnpadded::encode_string(digest(&SHA256, json.as_bytes()).as_ref())
}
