//! `POST /admin/api/users` and `POST /admin/api/users/invite`

use axum::response::Response;
use http::StatusCode;
use rotunda_core::desk::{CreateUser, Invite};
use rotunda_core::model::Password;
use rotunda_core::register::Newcomer;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AdminUser, roles};
use crate::admin::api::once::{Given, Repeatable};
use crate::admin::api::operator::Asked;
use crate::reply::{ErrorBody, Problem};
use crate::session::password;

/// A user to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "grace@example.com", "password": "correct horse battery", "email_verified": true}))]
pub(crate) struct NewUser {
    email: String,
    /// Their password, which they should change: somebody else knows it. An invitation needs none.
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String)]
    password: Password,
    username: Option<String>,
    name: Option<String>,
    /// Whether the address is known to be theirs.
    #[serde(default)]
    email_verified: bool,
    /// The roles that they hold from the beginning, which takes `roles.write` as well.
    #[serde(default)]
    roles: Vec<String>,
}

/// Add a user.
#[utoipa::path(
    post, path = "/admin/api/users", operation_id = "admin_create_user", tag = "admin", request_body = NewUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same again is done once: 1 to 255 visible ASCII characters")),
    responses(
        (status = 201, description = "The user", body = AdminUser),
        (status = 400, description = "Something of it does not fit, or the password is refused", body = ErrorBody),
        (status = 409, description = "The address or the user name is taken, or the key came with another request", body = ErrorBody),
    )
)]
pub(crate) async fn create(asked: Asked, once: Repeatable<NewUser>) -> Result<Response, Problem> {
    once.answer(&asked, async |new| {
        let create = CreateUser {
            verified: new.email_verified,
            roles: roles(&new.roles)?,
            newcomer: Newcomer {
                email: new.email,
                password: new.password,
                username: new.username,
                name: new.name,
            },
        };
        let user = asked.desk().create_user(create).await?;
        Given::new(StatusCode::CREATED, &AdminUser::from(&user))
    })
    .await
}

/// Somebody to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "joan@example.com", "name": "Joan"}))]
pub(crate) struct Invited {
    email: String,
    username: Option<String>,
    name: Option<String>,
    /// The roles that they hold from the beginning, which takes `roles.write` as well.
    #[serde(default)]
    roles: Vec<String>,
}

/// Invite a user: they get a letter, and choose their password themselves.
#[utoipa::path(
    post, path = "/admin/api/users/invite", operation_id = "admin_invite_user", tag = "admin", request_body = Invited,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same again is done once: 1 to 255 visible ASCII characters")),
    responses(
        (status = 201, description = "The user; a letter is on its way to them", body = AdminUser),
        (status = 400, description = "Something of it does not fit", body = ErrorBody),
        (status = 409, description = "The address or the user name is taken, or the key came with another request", body = ErrorBody),
    )
)]
pub(crate) async fn invite(asked: Asked, once: Repeatable<Invited>) -> Result<Response, Problem> {
    once.answer(&asked, async |new| {
        let roles = roles(&new.roles)?;
        let invite = Invite { email: new.email, username: new.username, name: new.name, roles };
        let user = asked.desk().invite_user(invite).await?;
        Given::new(StatusCode::CREATED, &AdminUser::from(&user))
    })
    .await
}
