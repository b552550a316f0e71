//! Following the stream of revocations, for as long as the verifier lives.
//!
//! 1. Get a service token.
//! 2. Open `/revocations/stream` from the last cursor.
//! 3. Take pages and heartbeats.
//! 4. When the token is about to run out, go back to 1 at once.
//! 5. When the stream ends, breaks or falls silent, wait a little and go back to 1: the longer the more often it has
//!    failed, from the beginning again once a stream has brought heartbeats for ten seconds.
//!
//! Nothing that the stream sends ends this; what cannot be understood counts as broken, and shows as staleness.

use std::sync::Arc;

use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::Response;
use tokio::time::{sleep, timeout};
use url::Url;

use super::backoff::Backoff;
use super::page::{End, Heartbeat, Page};
use super::service_token::ServiceToken;
use super::sse::{Event, MAX_EVENT_BYTES, Parser, SseError};
use super::{Feed, date, since};
use crate::ask::{AskError, too_slow, unreachable};

/// Whoever follows. However they end, it is seen.
struct Following(Arc<Feed>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abandoned();
    }
}

/// Follows the feed and never returns; whoever starts it ends it, or its runtime does.
async fn follow(following: Following) {
    let feed = &following.0;
    let mut backoff = Backoff::default();
    loop {
        let outcome = one_stream(feed, &mut backoff).await;
        feed.disconnected(outcome.as_ref().err());
        if let Err(error) = outcome {
            tracing::warn!(%error, "the feed of revocations is cut; it is tried again");
            if matches!(error, AskError::Ended { reason: "token_expired" | "token_revoked", .. }) {
                feed.forget_token().await;
            }
            sleep(backoff.next()).await;
        }
    }
}

/// One stream, from its opening to its end; `Ok` when it is only to be opened again with a new token.
async fn one_stream(feed: &Feed, backoff: &mut Backoff) -> Result<(), AskError> {
    let token = feed.service_token().await?;
    let url = since(&feed.reader.stream_url, feed.cursor().as_deref());
    let response = open(feed, &url, &token).await?;
    feed.begin();
    feed.connected();
    let renewal = sleep(token.renew_at.saturating_sub(feed.clock.elapsed()));
    tokio::select! {
        outcome = read(feed, response, &url, backoff) => outcome,
        () = renewal => Ok(()),
    }
}

async fn open(feed: &Feed, url: &Url, token: &ServiceToken) -> Result<Response, AskError> {
    let limit = feed.reader.limits.answer;
    let request = feed.reader.client.get(url.clone());
    let request = request.header(AUTHORIZATION, token.bearer.clone()).header(ACCEPT, "text/event-stream");
    let response = timeout(limit, request.send())
        .await
        .map_err(|_| too_slow(url, limit))?
        .map_err(|error| unreachable(url, error))?;
    if response.status() != StatusCode::OK {
        return Err(feed.refused(&response).await);
    }
    let content_type =
        response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !content_type.to_ascii_lowercase().starts_with("text/event-stream") {
        return Err(form(url));
    }
    Ok(response)
}

async fn read(feed: &Feed, mut response: Response, url: &Url, backoff: &mut Backoff) -> Result<(), AskError> {
    let silence = feed.reader.limits.silence;
    let opened = feed.clock.elapsed();
    let mut date = date(response.headers());
    let mut parser = Parser::default();
    loop {
        // Comments and halves of events are no signs of life.
        let events = timeout(silence, events(&mut response, &mut parser, url))
            .await
            .map_err(|_| AskError::Silent { url: url.to_string(), silence })??;
        for event in events {
            take(feed, &event, &mut date, url)?;
            if event.name == "heartbeat" {
                backoff.good_for(feed.clock.elapsed().saturating_sub(opened));
            }
        }
    }
}

/// The next events, one at least.
async fn events(response: &mut Response, parser: &mut Parser, url: &Url) -> Result<Vec<Event>, AskError> {
    let mut events = Vec::new();
    while events.is_empty() {
        let Some(piece) = response.chunk().await.map_err(|error| unreachable(url, error))? else {
            return Err(AskError::Ended { url: url.to_string(), reason: "unknown" });
        };
        parser.push(&piece, |event| events.push(event)).map_err(|error| match error {
            SseError::TooLong => AskError::TooLong { url: url.to_string(), most: MAX_EVENT_BYTES },
            SseError::NotUtf8 => form(url),
        })?;
    }
    Ok(events)
}

fn take(feed: &Feed, event: &Event, date: &mut Option<i64>, url: &Url) -> Result<(), AskError> {
    let json = event.data.as_bytes();
    match event.name.as_str() {
        "revocations" => {
            let page = Page::from_json(json).ok_or_else(|| form(url))?;
            // The answer's `Date` is the time of its first event only.
            feed.take(page, date.take(), url)
        }
        "heartbeat" => {
            feed.heartbeat(Heartbeat::from_json(json).ok_or_else(|| form(url))?);
            Ok(())
        }
        "end" => Err(AskError::Ended { url: url.to_string(), reason: End::reason(json) }),
        _ => Ok(()),
    }
}

fn form(url: &Url) -> AskError {
    AskError::Form { url: url.to_string(), expected: "a stream of revocations" }
}

/// The task that follows; it ends with whoever holds this.
pub(crate) struct Follower(tokio::task::AbortHandle);

impl Follower {
    /// Begins to follow, on the current runtime.
    pub(crate) fn start(feed: Arc<Feed>, runtime: &tokio::runtime::Handle) -> Self {
        Self(runtime.spawn(follow(Following(feed))).abort_handle())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}
