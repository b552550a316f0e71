//! Requests that may come twice: what adds something adds it once.
//!
//! 1. Whoever does not know whether a request has arrived sends it again with the same `Idempotency-Key`, of their own choice.
//! 2. The first one is carried out; its answer is kept for a day, sealed, and given again byte for byte. Without a key, each
//!    request is one of its own.
//! 3. What was refused has done nothing, and is asked anew.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, StatusCode};
use rotunda_core::desk::Once;
use rotunda_core::failure::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::operator::Asked;
use crate::App;
use crate::edge::body;
use crate::reply::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request with a JSON body that may have come before.
pub(crate) struct Repeatable<T> {
    body: T,
    key: Option<String>,
    /// All that tells it from another: method, path and body.
    request: Zeroizing<Vec<u8>>,
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Repeatable<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Problem> {
        let key = key(request.headers())?;
        let place = format!("{} {}\n", request.method(), request.uri().path());
        let (body, bytes) = body::json(request).await?;
        Ok(Self { body, key, request: Zeroizing::new([place.as_bytes(), &bytes].concat()) })
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all(IDEMPOTENCY_KEY).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        // What it may be made of is checked where it is kept.
        (Some(key), None) => Ok(Some(String::from_utf8_lossy(key.as_bytes()).into_owned())),
        (Some(_), Some(_)) => Err(Problem::malformed("There is more than one Idempotency-Key.")),
    }
}

impl<T> Repeatable<T> {
    /// Carries it out, unless that was done before; answers the same either way.
    pub(crate) async fn answer(
        self,
        asked: &Asked,
        carry_out: impl AsyncFnOnce(T) -> Result<Given, Problem>,
    ) -> Result<Response, Problem> {
        let Some(key) = self.key else { return Ok(carry_out(self.body).await?.into_response()) };
        let desk = asked.desk();
        let unanswered = match desk.once(&key, &self.request).await? {
            Once::Answer(unanswered) => unanswered,
            Once::Again(answer) => {
                let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
                return Ok(Given { status, body: answer.body }.into_response());
            }
        };
        match carry_out(self.body).await {
            Ok(given) => {
                let kept = unanswered.answered(given.status.as_u16(), &given.body).await;
                // It was done: whoever asked must hear of it, and of the secret that may be in it.
                kept.unwrap_or_else(|failure| tracing::error!(?failure, "an answer could not be kept"));
                Ok(given.into_response())
            }
            Err(problem) => {
                let dropped = unanswered.came_to_nothing().await;
                // The note goes by itself in a minute.
                dropped.unwrap_or_else(|failure| tracing::error!(?failure, "a note could not be dropped"));
                Err(problem)
            }
        }
    }
}

/// An answer that can be given again.
pub(crate) struct Given {
    status: StatusCode,
    body: Zeroizing<Vec<u8>>,
}

impl Given {
    /// Of this.
    pub(crate) fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|e| Failure::broken("writing an answer", e))?;
        Ok(Self { status, body: Zeroizing::new(body) })
    }
}

impl IntoResponse for Given {
    fn into_response(self) -> Response {
        let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
        (self.status, headers, self.body.to_vec()).into_response()
    }
}
