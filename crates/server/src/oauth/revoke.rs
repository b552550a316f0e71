//! `POST /oauth/revoke` (RFC 7009)

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use rotunda_core::model::SecretText;
use rotunda_core::revoke_token::RevokeToken;
use utoipa::ToSchema;

use super::client_auth::{Asking, InBody};
use crate::Shared;
use crate::edge::caller::From;
use crate::edge::form::Form;
use crate::reply::{ErrorBody, Problem};

#[derive(ToSchema)]
#[schema(example = json!({"token": "rt1_…", "client_id": "native"}))]
pub(crate) struct TokenToRevoke {
    /// A refresh token, whose session ends with it; or an access token, which is refused from now on.
    #[schema(value_type = String)]
    token: Option<SecretText>,
    /// `refresh_token` or `access_token`. Not needed, and not heeded: the token itself tells.
    #[expect(dead_code, reason = "for the document: RFC 7009 has it, and it may be left unread")]
    token_type_hint: Option<String>,
    /// The client; not needed beside HTTP Basic.
    client_id: Option<String>,
    /// Its secret, where it has one and does not send HTTP Basic.
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
}

impl std::convert::From<&Form> for TokenToRevoke {
    fn from(form: &Form) -> Self {
        Self {
            token: form.secret("token"),
            token_type_hint: form.value("token_type_hint"),
            client_id: form.value("client_id"),
            client_secret: form.secret("client_secret"),
        }
    }
}

/// End a token: with a refresh token its session, with an access token that one alone.
#[utoipa::path(
    post, path = "/oauth/revoke", tag = "oauth",
    request_body(content = TokenToRevoke, content_type = "application/x-www-form-urlencoded"),
    security((), ("client" = [])),
    responses(
        (status = 200, description = "It is good for nothing now, or never was. The body is empty"),
        (status = 400, description = "The token is another client's, or the request cannot be read", body = ErrorBody),
        (status = 401, description = "`invalid_client`: the client did not show its secret", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Not available just now: the token is still good; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn revoke(
    State(app): Shared,
    From(caller): From,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let form = TokenToRevoke::from(&form);
    let body = InBody { client_id: form.client_id, client_secret: form.client_secret };
    let asking = Asking::of(&app, &headers, body, &caller).await?;
    let token = form.token.ok_or_else(|| Problem::malformed("There is no `token`."))?;
    let (client_id, proof) = (asking.id.clone(), asking.proof.clone());
    let revoke = RevokeToken { token, client_id, proof, caller };
    app.rotunda.revoke_token(&revoke).await.map_err(|error| asking.refused(error))?;
    Ok((StatusCode::OK, [(CACHE_CONTROL, "no-store")]).into_response())
}
