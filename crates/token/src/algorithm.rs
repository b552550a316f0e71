//! The signature algorithms that Rotunda speaks. The list is the whole allow-list.

/// A signature algorithm (RFC 7518 §3.1).
///
/// Whatever is not a variant does not exist for this crate: `none` and HMAC under a public key are unknown names, not
/// special cases (RFC 8725 §3.1; ASVS 5.0, 9.1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, the signature as 64 raw bytes (RFC 7518 §3.4).
    Es256,
}

impl Algorithm {
    /// The JOSE name, as in `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
        }
    }

    /// The algorithm of that JOSE name, if it is on the list. Names are case-sensitive (RFC 7515 §4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}
