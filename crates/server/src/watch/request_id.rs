//! The name of a request, by which its lines in the log are found.
//!
//! 1. A proxy that is trusted may have given it one: `X-Request-Id`, 8 to 64 letters, digits, dots, hyphens and underscores. From
//!    anybody else, and in any other form, it is passed over.
//! 2. Otherwise it gets one of 32 hex digits, as a trace has (W3C Trace Context): a count, stirred with what was random when the
//!    router was made. No two are the same; that nobody can guess one is not promised, because nothing is opened by it.
//! 3. It is known to whatever the request's task does ([`current_request_id`]), and stands in the answer.
//! 4. What became of a refresh is left beside it, for the request's span ([`super::spans`]).

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use http::{HeaderName, HeaderValue};
use rotunda_core::Rotunda;

use super::spans::Refreshed;
use super::trace_parent::hex;
use crate::Web;
use crate::edge::Peer;

/// Where it stands.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const LEAST: usize = 8;
const MOST: usize = 64;

tokio::task_local! {
    static CURRENT: Current;
}

/// The request that a task serves.
struct Current {
    id: RequestId,
    refreshed: Cell<Option<Refreshed>>,
}

/// The id of the request that this task serves; `None` where it serves none.
#[must_use]
pub fn current_request_id() -> Option<RequestId> {
    CURRENT.try_with(|current| current.id).ok()
}

/// Leaves what became of the refresh that this task's request asked for.
pub(super) fn leave(refreshed: Refreshed) {
    // Outside a request there is nobody to leave it to.
    let _ = CURRENT.try_with(|current| current.refreshed.set(Some(refreshed)));
}

/// What was left; `None` where the request asked for no refresh.
pub(super) fn refreshed() -> Option<Refreshed> {
    CURRENT.try_with(|current| current.refreshed.get()).ok().flatten()
}

/// What a request is called. Carries nothing of who sent it, unless a trusted proxy has put that there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    bytes: [u8; MOST],
    length: usize,
    /// Whether it was made here.
    is_ours: bool,
}

impl RequestId {
    /// One that was given in this form; `None` for anything else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        if !(LEAST..=MOST).contains(&text.len()) || !text.iter().all(is_good) {
            return None;
        }
        let mut bytes = [0; MOST];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, length: text.len(), is_ours: false })
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only what `parse` and `fresh` let in: ASCII.
        self.bytes.get(..self.length).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// One that was made here, as the id of a trace.
    fn as_trace(&self) -> Option<[u8; 16]> {
        hex(self.as_str().as_bytes()).filter(|bytes| self.is_ours && *bytes != [0; 16])
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(self.as_str()).ok()
    }

    /// Has the id be that of whatever is done there.
    pub(crate) async fn within<T>(self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(Current { id: self, refreshed: Cell::new(None) }, work).await
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Gives ids.
pub(crate) struct RequestIds {
    seeds: [u64; 2],
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(rotunda: &Rotunda) -> Self {
        // Without randomness nobody is served anyway; the ids of two such servers would be the same.
        let random: [u8; 16] = rotunda.random().unwrap_or_default();
        let [first, second] = [&random[..8], &random[8..]]
            .map(|half| half.iter().fold(0_u64, |seed, byte| seed << 8 | u64::from(*byte)));
        Self { seeds: [first, second], next: AtomicU64::new(0) }
    }

    /// The id of a request: that of a trusted proxy, or a new one.
    pub(crate) fn of(&self, web: &Web, request: &Request) -> RequestId {
        let given = request.headers().get(X_REQUEST_ID).filter(|_| comes_from_a_proxy(web, request));
        given.and_then(|given| RequestId::parse(given.as_bytes())).unwrap_or_else(|| self.fresh())
    }

    /// The id of a trace that begins with this request: the request's own where that was made here, so that a line of the log leads to
    /// its trace.
    pub(super) fn trace_of(&self, id: &RequestId) -> Option<[u8; 16]> {
        id.as_trace().or_else(|| self.fresh().as_trace())
    }

    /// The id of a span.
    pub(super) fn span(&self) -> Option<[u8; 8]> {
        let bytes = self.fresh().as_trace()?;
        bytes.first_chunk().copied().filter(|first| *first != [0; 8])
    }

    fn fresh(&self) -> RequestId {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let count = self.next.fetch_add(1, Ordering::Relaxed).wrapping_mul(STEP);
        let mut bytes = [0; MOST];
        let halves = self.seeds.map(|seed| stirred(seed.wrapping_add(count)));
        let digits = halves.iter().flat_map(|half| (0..16).rev().map(move |place| half >> (4 * place) & 15));
        let length = digits
            .zip(&mut bytes)
            .map(|(digit, byte)| {
                *byte = usize::try_from(digit).ok().and_then(|it| HEX.get(it)).copied().unwrap_or(b'0')
            })
            .count();
        RequestId { bytes, length, is_ours: true }
    }
}

/// The last step of SplitMix64: one to one, so that what differs before differs after.
fn stirred(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Whether what stands in a request's headers about it is believed.
pub(super) fn comes_from_a_proxy(web: &Web, request: &Request) -> bool {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
    peer.is_some_and(|peer| web.trusted_proxies().iter().any(|network| network.contains(&peer)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_ids_are_the_same_and_each_has_the_form_of_one() {
        let ids = RequestIds { seeds: [7, u64::MAX], next: AtomicU64::new(0) };
        let many: BTreeSet<String> = (0..1_000).map(|_| ids.fresh().to_string()).collect();
        assert_eq!(many.len(), 1_000);
        for id in many {
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert_eq!(RequestId::parse(id.as_bytes()).unwrap().to_string(), id);
        }
    }

    #[test]
    fn a_trace_has_the_id_of_its_request_only_where_that_is_ours() {
        let ids = RequestIds { seeds: [7, u64::MAX], next: AtomicU64::new(0) };
        let ours = ids.fresh();
        assert_eq!(ids.trace_of(&ours), hex(ours.as_str().as_bytes()));
        let given = RequestId::parse(b"4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
        let trace = ids.trace_of(&given).unwrap();
        assert_ne!(Some(trace), hex(given.as_str().as_bytes()));
        assert_ne!(Some(trace), ids.trace_of(&given));
        assert_ne!(ids.span(), ids.span());
    }

    #[test]
    fn what_is_no_id_is_passed_over() {
        let long = "a".repeat(65);
        for text in
            ["", "short-1", "white space", "new\nline1", "quote\"12", "ümlaut12", "ada@example.com", &long]
        {
            assert_eq!(RequestId::parse(text.as_bytes()), None, "{text:?}");
        }
        for text in ["7b3a9c10-ab", "4bf92f3577b34da6a3ce929d0e0e4736", "a.b_c-d.", &long[1..]] {
            let id = RequestId::parse(text.as_bytes());
            assert_eq!(id.map(|id| id.to_string()).as_deref(), Some(text));
        }
    }
}
