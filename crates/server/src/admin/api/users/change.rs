//! `PATCH` and `DELETE /admin/api/users/{id}`, their roles, and whether they may sign in.

use axum::response::Response;
use http::StatusCode;
use rotunda_core::desk::EditUser;
use rotunda_core::model::UserId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{AdminUser, answer, roles};
use crate::admin::api::etag::IfMatch;
use crate::admin::api::operator::Asked;
use crate::admin::api::page::Filters;
use crate::admin::api::path::Named;
use crate::admin::api::present;
use crate::admin::api::sessions::end::SessionsEnded;
use crate::edge::body::Json;
use crate::reply::{ErrorBody, Problem, json, no_content};

/// What changes; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Ada Lovelace", "email_verified": true}))]
pub(crate) struct UserEdit {
    email: Option<String>,
    /// Another address is not verified unless this says so.
    email_verified: Option<bool>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    username: Option<Option<String>>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// All the roles that they hold from now on, which takes `roles.write` as well.
    roles: Option<Vec<String>>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// Change a user.
#[utoipa::path(
    patch, path = "/admin/api/users/{id}", operation_id = "admin_edit_user", tag = "admin", request_body = UserEdit,
    params(
        ("id" = String, Path, description = "The user's id"),
        ("If-Match" = String, Header, description = "The `ETag` of the user, or `*`"),
    ),
    responses(
        (status = 200, description = "The user as they are now", body = AdminUser),
        (status = 400, description = "Something of it does not fit", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
        (status = 409, description = "The address or the user name is taken", body = ErrorBody),
        (status = 412, description = "They were changed meanwhile", body = ErrorBody),
        (status = 428, description = "If-Match is missing", body = ErrorBody),
    )
)]
pub(crate) async fn edit(
    asked: Asked,
    id: Named,
    if_match: IfMatch,
    Json(edit): Json<UserEdit>,
) -> Result<Response, Problem> {
    let desk = asked.desk_because(edit.reason.as_deref())?;
    let edit = EditUser {
        email: edit.email,
        email_verified: edit.email_verified,
        username: edit.username,
        name: edit.name,
        roles: edit.roles.as_deref().map(roles).transpose()?,
    };
    Ok(answer(&desk.edit_user(id.id()?, edit, if_match.version()).await?))
}

/// The roles of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["support"], "reason": "Joined the support team"}))]
pub(crate) struct HeldRoles {
    /// All of them; whatever is not here is taken away.
    roles: Vec<String>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// Give a user roles.
///
/// Nobody is signed out: running sessions have them at their next refresh, and the revocation feed says so.
#[utoipa::path(
    put, path = "/admin/api/users/{id}/roles", operation_id = "admin_hold_roles", tag = "admin", request_body = HeldRoles,
    params(
        ("id" = String, Path, description = "The user's id"),
        ("If-Match" = String, Header, description = "The `ETag` of the user, or `*`"),
    ),
    responses(
        (status = 200, description = "The user as they are now", body = AdminUser),
        (status = 400, description = "A role is not there, or they are too many", body = ErrorBody),
        (status = 404, description = "There is no such user", body = ErrorBody),
        (status = 412, description = "The user was changed meanwhile", body = ErrorBody),
        (status = 428, description = "If-Match is missing", body = ErrorBody),
    )
)]
pub(crate) async fn hold_roles(
    asked: Asked,
    id: Named,
    if_match: IfMatch,
    Json(held): Json<HeldRoles>,
) -> Result<Response, Problem> {
    let desk = asked.desk_because(held.reason.as_deref())?;
    Ok(answer(&desk.hold_roles(id.id()?, roles(&held.roles)?, if_match.version()).await?))
}

/// Why something is done.
#[derive(Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Asked for it by phone"}))]
pub(crate) struct Why {
    /// Why, for the audit log: 1 to 256 characters on one line.
    pub reason: Option<String>,
}

/// Disable a user: they cannot sign in, and all their sessions end.
#[utoipa::path(
    post, path = "/admin/api/users/{id}/disable", operation_id = "admin_disable_user", tag = "admin", request_body = Why,
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "How many sessions ended", body = SessionsEnded),
        (status = 404, description = "There is no such user", body = ErrorBody),
    )
)]
pub(crate) async fn disable(asked: Asked, id: Named, Json(why): Json<Why>) -> Result<Response, Problem> {
    let sessions = asked.desk_because(why.reason.as_deref())?.disable_user(id.id()?).await?;
    Ok(json(StatusCode::OK, &SessionsEnded { sessions }))
}

/// Enable a user again. Old sessions stay dead.
#[utoipa::path(
    post, path = "/admin/api/users/{id}/enable", operation_id = "admin_enable_user", tag = "admin", request_body = Why,
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "They may sign in, as before or again"),
        (status = 404, description = "There is no such user", body = ErrorBody),
    )
)]
pub(crate) async fn enable(asked: Asked, id: Named, Json(why): Json<Why>) -> Result<Response, Problem> {
    asked.desk_because(why.reason.as_deref())?.enable_user(id.id()?).await?;
    Ok(no_content())
}

/// Delete a user, and all that tells who they were.
#[utoipa::path(
    delete, path = "/admin/api/users/{id}", operation_id = "admin_delete_user", tag = "admin",
    params(
        ("id" = String, Path, description = "The user's id"),
        ("If-Match" = String, Header, description = "The `ETag` of the user, or `*`"),
        Why,
    ),
    responses(
        (status = 204, description = "They are gone"),
        (status = 404, description = "There is no such user", body = ErrorBody),
        (status = 412, description = "They were changed meanwhile", body = ErrorBody),
        (status = 428, description = "If-Match is missing", body = ErrorBody),
    )
)]
pub(crate) async fn delete(
    asked: Asked,
    id: Named,
    if_match: IfMatch,
    Filters(why): Filters<Why>,
) -> Result<Response, Problem> {
    let id: UserId = id.id()?;
    let desk = asked.desk_because(why.reason.as_deref())?;
    if let Some(version) = if_match.version() {
        desk.still(id, version).await?;
    }
    desk.delete_user(id).await?;
    Ok(no_content())
}
