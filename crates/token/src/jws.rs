//! A compact JWS (RFC 7515 §7.1) and the check of its signature: steps 1 to 6 of [`crate::Verifier`].

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::header::Header;
use crate::{Invalid, KeySet, VerifyingKey};

/// The longest token that is looked at, in bytes; the longest, too, that is ever signed.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What was signed. Only a successful check makes one, so what reads it cannot come before the check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payload(Vec<u8>);

impl Payload {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl KeySet {
    /// Checks the signature of a bare JWS and returns what was signed. It looks neither at `typ` nor at any claim: to
    /// accept an access token, use [`crate::Verifier`].
    ///
    /// A JWS need not name its key (RFC 7515 §4.1.4). One that does not is checked with the key of this set, if the
    /// set has exactly one.
    ///
    /// # Errors
    /// [`Invalid`], from its first variant to [`Invalid::Signature`], except [`Invalid::Type`].
    pub fn verify_signature(&self, token: &str) -> Result<Payload, Invalid> {
        let jws = Jws::parse(token)?;
        let key = match jws.header.kid.as_deref() {
            Some(kid) => self.get(kid).ok_or(Invalid::KeyUnknown)?,
            None => self.only().ok_or(Invalid::KeyIdMissing)?,
        };
        jws.verify(key)
    }
}

/// A JWS of which nothing is known to be true yet.
pub(crate) struct Jws<'a> {
    pub(crate) header: Header,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Steps 1 to 3: takes the token apart.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Invalid> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Invalid::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Invalid::NotThreeParts)?;
        let (header, payload) = signed.split_once('.').ok_or(Invalid::NotThreeParts)?;
        if payload.contains('.') {
            return Err(Invalid::NotThreeParts);
        }
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        Ok(Self { header: Header::parse(&header)?, signed, payload, signature })
    }

    /// Steps 5 and 6: the key's own algorithm, then the signature.
    pub(crate) fn verify(self, key: &VerifyingKey) -> Result<Payload, Invalid> {
        // This is what keeps the algorithms apart: the token's word for it is compared, never followed.
        if self.header.algorithm != key.algorithm() {
            return Err(Invalid::AlgorithmMismatch);
        }
        if key.verifies(self.signed.as_bytes(), &self.signature) {
            Ok(Payload(self.payload))
        } else {
            Err(Invalid::Signature)
        }
    }
}

/// Strict base64url: no padding, no other alphabet, no white space, no stray last bits. So each token has one spelling.
fn decode(part: &str) -> Result<Vec<u8>, Invalid> {
    Base64UrlUnpadded::decode_vec(part).map_err(|_| Invalid::Encoding)
}
