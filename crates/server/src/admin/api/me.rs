//! `GET /admin/api/me`

use axum::response::Response;
use http::StatusCode;
use rotunda_core::model::AdminPermission;
use serde::Serialize;
use utoipa::ToSchema;

use super::operator::Asked;
use crate::reply::json;
use crate::session::answer::rfc3339;

/// Who asks, and what they may.
#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorBody {
    /// As the audit log has it: `user:ID` or `client:NAME`.
    #[schema(example = "user:0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c20")]
    actor: String,
    user_id: Option<String>,
    session_id: Option<String>,
    /// What they may do here.
    #[schema(example = json!(["users.read", "sessions.revoke"]))]
    permissions: Vec<&'static str>,
    /// When they entered their password last; what is dangerous asks for it again after a while. `null` for services.
    #[schema(format = DateTime)]
    proved_at: Option<String>,
}

/// Who am I, and what may I do here?
#[utoipa::path(
    get, path = "/admin/api/me", operation_id = "admin_me", tag = "admin",
    responses((status = 200, description = "Whoever has a good token may ask this", body = OperatorBody))
)]
pub(crate) async fn me(asked: Asked) -> Response {
    let operator = &asked.operator;
    let may = AdminPermission::ALL.iter().filter(|permission| operator.may(**permission));
    let body = OperatorBody {
        actor: operator.actor().to_string(),
        user_id: operator.user().map(|id| id.to_string()),
        session_id: operator.session().map(|id| id.to_string()),
        permissions: may.map(|permission| permission.as_str()).collect(),
        proved_at: operator.proved_at().map(rfc3339),
    };
    json(StatusCode::OK, &body)
}
