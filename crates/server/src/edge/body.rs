//! Bodies, read whole and bounded; and those that are JSON: UTF-8, every key once, every known field of the right type.
//! Unknown fields are ignored.

use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::unique_keys;
use crate::reply::Problem;

/// The most bytes a body may have. The largest honest one carries a password of 1,024 bytes, escaped.
pub(crate) const MOST_BYTES: usize = 16 * 1024;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);

/// A JSON body. One that is absent altogether counts as `{}`, so that a browser's refresh needs none.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        json(request).await.map(|(value, _)| Self(value))
    }
}

/// A JSON body, and its bytes as they came.
pub(crate) async fn json<T: DeserializeOwned>(request: Request) -> Result<(T, Zeroizing<Vec<u8>>), Problem> {
    let is_json = has_type(&request, "application/json");
    let bytes = read(request, MOST_BYTES).await?;
    let value = match is_json {
        None if bytes.is_empty() => parse(b"{}"),
        Some(true) if bytes.is_empty() => parse(b"{}"),
        Some(true) => parse(&bytes),
        _ => Err(Problem::NotJson),
    }?;
    Ok((value, bytes))
}

/// The whole body, of at most so many bytes. Wiped when it goes: passwords and tokens pass through here.
pub(crate) async fn read(request: Request, most: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let body = whole(Limited::new(request.into_body(), most));
    match tokio::time::timeout(ARRIVAL, body).await {
        Err(_) => Err(Problem::BodyTooSlow),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Problem::BodyTooLarge(most / 1024))
        }
        Ok(Err(_)) => Err(Problem::malformed("The body broke off.")),
        Ok(Ok(bytes)) => Ok(bytes),
    }
}

/// Put together as it comes: kept one by one, pieces of a byte each would take fifty times their bytes.
async fn whole(mut body: Limited<Body>) -> Result<Zeroizing<Vec<u8>>, BoxError> {
    // Room for all of it at once, so that no copy is left behind while it grows; `Limited` knows how much that is at most.
    let most = body.size_hint().upper().unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(most)?));
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Whether the body is said to be of this type; `None` when nothing is said.
pub(crate) fn has_type(request: &Request, expected: &str) -> Option<bool> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    Some(essence.eq_ignore_ascii_case(expected))
}

/// One JSON object.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::malformed("The body is not UTF-8."))?;
    // Asked first, because a field that is read twice would keep one of the two, and another program the other.
    unique_keys::check(text)
        .map_err(|e| Problem::malformed(format!("The body is not good JSON: {}.", without_values(&e))))?;
    // serde would also read a struct from an array, its fields by their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Problem::malformed("The body is not a JSON object."));
    }
    serde_json::from_str(text)
        .map_err(|e| Problem::malformed(format!("The body does not fit: {}.", without_values(&e))))
}

/// What serde has to say, without the value that it quotes (in `"` or `` ` ``): a password in the wrong field, or one
/// that was sent as a number, must not come back.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match (text.find(['"', '`']), text.rfind(", expected")) {
        (Some(start), Some(end)) if start < end => format!("{}{}", text[..start].trim_end(), &text[end..]),
        _ => text,
    }
}
