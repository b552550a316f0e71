//! `/admin/api/roles`

use axum::response::Response;
use http::StatusCode;
use rotunda_core::desk::{PutRole, RoleInfo};
use rotunda_core::model::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::etag::{self, AddOrChange, IfMatch};
use super::operator::Asked;
use super::page::{self, Filters, Page};
use super::path::Named;
use super::users::change::Why;
use crate::edge::body::Json;
use crate::reply::{ErrorBody, Problem, json, no_content};
use crate::session::answer::rfc3339;

/// A role: a named set of permissions.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoleBody {
    #[schema(example = "support")]
    name: String,
    /// What it permits: words of `scope` in access tokens.
    #[schema(example = json!(["users.read", "sessions.revoke"]))]
    permissions: Vec<String>,
    /// What it is for.
    description: Option<String>,
    /// Whether it is the built-in one, which nobody changes.
    built_in: bool,
    /// Grows with each change: what `ETag` says, without its quotation marks.
    #[schema(example = 1)]
    version: u64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    changed_at: String,
}

impl RoleBody {
    fn new(role: &Role, built_in: bool) -> Self {
        Self {
            name: role.name.to_string(),
            permissions: role.permissions.iter().map(ToString::to_string).collect(),
            description: role.description.clone(),
            built_in,
            version: role.version,
            created_at: rfc3339(role.created_at),
            changed_at: rfc3339(role.changed_at),
        }
    }
}

fn answer(status: StatusCode, role: &Role, built_in: bool) -> Response {
    etag::tagged(json(status, &RoleBody::new(role, built_in)), &role.version.to_string())
}

/// See all roles.
#[utoipa::path(
    get, path = "/admin/api/roles", operation_id = "admin_roles", tag = "admin",
    responses((status = 200, description = "The built-in one, then by name; all of them", body = Page<RoleBody>))
)]
pub(crate) async fn list(asked: Asked) -> Result<Response, Problem> {
    let roles = asked.desk().roles().await?;
    let roles = roles.iter().map(|RoleInfo { role, built_in }| RoleBody::new(role, *built_in)).collect();
    Ok(page::listed(roles, None))
}

/// See a role.
#[utoipa::path(
    get, path = "/admin/api/roles/{name}", operation_id = "admin_role", tag = "admin",
    params(("name" = String, Path, description = "The role's name")),
    responses(
        (status = 200, description = "The role; `ETag` is its version", body = RoleBody),
        (status = 404, description = "There is no such role", body = ErrorBody),
    )
)]
pub(crate) async fn one(asked: Asked, name: Named) -> Result<Response, Problem> {
    let RoleInfo { role, built_in } = asked.desk().role(&name.role()?).await?;
    Ok(answer(StatusCode::OK, &role, built_in))
}

/// A role as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"permissions": ["users.read", "sessions.read"], "description": "Helps people who cannot sign in"}))]
pub(crate) struct RoleWanted {
    /// All that it permits.
    permissions: Vec<String>,
    /// What it is for.
    description: Option<String>,
    /// Why, for the audit log.
    reason: Option<String>,
}

/// Add or change a role.
///
/// Nobody is signed out by a change: whoever holds the role has it at their next refresh, and the revocation feed says so.
#[utoipa::path(
    put, path = "/admin/api/roles/{name}", operation_id = "admin_put_role", tag = "admin", request_body = RoleWanted,
    params(
        ("name" = String, Path, description = "The role's name: 1 to 64 of `a-z 0-9 . _ -`"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the role, to change it"),
        ("If-None-Match" = Option<String>, Header, description = "`*`, to add it"),
    ),
    responses(
        (status = 200, description = "The role as it is now", body = RoleBody),
        (status = 201, description = "The role, which is new", body = RoleBody),
        (status = 400, description = "Something of it does not fit, or it would not fit into the tokens of its holders", body = ErrorBody),
        (status = 404, description = "There is no such role to be changed", body = ErrorBody),
        (status = 409, description = "There is one already, or it is built in", body = ErrorBody),
        (status = 412, description = "It was changed meanwhile", body = ErrorBody),
        (status = 428, description = "Neither If-Match nor If-None-Match is there", body = ErrorBody),
    )
)]
pub(crate) async fn put(
    asked: Asked,
    name: Named,
    which: AddOrChange,
    Json(wanted): Json<RoleWanted>,
) -> Result<Response, Problem> {
    let (status, version) = match which {
        AddOrChange::Add => (StatusCode::CREATED, None),
        AddOrChange::Change(IfMatch::Any) => return Err(Problem::ConditionMissing),
        AddOrChange::Change(known) => (StatusCode::OK, known.number()?),
    };
    let desk = asked.desk_because(wanted.reason.as_deref())?;
    let put = PutRole { name: name.0, permissions: wanted.permissions, description: wanted.description };
    Ok(answer(status, &desk.put_role(put, version).await?, false))
}

/// Remove a role that nobody holds.
#[utoipa::path(
    delete, path = "/admin/api/roles/{name}", operation_id = "admin_remove_role", tag = "admin",
    params(
        ("name" = String, Path, description = "The role's name"),
        ("If-Match" = String, Header, description = "The `ETag` of the role, or `*`"),
        Why,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such role", body = ErrorBody),
        (status = 409, description = "Somebody holds it, or it is built in", body = ErrorBody),
        (status = 412, description = "It was changed meanwhile", body = ErrorBody),
        (status = 428, description = "If-Match is missing", body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    asked: Asked,
    name: Named,
    if_match: IfMatch,
    Filters(why): Filters<Why>,
) -> Result<Response, Problem> {
    let desk = asked.desk_because(why.reason.as_deref())?;
    desk.remove_role(&name.role()?, if_match.number()?).await?;
    Ok(no_content())
}
