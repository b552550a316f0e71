//! `GET /.well-known/jwks.json` (RFC 7517)

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use rotunda_core::signing::JWKS_MAX_AGE;
use rotunda_token::Jwks;

use crate::Shared;

/// The public keys that access tokens are verified with.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "service",
    responses(
        (
            status = 200, description = "A JWK set; may be kept for ten minutes, and asked about with its ETag after that", body = serde_json::Value,
            example = json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "…", "x": "…", "y": "…"}]})
        ),
        (status = 304, description = "It is still the one of `If-None-Match`"),
    )
)]
pub(crate) async fn jwks(State(app): Shared, headers: HeaderMap) -> Response {
    // Whoever asks may have met a key that another server has just begun to sign with. Without the store, what is known here
    // is the best there is.
    let _ = app.rotunda.look_at_shelf().await;
    let jwks = app.rotunda.jwks();
    let tag = tag(&jwks);
    let told = [(CACHE_CONTROL, format!("public, max-age={}", JWKS_MAX_AGE.as_secs())), (ETAG, tag.clone())];
    if is_known(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, told).into_response();
    }
    (told, Json(jwks)).into_response()
}

/// A strong validator: each key id is the thumbprint of its key (RFC 7638), and another release may write the same keys in
/// another way.
fn tag(jwks: &Jwks) -> String {
    let kids = jwks.keys.iter().filter_map(|key| key.kid.as_deref());
    format!("\"{}\"", [env!("CARGO_PKG_VERSION")].into_iter().chain(kids).collect::<Vec<_>>().join("."))
}

/// `If-None-Match`: a list of tags, weak ones compared like strong ones, or `*` (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = lists.flat_map(|list| list.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_tag_is_known_wherever_it_stands_in_the_list() {
        let known = |text: &str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(text).unwrap())]);
            is_known(&headers, "\"1.a.b\"")
        };
        for yes in ["\"1.a.b\"", "W/\"1.a.b\"", "\"x\", \"1.a.b\"", "*", " \"1.a.b\" ,"] {
            assert!(known(yes), "{yes}");
        }
        for no in ["", "\"1.a\"", "1.a.b", "\"1.b.a\"", "w/\"1.a.b\""] {
            assert!(!known(no), "{no}");
        }
    }
}
