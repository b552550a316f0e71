//! For axum: [`AccessToken`] as an extractor, [`Refused`] as a response.

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::{AccessToken, Refused};

/// The token that the layer accepted. A route without [`crate::AuthLayer`] in front answers 500: it must not pass for
/// one that was checked.
impl<S: Sync> FromRequestParts<S> for AccessToken {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a route takes an `AccessToken` and has no layer of `Verifier::layer` in front");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.response::<Body>()
    }
}
