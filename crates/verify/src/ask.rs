//! Asking the issuer: one client with limits on everything. Redirects are not followed: keys and secrets go where the
//! operator said, and nowhere else.

use std::error::Error;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::{Host, Url};

/// How long the issuer may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Until a connection stands; 5 seconds unless said otherwise.
    pub connect: Duration,
    /// Until a whole answer is there, or the head of a stream; 10 seconds unless said otherwise. A request that waits
    /// for keys waits no longer than this.
    pub answer: Duration,
    /// How long a stream may bring no whole event before it counts as dead; 5 seconds unless said otherwise. The server
    /// sends a heartbeat each second.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(5), answer: seconds(10), silence: seconds(5) }
    }
}

/// Why the issuer gave no usable answer. No secret is in the text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AskError {
    /// No connection, no answer, or one that broke off.
    #[error("{url} cannot be asked: {cause}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What went wrong, from the HTTP client.
        cause: String,
    },
    /// An answer that does not help.
    #[error("{url} answers {status}{}", hint(*status))]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// A longer answer than it can be.
    #[error("{url} answers with more than {most} bytes")]
    TooLong {
        /// What was asked.
        url: String,
        /// The bound, in bytes.
        most: usize,
    },
    /// An answer of another form.
    #[error("{url} answers with something else than {expected}")]
    Form {
        /// What was asked.
        url: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// More revocations than are kept.
    #[error("{url} has more than {most} revocations, which is more than a service keeps")]
    TooMany {
        /// What was asked.
        url: String,
        /// The bound.
        most: usize,
    },
    /// The stream fell silent.
    #[error("{url} sent no event for {} ms, not even a heartbeat", .silence.as_millis())]
    Silent {
        /// What was asked.
        url: String,
        /// How long.
        silence: Duration,
    },
    /// The server ended the stream and said why.
    #[error("{url} ended the stream: {reason}")]
    Ended {
        /// What was asked.
        url: String,
        /// The server's reason, one of a short list, or `unknown`.
        reason: &'static str,
    },
}

/// A client for that address and others of the same host. Environment variables that name a proxy count, except on the way
/// to this very machine.
pub(crate) fn client(limits: &Limits, url: &Url) -> Result<Client, reqwest::Error> {
    let builder =
        Client::builder().redirect(Policy::none()).connect_timeout(limits.connect).tcp_nodelay(true);
    if is_loopback(url) { builder.no_proxy() } else { builder }.build()
}

/// Whether an address is on this very machine, where nobody can listen in between: a number that says so, or exactly
/// `localhost`. What lies below `localhost` is asked of name servers by many systems.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The body of an answer, if it is not longer than `most` bytes.
pub(crate) async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, AskError> {
    let url = response.url().clone();
    let too_long = || AskError::TooLong { url: url.to_string(), most };
    if response
        .content_length()
        .is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > most))
    {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&url, error))? {
        if bytes.len() + chunk.len() > most {
            return Err(too_long());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The failure of the client, in one line.
pub(crate) fn unreachable(url: &Url, error: reqwest::Error) -> AskError {
    let error = error.without_url();
    let mut cause = error.to_string();
    let mut deeper = error.source();
    while let Some(error) = deeper {
        cause = format!("{cause}: {error}");
        deeper = error.source();
    }
    AskError::Unreachable { url: url.to_string(), cause }
}

/// An answer that took too long, in the same form.
pub(crate) fn too_slow(url: &Url, limit: Duration) -> AskError {
    AskError::Unreachable {
        url: url.to_string(),
        cause: format!("no answer within {} ms", limit.as_millis()),
    }
}

/// What to do about it.
fn hint(status: u16) -> &'static str {
    match status {
        300..=399 => "; a redirect is not followed, so configure the final address",
        401 => "; look at the client's id and secret",
        _ => "",
    }
}

/// The answer's status, if it is none that was hoped for.
pub(crate) fn status(response: &Response) -> AskError {
    AskError::Status { url: response.url().to_string(), status: response.status().as_u16() }
}
