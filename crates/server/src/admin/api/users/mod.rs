//! Users, one file a kind of verb.

pub(in crate::admin::api) mod act;
pub(in crate::admin::api) mod add;
pub(in crate::admin::api) mod change;
pub(in crate::admin::api) mod import;
pub(in crate::admin::api) mod search;

use std::collections::BTreeSet;

use axum::response::Response;
use http::StatusCode;
use rotunda_core::denied::Denied;
use rotunda_core::desk::version_of;
use rotunda_core::model::{RoleName, User, UserState};
use serde::Serialize;
use utoipa::ToSchema;

use super::etag;
use crate::reply::json;
use crate::session::answer::rfc3339;

/// A user, as operators see them.
#[derive(Serialize, ToSchema)]
pub(crate) struct AdminUser {
    #[schema(example = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c20")]
    id: String,
    /// What others know them by: `sub` in access tokens. The id, unless they came with one of another system.
    sub: String,
    #[schema(example = "ada@example.com")]
    email: String,
    /// Whether the address was shown to be theirs.
    email_verified: bool,
    username: Option<String>,
    name: Option<String>,
    /// `active`, or `disabled`: may not sign in.
    #[schema(example = "active")]
    state: &'static str,
    /// The roles that they hold.
    roles: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Changes with whatever changes of them: what `ETag` says, without its quotation marks.
    #[schema(example = "3q2-7wAAAAAAAAAAAAAAAA")]
    version: String,
}

impl From<&User> for AdminUser {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            sub: user.sub(),
            email: user.email.to_string(),
            email_verified: user.email_verified,
            username: user.username.as_ref().map(|name| name.as_str().to_owned()),
            name: user.name.clone(),
            state: state(user.state),
            roles: user.roles.iter().map(ToString::to_string).collect(),
            created_at: rfc3339(user.created_at),
            version: version_of(user),
        }
    }
}

fn state(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}

/// A user with their tag.
fn answer(user: &User) -> Response {
    etag::tagged(json(StatusCode::OK, &AdminUser::from(user)), &version_of(user))
}

/// Names of roles, as they were sent.
fn roles(names: &[String]) -> Result<BTreeSet<RoleName>, Denied> {
    let unfit = || Denied::Unfit("A role's name has 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`.".to_owned());
    names.iter().map(|name| RoleName::parse(name).ok_or_else(unfit)).collect()
}
