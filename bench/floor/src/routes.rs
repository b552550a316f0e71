//! The three routes, and the cookie.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use uuid::{Builder, Uuid};

use crate::access_token::{LIFE, Signer};
use crate::machine::{now, random};
use crate::refresh_token::RefreshToken;
use crate::writer::{Session, Unavailable, Writer};

/// The name of the cookie.
const NAME: &str = "floor_refresh";

struct Floor {
    writer: Writer,
    signer: Signer,
}

/// All that is served.
pub(crate) fn router(writer: Writer, signer: Signer) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/refresh", post(refresh))
        .route("/jwks.json", get(jwks))
        .with_state(Arc::new(Floor { writer, signer }))
}

/// A session for whoever asks.
async fn login(State(floor): State<Arc<Floor>>) -> Result<Response, StatusCode> {
    let session = Session { id: new_id()?, user: new_id()?, since: now() };
    let token = RefreshToken::new(session.id).map_err(broken)?;
    floor.writer.begin(session, &token).await.map_err(unavailable)?;
    floor.answer(&session, &token)
}

/// The next tokens for the one in the cookie.
async fn refresh(State(floor): State<Arc<Floor>>, request: Request) -> Result<Response, StatusCode> {
    let from = shown(request.headers()).ok_or(StatusCode::UNAUTHORIZED)?;
    let to = RefreshToken::new(from.session).map_err(broken)?;
    let session = floor.writer.rotate(&from, &to).await.map_err(unavailable)?;
    floor.answer(&session.ok_or(StatusCode::UNAUTHORIZED)?, &to)
}

async fn jwks(State(floor): State<Arc<Floor>>) -> Response {
    ([(CONTENT_TYPE, "application/jwk-set+json")], floor.signer.jwks()).into_response()
}

impl Floor {
    fn answer(&self, session: &Session, token: &RefreshToken) -> Result<Response, StatusCode> {
        let access_token = self.signer.sign(session).map_err(broken)?;
        let cookie = format!("{NAME}={}; HttpOnly; SameSite=Strict; Path=/refresh", token.expose_text());
        let headers = [
            (CONTENT_TYPE, "application/json".to_owned()),
            (CACHE_CONTROL, "no-store".to_owned()),
            (SET_COOKIE, cookie),
        ];
        let body = format!(r#"{{"access_token":"{access_token}","expires_in":{LIFE}}}"#);
        Ok((headers, body).into_response())
    }
}

/// The token in the cookie, if there is one.
fn shown(headers: &HeaderMap) -> Option<RefreshToken> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim_ascii().split_once('='));
    pairs.find(|(name, _)| *name == NAME).and_then(|(_, token)| RefreshToken::parse(token))
}

fn new_id() -> Result<Uuid, StatusCode> {
    random().map(|bytes| Builder::from_random_bytes(bytes).into_uuid()).map_err(broken)
}

fn broken(_: aws_lc_rs::error::Unspecified) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

fn unavailable(_: Unavailable) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}
