//! People who are signed in and whose clients refresh, as steadily as a clock: open loop.
//!
//! 1. In a window of time, each session is due every [`EVERY`], the sessions evenly one after another, whether or not the
//!    last answer was late.
//! 2. What is measured is from when a refresh was due until its answer was read.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use super::caller::{Caller, Told};

/// How often each session refreshes. Over all windows together no oftener than `refresh_per_session` lets it.
const EVERY: Duration = Duration::from_millis(500);

/// Somebody's session, with the token that is current.
pub(crate) struct Session {
    caller: Caller,
    told: Told,
}

impl Session {
    /// What a login was answered.
    pub(crate) fn new(caller: Caller, told: Told) -> Self {
        assert_eq!(told.status, 200, "{told:?}");
        Self { caller, told }
    }

    /// Refreshes when it is due, so often; how long each took.
    async fn refresh(mut self, first: Instant, times: u32) -> (Self, Vec<Duration>) {
        let secret = self.told.text("device_secret").to_owned();
        let mut due = tokio::time::interval_at(first.into(), EVERY);
        let mut took = Vec::new();
        for _ in 0..times {
            let due = due.tick().await.into_std();
            let body = json!({"refresh_token": self.told.text("refresh_token"), "device_secret": secret});
            self.told = self.caller.post("/auth/refresh", &body).await;
            took.push(due.elapsed());
            assert_eq!(self.told.status, 200, "{:?}", self.told);
        }
        (self, took)
    }
}

/// Lets all sessions refresh for a while, and answers the 99th percentile of how long it took.
pub(crate) async fn p99(sessions: &mut Vec<Session>, window: Duration) -> Duration {
    let times = u32::try_from(window.as_millis() / EVERY.as_millis()).unwrap();
    let (step, first) = (EVERY / u32::try_from(sessions.len()).unwrap(), now());
    let mut under_way = JoinSet::new();
    for (place, session) in (0..).zip(sessions.drain(..)) {
        under_way.spawn(session.refresh(first + step * place, times));
    }
    let mut took = Vec::new();
    for (session, its) in under_way.join_all().await {
        sessions.push(session);
        took.extend(its);
    }
    took.sort();
    took[took.len() * 99 / 100]
}

/// The one in the middle.
pub(crate) fn median(of: &[Duration]) -> Duration {
    let mut of = of.to_vec();
    of.sort();
    of[of.len() / 2]
}

/// Now.
#[expect(clippy::disallowed_methods, reason = "how long answers take is measured from outside")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
