//! `POST /auth/login`

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use rotunda_core::login::Login;
use rotunda_core::model::{ClientKind, DeviceSecret, Email, Handle, Password, SecretText, Username};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::{SessionAnswer, answer};
use super::{password, secret_text};
use crate::Shared;
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::edge::origin;
use crate::oauth::client_auth::{InBody, signing_in};
use crate::reply::{ErrorBody, Problem};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"email": "ada@example.com", "password": "correct horse battery", "client_id": "native"}))]
pub(crate) struct LoginBody {
    /// The address, or `username`.
    email: Option<String>,
    /// The user name, or `email`.
    username: Option<String>,
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// `web` unless given; not needed beside HTTP Basic.
    client_id: Option<String>,
    /// The client's secret, where it has one and does not send HTTP Basic.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
    /// `false`: the session lives a day at most, and a browser forgets it when it is closed. `true` unless given.
    remember: Option<bool>,
    /// The device secret of an earlier session; native clients only.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    device_secret: Option<SecretText>,
}

/// Sign in with a password.
#[utoipa::path(
    post, path = "/auth/login", tag = "session", request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in", body = SessionAnswer),
        (status = 400, description = "Neither or both of `email` and `username`, or a body that cannot be read", body = ErrorBody),
        (status = 401, description = "`credentials_invalid`; or `invalid_client`: the client has a secret and did not show it", body = ErrorBody),
        (status = 403, description = "`user_disabled`, or the page is of another origin", body = ErrorBody),
        (status = 429, description = "Too many attempts; see Retry-After", body = ErrorBody),
        (status = 503, description = "Too busy just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn login(
    State(app): Shared,
    From(caller): From,
    cookies: Cookies,
    headers: HeaderMap,
    Json(body): Json<LoginBody>,
) -> Result<Response, Problem> {
    let handle = handle(body.email.as_deref(), body.username.as_deref())?;
    let shown = InBody { client_id: body.client_id, client_secret: body.client_secret };
    let (client_id, proof) = signing_in(&app, &headers, shown, &caller).await?;
    let kind = app.rotunda.client_kind(client_id.as_ref()).await?;
    let (device, page) = match kind {
        ClientKind::Web => {
            origin::check(&app.web, &headers)?;
            (cookies.known_device(), cookies.page())
        }
        _ => (body.device_secret.and_then(|text| DeviceSecret::parse(text.expose())), None),
    };
    let remember = body.remember.unwrap_or(true);
    let login = Login { handle, password: body.password, client_id, proof, remember, device, page, caller };
    let grant = app.rotunda.login(&login).await?;
    Ok(answer(StatusCode::OK, &app.web, &grant))
}

/// Exactly one of the two. What cannot be an address or a name belongs to nobody, and is answered as such.
fn handle(email: Option<&str>, username: Option<&str>) -> Result<Option<Handle>, Problem> {
    match (email, username) {
        (Some(email), None) => Ok(Email::parse(email).map(Handle::Email)),
        (None, Some(username)) => Ok(Username::parse(username).map(Handle::Username)),
        _ => Err(Problem::malformed("Send either `email` or `username`.")),
    }
}
