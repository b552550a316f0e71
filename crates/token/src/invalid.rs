//! Every reason why a token is not accepted. The list is closed, so that callers can match all of it.

use crate::MAX_TOKEN_BYTES;

/// Why a token is not accepted.
///
/// The messages are for operators and logs. They never repeat any part of the token, which may still be valid
/// elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Invalid {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes; send the access token alone")]
    TooLong,
    /// Not a compact JWS (RFC 7515 §7.1).
    #[error("the token is not three parts joined by dots; send a signed access token, whole and unencrypted")]
    NotThreeParts,
    /// A part is not base64url as RFC 7515 §2 has it.
    #[error("a part of the token is not canonical base64url without padding; send it as it was issued")]
    Encoding,
    /// The header is not one JSON object with each name once (RFC 7515 §4).
    #[error("the token's header is not a JSON object with each name once; get the token from the issuer")]
    Header,
    /// `alg` is missing or not on the list (RFC 8725 §3.1).
    #[error(
        "the token's `alg` is missing or not one that is accepted here; have it signed with ES256, EdDSA, RS256 or, where a secret is \
         shared on purpose, HS256"
    )]
    AlgorithmUnknown,
    /// `crit` asks for extensions, of which there are none (RFC 7515 §4.1.11).
    #[error("the token's header has `crit`, and no extension is understood here; issue it without")]
    Critical,
    /// `jku`, `jwk`, `x5u` or `x5c` in the header (ASVS 5.0, 9.1.3).
    #[error(
        "the token's header brings its own key; only keys configured here count, so issue it with `kid` only"
    )]
    KeyInHeader,
    /// `typ` is not an access token's (RFC 9068 §4).
    #[error("the token's `typ` is not `at+jwt`; send an access token, not an ID token or another JWT")]
    Type,
    /// No `kid` in the header.
    #[error("the token's header names no key; issue it with `kid`")]
    KeyIdMissing,
    /// No key of that `kid`.
    #[error("the token was signed with a key that is not in the key set; fetch the issuer's keys again")]
    KeyUnknown,
    /// `alg` is not the key's own (RFC 8725 §3.1).
    #[error("the token's `alg` is not that of the key it names; get the token from the issuer")]
    AlgorithmMismatch,
    /// The signature is not that key's over these bytes (RFC 7515 §5.2).
    #[error(
        "the token's signature is not valid; it was changed or not made by this issuer, so get a new one"
    )]
    Signature,
    /// A claim is missing, twice there, or of the wrong type (RFC 7519 §4, RFC 9068 §2.2); or half a session.
    #[error(
        "the claims are not a JSON object with `iss`, `sub`, `aud`, `exp`, `iat`, `jti` and `client_id`, and with all \
         or none of `sid`, `auth_time` and `ep`, each once and times in whole seconds; get the token from the issuer"
    )]
    Claims,
    /// `iss` is not the expected one (RFC 9068 §4).
    #[error("the token is from another issuer; compare its `iss` with the issuer configured here")]
    Issuer,
    /// `aud` has none of the expected ones (RFC 9068 §4).
    #[error("the token is for another audience; ask for one for this service, or add its `aud` here")]
    Audience,
    /// `nbf` is still to come (RFC 7519 §4.1.5).
    #[error("the token is not valid yet; wait, or compare the clocks of the two machines")]
    NotYetValid,
    /// `exp` has passed (RFC 7519 §4.1.4). Everything else about the token is in order.
    #[error("the token has expired; refresh it and try again")]
    Expired,
}

impl Invalid {
    /// Whether a refresh is all that is missing: the token is genuine and meant for us, only too old.
    #[must_use]
    pub const fn is_expired(self) -> bool {
        matches!(self, Self::Expired)
    }
}
