//! The token of a link: how it is made, written and read.
//!
//! ```text
//! rl1_ + base64url( key id 1 | purpose 1 | link id 16 | secret 32 )
//! ```
//!
//! 1. `secret = HMAC-SHA256(k_link, purpose | link id)`: 256 bits that only a holder of the master key can make, made
//!    again whenever the letter is sent. What nobody was sent is refused without touching the store.
//! 2. The store keeps `HMAC-SHA256(k_hash, "link" | secret)`, under the same master key. Whoever can write there but has no
//!    keys cannot plant a link; whoever can read there cannot follow one.
//! 3. The purpose is part of the secret: a link for one thing cannot be passed off as one for another.

use aws_lc_rs::hmac;
use base64ct::{Base64UrlUnpadded, Encoding};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::keys::{DerivedKeys, MasterKeys};
use crate::model::{LetterLink, LinkHash, LinkId, LinkPurpose, SecretText};

const SECRET: usize = 32;
const WHOLE: usize = 1 + 1 + 16 + SECRET;

/// An authentic link, whether or not it is still good: its secret was right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinkToken {
    /// The link.
    pub id: LinkId,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The master key it was made under.
    pub key_id: u8,
}

impl LinkToken {
    /// How the text form begins, for people and secret scanners.
    pub const PREFIX: &'static str = "rl1_";
    /// The length of the text form in bytes.
    pub const TEXT_LEN: usize = 4 + (WHOLE * 8).div_ceil(6);

    /// Reads the text form. `None` for whatever we did not make: malformed, an unknown key, a wrong secret.
    #[must_use]
    pub fn parse(keys: &MasterKeys, text: &str) -> Option<Self> {
        let body = text.strip_prefix(Self::PREFIX).filter(|_| text.len() == Self::TEXT_LEN)?;
        let mut bytes = Zeroizing::new([0; WHOLE]);
        if Base64UrlUnpadded::decode(body, bytes.as_mut_slice()).ok()?.len() != WHOLE {
            return None;
        }
        let (&[key_id, purpose], rest) = bytes.split_first_chunk::<2>()?;
        let (id, secret) = rest.split_first_chunk::<16>()?;
        let purpose = LinkPurpose::ALL.iter().copied().find(|known| known.byte() == purpose)?;
        let token = Self { id: LinkId::from_bytes(*id), purpose, key_id };
        let right = token.secret(keys.get(key_id)?);
        bool::from(right.ct_eq(secret)).then_some(token)
    }

    /// The text that goes into the letter. `None` if the key is gone that the link was made under.
    #[must_use]
    pub fn expose_text(&self, keys: &MasterKeys) -> Option<SecretText> {
        let secret = self.secret(keys.get(self.key_id)?);
        let mut bytes = Zeroizing::new(Vec::with_capacity(WHOLE));
        bytes.extend_from_slice(&[self.key_id, self.purpose.byte()]);
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&*secret);
        let body = Zeroizing::new(Base64UrlUnpadded::encode_string(&bytes));
        let mut text = String::with_capacity(Self::TEXT_LEN);
        text.push_str(Self::PREFIX);
        text.push_str(&body);
        Some(SecretText::new(text))
    }

    /// What the store keeps of it. `None` if the key is gone that the link was made under.
    #[must_use]
    pub fn hash(&self, keys: &MasterKeys) -> Option<LinkHash> {
        let derived = keys.get(self.key_id)?;
        let mut context = hmac::Context::with_key(&derived.hash);
        context.update(b"link");
        context.update(&*self.secret(derived));
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        Some(LinkHash(hash))
    }

    fn secret(&self, keys: &DerivedKeys) -> Zeroizing<[u8; SECRET]> {
        let mut context = hmac::Context::with_key(&keys.link);
        context.update(&[self.purpose.byte()]);
        context.update(self.id.as_bytes());
        let mut secret = Zeroizing::new([0; SECRET]);
        secret.copy_from_slice(context.sign().as_ref());
        secret
    }
}

impl From<LetterLink> for LinkToken {
    fn from(LetterLink { id, purpose, key_id }: LetterLink) -> Self {
        Self { id, purpose, key_id }
    }
}
