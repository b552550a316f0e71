//! `GET /pages.css` and `GET /pages/logo`: what all pages look like.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use super::problem;
use crate::Shared;
use crate::reply::Problem;

/// The style sheet, the operator's colours in it.
pub(crate) async fn style(State(app): Shared) -> Response {
    let headers = [(CACHE_CONTROL, "public, max-age=86400"), (CONTENT_TYPE, "text/css; charset=utf-8")];
    (headers, app.web.brand().style()).into_response()
}

/// The operator's logo. An SVG can be opened by itself as well, and is a document then: it may run nothing, load nothing and
/// frame nothing, and is nobody's origin. Its own styles it may have, some browsers ask that even of a picture.
pub(crate) async fn logo(State(app): Shared) -> Response {
    let Some(logo) = app.web.brand().logo() else { return problem(Problem::NoRoute) };
    let headers = [
        (CACHE_CONTROL, "public, max-age=3600"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; sandbox",
        ),
        (CONTENT_TYPE, logo.media_type()),
    ];
    (headers, logo.bytes().to_vec()).into_response()
}
