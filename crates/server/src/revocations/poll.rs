//! `GET /revocations`: the feed for whoever asks now and then, such as a function without a background task.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, HeaderValue};
use http::{HeaderMap, StatusCode};
use rotunda_core::failure::Failure;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Reader;
use super::body::FeedBody;
use super::log::Cursor;
use crate::App;
use crate::edge::etag;
use crate::reply::{ErrorBody, Problem};

/// Where the reader stands.
#[derive(Deserialize, IntoParams)]
pub(crate) struct Since {
    /// The `cursor` of the last answer; without it, or with one that is not known any more, the answer is everything.
    pub(super) since: Option<String>,
}

/// What is revoked: everything, or what was added since a cursor. Needs a service's token with `revocations.read`.
#[utoipa::path(
    get, path = "/revocations", tag = "service", params(Since), security(("service" = [])),
    responses(
        (status = 200, description = "The feed from there on; `ETag` is the cursor", body = FeedBody),
        (status = 304, description = "Nothing was added since the cursor in `If-None-Match`"),
        (status = 401, description = "No token, or not a good one", body = ErrorBody),
        (status = 403, description = "The token has not the scope", body = ErrorBody),
        (status = 503, description = "The store does not answer; try again", body = ErrorBody),
    )
)]
pub(crate) async fn poll(
    State(app): State<Arc<App>>,
    _reader: Reader,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.hub.catch_up().await?;
    let since = query.since.as_deref().and_then(Cursor::parse);
    let (cursor, body) = app.hub.answer(since).ok_or_else(not_read)?;
    let tag = format!("\"{cursor}\"");
    // What is not all there is is no state that anybody could already have.
    let seen = !body.has_more() && etag::is_known(&headers, &tag);
    let headers = [
        (ETAG, HeaderValue::from_str(&tag).map_err(|e| Failure::broken("writing a cursor", e))?),
        // Kept by the one who asked, and asked about every time; by nobody between.
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if seen {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Json(body)).into_response())
}

/// Cannot be after a reading that went well.
fn not_read() -> Failure {
    Failure::overload("reading the revocation feed")
}
