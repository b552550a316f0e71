//! `POST /oauth/introspect` (RFC 7662)

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::introspect::Active;
use rotunda_core::model::{Facts, SecretText};
use rotunda_token::Claims;
use serde::Serialize;
use utoipa::ToSchema;

use super::client_auth::{Asking, InBody};
use crate::edge::caller::From;
use crate::edge::form::Form;
use crate::reply::{ErrorBody, Problem, json};
use crate::{App, Shared};

#[derive(ToSchema)]
#[schema(example = json!({"token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.…", "client_id": "shop", "client_secret": "rc1_…"}))]
pub(crate) struct TokenInQuestion {
    /// An access token; or a refresh token of the client that asks.
    #[schema(value_type = String)]
    token: Option<SecretText>,
    /// `refresh_token` or `access_token`. Not needed, and not heeded: the token itself tells.
    #[expect(dead_code, reason = "for the document: RFC 7662 has it, and it may be left unread")]
    token_type_hint: Option<String>,
    /// The client that asks; not needed beside HTTP Basic.
    client_id: Option<String>,
    /// Its secret, where it does not send HTTP Basic.
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
}

impl std::convert::From<&Form> for TokenInQuestion {
    fn from(form: &Form) -> Self {
        Self {
            token: form.secret("token"),
            token_type_hint: form.value("token_type_hint"),
            client_id: form.value("client_id"),
            client_secret: form.secret("client_secret"),
        }
    }
}

/// What is known of a token. All fields but `active` are absent where it is not.
#[derive(Serialize, ToSchema, Default)]
pub(crate) struct Introspection {
    /// Whether it is good just now.
    active: bool,
    /// `Bearer` for an access token; `refresh_token` for a refresh token, which is good for its client and here only.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// Scopes, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// The client that it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The user; or `client:NAME`, where a service got it for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Vec<String>>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    /// When it ends, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    /// When it was issued, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    /// The token's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// The session that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// When the user last proved who they are, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// How they proved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
    /// The user's auth epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    ep: Option<u64>,
    /// The user's roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<String>>,
    /// Who acts for the user (RFC 8693 §4.1); not there where they act themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<ActingUser>,
}

/// Who acts for somebody.
#[derive(Serialize, ToSchema)]
struct ActingUser {
    /// The id of the user who acts.
    sub: String,
}

/// Ask whether a token is good just now, and whose it is. For clients that authenticate.
#[utoipa::path(
    post, path = "/oauth/introspect", tag = "oauth",
    request_body(content = TokenInQuestion, content_type = "application/x-www-form-urlencoded"),
    security((), ("client" = [])),
    responses(
        (status = 200, description = "What is known of it; `{\"active\": false}` and nothing else where it is not good", body = Introspection),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "`invalid_client`: the client did not show its secret", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Not available just now, which says nothing about the token; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn introspect(
    State(app): Shared,
    From(caller): From,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let form = TokenInQuestion::from(&form);
    let body = InBody { client_id: form.client_id, client_secret: form.client_secret };
    let asking = Asking::of(&app, &headers, body, &caller).await?;
    let proof = asking.must_prove()?;
    let token = form.token.ok_or_else(|| Problem::malformed("There is no `token`."))?;
    let found = app.rotunda.introspect(proof, token.expose()).await;
    let told = match found.map_err(|error| asking.refused(error))? {
        None => Introspection::default(),
        Some(Active::Access(claims)) => of_access(*claims),
        Some(Active::Refresh(facts)) => of_refresh(&app, &facts),
    };
    Ok(json(StatusCode::OK, &told))
}

fn of_access(claims: Claims) -> Introspection {
    let is_users = claims.sid.is_some();
    Introspection {
        active: true,
        token_type: Some("Bearer"),
        scope: claims.scope,
        client_id: Some(claims.client_id),
        sub: Some(claims.sub),
        aud: Some(claims.aud),
        iss: Some(claims.iss),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        jti: Some(claims.jti),
        sid: claims.sid,
        auth_time: claims.auth_time,
        amr: is_users.then_some(claims.amr),
        ep: claims.ep,
        roles: is_users.then_some(claims.roles),
        act: claims.act.map(|act| ActingUser { sub: act.sub }),
    }
}

fn of_refresh(app: &App, facts: &Facts) -> Introspection {
    let session = &facts.session;
    Introspection {
        active: true,
        token_type: Some("refresh_token"),
        client_id: Some(session.client_id.0.clone()),
        sub: Some(facts.user.sub()),
        iss: Some(app.rotunda.policy().issuer.clone()),
        exp: Some(session.expires_at().seconds()),
        iat: Some(session.last_used_at().seconds()),
        sid: Some(session.id.to_string()),
        auth_time: Some(session.auth_time.seconds()),
        ..Introspection::default()
    }
}
