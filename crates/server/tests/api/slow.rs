//! What never comes is not waited for. The clock of the runtime stands still and jumps from limit to limit.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, Bytes, HttpBody};
use http::header::CONTENT_TYPE;
use hyper::body::Frame;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Password, PasswordHash};
use rotunda_core::outside::{PasswordHasher, PasswordVerdict};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{ADA, APP_ORIGIN, Answer, App, OWN_ORIGIN, PASSWORD, Setup, post};

/// Never has anything to say.
struct Silent;

impl HttpBody for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[async_trait]
impl PasswordHasher for Silent {
    async fn hash(&self, _: Password) -> Result<PasswordHash, Failure> {
        pending().await
    }

    async fn verify(&self, _: Password, _: Option<PasswordHash>) -> Result<PasswordVerdict, Failure> {
        pending().await
    }

    fn read_foreign(&self, _: &str) -> Result<PasswordHash, String> {
        Err("not asked of it".to_owned())
    }
}

/// The answer, which must come within these seconds and not before: the first is too short, the second is not.
async fn within(seconds: [u64; 2], answer: impl AsyncFn() -> Answer) -> Answer {
    let [short, long] = seconds.map(Duration::from_secs);
    assert!(timeout(short, answer()).await.is_err(), "too soon");
    timeout(long, answer()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_arrives() {
    let app = App::new().await;
    for route in ["/auth/register", "/auth/login", "/auth/refresh", "/auth/logout"] {
        let ask = post(route).with(CONTENT_TYPE, "application/json");
        let send = async || app.send_raw(&ask, ask.to_request_with(Body::new(Silent))).await;
        within([9, 11], send).await.problem(408, "request_timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes() {
    let setup = Setup::new();
    let app = Setup { hasher: Some(Arc::new(Silent)), ..setup }.start().await;
    let body = json!({"email": ADA, "password": PASSWORD});
    for route in ["/auth/login", "/auth/register"] {
        // The page of another origin can read it, says `everywhere`.
        for page in [OWN_ORIGIN, APP_ORIGIN] {
            let send = async || app.send(post(route).json(&body).on_page(page)).await;
            within([29, 31], send).await.unavailable("1");
        }
    }
    assert_eq!(app.news().await, [""; 0]);
}
