//! `GET /admin/api/users` and `GET /admin/api/users/{id}`

use axum::response::Response;
use rotunda_core::model::{RoleName, UserState};
use rotunda_core::store::{Named as Called, UserSearch};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{AdminUser, answer};
use crate::admin::api::operator::Asked;
use crate::admin::api::page::{self, Filters, Page};
use crate::admin::api::path::Named;
use crate::reply::{ErrorBody, Problem};

/// Which users; all that is given has to fit.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsersAsked {
    /// What they are called: an id, the beginning of an address, `@` and the beginning of a user name, or `sub:` and the id
    /// that they have in the system that they came from.
    #[param(example = "ada@")]
    q: Option<String>,
    /// `active` or `disabled`.
    state: Option<String>,
    /// A role that they hold.
    role: Option<String>,
    /// `next` of the last answer.
    after: Option<String>,
    /// How many: 1 to 200, 50 where it is not said.
    limit: Option<u32>,
}

impl UsersAsked {
    fn search(&self) -> Result<UserSearch, Problem> {
        let state = |text: &str| match text {
            "active" => Some(UserState::Active),
            "disabled" => Some(UserState::Disabled),
            _ => None,
        };
        Ok(UserSearch {
            named: self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(called),
            state: page::filter("state", self.state.as_deref(), state, "`active` or `disabled`")?,
            role: page::filter("role", self.role.as_deref(), RoleName::parse, "the name of a role")?,
        })
    }
}

/// What is meant by what was typed.
fn called(q: &str) -> Called {
    if let Ok(id) = q.parse() {
        return Called::Id(id);
    }
    if let Some(subject) = q.strip_prefix("sub:") {
        return Called::Subject(subject.to_owned());
    }
    match q.strip_prefix('@') {
        Some(username) => Called::UsernameBegins(username.to_lowercase()),
        None => Called::EmailBegins(q.to_lowercase()),
    }
}

/// Search users.
#[utoipa::path(
    get, path = "/admin/api/users", operation_id = "admin_search_users", tag = "admin", params(UsersAsked),
    responses(
        (status = 200, description = "Users, by id, or by what `q` begins with", body = Page<AdminUser>),
        (status = 400, description = "A filter does not fit", body = ErrorBody),
    )
)]
pub(crate) async fn search(asked: Asked, Filters(by): Filters<UsersAsked>) -> Result<Response, Problem> {
    let after = page::after(by.after.as_deref(), page::user_place)?;
    let found = asked.desk().search_users(by.search()?, after, page::limit(by.limit)?).await?;
    Ok(page::listed(found.rows.iter().map(AdminUser::from).collect(), found.next.map(Into::into)))
}

/// See a user.
#[utoipa::path(
    get, path = "/admin/api/users/{id}", operation_id = "admin_user", tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user; `ETag` is their version", body = AdminUser),
        (status = 404, description = "There is no such user", body = ErrorBody),
    )
)]
pub(crate) async fn one(asked: Asked, id: Named) -> Result<Response, Problem> {
    Ok(answer(&asked.desk().user(id.id()?).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_an_id_a_subject_a_user_name_or_an_address() {
        let id = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c20";
        assert_eq!(called(id), Called::Id(id.parse().unwrap()));
        assert_eq!(called("sub:auth0|7"), Called::Subject("auth0|7".to_owned()));
        assert_eq!(called("@Ada"), Called::UsernameBegins("ada".to_owned()));
        assert_eq!(called("Ada@Example"), Called::EmailBegins("ada@example".to_owned()));
    }
}
