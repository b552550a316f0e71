//! `DELETE /admin/api/sessions/{id}`, `DELETE /admin/api/users/{id}/sessions`, and everyone's: `DELETE /admin/api/sessions`

use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::admin::api::operator::Asked;
use crate::admin::api::page::Filters;
use crate::admin::api::path::Named;
use crate::admin::api::users::change::Why;
use crate::reply::{ErrorBody, Problem, json, no_content};

/// End a session.
#[utoipa::path(
    delete, path = "/admin/api/sessions/{id}", operation_id = "admin_end_session", tag = "admin",
    params(("id" = String, Path, description = "The session's id"), Why),
    responses(
        (status = 204, description = "It is over, since now or before"),
        (status = 404, description = "There is no such session", body = ErrorBody),
    )
)]
pub(crate) async fn one(asked: Asked, id: Named, Filters(why): Filters<Why>) -> Result<Response, Problem> {
    asked.desk_because(why.reason.as_deref())?.end_session(id.id()?).await?;
    Ok(no_content())
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionsEnded {
    /// How many live sessions there were.
    pub sessions: u64,
}

/// End all sessions of a user.
#[utoipa::path(
    delete, path = "/admin/api/users/{id}/sessions", operation_id = "admin_end_user_sessions", tag = "admin",
    params(("id" = String, Path, description = "The user's id"), Why),
    responses(
        (status = 200, description = "How many sessions ended", body = SessionsEnded),
        (status = 404, description = "There is no such user", body = ErrorBody),
    )
)]
pub(crate) async fn of_user(
    asked: Asked,
    id: Named,
    Filters(why): Filters<Why>,
) -> Result<Response, Problem> {
    let sessions = asked.desk_because(why.reason.as_deref())?.end_sessions_of(id.id()?).await?;
    Ok(json(StatusCode::OK, &SessionsEnded { sessions }))
}

/// Whether it is meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Everyone {
    /// `true` only says how many sessions it would end. It has to be said either way.
    dry_run: bool,
    /// Why, for the audit log: 1 to 256 characters on one line.
    reason: Option<String>,
}

/// What signing everyone out has done, or would do.
#[derive(Serialize, ToSchema)]
pub(crate) struct EveryoneEnded {
    /// Whether nothing has happened.
    dry_run: bool,
    /// How many live sessions there were; where there are more than 10,000, within the last two minutes. `null` where they could not
    /// be counted.
    sessions: Option<u64>,
}

/// Sign everyone out: every session of every user ends, the one that asks among them.
#[utoipa::path(
    delete, path = "/admin/api/sessions", operation_id = "admin_end_everyone", tag = "admin", params(Everyone),
    responses(
        (status = 200, description = "How many sessions it is about", body = EveryoneEnded),
        (status = 400, description = "`dry_run` is missing", body = ErrorBody),
    )
)]
pub(crate) async fn everyone(
    asked: Asked,
    Filters(everyone): Filters<Everyone>,
) -> Result<Response, Problem> {
    let Everyone { dry_run, reason } = everyone;
    let sessions = asked.desk_because(reason.as_deref())?.end_everyone(dry_run).await?;
    Ok(json(StatusCode::OK, &EveryoneEnded { dry_run, sessions }))
}
