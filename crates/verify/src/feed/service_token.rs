//! The token with which a service reads the feed: `client_credentials` (RFC 6749 §4.4).
//!
//! 1. The client authenticates by HTTP Basic, both parts form-encoded first (RFC 6749 §2.3.1).
//! 2. It asks for the one scope that it needs, `revocations.read`.
//! 3. The token is renewed when nine tenths of its life have passed, by the clock that measures durations: what counts
//!    is how long it lives, not what time the server believes it is.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::byte_serialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ask::{AskError, body, status, unreachable};

/// The longest answer of the token endpoint, in bytes.
const MOST_BYTES: usize = 64 * 1024;
/// No token is renewed more often, however short it lives.
const LEAST_LIFE: Duration = Duration::from_secs(1);

/// Who a service is to its issuer, from `rotunda client add NAME --kind service --scope revocations.read`. It cannot be
/// printed, and is wiped on drop.
#[derive(Clone, ZeroizeOnDrop)]
pub struct ServiceCredentials {
    #[zeroize(skip)]
    client_id: String,
    secret: String,
}

impl ServiceCredentials {
    /// The client's id and its secret.
    pub fn new(client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), secret: secret.into() }
    }

    fn basic(&self) -> Option<HeaderValue> {
        let encoded = |text: &str| Zeroizing::new(byte_serialize(text.as_bytes()).collect::<String>());
        let pair = Zeroizing::new(format!("{}:{}", *encoded(&self.client_id), *encoded(&self.secret)));
        let header = Zeroizing::new(format!("Basic {}", Base64::encode_string(pair.as_bytes())));
        sensitive(&header)
    }
}

/// A service token and when it has to be renewed.
#[derive(Clone)]
pub(crate) struct ServiceToken {
    pub(crate) bearer: HeaderValue,
    pub(crate) renew_at: Duration,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: u64,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.access_token.zeroize();
    }
}

/// Asks for a token; `now` is the time at which the request begins.
pub(crate) async fn ask(
    client: &reqwest::Client,
    url: &Url,
    credentials: &ServiceCredentials,
    limit: Duration,
    now: Duration,
) -> Result<ServiceToken, AskError> {
    let form = |expected| AskError::Form { url: url.to_string(), expected };
    let basic = credentials.basic().ok_or_else(|| form("credentials that fit into a header"))?;
    let request = client
        .post(url.clone())
        .timeout(limit)
        .header(AUTHORIZATION, basic)
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials&scope=revocations.read");
    let response = request.send().await.map_err(|error| unreachable(url, error))?;
    if !response.status().is_success() {
        return Err(status(&response));
    }
    let json = Zeroizing::new(body(response, MOST_BYTES).await?);
    let answer: Answer = serde_json::from_slice(&json).map_err(|_| form("a token (RFC 6749 §5.1)"))?;
    let bearer = Zeroizing::new(format!("Bearer {}", answer.access_token));
    let bearer = sensitive(&bearer).ok_or_else(|| form("a token that fits into a header"))?;
    // A year is as good as forever, and does not overflow.
    let life = Duration::from_secs(answer.expires_in.min(31_536_000));
    Ok(ServiceToken { bearer, renew_at: now.saturating_add((life * 9 / 10).max(LEAST_LIFE)) })
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
