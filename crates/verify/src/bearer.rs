//! The `Authorization` header (RFC 6750 §2.1), the only place where a token is looked for: addresses end up in logs
//! and histories, and a form's body belongs to the application.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::refused::{Malformed, Refused};

/// The bearer token of a request. The scheme's case does not matter (RFC 9110 §11.1). Another scheme is somebody
/// else's, such as that of a proxy in front, and counts as no token.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = all.next().ok_or(Refused::Missing)?;
    if all.next().is_some() {
        return Err(Refused::Malformed(Malformed::TwoHeaders));
    }
    let text = header.to_str().map_err(|_| Refused::Malformed(Malformed::NotText))?.trim_ascii();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::Missing);
    }
    match token.trim_ascii() {
        "" => Err(Refused::Malformed(Malformed::NoToken)),
        token => Ok(token),
    }
}
