//! The bodies of a request and its answer: whether the server works, or waits for its client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::connections::{Open, UnderWay, Waiting};

/// The body of a request. Until its last byte has arrived, or nobody wants the rest, the request waits for its client.
pub(super) struct Arriving {
    body: Incoming,
    waiting: Option<Waiting>,
}

impl Arriving {
    pub(super) fn new(body: Incoming, open: &Arc<Open>) -> Self {
        let waiting = (!body.is_end_stream()).then(|| open.wait());
        Self { body, waiting }
    }
}

impl Body for Arriving {
    type Data = <Incoming as Body>::Data;
    type Error = <Incoming as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let is_over = match &polled {
            Poll::Pending => false,
            Poll::Ready(None | Some(Err(_))) => true,
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
        };
        if is_over {
            self.waiting = None;
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
/// is asked for, it waits for its client. Over HTTP/2, hyper asks for a piece before it knows whether the client takes it.
pub(super) struct Leaving {
    body: axum::body::Body,
    under_way: UnderWay,
}

impl Leaving {
    pub(super) fn new(body: axum::body::Body, under_way: UnderWay) -> Self {
        Self { body, under_way }
    }
}

impl Body for Leaving {
    type Data = <axum::body::Body as Body>::Data;
    type Error = <axum::body::Body as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.under_way.asked();
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_ready() {
            self.under_way.handed();
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
