//! The `Authorization` header (RFC 6750 §2.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::model::SecretText;

use crate::App;
use crate::reply::Problem;

/// Whoever holds a good access token of a live session; a handler that takes it cannot be reached without.
pub(crate) struct SignedIn(pub Bearer);

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let token = token(parts)?.ok_or(Problem::Bearer(Denied::TokenMissing))?;
        app.rotunda.bearer(token.expose()).await.map(Self).map_err(Problem::of_bearer)
    }
}

/// The bearer token of a request, where one was sent. Two headers cannot both be meant.
pub(crate) fn token(parts: &Parts) -> Result<Option<SecretText>, Problem> {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else {
        return match parts.headers.contains_key(AUTHORIZATION) {
            true => Err(Problem::malformed("There is more than one Authorization header.")),
            false => Ok(None),
        };
    };
    let text = header.to_str().map_err(|_| Problem::malformed("The Authorization header is not text."))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(SecretText::new(token.trim().to_owned())))
        }
        // Somebody else's credentials, such as those of a proxy in front of a staging site.
        _ => Ok(None),
    }
}
