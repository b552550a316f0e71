//! What an operator wants to see of a verifier: for a health page, or for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::Refused;
use crate::refused::RefusedCounts;

/// The state of a verifier; see [`crate::Verifier::health`]. Counters count from its beginning.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Health {
    /// Whether a good token would be accepted now.
    pub ready: bool,
    /// The issuer's keys.
    pub keys: KeysHealth,
    /// The feed; `None` if it is neither followed nor polled.
    pub feed: Option<FeedHealth>,
    /// Tokens that were accepted.
    pub verified: u64,
    /// Those of them that cost no signature check.
    pub cache_hits: u64,
    /// Tokens that the cache holds.
    pub cached: usize,
    /// Requests that were refused.
    pub refused: RefusedCounts,
}

/// The state of the issuer's keys.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct KeysHealth {
    /// How many there are.
    pub count: usize,
    /// Milliseconds since the issuer last said that these are its keys; `None` if it never did, or need not.
    pub age_ms: Option<u64>,
    /// Why the last fetch failed, if it did.
    pub last_error: Option<String>,
    /// How often the issuer was asked.
    pub fetches: u64,
}

/// The state of the feed of revocations.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FeedHealth {
    /// Whether the stream is open, or the last poll went well.
    pub connected: bool,
    /// How old what is known is, in milliseconds; `None` if nothing was heard yet.
    pub staleness_ms: Option<u64>,
    /// Revocations that are held.
    pub entries: usize,
    /// Why the feed is cut, if it is.
    pub last_error: Option<String>,
}

#[derive(Default)]
pub(crate) struct Counters {
    verified: AtomicU64,
    cache_hits: AtomicU64,
    missing: AtomicU64,
    expired: AtomicU64,
    invalid: AtomicU64,
    revoked: AtomicU64,
    outdated: AtomicU64,
    insufficient: AtomicU64,
    unavailable: AtomicU64,
}

impl Counters {
    pub(crate) fn verified(&self) {
        self.verified.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cache_hit(&self) {
        self.cache_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self, refused: &Refused) {
        let counter = match refused {
            Refused::Missing | Refused::Malformed(_) => &self.missing,
            Refused::Expired => &self.expired,
            Refused::Invalid(_) => &self.invalid,
            Refused::Revoked(_) => &self.revoked,
            Refused::Outdated => &self.outdated,
            Refused::InsufficientScope { .. } | Refused::InsufficientRole { .. } => &self.insufficient,
            Refused::Unavailable(_) => &self.unavailable,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Accepted tokens, hits of the cache, refusals.
    pub(crate) fn read(&self) -> (u64, u64, RefusedCounts) {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let refused = RefusedCounts {
            missing: get(&self.missing),
            expired: get(&self.expired),
            invalid: get(&self.invalid),
            revoked: get(&self.revoked),
            outdated: get(&self.outdated),
            insufficient: get(&self.insufficient),
            unavailable: get(&self.unavailable),
        };
        (get(&self.verified), get(&self.cache_hits), refused)
    }
}
