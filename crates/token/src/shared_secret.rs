//! The secret of an HS256 key, for teams whose services share one.
//!
//! 1. It is 32 random bytes of its own (RFC 7518 §3.2 asks for at least as many as the hash has); never a password, a
//!    PEM file or any other text that somebody else may know.
//! 2. Services get it as text, 43 characters of base64url; the key is the bytes behind it, not the text.
//! 3. Its `kid` is the RFC 7638 thumbprint of the `oct` key. It shows nothing of 256 random bits (RFC 7638 §7).

use aws_lc_rs::rand;
use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::thumbprint::thumbprint;

/// Bytes of the secret.
const SECRET_BYTES: usize = 32;

/// What signs and checks HS256 tokens. It cannot be printed, copied or serialised, and is wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; SECRET_BYTES]);

impl SharedSecret {
    /// From the text that [`SharedSecret::expose_text`] gave.
    ///
    /// # Errors
    /// [`NotSharedSecret`] unless it is 32 bytes as 43 characters of canonical base64url without padding.
    pub fn from_text(text: &str) -> Result<Self, NotSharedSecret> {
        let mut secret = Self([0; SECRET_BYTES]);
        let length = Base64UrlUnpadded::decode(text, &mut secret.0).map_err(|_| NotSharedSecret)?.len();
        if length == SECRET_BYTES { Ok(secret) } else { Err(NotSharedSecret) }
    }

    /// The secret as text, 43 characters, for those who are to share it. Whoever sees it can be any user.
    #[must_use]
    pub fn expose_text(&self) -> Zeroizing<String> {
        Zeroizing::new(Base64UrlUnpadded::encode_string(&self.0))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the other kinds of key are drawn inside aws-lc too: no test's randomness ever makes a real key"
    )]
    pub(crate) fn generate() -> Option<Self> {
        let mut secret = Self([0; SECRET_BYTES]);
        rand::fill(&mut secret.0).ok()?;
        Some(secret)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn kid(&self) -> String {
        thumbprint(&[r#"{"k":""#, &self.expose_text(), r#"","kty":"oct"}"#])
    }
}

/// The text is no shared secret. Nothing of it is repeated here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "this is not 32 bytes as 43 characters of base64url without padding; copy the secret again as the issuer printed it"
)]
pub struct NotSharedSecret;
