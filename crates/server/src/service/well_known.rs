//! `GET /.well-known/jwks.json` (RFC 7517)

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG};
use http::{HeaderMap, StatusCode};
use rotunda_core::signing::JWKS_MAX_AGE;
use rotunda_token::Jwks;
use tokio::time::timeout;

use crate::Shared;
use crate::edge::etag;

/// How long the store may take to say whether the keys have changed.
const PATIENCE: Duration = Duration::from_secs(1);

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
    let _ = timeout(PATIENCE, app.rotunda.look_at_shelf()).await;
    let jwks = app.rotunda.jwks();
    let tag = tag(&jwks);
    let told = [(CACHE_CONTROL, format!("public, max-age={}", JWKS_MAX_AGE.as_secs())), (ETAG, tag.clone())];
    if etag::is_known(&headers, &tag) {
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
