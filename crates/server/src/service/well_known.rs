//! `GET /.well-known/jwks.json` (RFC 7517)

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;

use crate::Shared;

/// The public keys that access tokens are verified with.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "service",
    responses((
        status = 200, description = "A JWK set; may be kept for five minutes", body = serde_json::Value,
        example = json!({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "…", "x": "…", "y": "…"}]})
    ))
)]
pub(crate) async fn jwks(State(app): Shared) -> Response {
    ([(CACHE_CONTROL, "public, max-age=300")], Json(app.rotunda.jwks())).into_response()
}
