//! Making an access token (RFC 7515 §5.1, RFC 9068 §2).
//!
//! 1. Start with the key's header, which is encoded already.
//! 2. Append the claims as JSON, base64url.
//! 3. Sign all of that.
//! 4. Append the signature, base64url.
//!
//! This runs at every login and refresh. The token grows in one buffer of its final size; the only others hold
//! the JSON and the bare signature.

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::{Claims, MAX_TOKEN_BYTES, SigningKey};

/// Room for usual claims, so that the JSON is written without growing.
const USUAL_CLAIMS: usize = 768;

/// Base64 turns 3 bytes into 4 characters: encoding in multiples of 3 gives the same text as encoding in one go.
const CHUNK: usize = 192;

impl SigningKey {
    /// Signs the claims and returns the token.
    ///
    /// # Errors
    /// [`SignError::TooLong`] for claims that no verifier would accept, [`SignError::Claims`] and
    /// [`SignError::Signature`] for what should not happen.
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        if claims.has_half_a_session() {
            return Err(SignError::Claims);
        }
        let mut json = Vec::with_capacity(USUAL_CLAIMS);
        serde_json::to_writer(&mut json, claims).map_err(|_| SignError::Claims)?;

        let length = self.encoded_header.len()
            + encoded(json.len())
            + ".".len()
            + encoded(self.private.signature_bytes());
        if length > MAX_TOKEN_BYTES {
            return Err(SignError::TooLong);
        }
        let mut token = String::with_capacity(length);
        token.push_str(&self.encoded_header);
        push_base64url(&mut token, &json).ok_or(SignError::Claims)?;

        let signature = self.private.sign(token.as_bytes()).ok_or(SignError::Signature)?;
        token.push('.');
        push_base64url(&mut token, &signature).ok_or(SignError::Signature)?;
        Ok(token)
    }
}

/// How many characters of base64url without padding that many bytes take.
const fn encoded(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

fn push_base64url(text: &mut String, bytes: &[u8]) -> Option<()> {
    let mut encoded = [0; CHUNK / 3 * 4];
    for chunk in bytes.chunks(CHUNK) {
        text.push_str(Base64UrlUnpadded::encode(chunk, &mut encoded).ok()?);
    }
    Some(())
}

/// Why claims could not be signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignError {
    /// The token would be longer than [`MAX_TOKEN_BYTES`].
    #[error("the token would be longer than {MAX_TOKEN_BYTES} bytes; give the user fewer or shorter roles")]
    TooLong,
    /// The claims could not be written as JSON, or have half a session.
    #[error("the claims are not all of what a token must say; please report this")]
    Claims,
    /// The cryptographic library refused to sign.
    #[error("the token could not be signed; the system's source of randomness may be out of order")]
    Signature,
}
