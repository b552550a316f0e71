//! Requests as a browser would send them, and bounded answers.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, LOCATION, SET_COOKIE};
use reqwest::tls::TlsInfo;
use reqwest::{Client, Method, StatusCode};
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read; none of ours has as many.
const MOST_BYTES: usize = 64 * 1024;
/// The most characters of somebody else's words that are repeated.
const MOST_SHOWN: usize = 300;

/// Asks a server at one address.
pub(super) struct Asker {
    client: Client,
    /// Scheme, host and port, without a slash at the end.
    pub origin: String,
}

/// What came back.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body; `Null` where it is not JSON.
    pub body: Value,
    /// The certificate of whoever answered, in DER; `None` without TLS.
    pub certificate: Option<Vec<u8>>,
    /// When it was asked, and when it answered.
    pub between: (UnixMillis, UnixMillis),
}

impl Asker {
    /// Redirects are answers like any other, and are not followed.
    pub(super) fn new(origin: &str) -> reqwest::Result<Self> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_info(true)
            .build()?;
        Ok(Self { client, origin: origin.trim_end_matches('/').to_owned() })
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
        self.ask(Method::GET, path, headers).await
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
        self.ask(Method::POST, path, headers).await
    }

    /// # Errors
    /// Why there is no answer, in the words of whatever stood in the way.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let mut request = self.client.request(method, format!("{}{path}", self.origin));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let asked = SystemClock.now();
        let mut response = request.send().await.map_err(told)?;
        let between = (asked, SystemClock.now());
        let tls = response.extensions().get::<TlsInfo>();
        let certificate = tls.and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(told)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST_BYTES {
                bytes.clear();
                break;
            }
        }
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Answer { status, headers, body, certificate, between })
    }
}

/// The whole chain of causes, without the address.
fn told(error: reqwest::Error) -> String {
    let error = anyhow::Error::new(error.without_url());
    let mut words: Vec<String> = error.chain().map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}

impl Answer {
    /// A text of the body.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.body.get(field).and_then(Value::as_str)
    }

    /// The one value of a header; `None` where there is none, or several.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().and_then(|value| value.to_str().ok());
        first.filter(|_| values.next().is_none())
    }

    /// The cookie of that name that it sets, with its attributes.
    pub(super) fn cookie(&self, name: &str) -> Option<Vec<String>> {
        let cookies = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        // A browser goes by the last one.
        let mut ours = cookies.filter(|cookie| cookie.split('=').next().is_some_and(|it| it.trim() == name));
        Some(ours.next_back()?.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase()).collect())
    }

    /// What it is, for people: status, and the words or the place that it names.
    pub(super) fn told(&self) -> String {
        let location = self.header(&LOCATION).map(|place| format!(" to {place}"));
        let words = self.text("error_description").map(|words| format!(": {words}"));
        let text = format!("{}{}", self.status, words.or(location).unwrap_or_default());
        text.chars().take(MOST_SHOWN + 100).collect()
    }
}
