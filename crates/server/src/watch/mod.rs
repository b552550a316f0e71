//! What can be counted of the requests, for whoever watches the server; and the name that each request has in the log.
//!
//! 1. Before the first request all routes are known, each with its numbers ([`requests`]). A request is counted by the template of its
//!    route, never by its path: a path has in it what its sender put there. Nothing of it takes a lock or memory.
//! 2. Every refusal passes the table of `reply.rs` and is counted there by its reason ([`refusals`]).
//! 3. Every request has an id ([`request_id`]), which stands in its answer and in each line of the log that it causes.
//! 4. Where somebody asks for them, a request is told as a span, once it is over ([`spans`]).
//! 5. [`Watch`] reads it all, and what there is to know of the feed. Which names it is published under is not decided here.

pub(crate) mod noted;
pub(crate) mod refusals;
pub(crate) mod request_id;
pub(crate) mod requests;
pub(crate) mod spans;
mod trace_parent;

use std::sync::{Arc, Weak};
use std::time::Duration;

pub use request_id::{RequestId, current_request_id};
pub use requests::RequestCounts;
pub use spans::{Refreshed, Span, Spans};

use crate::revocations::Hub;
use crate::serve::counted;
use requests::Requests;

/// Reads what a router has counted.
pub struct Watch {
    requests: Arc<Requests>,
    hub: Weak<Hub>,
}

/// How the revocation feed is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedState {
    /// How many services listen to it at this server.
    pub streams: usize,
    /// How many entries are kept for them.
    pub entries: usize,
    /// How long ago it was read from the store; `None` while nobody listens, because nobody reads it then.
    pub behind: Option<Duration>,
}

/// How many connections there were, and are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionCounts {
    /// Accepted since the process started.
    pub accepted: u64,
    /// Open now.
    pub open: u64,
}

impl Watch {
    pub(crate) fn new(requests: Arc<Requests>, hub: &Arc<Hub>) -> Self {
        Self { requests, hub: Arc::downgrade(hub) }
    }

    /// The requests of each route and method that there were any of.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestCounts> {
        self.requests.read()
    }

    /// How many requests are under way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.requests.in_flight()
    }

    /// The feed; `None` when the router is gone.
    #[must_use]
    pub fn feed(&self) -> Option<FeedState> {
        self.hub.upgrade().map(|hub| hub.state())
    }

    /// Refusals of all routers of this process, by their reason; by their code where they have none.
    #[must_use]
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        refusals::read()
    }

    /// Connections of all accept loops of this process.
    #[must_use]
    pub fn connections(&self) -> ConnectionCounts {
        counted::read()
    }
}
