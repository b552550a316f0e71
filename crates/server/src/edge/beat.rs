//! Answers about accounts leave on a beat.
//!
//! Whether or not there is such an account, the same work is done (`rotunda_core::login`, `register`, `password::forgot`,
//! `verify`). What is left are microseconds: a page of an index that is warm, a row that is read and one that is not. Whoever
//! asks often enough from nearby adds them up. An answer that waits for the next beat after its request came in hides
//! them, for one millisecond on average.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// From one beat to the next. Long beside what is to be hidden, short beside a password hash.
const BEAT: Duration = Duration::from_millis(2);

/// Holds the answer back until the next beat, counted from when the request came in.
pub(crate) async fn hold(request: Request, next: Next) -> Response {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    beat.tick().await;
    let response = next.run(request).await;
    // One that passed meanwhile is not waited for; the next one is.
    let _ = timeout(Duration::ZERO, beat.tick()).await;
    beat.tick().await;
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tokio::time::{Instant, sleep};
    use tower::ServiceExt;

    use super::*;

    /// How long an answer takes whose work takes that long.
    #[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is measured here")]
    async fn took(work: Duration) -> u128 {
        let app = Router::new().route("/", get(move || sleep(work))).layer(from_fn(hold));
        let start = Instant::now();
        let _answer = app.oneshot(Request::new(Body::empty())).await;
        start.elapsed().as_millis()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_leaves_on_the_beat_however_long_it_took() {
        assert_eq!(took(Duration::from_micros(200)).await, 2);
        assert_eq!(took(Duration::from_micros(900)).await, 2);
        assert_eq!(took(Duration::from_millis(3)).await, 4);
        assert_eq!(took(Duration::from_millis(41)).await, 42);
    }
}
