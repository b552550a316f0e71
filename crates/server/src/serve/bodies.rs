//! The bodies of a request and its answer: whether the server works, or waits for its client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::connections::{Open, UnderWay, Waiting};

/// How much of an answer is handed on at once over HTTP/2, at most.
const PIECE: usize = 16 * 1024;

/// The body of a request. While somebody wants more of it and nothing has arrived, the request waits for its client.
pub(super) struct Arriving {
    body: Incoming,
    open: Arc<Open>,
    waiting: Option<Waiting>,
}

impl Arriving {
    pub(super) fn new(body: Incoming, open: &Arc<Open>) -> Self {
        Self { body, open: Arc::clone(open), waiting: None }
    }
}

impl Body for Arriving {
    type Data = <Incoming as Body>::Data;
    type Error = <Incoming as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if polled.is_ready() {
            this.waiting = None;
        } else if this.waiting.is_none() {
            this.waiting = Some(this.open.wait());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer. Until its last byte is handed on, the request is under way; from one piece that is handed on until the next
/// is asked for, it waits for its client.
///
/// Over HTTP/2, hyper asks for a piece before it knows whether the client takes it, and for the next one when it has taken what was
/// before: pieces are small there, so that a client that reads slowly is seen to read.
pub(super) struct Leaving {
    body: axum::body::Body,
    /// What was too much for one piece.
    rest: Bytes,
    is_http2: bool,
    under_way: UnderWay,
}

impl Leaving {
    pub(super) fn new(body: axum::body::Body, is_http2: bool, under_way: UnderWay) -> Self {
        Self { body, rest: Bytes::new(), is_http2, under_way }
    }
}

impl Body for Leaving {
    type Data = <axum::body::Body as Body>::Data;
    type Error = <axum::body::Body as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        this.under_way.asked();
        let mut polled = if this.rest.is_empty() {
            Pin::new(&mut this.body).poll_frame(cx)
        } else {
            Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.rest)))))
        };
        if this.is_http2
            && let Poll::Ready(Some(Ok(frame))) = &mut polled
            && let Some(data) = frame.data_mut()
            && data.len() > PIECE
        {
            this.rest = data.split_off(PIECE);
        }
        if polled.is_ready() {
            this.under_way.handed();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), u64::try_from(self.rest.len()).unwrap_or(u64::MAX));
        // In this order: the lower bound may not pass the upper one.
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}
