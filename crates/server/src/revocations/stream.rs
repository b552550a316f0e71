//! `GET /revocations/stream`: the feed as server-sent events (WHATWG HTML, "Server-sent events").
//!
//! 1. The first message comes at once: everything, or what was added since the cursor of `since` or `Last-Event-ID`.
//! 2. Then whatever is added, as it is added, and a heartbeat each second.
//! 3. The stream ends with its token, when the server stops, or when its reader does not read. The event `end` says why; the
//!    reader comes back with a good token and its cursor.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};
use hyper::body::Frame;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::log::Cursor;
use super::poll::Since;
use super::{Hub, Reader};
use crate::App;
use crate::reply::{ErrorBody, Problem};
use crate::serve::Closing;

/// From one heartbeat to the next.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// After how many of them the token is asked about again: its client may have been removed.
const ASK_AGAIN: u32 = 5;
/// How long a reader may leave messages unread.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many messages may wait for a reader.
const WAITING: usize = 4;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The feed as it happens. Needs a service's token with `revocations.read`, and ends with it.
#[utoipa::path(
    get, path = "/revocations/stream", tag = "service", params(Since), security(("service" = [])),
    responses(
        (
            status = 200,
            description = "Server-sent events: `revocations` (data as of `GET /revocations`, id the cursor), \
                `heartbeat` each second, `end` with a reason before it closes",
            content_type = "text/event-stream", body = String,
        ),
        (status = 401, description = "No token, or not a good one", body = ErrorBody),
        (status = 403, description = "The token has not the scope", body = ErrorBody),
        (status = 503, description = "Too many streams, or the store does not answer; try again", body = ErrorBody),
    )
)]
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    reader: Reader,
    Query(query): Query<Since>,
    headers: HeaderMap,
    closing: Option<Extension<Closing>>,
) -> Result<Response, Problem> {
    let place = app.hub.join(&reader.service.client.id)?;
    app.hub.catch_up().await?;
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let since = query.since.as_deref().or(last).and_then(Cursor::parse);
    let (events, waiting) = mpsc::channel(WAITING);
    let writer = Writer { hub: Arc::clone(&app.hub), reader, at: since, events };
    let closing = closing.map(|Extension(closing)| closing);
    tokio::spawn(async move {
        writer.write(closing).await;
        drop(place);
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    // A proxy that gathers answers before it passes them on would hold the feed back.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, unbuffered, Body::new(Events(waiting))).into_response())
}

/// Why a stream ends.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
enum End {
    TokenExpired,
    TokenRevoked,
    Shutdown,
}

/// Writes one stream.
struct Writer {
    hub: Arc<Hub>,
    reader: Reader,
    /// Where the reader stands.
    at: Option<Cursor>,
    events: mpsc::Sender<Bytes>,
}

/// The reader has gone.
struct Gone;

impl Writer {
    async fn write(mut self, closing: Option<Closing>) {
        let mut moved = self.hub.moved();
        let end = tokio::select! {
            gone = self.go_on(&mut moved) => match gone {
                Ok(end) => end,
                Err(Gone) => return,
            },
            () = closed(closing) => End::Shutdown,
        };
        let _ = self.say("end", None, &end).await;
    }

    async fn go_on(&mut self, moved: &mut watch::Receiver<Option<u64>>) -> Result<End, Gone> {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = 0_u32;
        self.catch_up(true).await?;
        loop {
            tokio::select! {
                moved = moved.changed() => {
                    if moved.is_err() {
                        return Ok(End::Shutdown);
                    }
                    // What was revoked may be the very token that this is read with.
                    if self.catch_up(false).await? && !self.may_read().await {
                        return Ok(End::TokenRevoked);
                    }
                }
                _ = heartbeat.tick() => {
                    if self.hub.now() >= self.reader.service.expires_at() {
                        return Ok(End::TokenExpired);
                    }
                    beats = beats.wrapping_add(1);
                    if beats.is_multiple_of(ASK_AGAIN) && !self.may_read().await {
                        return Ok(End::TokenRevoked);
                    }
                    if let Some(at) = self.at {
                        let says = self.hub.heartbeat(at);
                        self.say("heartbeat", None, &says).await?;
                    }
                }
                () = self.events.closed() => return Err(Gone),
            }
        }
    }

    /// Says all that was added since, the first time even if that is nothing; answers whether it may concern the reader's own
    /// token.
    async fn catch_up(&mut self, mut even_nothing: bool) -> Result<bool, Gone> {
        let mut concerns_readers = false;
        while let Some((cursor, body)) = self.hub.chunk(self.at) {
            if self.at == Some(cursor) && !even_nothing {
                break;
            }
            even_nothing = false;
            concerns_readers |= body.concerns_readers();
            self.at = Some(cursor);
            self.say("revocations", Some(cursor), &body).await?;
        }
        Ok(concerns_readers)
    }

    async fn may_read(&self) -> bool {
        self.hub.is_reader(self.reader.token.expose()).await
    }

    async fn say(&self, event: &str, id: Option<Cursor>, data: &impl Serialize) -> Result<(), Gone> {
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        // JSON has no line breaks outside strings, and in strings they are escaped: one `data` line holds it.
        let data = serde_json::to_string(data).map_err(|_| Gone)?;
        let message = format!("event: {event}\n{id}data: {data}\n\n");
        // A reader that does not read gives up its place. Over HTTP/2 nothing else would notice.
        let sent = timeout(PATIENCE, self.events.send(Bytes::from(message))).await;
        sent.map_err(|_| Gone)?.map_err(|_| Gone)
    }
}

/// Done when the server is told to stop.
async fn closed(closing: Option<Closing>) {
    match closing {
        Some(closing) => closing.told().await,
        // Somebody else's accept loop, which will end the connection as it ends all.
        None => std::future::pending().await,
    }
}

/// The body of the answer: messages as they come.
struct Events(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(cx).map(|message| message.map(|bytes| Ok(Frame::data(bytes))))
    }
}
