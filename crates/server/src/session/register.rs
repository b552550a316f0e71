//! `POST /auth/register`

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::model::{ClientKind, Password, SecretText};
use rotunda_core::register::{Newcomer, Outcome, Register};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{SessionAnswer, answer};
use super::{password, secret_text};
use crate::Shared;
use crate::account::{LetterSent, letter_sent};
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::edge::origin;
use crate::oauth::client_auth::{InBody, signing_in};
use crate::reply::{ErrorBody, Problem};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.com", "password": "correct horse battery", "client_id": "native"}))]
pub(crate) struct RegisterBody {
    email: String,
    /// At least 12 characters unless configured otherwise, at most 1,024 bytes. Anything goes but what attackers try first.
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// 2 to 64 letters, digits, dots, hyphens or underscores.
    username: Option<String>,
    /// The name to be called by.
    name: Option<String>,
    /// `web` unless given; not needed beside HTTP Basic.
    client_id: Option<String>,
    /// The client's secret, where it has one and does not send HTTP Basic.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
}

/// Make an account: signed in at once, or after a letter to the address.
#[utoipa::path(
    post, path = "/auth/register", tag = "session", request_body = RegisterBody,
    responses(
        (status = 201, description = "Registered and signed in", body = SessionAnswer),
        (status = 202, description = "A letter is on its way; always the same where addresses are verified", body = LetterSent),
        (status = 400, description = "Something does not fit; the description says how to mend it", body = ErrorBody),
        (status = 401, description = "`invalid_client`: the client has a secret and did not show it", body = ErrorBody),
        (status = 403, description = "Registration is off, or the page is of another origin", body = ErrorBody),
        (status = 409, description = "The address or the user name is taken", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Too busy just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn register(
    State(app): Shared,
    From(caller): From,
    cookies: Cookies,
    headers: HeaderMap,
    Json(body): Json<RegisterBody>,
) -> Result<Response, Problem> {
    let shown = InBody { client_id: body.client_id, client_secret: body.client_secret };
    let (client_id, proof) = signing_in(&app, &headers, shown, &caller).await?;
    let kind = app.rotunda.client_kind(client_id.as_ref()).await?;
    if kind == ClientKind::Web {
        origin::check(&app.web, &headers)?;
    }
    let newcomer =
        Newcomer { email: body.email, password: body.password, username: body.username, name: body.name };
    let page = cookies.page().filter(|_| kind == ClientKind::Web);
    match app.rotunda.register(&Register { newcomer, client_id, proof, page, caller }).await? {
        Outcome::SignedIn(grant) => Ok(answer(StatusCode::CREATED, &app.web, &grant)),
        Outcome::LetterSent => Ok(letter_sent()),
    }
}
