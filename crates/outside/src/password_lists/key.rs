//! From a password to the 64 bits that a filter knows it by: the first eight bytes of a hash. There is no key and no salt:
//! a filter keeps no secret, it merely is smaller than its list.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use zeroize::Zeroizing;

/// What is hashed, and how. A filter's file names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hash {
    /// SHA-256 of the password in lower case (Unicode's, without regard to language), in UTF-8. Bytes that are not UTF-8
    /// are taken as they are.
    Sha256OfLowerCase,
    /// SHA-1 of the password as it is, in UTF-8: what Have I Been Pwned publishes. Nothing rests on its strength here.
    Sha1,
}

impl Hash {
    /// Its name in a file.
    pub(super) const fn name(self) -> &'static [u8; 8] {
        match self {
            Self::Sha256OfLowerCase => b"sha256lc",
            Self::Sha1 => b"sha1    ",
        }
    }

    pub(super) fn named(name: &[u8]) -> Option<Self> {
        [Self::Sha256OfLowerCase, Self::Sha1].into_iter().find(|hash| hash.name() == name)
    }

    /// The key of a password.
    pub(super) fn key(self, password: &[u8]) -> u64 {
        match self {
            Self::Sha1 => key(&mut Context::new(&SHA1_FOR_LEGACY_USE_ONLY), password),
            Self::Sha256OfLowerCase => {
                let lower = std::str::from_utf8(password).map(|text| Zeroizing::new(text.to_lowercase()));
                let bytes = lower.as_ref().map_or(password, |text| text.as_bytes());
                key(&mut Context::new(&SHA256), bytes)
            }
        }
    }
}

fn key(context: &mut Context, bytes: &[u8]) -> u64 {
    context.update(bytes);
    first_bytes(context.clone().finish().as_ref())
}

/// The key in a hash; of what is shorter than a key, the rest counts as zeros.
pub(super) fn first_bytes(hash: &[u8]) -> u64 {
    hash.iter().chain(std::iter::repeat(&0)).take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte))
}
