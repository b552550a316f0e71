//! `GET /openapi.json`: the document that is made from the routes themselves.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder};

/// All of Rotunda's HTTP face, as OpenAPI 3.1.
#[utoipa::path(
    get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "This document", body = serde_json::Value))
)]
pub(crate) async fn openapi_json() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| crate::openapi().to_json().unwrap_or_default());
    ([(CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

/// The document without its routes: what it is about, and how callers show who they are.
pub(crate) fn frame() -> OpenApi {
    let mut info = Info::new("Rotunda", env!("CARGO_PKG_VERSION"));
    info.description = Some("The authentication server that keeps people signed in, safely.".to_owned());
    info.license = Some(License::new("MIT OR Apache-2.0"));
    let cookie = |name: &str, description: &str| {
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, description)))
    };
    let http = |scheme| SecurityScheme::Http(Http::new(scheme));
    let refresh =
        cookie("rotunda_refresh", "The refresh token of a browser; `__Secure-` in front under https.");
    let page = cookie("rotunda_page", "The page key of a browser; `__Host-` in front under https.");
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", http(HttpAuthScheme::Bearer))
        .security_scheme("service", http(HttpAuthScheme::Bearer))
        .security_scheme("client", http(HttpAuthScheme::Basic))
        .security_scheme("refresh_cookie", refresh)
        .security_scheme("page_cookie", page)
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}
