//! One request for the issuer's key set (RFC 7517 §5).

use http::header::{ACCEPT, AGE, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use reqwest::{Client, Response};
use rotunda_token::{KeySet, MAX_JWKS_BYTES};
use std::time::Duration;
use url::Url;

use super::schedule::fresh_for;
use crate::ask::{AskError, Limits, body, status, unreachable};

/// A longer entity tag is not sent back.
const MOST_ETAG_BYTES: usize = 256;

/// Where keys come from.
pub(crate) struct Source {
    pub(crate) client: Client,
    pub(crate) url: Url,
    pub(crate) limits: Limits,
}

/// What a fetch brought.
pub(crate) struct Fetched {
    /// The keys; `None` if they are the same as before.
    pub(crate) keys: Option<KeySet>,
    /// For the next request.
    pub(crate) etag: Option<HeaderValue>,
    pub(crate) fresh_for: Duration,
}

impl Source {
    /// Asks for the key set, unless it is still the one of that entity tag. A set without any key that can verify here
    /// counts as a failure: it would refuse everybody, and an issuer that signs has a key.
    pub(crate) async fn fetch(&self, etag: Option<&HeaderValue>) -> Result<Fetched, AskError> {
        let mut request =
            self.client.get(self.url.clone()).timeout(self.limits.answer).header(ACCEPT, "application/json");
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await.map_err(|error| unreachable(&self.url, error))?;
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let fresh_for = fresh_for(header(CACHE_CONTROL), header(AGE));
        match response.status() {
            StatusCode::OK => self.read(response, fresh_for).await,
            StatusCode::NOT_MODIFIED if etag.is_some() => {
                Ok(Fetched { keys: None, etag: etag.cloned(), fresh_for })
            }
            _ => Err(status(&response)),
        }
    }

    async fn read(&self, response: Response, fresh_for: Duration) -> Result<Fetched, AskError> {
        let etag = response.headers().get(ETAG).filter(|etag| etag.len() <= MOST_ETAG_BYTES).cloned();
        let json = body(response, MAX_JWKS_BYTES).await?;
        let form = |expected| AskError::Form { url: self.url.to_string(), expected };
        let keys = KeySet::from_jwks_json(&json).map_err(|_| form("a JWK Set"))?;
        if keys.is_empty() {
            return Err(form("a JWK Set with a key for signatures"));
        }
        Ok(Fetched { keys: Some(keys), etag, fresh_for })
    }
}
