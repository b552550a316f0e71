//! The refresh token: how it is written, read, and succeeded.
//!
//! ```text
//! rt1_ + base64url( version 1 | key id 1 | session id 16 | generation u32 | secret 32 | tag 16 )
//! ```
//!
//! 1. `tag = HMAC-SHA256(k_tag, everything before it)[..16]`: garbage is refused without touching the store, and an
//!    old generation is provably ours however long ago it was issued.
//! 2. The store keeps `HMAC-SHA256(k_hash, secret)`. Whoever can write there but has no keys cannot plant a token.
//! 3. The first secret is random. The next is `HMAC-SHA256(k_next, secret | salt | session id | generation + 1)`, with a
//!    fresh salt: whoever presents the previous token can be given the same successor again, and no plaintext is kept.
//! 4. A token is checked with the master key that its own key id names; a successor is made with the row's.

use aws_lc_rs::hmac;
use base64ct::{Base64UrlUnpadded, Encoding};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::keys::{DerivedKeys, MasterKeys};
use crate::model::{Salt, SessionId, TokenHash, TokenSecret};

const VERSION: u8 = 1;
const SIGNED: usize = 1 + 1 + 16 + 4 + 32;
const TAG: usize = 16;
const WHOLE: usize = SIGNED + TAG;

/// An authentic refresh token, current or not: its tag was right.
#[derive(Clone)]
pub struct RefreshToken {
    /// The master key it was made under.
    pub key_id: u8,
    /// Its session.
    pub session_id: SessionId,
    /// Its place in the family.
    pub generation: u32,
    secret: TokenSecret,
}

fn decoded(text: &str) -> Option<Zeroizing<[u8; WHOLE]>> {
    // The length is public: refuse early, so that no input costs more than a token does.
    let body = text.strip_prefix(RefreshToken::PREFIX).filter(|_| text.len() == RefreshToken::TEXT_LEN)?;
    let mut bytes = Zeroizing::new([0; WHOLE]);
    let is_whole = Base64UrlUnpadded::decode(body, bytes.as_mut_slice()).ok()?.len() == WHOLE;
    is_whole.then_some(bytes)
}

impl RefreshToken {
    /// How the text form begins, for people and secret scanners.
    pub const PREFIX: &'static str = "rt1_";
    /// The length of the text form in bytes.
    pub const TEXT_LEN: usize = 4 + (WHOLE * 8).div_ceil(6);

    /// Reads the text form. `None` for whatever we did not make: malformed, an unknown key, a wrong tag.
    #[must_use]
    pub fn parse(keys: &MasterKeys, text: &str) -> Option<Self> {
        let bytes = decoded(text)?;
        let (signed, tag) = bytes.split_at_checked(SIGNED)?;
        let (&[version, key_id], rest) = signed.split_first_chunk::<2>()?;
        if version != VERSION {
            return None;
        }
        let right = hmac::sign(&keys.get(key_id)?.tag, signed);
        if !bool::from(right.as_ref().get(..TAG)?.ct_eq(tag)) {
            return None;
        }
        let (session_id, rest) = rest.split_first_chunk::<16>()?;
        let (generation, secret) = rest.split_first_chunk::<4>()?;
        Some(Self {
            key_id,
            session_id: SessionId::from_bytes(*session_id),
            generation: u32::from_be_bytes(*generation),
            secret: TokenSecret::from_bytes(secret.try_into().ok()?),
        })
    }

    /// The master key that a text says it was made under. Nothing shows that this is true.
    pub(crate) fn says_key_id(text: &str) -> Option<u8> {
        match decoded(text)?.split_first_chunk::<2>() {
            Some((&[VERSION, key_id], _)) => Some(key_id),
            _ => None,
        }
    }

    /// The first token of a family, under the current master key.
    ///
    /// `None` only if the current key is not among the keys, which [`MasterKeys`] rules out.
    #[must_use]
    pub fn first(keys: &MasterKeys, session_id: SessionId, secret: TokenSecret) -> Option<Self> {
        let key_id = keys.current_id();
        keys.get(key_id).map(|_| Self { key_id, session_id, generation: 0, secret })
    }

    /// The text form that the client keeps. `None` if the key is gone that the token was made under.
    #[must_use]
    pub fn expose_text(&self, keys: &MasterKeys) -> Option<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(WHOLE));
        bytes.extend_from_slice(&[VERSION, self.key_id]);
        bytes.extend_from_slice(self.session_id.as_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(self.secret.expose());
        let tag = hmac::sign(&keys.get(self.key_id)?.tag, &bytes);
        bytes.extend_from_slice(tag.as_ref().get(..TAG)?);
        let mut text = String::with_capacity(Self::TEXT_LEN);
        text.push_str(Self::PREFIX);
        text.push_str(&Base64UrlUnpadded::encode_string(&bytes));
        Some(text)
    }

    /// What the store keeps of it.
    #[must_use]
    pub fn hash(&self, keys: &MasterKeys) -> Option<TokenHash> {
        Some(self.hash_with(keys.get(self.key_id)?))
    }

    fn hash_with(&self, keys: &DerivedKeys) -> TokenHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&keys.hash, self.secret.expose()).as_ref());
        TokenHash(hash)
    }

    /// The token that follows this one under `key_id` and `salt`: always the same for the same three.
    ///
    /// `None` if that key is gone, or the family is older than a `u32` counts (one rotation a second for 136 years).
    #[must_use]
    pub fn successor(&self, keys: &MasterKeys, key_id: u8, salt: &Salt) -> Option<Self> {
        let generation = self.generation.checked_add(1)?;
        let mut context = hmac::Context::with_key(&keys.get(key_id)?.next);
        context.update(self.secret.expose());
        context.update(&salt.0);
        context.update(self.session_id.as_bytes());
        context.update(&generation.to_be_bytes());
        let mut secret = Zeroizing::new([0; 32]);
        secret.copy_from_slice(context.sign().as_ref());
        Some(Self {
            key_id,
            session_id: self.session_id,
            generation,
            secret: TokenSecret::from_bytes(*secret),
        })
    }
}
