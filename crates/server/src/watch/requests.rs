//! How many requests each route had, how they were answered, and how long that took.
//!
//! 1. All templates of routes are known when the router is made. A request finds its own by the template that axum has found for
//!    it; what led nowhere is counted together.
//! 2. It is under way until the head of its answer is there: how fast a client sends or reads is not counted, but for a body that a
//!    handler waits for.
//! 3. Whoever goes away before that is counted as `cancelled`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use http::{Method, StatusCode};
use rotunda_core::counts::{Counts, Histogram};

/// The name of whatever is no route.
const NOWHERE: &str = "none";
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "other"];
/// The statuses that are told apart, ascending.
const STATUSES: [(u16, &str); 22] = [
    (200, "200"),
    (201, "201"),
    (202, "202"),
    (204, "204"),
    (303, "303"),
    (304, "304"),
    (400, "400"),
    (401, "401"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (409, "409"),
    (412, "412"),
    (413, "413"),
    (415, "415"),
    (421, "421"),
    (422, "422"),
    (428, "428"),
    (429, "429"),
    (500, "500"),
    (503, "503"),
];
const OTHER: usize = STATUSES.len();
const CANCELLED: usize = STATUSES.len() + 1;

/// What became of a request that was answered.
const OUTCOMES: [&str; 3] = ["granted", "refused", "failed"];

/// Bounds of latencies, in nanoseconds: from a quarter of a millisecond, which a refresh takes on an idle machine, to ten seconds.
const BOUNDS: [u64; 15] = [
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// What a route was asked by one method.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestCounts {
    /// The template of the route, `/auth/sessions/{id}`; `none` for what led nowhere.
    pub route: String,
    /// The method; `other` for what no route takes.
    pub method: &'static str,
    /// How often which status was answered; `cancelled` where nobody waited for the answer.
    pub statuses: Vec<(&'static str, u64)>,
    /// How long the answers took that were `granted`, `refused` (4xx) or `failed` (5xx), in nanoseconds. One that is quick to refuse
    /// would hide one that is slow to grant.
    pub took: Vec<(&'static str, Counts)>,
}

/// All of them.
pub(crate) struct Requests {
    routes: BTreeMap<Arc<str>, Route>,
    nowhere: Route,
    in_flight: AtomicU64,
}

#[derive(Default)]
struct Route {
    /// Made when the first request of that method comes.
    verbs: [OnceLock<Box<Verb>>; METHODS.len()],
}

struct Verb {
    statuses: [AtomicU64; CANCELLED + 1],
    /// By the outcome; each is made with its first answer.
    took: [OnceLock<Histogram>; OUTCOMES.len()],
}

/// A request that is under way; one that is dropped before it is answered was cancelled.
pub(crate) struct UnderWay<'a> {
    pub(crate) route: &'a str,
    pub(crate) method: &'static str,
    /// The template of its route, for whoever keeps it for longer; `None` where it leads nowhere.
    pub(crate) template: Option<&'a Arc<str>>,
    requests: &'a Requests,
    verb: &'a Verb,
    begun: Duration,
    /// The place of its status.
    ends: usize,
}

impl Requests {
    pub(crate) fn new(paths: impl IntoIterator<Item = String>) -> Self {
        Self {
            routes: paths.into_iter().map(|path| (path.into(), Route::default())).collect(),
            nowhere: Route::default(),
            in_flight: AtomicU64::new(0),
        }
    }

    /// A request begins, at that moment of [`rotunda_core::Rotunda::elapsed`].
    pub(crate) fn begin(&self, request: &Request, now: Duration) -> UnderWay<'_> {
        let matched = request.extensions().get::<MatchedPath>();
        let known = matched.and_then(|path| self.routes.get_key_value(path.as_str()));
        let route = known.map_or(&self.nowhere, |(_, route)| route);
        let template = known.map(|(name, _)| name);
        let place = place_of(request.method());
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        UnderWay {
            route: template.map_or(NOWHERE, |name| name),
            template,
            method: METHODS.get(place).copied().unwrap_or_default(),
            requests: self,
            verb: route.verb(place),
            begun: now,
            ends: CANCELLED,
        }
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn read(&self) -> Vec<RequestCounts> {
        let nowhere = std::iter::once((NOWHERE, &self.nowhere));
        let routes = self.routes.iter().map(|(path, route)| (&**path, route)).chain(nowhere);
        routes
            .flat_map(|(path, route)| {
                METHODS.into_iter().zip(&route.verbs).filter_map(move |(method, verb)| {
                    let verb = verb.get()?;
                    Some(RequestCounts {
                        route: path.to_owned(),
                        method,
                        statuses: verb.read(),
                        took: verb.took(),
                    })
                })
            })
            .collect()
    }
}

impl Route {
    fn verb(&self, place: usize) -> &Verb {
        // `place` is one of the six.
        self.verbs.get(place).unwrap_or(&self.verbs[0]).get_or_init(|| {
            let statuses = [const { AtomicU64::new(0) }; CANCELLED + 1];
            Box::new(Verb { statuses, took: Default::default() })
        })
    }
}

impl Verb {
    fn read(&self) -> Vec<(&'static str, u64)> {
        let names = STATUSES.iter().map(|(_, name)| *name).chain(["other", "cancelled"]);
        let counted = names.zip(self.statuses.iter().map(|number| number.load(Ordering::Relaxed)));
        counted.filter(|(_, number)| *number > 0).collect()
    }

    fn took(&self) -> Vec<(&'static str, Counts)> {
        let made = OUTCOMES.into_iter().zip(&self.took);
        made.filter_map(|(outcome, took)| Some((outcome, took.get()?.read()))).collect()
    }
}

/// The place of its outcome.
fn outcome_of(status: StatusCode) -> usize {
    usize::from(status.is_client_error()) + 2 * usize::from(status.is_server_error())
}

impl UnderWay<'_> {
    /// The head of the answer is there: how long that took.
    pub(crate) fn answered(mut self, status: StatusCode, now: Duration) -> Duration {
        let found = STATUSES.binary_search_by_key(&status.as_u16(), |(code, _)| *code);
        self.ends = found.unwrap_or(OTHER);
        let took = now.saturating_sub(self.begun);
        if let Some(of_outcome) = self.verb.took.get(outcome_of(status)) {
            let of_outcome = of_outcome.get_or_init(|| Histogram::new(&BOUNDS));
            of_outcome.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
        took
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.requests.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(number) = self.verb.statuses.get(self.ends) {
            number.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn place_of(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::POST => 1,
        Method::PUT => 2,
        Method::PATCH => 3,
        Method::DELETE => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn ask(method: &str, path: &str) -> Request {
        Request::builder().method(method).uri(path).body(axum::body::Body::empty()).unwrap()
    }

    #[test]
    fn statuses_ascend_so_that_they_are_found() {
        assert!(STATUSES.is_sorted_by_key(|(code, _)| *code));
        assert!(STATUSES.iter().all(|(code, name)| code.to_string() == *name));
        assert!(BOUNDS.is_sorted());
    }

    #[test]
    fn a_request_is_under_way_until_it_is_answered_or_given_up() {
        let requests = Requests::new(["/here".to_owned()]);
        let first = requests.begin(&ask("GET", "/?email=ada@example.com"), MS);
        let second = requests.begin(&ask("BREW", "/elsewhere"), MS);
        assert_eq!(
            (requests.in_flight(), first.route, first.method, second.method),
            (2, "none", "GET", "other")
        );
        assert_eq!(first.answered(StatusCode::IM_A_TEAPOT, MS * 4), MS * 3);
        drop(second);
        assert_eq!(requests.in_flight(), 0);
        let read = requests.read();
        let told: Vec<_> =
            read.iter().map(|it| (it.route.as_str(), it.method, it.statuses.clone())).collect();
        let expected = [("none", "GET", vec![("other", 1)]), ("none", "other", vec![("cancelled", 1)])];
        assert_eq!(told, expected);
        let [(outcome, took)] = &read[0].took[..] else { panic!("{:?}", read[0]) };
        assert_eq!((*outcome, took.sum, took.counts[4]), ("refused", 3_000_000, 1));
        assert!(read[1].took.is_empty(), "it was never answered");
        assert_eq!(
            [200, 303, 404, 503].map(|code| outcome_of(StatusCode::from_u16(code).unwrap())),
            [0, 0, 1, 2]
        );
    }
}
