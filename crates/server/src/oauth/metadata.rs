//! `GET /.well-known/oauth-authorization-server` (RFC 8414): only what is so.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use rotunda_core::revocations;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Shared;

const CONFIDENTIAL: [&str; 2] = ["client_secret_basic", "client_secret_post"];
const ANY: [&str; 3] = [CONFIDENTIAL[0], CONFIDENTIAL[1], "none"];

/// Where everything is, and what it can do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Metadata<'a> {
    /// `iss` of access tokens.
    issuer: &'a str,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    jwks_uri: String,
    /// None: nobody is sent here by a browser to sign in.
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// Those that this server itself asks for. Others are the operator's.
    scopes_supported: [&'static str; 1],
}

/// Where the standard endpoints are, and what they can do.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", tag = "oauth",
    responses((status = 200, description = "Metadata; may be kept for an hour", body = Metadata))
)]
pub(crate) async fn metadata(State(app): Shared) -> Response {
    let policy = app.rotunda.policy();
    let at = |path: &str| format!("{}{path}", policy.public_url);
    let metadata = Metadata {
        issuer: &policy.issuer,
        token_endpoint: at("/oauth/token"),
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        jwks_uri: at("/.well-known/jwks.json"),
        response_types_supported: [],
        grant_types_supported: ["refresh_token", "client_credentials"],
        token_endpoint_auth_methods_supported: ANY,
        revocation_endpoint_auth_methods_supported: ANY,
        introspection_endpoint_auth_methods_supported: CONFIDENTIAL,
        scopes_supported: [revocations::SCOPE],
    };
    ([(CACHE_CONTROL, "public, max-age=3600")], Json(metadata)).into_response()
}
