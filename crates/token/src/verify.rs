//! Accepting an access token (RFC 9068 §4, RFC 7515 §5.2, RFC 7519 §7.2, RFC 8725 §3; ASVS 5.0, V9).
//!
//! 1. Bounds: at most [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES), exactly three parts (RFC 7515 §7.1). Five would be
//!    an encrypted token.
//! 2. Encoding: base64url without padding, in its one canonical spelling (RFC 7515 §2).
//! 3. Header: one JSON object, each name once (RFC 7515 §4). `alg` is on the list (RFC 8725 §3.1); `crit` is refused,
//!    for no extension is understood (RFC 7515 §4.1.11); `jku`, `jwk`, `x5u` and `x5c` are refused, for a token does
//!    not choose its key (ASVS 9.1.3); `typ` is `at+jwt` or `application/at+jwt` (RFC 9068 §4).
//! 4. Key: the one of that `kid`. A token without `kid` is refused, even if there is only one key: Rotunda always
//!    writes it, and what one key lets pass would stop passing on the day of the next rotation.
//! 5. Algorithm: the one the key is pinned to (RFC 8725 §3.1).
//! 6. Signature, over the bytes as they were sent (RFC 7515 §5.2). Only now are the claims looked at.
//! 7. `iss` is ours, byte for byte (RFC 9068 §4).
//! 8. `aud` has one of ours (RFC 9068 §4).
//! 9. Time: `now < exp + leeway` and `now >= nbf - leeway`, in milliseconds, so that the limit is where it says
//!    (RFC 7519 §4.1.4 and §4.1.5). It comes last: [`Invalid::Expired`] means that all else is in order.
//!
//! An `iat` in the future is no reason to refuse: RFC 7519 §4.1.6 makes it information, a signer that wants a token to
//! start later writes `nbf`, and a clock that runs ahead lengthens nothing that `exp` does not show.

use crate::jws::{Jws, Payload};
use crate::{Claims, Invalid, KeySet};

/// How far two clocks may be apart unless said otherwise, in seconds. RFC 7519 §4.1.4 speaks of "a few minutes" at
/// most; machines that keep time at all are within one.
pub const LEEWAY_SECONDS: i64 = 60;

/// Accepts access tokens of one issuer, for some audiences.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: KeySet,
    issuer: String,
    audiences: Vec<String>,
    leeway_seconds: i64,
}

impl Verifier {
    /// For tokens that `issuer` signed with one of `keys`, for at least one of `audiences`. Without audiences it
    /// accepts nothing. The leeway is [`LEEWAY_SECONDS`].
    #[must_use]
    pub fn new(keys: KeySet, issuer: String, audiences: Vec<String>) -> Self {
        Self { keys, issuer, audiences, leeway_seconds: LEEWAY_SECONDS }
    }

    /// With another leeway, in seconds; below zero counts as zero.
    #[must_use]
    pub fn with_leeway_seconds(self, leeway_seconds: i64) -> Self {
        Self { leeway_seconds: leeway_seconds.max(0), ..self }
    }

    /// The keys it accepts.
    #[must_use]
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Accepts a token at that time (milliseconds since 1970-01-01T00:00:00Z) and returns what it says, or says why
    /// not. The steps are in the module's documentation.
    ///
    /// # Errors
    /// [`Invalid`]: the first step that failed.
    pub fn verify(&self, token: &str, now_unix_ms: i64) -> Result<Claims, Invalid> {
        let jws = Jws::parse(token)?; // 1, 2, 3
        jws.header.require_access_token()?; // 3
        let kid = jws.header.kid.as_deref().ok_or(Invalid::KeyIdMissing)?; // 4
        let key = self.keys.get(kid).ok_or(Invalid::KeyUnknown)?;
        let payload = jws.verify(key)?; // 5, 6

        let claims = read_claims(&payload)?;
        if claims.iss != self.issuer {
            return Err(Invalid::Issuer); // 7
        }
        if !claims.aud.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(Invalid::Audience); // 8
        }
        self.check_time(&claims, now_unix_ms)?; // 9
        Ok(claims)
    }

    /// Saturates instead of overflowing: a time that is out of range is then simply very far away.
    fn check_time(&self, claims: &Claims, now_unix_ms: i64) -> Result<(), Invalid> {
        let in_ms = |seconds: i64| seconds.saturating_mul(1000);
        if let Some(nbf) = claims.nbf
            && now_unix_ms < in_ms(nbf.saturating_sub(self.leeway_seconds))
        {
            return Err(Invalid::NotYetValid);
        }
        if now_unix_ms >= in_ms(claims.exp.saturating_add(self.leeway_seconds)) {
            return Err(Invalid::Expired);
        }
        Ok(())
    }
}

fn read_claims(payload: &Payload) -> Result<Claims, Invalid> {
    // serde would also read the struct from an array; RFC 7519 §7.2 wants an object.
    if !payload.as_bytes().trim_ascii_start().starts_with(b"{") {
        return Err(Invalid::Claims);
    }
    let claims: Claims = serde_json::from_slice(payload.as_bytes()).map_err(|_| Invalid::Claims)?;
    if claims.has_half_a_session() { Err(Invalid::Claims) } else { Ok(claims) }
}
