//! Takes messages where they go, by HTTP.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use rotunda_core::outside::{Courier, NotDelivered, Parcel};

use crate::reach::Reach;
use crate::resolver::{Guarded, LookUps};

/// How long a message may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To connect.
    pub to_connect: Duration,
    /// In all.
    pub in_all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { to_connect: Duration::from_secs(5), in_all: Duration::from_secs(15) }
    }
}

/// For how long a receiver may ask to be left alone.
const LONGEST_WAIT: u64 = 24 * 3600;
/// How many connections to one receiver are kept.
const KEPT: usize = 2;

/// Takes messages to other people's servers: core's port `Courier`.
pub struct HttpCourier {
    reach: Reach,
    patience: Patience,
    /// For `https`.
    safe: Client,
    /// For `http`, to networks that were named.
    plain: Client,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the client for webhooks could not be made: {0}")]
pub struct HttpCourierError(#[from] reqwest::Error);

impl HttpCourier {
    /// With what may be reached, and how long it may take.
    ///
    /// # Errors
    /// When this machine has no certificates to trust.
    pub fn new(reach: Reach, patience: Patience) -> Result<Self, HttpCourierError> {
        let look_ups = LookUps::new();
        let guard = |is_plain| Guarded { reach: reach.clone(), is_plain, look_ups: look_ups.clone() };
        let safe = client(patience, guard(false)).https_only(true).build()?;
        let plain = client(patience, guard(true)).build()?;
        Ok(Self { reach, patience, safe, plain })
    }
}

fn client(patience: Patience, guarded: Guarded) -> ClientBuilder {
    Client::builder()
        .connect_timeout(patience.to_connect)
        .timeout(patience.in_all)
        .redirect(Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(KEPT)
        .user_agent(concat!("Rotunda/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(guarded))
}

#[async_trait]
impl Courier for HttpCourier {
    fn check(&self, url: &str) -> Result<(), String> {
        self.reach.check(url)
    }

    async fn deliver(&self, parcel: Parcel) -> Result<(), NotDelivered> {
        let failed = |why: String| NotDelivered { why, not_before: None };
        // An address that is a number is asked of no resolver: it is looked at here, each time.
        let looked = self.reach.look(&parcel.url).map_err(failed)?;
        let client = if looked.is_plain { &self.plain } else { &self.safe };
        let mut request = client.post(looked.url).header(CONTENT_TYPE, "application/json").body(parcel.body);
        for (name, value) in parcel.headers {
            request = request.header(name, value);
        }
        // The body is never read: dropping the answer closes the connection, if there is one to read.
        let answer = request.send().await.map_err(|error| failed(self.told(error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let why = match status.is_redirection() {
            true => format!(
                "it answered {status}, and redirects are not followed: give the address that they lead to"
            ),
            false => format!("it answered {status}"),
        };
        Err(NotDelivered { why, not_before: asked_to_wait(answer.headers()) })
    }
}

/// How long the receiver asks to be left alone, in seconds; dates are not read (RFC 9110 §10.2.3 has both).
fn asked_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

impl HttpCourier {
    /// The whole chain of causes, without the address: that stands beside it wherever it is shown.
    fn told(&self, error: reqwest::Error) -> String {
        if error.is_timeout() {
            let Patience { to_connect, in_all } = self.patience;
            return match error.is_connect() {
                true => format!("no connection within {to_connect:?}"),
                false => format!("no answer within {in_all:?}"),
            };
        }
        let error = error.without_url();
        let mut words = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(this) = cause {
            words.push(this.to_string());
            cause = this.source();
        }
        words.dedup();
        words.join(": ")
    }
}
