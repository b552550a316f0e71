//! `POST /auth/logout` and `POST /auth/logout-all`

use axum::extract::{FromRequest, Request, State};
use axum::response::Response;
use http::HeaderMap;
use rotunda_core::failure::Error;
use rotunda_core::logout::Logout;
use rotunda_core::model::{ClientKind, SecretText};
use serde::Deserialize;
use utoipa::ToSchema;

use super::secret_text;
use crate::edge::bearer::{self, SignedIn};
use crate::edge::body::Json;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::edge::origin;
use crate::oauth::client_auth::{InBody, signing_in};
use crate::reply::{ErrorBody, Problem, no_content, with_cookies};
use crate::{App, Shared};

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"refresh_token": "rt1_…"}))]
pub(crate) struct LogoutBody {
    /// The refresh token; native clients only. A browser sends its cookies.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SecretText>,
    /// The client, where it authenticates; not needed beside HTTP Basic.
    client_id: Option<String>,
    /// The client's secret, where it has one and does not send HTTP Basic.
    #[serde(default, deserialize_with = "secret_text")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretText>,
}

/// End this session.
///
/// Say which by cookie, refresh token or bearer token. However often it is asked, the answer is 204.
#[utoipa::path(
    post, path = "/auth/logout", tag = "session", request_body(content = LogoutBody, description = "May be absent altogether"),
    security((), ("bearer" = []), ("page_cookie" = [])),
    responses(
        (status = 204, description = "The session is over, and the cookies of this browser too"),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "A bearer token was all that was sent, and it is no longer good; or `invalid_client`: the client has a secret and did not show it", body = ErrorBody),
        (status = 403, description = "The page is of another origin, or the token acts for somebody else", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn logout(
    State(app): Shared,
    From(caller): From,
    jar: Cookies,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let bearer = bearer::token(&parts)?;
    let headers = parts.headers.clone();
    let Json(body) = Json::<LogoutBody>::from_request(Request::from_parts(parts, body), &()).await?;
    // Whoever brings a token in its hands needs no cookie; everybody else is a browser and comes from one of our pages.
    let shown = InBody { client_id: body.client_id, client_secret: body.client_secret };
    let (_, proof) = signing_in(&app, &headers, shown, &caller).await?;
    let by_hand = body.refresh_token.is_some() || bearer.is_some();
    let ours = origin::check(&app.web, &headers);
    if !by_hand {
        ours?;
        let logout = Logout { refresh_token: None, proof, pages: jar.pages().collect(), bearer, caller };
        end_all(&app, &jar, logout).await?;
        return Ok(with_cookies(no_content(), app.web.expire_session()));
    }
    let pages = if ours.is_ok() { jar.pages().collect() } else { Vec::new() };
    // An app is never sent a cookie, not even one that has expired: only a page of ours, or whoever sent cookies.
    let has_jar = body.refresh_token.is_none() && (origin::is_browser(&headers) || !jar.is_empty());
    let logout = Logout { refresh_token: body.refresh_token, proof, pages, bearer, caller };
    app.rotunda.logout(&logout).await.map_err(Problem::of_bearer)?;
    Ok(expired_if(&app, ours.is_ok() && has_jar))
}

/// Ends every session that a browser names. Where it names several, one that may not be ended so keeps no other alive.
async fn end_all(app: &App, jar: &Cookies, named: Logout) -> Result<(), Problem> {
    let mut tokens: Vec<SecretText> = jar.refresh_tokens().cloned().collect();
    if tokens.len() <= 1 {
        return Ok(app.rotunda.logout(&Logout { refresh_token: tokens.pop(), ..named }).await?);
    }
    app.rotunda.logout(&named).await?;
    for token in tokens {
        let logout = Logout { refresh_token: Some(token), pages: Vec::new(), bearer: None, ..named.clone() };
        match app.rotunda.logout(&logout).await {
            Ok(()) | Err(Error::Denied(_)) => {}
            Err(Error::Failure(failure)) => return Err(failure.into()),
        }
    }
    Ok(())
}

/// End all of the user's sessions, and refuse their access tokens.
#[utoipa::path(
    post, path = "/auth/logout-all", tag = "session", security(("bearer" = [])),
    responses(
        (status = 204, description = "Every session of the user has ended"),
        (status = 401, description = "The bearer token is missing or not good", body = ErrorBody),
        (status = 403, description = "The page is of another origin", body = ErrorBody),
        (status = 503, description = "Not available just now; see Retry-After", body = ErrorBody),
    )
)]
pub(crate) async fn logout_all(
    State(app): Shared,
    From(caller): From,
    SignedIn(bearer): SignedIn,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let is_web = bearer.kind == ClientKind::Web;
    if is_web {
        origin::check(&app.web, &headers)?;
    }
    app.rotunda.logout_all(&bearer, &caller).await?;
    Ok(expired_if(&app, is_web))
}

fn expired_if(app: &App, has_jar: bool) -> Response {
    if has_jar { with_cookies(no_content(), app.web.expire_session()) } else { no_content() }
}
