//! `GET /admin/console.css`: what only the console's pages look like. The colours are those of all pages.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub(crate) const PATH: &str = "/admin/console.css";

const STYLE: &str = include_str!("../../../templates/console/console.css");

/// The style sheet. It says nothing about this server, so anybody may have it.
pub(super) async fn show() -> Response {
    ([(CACHE_CONTROL, "public, max-age=86400"), (CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
        .into_response()
}
