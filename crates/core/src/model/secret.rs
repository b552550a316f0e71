//! Secrets, and the digests of them that are stored.
//!
//! A secret type has no `Debug`, `Display` or `Serialize`, is wiped when dropped, and is read only through
//! `expose`, so that every place where one leaves the program can be found by searching for that word.
//! A digest compares in constant time and prints as its name only.

use std::fmt;

use aws_lc_rs::digest;
use base64ct::{Base64UrlUnpadded, Encoding};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

macro_rules! secret_bytes {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// From 32 bytes of a [`crate::outside::Entropy`] source, or derived from such.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The secret itself.
            #[must_use]
            pub fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }
    };
}

macro_rules! digest_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name(pub [u8; $len]);

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

secret_bytes!(
    /// The secret part of one refresh token. Only its holder has it; the server keeps a [`TokenHash`].
    TokenSecret
);
secret_bytes!(
    /// Recognises the device that a session was given to; not rotated with the token. The server keeps a [`DeviceHash`].
    DeviceSecret
);
secret_bytes!(
    /// Opaque key of the page cookie: knows a session, never refreshes it. The server keeps a [`PageHash`].
    PageKey
);

secret_bytes!(
    /// What a confidential client or a service authenticates with (RFC 6749 §2.3.1). The server keeps a
    /// [`ClientSecretHash`].
    ClientSecret
);

digest_bytes!(
    /// `HMAC-SHA256(k_hash, token secret)`: keyed, so that somebody who can only write to the database cannot plant a token.
    TokenHash, 32
);
digest_bytes!(
    /// SHA-256 of a [`DeviceSecret`].
    DeviceHash, 32
);
digest_bytes!(
    /// SHA-256 of a [`PageKey`].
    PageHash, 32
);
digest_bytes!(
    /// SHA-256 of a [`ClientSecret`].
    ClientSecretHash, 32
);
digest_bytes!(
    /// The first 16 bytes of SHA-256 over a session's id and a [`RetryKey`].
    RetryHash, 16
);
digest_bytes!(
    /// A keyed hash of the secret of a link (`crate::link`).
    LinkHash, 32
);
digest_bytes!(
    /// The fresh random value that one rotation mixes into the successor. Without the token it derives nothing.
    Salt, 32
);

macro_rules! prefixed_text {
    ($name:ident, $hash:ident, $prefix:literal, $domain:literal) => {
        impl $name {
            /// How the secret begins in its text form, for people and secret scanners.
            pub const PREFIX: &'static str = $prefix;

            /// The text form that the client keeps: prefix and base64url.
            #[must_use]
            pub fn expose_text(&self) -> String {
                let mut text = String::with_capacity(Self::PREFIX.len() + 43);
                text.push_str(Self::PREFIX);
                text.push_str(&Base64UrlUnpadded::encode_string(&self.0));
                text
            }

            /// From its text form; `None` for anything else.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let mut bytes = [0; 32];
                let body = text.strip_prefix(Self::PREFIX)?;
                (Base64UrlUnpadded::decode(body, &mut bytes).ok()?.len() == 32).then_some(Self(bytes))
            }

            /// What the server stores. Plain SHA-256 suffices for 256 random bits (ASVS 5.0, 6.5.2).
            #[must_use]
            pub fn hash(&self) -> $hash {
                $hash(sha256(&[$domain, &self.0]))
            }
        }
    };
}

prefixed_text!(DeviceSecret, DeviceHash, "rd1_", b"rotunda device v1");
prefixed_text!(PageKey, PageHash, "rp1_", b"rotunda page v1");
prefixed_text!(ClientSecret, ClientSecretHash, "rc1_", b"rotunda client v1");

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// A key that a client makes before its first attempt to leave a generation (`docs/guide` and the engine's notes
/// tell why): 128 random bits or more, as 22 to 64 visible ASCII characters without a space.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RetryKey(String);

impl RetryKey {
    /// From what the client sent; `None` when its length or characters do not fit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (22..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// What the server remembers; bound to the session, so that one key says nothing about another session.
    #[must_use]
    pub fn hash(&self, session: &super::SessionId) -> RetryHash {
        let full = sha256(&[b"rotunda retry v1", session.as_bytes(), self.0.as_bytes()]);
        let mut hash = [0; 16];
        hash.copy_from_slice(&full[..16]);
        RetryHash(hash)
    }
}

/// The retry keys of one request: none, or one to four, oldest first.
#[derive(Clone, Default)]
pub struct RetryKeys(Vec<RetryKey>);

impl RetryKeys {
    /// How many keys a request may carry, and how many rotations a session remembers.
    pub const MOST: usize = 4;

    /// From the texts a client sent, oldest first; `None` when there are none or too many of them, or one does not fit.
    #[must_use]
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Option<Self> {
        if texts.is_empty() || texts.len() > Self::MOST {
            return None;
        }
        texts.iter().map(|t| RetryKey::parse(t.as_ref())).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Their hashes for this session, oldest first.
    #[must_use]
    pub fn hashes(&self, session: &super::SessionId) -> Vec<RetryHash> {
        self.0.iter().map(|key| key.hash(session)).collect()
    }
}

/// A token in its text form, on the way to its client or back: what was presented may be anything.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// A password exactly as it was received: not trimmed, not normalised, not cut (ASVS 5.0, 6.2.8).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// The most bytes a password may have; longer ones are refused, never cut.
    pub const MOST_BYTES: usize = 1024;

    /// Takes the text as it is. Whether it is long enough is asked when one is set, not when one is tried.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A password's stored hash: a PHC string (`$argon2id$v=19$…`), or what another system made and brought along. Not a
/// secret like the password, yet worth stealing: it cannot be printed by accident either.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// From its stored text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The hash of no password: nobody signs in with one, until another is set through a letter. Stored as `!`.
    #[must_use]
    pub fn none() -> Self {
        Self("!".to_owned())
    }

    /// Whether some password fits. Where none does, nothing is verified: it counts as no account, at the same cost.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.0 != "!"
    }

    /// The hash to verify against, where it is one: without it the hasher does the same work and says no.
    #[must_use]
    pub fn usable(self) -> Option<Self> {
        self.is_usable().then_some(self)
    }

    /// The text, to store or to verify against.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}
