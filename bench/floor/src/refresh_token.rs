//! The refresh token: `base64url( session id 16 | secret 32 )`, 64 characters. The database has its hash only.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use base64ct::{Base64UrlUnpadded, Encoding};
use uuid::Uuid;

use crate::machine::random;

/// The length of a secret in bytes, and of what is written in base64url.
const SECRET: usize = 32;
const WHOLE: usize = 16 + SECRET;

/// SHA-256 of a secret.
pub(crate) type Hash = [u8; 32];

/// A refresh token, current or not.
pub(crate) struct RefreshToken {
    /// Its session's id.
    pub session: Uuid,
    secret: [u8; SECRET],
}

impl RefreshToken {
    /// A new token of a session.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(crate) fn new(session: Uuid) -> Result<Self, Unspecified> {
        Ok(Self { session, secret: random()? })
    }

    /// Reads the text form; `None` for what cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; WHOLE];
        let (session, secret) = Base64UrlUnpadded::decode(text, &mut bytes).ok()?.split_first_chunk()?;
        Some(Self { session: Uuid::from_bytes(*session), secret: secret.try_into().ok()? })
    }

    /// What the database keeps of it. How much of a hash was right tells nothing about the secret, so a comparison may take
    /// as long as it takes.
    pub(crate) fn hash(&self) -> Hash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.secret).as_ref());
        hash
    }

    /// The text form that the client keeps.
    pub(crate) fn expose_text(&self) -> String {
        Base64UrlUnpadded::encode_string(&[self.session.as_bytes(), &self.secret[..]].concat())
    }
}
