//! The name that follows from a key: its JWK thumbprint (RFC 7638).

use aws_lc_rs::digest::{Context, SHA256};
use base64ct::{Base64UrlUnpadded, Encoding};

/// SHA-256 over the JSON of the required members, in alphabetical order and without white space (RFC 7638 §3), as 43
/// characters of base64url. It takes the JSON in pieces, so that a secret among them is copied nowhere.
pub(crate) fn thumbprint(json: &[&str]) -> String {
    let mut hash = Context::new(&SHA256);
    for piece in json {
        hash.update(piece.as_bytes());
    }
    Base64UrlUnpadded::encode_string(hash.finish().as_ref())
}
