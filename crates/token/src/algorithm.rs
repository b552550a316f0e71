//! The signature algorithms that Rotunda speaks. The list is the whole allow-list.

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// Whatever is not a variant does not exist for this crate: `none` is an unknown name, not a special case (RFC 8725
/// §3.1; ASVS 5.0, 9.1.2). HMAC is on the list, and what keeps it from a public key is that every key has one algorithm:
/// no public key has this one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, the signature as 64 raw bytes (RFC 7518 §3.4).
    Es256,
    /// Ed25519, the signature as 64 bytes (RFC 8037 §3.1). Ed448 bears the same name and is not spoken.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, the signature as long as the modulus (RFC 7518 §3.3).
    Rs256,
    /// HMAC with SHA-256, 32 bytes (RFC 7518 §3.2). Whoever can check such a token can make one.
    Hs256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Es256, Self::EdDsa, Self::Rs256, Self::Hs256];

    /// The JOSE name, as in `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
            Self::Hs256 => "HS256",
        }
    }

    /// The algorithm of that JOSE name, if it is on the list. Names are case-sensitive (RFC 7515 §4.1.1).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Whether its keys have a public half that can be published, so that services can check tokens and not make any.
    #[must_use]
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::Hs256)
    }
}
