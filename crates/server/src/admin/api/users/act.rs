//! `POST /admin/api/users/{id}/act`

use axum::response::Response;
use http::StatusCode;
use rotunda_core::Grant;
use rotunda_core::denied::Denied;
use rotunda_core::model::{Carrier, ClientId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::admin::api::operator::Asked;
use crate::admin::api::path::Named;
use crate::edge::body::Json;
use crate::reply::{ErrorBody, Problem, json};
use crate::session::answer::rfc3339;

/// Why, and as which client.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Ticket 4711: cannot see the invoice", "client_id": "native"}))]
pub(crate) struct Acting {
    /// Why: the user can read it, and it stays in the audit log. 1 to 256 characters on one line.
    reason: Option<String>,
    /// The client that the session is for.
    client_id: Option<String>,
}

/// A session in which the operator is the user, for a short while.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActingBody<'a> {
    /// The access token; `act` says who acts (RFC 8693 §4.1).
    access_token: &'a str,
    /// Always `Bearer` (RFC 6750).
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds it is good.
    expires_in: u64,
    /// The refresh token, for clients that have it in bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    /// The device secret, for clients that have it in bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_secret: Option<String>,
    /// The session; `sid` in the access token. End it with `POST /auth/logout`.
    session_id: String,
    user_id: String,
    /// When it ends whatever happens.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Act for a user.
///
/// A session of its own, which ends by itself after a few minutes. It opens nothing that is the user's alone: no password,
/// no other address, no end of other sessions, no data. The user sees that it was there, by whom and why.
#[utoipa::path(
    post, path = "/admin/api/users/{id}/act", operation_id = "admin_act_for_user", tag = "admin", request_body = Acting,
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 201, description = "The session", body = ActingBody),
        (status = 400, description = "There is no reason, or no such client", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
        (status = 409, description = "The user cannot be acted for just now", body = ErrorBody),
    )
)]
pub(crate) async fn act(asked: Asked, id: Named, Json(acting): Json<Acting>) -> Result<Response, Problem> {
    let client = acting.client_id.map(|name| ClientId::parse(&name).ok_or(Denied::ClientUnknown));
    let desk = asked.desk_because(acting.reason.as_deref())?;
    Ok(answer(&desk.act_for(id.id()?, client.transpose()?).await?))
}

fn answer(grant: &Grant) -> Response {
    let in_body = grant.kind.carrier() == Carrier::Body;
    let body = ActingBody {
        access_token: grant.access_token.expose(),
        token_type: "Bearer",
        expires_in: grant.expires_in.as_secs(),
        refresh_token: in_body.then(|| grant.refresh_token.expose()),
        device_secret: grant.device_secret.as_ref().filter(|_| in_body).map(|secret| secret.expose_text()),
        session_id: grant.session.id.to_string(),
        user_id: grant.user.id.to_string(),
        expires_at: rfc3339(grant.session.absolute_expires_at),
    };
    json(StatusCode::CREATED, &body)
}
