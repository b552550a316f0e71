//! `/admin/api/keys`

use axum::response::Response;
use http::StatusCode;
use rotunda_core::KeyInfo;
use rotunda_core::keys::ring::KeyPhase;
use rotunda_core::signing::Rotated;
use serde::Serialize;
use utoipa::ToSchema;

use super::operator::Asked;
use super::page::{self, Page};
use super::path::Named;
use super::users::change::Why;
use crate::edge::body::Json;
use crate::reply::{ErrorBody, Problem, json, no_content};
use crate::session::answer::rfc3339;

/// A signing key.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyBody {
    kid: String,
    #[schema(example = "ES256")]
    algorithm: String,
    /// `coming`: published, and signs soon. `signing`. `passing`: signs no more, and is accepted until its last token has run
    /// out. `over`. `revoked`.
    #[schema(example = "signing")]
    phase: &'static str,
    /// When it signs, while it is coming; until when it is accepted, while it is passing; when it was revoked.
    #[schema(format = DateTime)]
    phase_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it began to sign, or will.
    #[schema(format = DateTime)]
    signs_from: String,
    /// The master key that it is sealed under.
    master_key: u8,
}

impl From<&KeyInfo> for KeyBody {
    fn from(key: &KeyInfo) -> Self {
        let (phase, at) = match key.phase {
            KeyPhase::Coming(at) => ("coming", Some(at)),
            KeyPhase::Signing => ("signing", None),
            KeyPhase::Passing(at) => ("passing", Some(at)),
            KeyPhase::Over => ("over", None),
            KeyPhase::Revoked(at) => ("revoked", Some(at)),
        };
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm.clone(),
            phase,
            phase_at: at.map(rfc3339),
            created_at: rfc3339(key.created_at),
            signs_from: rfc3339(key.signs_from),
            master_key: key.master_id,
        }
    }
}

/// See all signing keys.
#[utoipa::path(
    get, path = "/admin/api/keys", operation_id = "admin_keys", tag = "admin",
    responses((status = 200, description = "Oldest first; all of them", body = Page<KeyBody>))
)]
pub(crate) async fn list(asked: Asked) -> Result<Response, Problem> {
    let keys = asked.desk().keys().await?;
    Ok(page::listed(keys.iter().map(KeyBody::from).collect(), None))
}

/// Rotate the signing key: another one takes over when everybody knows it. Nobody is signed out.
#[utoipa::path(
    post, path = "/admin/api/keys/rotate", operation_id = "admin_rotate_keys", tag = "admin", request_body = Why,
    responses(
        (status = 200, description = "One was on its way already; asked again, it stays at that", body = KeyBody),
        (status = 201, description = "The new key", body = KeyBody),
    )
)]
pub(crate) async fn rotate(asked: Asked, Json(why): Json<Why>) -> Result<Response, Problem> {
    let rotated = asked.desk_because(why.reason.as_deref())?.rotate_keys().await?;
    Ok(match &rotated {
        Rotated::Added(key) => json(StatusCode::CREATED, &KeyBody::from(key)),
        Rotated::Coming(key) => json(StatusCode::OK, &KeyBody::from(key)),
    })
}

/// Revoke a signing key: its tokens are refused from now on, and another one signs at once.
#[utoipa::path(
    post, path = "/admin/api/keys/{kid}/revoke", operation_id = "admin_revoke_key", tag = "admin", request_body = Why,
    params(("kid" = String, Path, description = "The key's id")),
    responses(
        (status = 204, description = "It is revoked. Clients refresh; nobody is signed out"),
        (status = 404, description = "There is no such key, or it is revoked already", body = ErrorBody),
    )
)]
pub(crate) async fn revoke(asked: Asked, kid: Named, Json(why): Json<Why>) -> Result<Response, Problem> {
    asked.desk_because(why.reason.as_deref())?.revoke_key(&kid.0).await?;
    Ok(no_content())
}
