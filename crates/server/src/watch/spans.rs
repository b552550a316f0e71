//! A request as a trace tells of it, once it is over.
//!
//! 1. A request that a trusted proxy has put into a trace belongs to that, and is told if the trace is kept
//!    ([`Spans::follows`]: of so many, for a careless proxy hands on what strangers write); any other begins a trace
//!    of its own, and whoever is told decides whether it wants to know ([`Spans::samples`]).
//! 2. What a refresh came to is noted where it is answered ([`told`]).
//! 3. The span ends with the head of the answer, or when nobody waits for it any more.
//!
//! [`Span`] has a field for each thing that may be told, and none for anything else: no path, query, header, address, user agent, body,
//! user, session or token. What is not there cannot be sent by mistake.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use http::{Method, StatusCode};
use rotunda_core::Grant;
use rotunda_core::failure::Error;
use rotunda_core::refresh::Decision;

use super::request_id::{self, RequestId};
use super::trace_parent::TraceParent;
use crate::App;

/// Whoever is told of requests one by one. A request waits for what is done here, so nothing here may wait.
pub trait Spans: Send + Sync {
    /// Whether a trace that begins here is to be kept.
    fn samples(&self, trace_id: &[u8; 16]) -> bool;

    /// Whether a request that begins now is told of because its trace is kept elsewhere, as a trusted proxy says. `span_id` is its own:
    /// nobody outside chooses that, as somebody may have chosen the trace's.
    fn follows(&self, span_id: &[u8; 8], now: Duration) -> bool;

    /// A request of a trace that is kept is over.
    fn ended(&self, span: Span);
}

/// A request that is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The trace that it belongs to (W3C Trace Context).
    pub trace_id: [u8; 16],
    /// Its own id.
    pub span_id: [u8; 8],
    /// The span of the proxy that sent it; `None` where the trace begins here.
    pub parent_id: Option<[u8; 8]>,
    /// Its id in the log.
    pub request_id: RequestId,
    /// Its method; `_OTHER` for one that HTTP does not have.
    pub method: &'static str,
    /// The template of its route, `/auth/sessions/{id}`; `None` where it led nowhere.
    pub route: Option<Arc<str>>,
    /// `http` or `https`, as browsers call this server.
    pub scheme: &'static str,
    /// The status of the answer; `None` where nobody waited for it.
    pub status: Option<u16>,
    /// What became of the refresh that it asked for.
    pub refresh: Option<Refreshed>,
    /// When it began, at that moment of [`rotunda_core::Rotunda::elapsed`].
    pub begun: Duration,
    /// When it was over.
    pub ended: Duration,
}

/// What became of a refresh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refreshed {
    /// The row of the table that answered it, one of [`Decision::ROWS`]; `None` where the table was not asked.
    pub decision: Option<&'static str>,
    /// `granted`, `refused`, or `failed`: an outage.
    pub outcome: &'static str,
}

/// Notes what became of a refresh, for the span of its request.
pub(crate) fn told((granted, answered_by): (Result<Grant, Error>, Option<Decision>)) -> Result<Grant, Error> {
    let decision = answered_by.and_then(|row| Decision::ROWS.get(row.row()).copied());
    let outcome = match &granted {
        Ok(_) => "granted",
        Err(Error::Denied(_)) => "refused",
        Err(Error::Failure(_)) => "failed",
    };
    request_id::leave(Refreshed { decision, outcome });
    granted
}

/// A request begins; `None` where nobody wants to know of it.
pub(crate) fn begin<'a>(
    app: &'a App,
    id: &RequestId,
    request: &Request,
    route: Option<&Arc<str>>,
    begun: Duration,
) -> Option<Box<Open<'a>>> {
    let spans = app.spans.as_deref()?;
    let span_id = app.ids.span()?;
    let (trace_id, parent_id) = match TraceParent::of(&app.web, request) {
        Some(parent) if parent.is_sampled && spans.follows(&span_id, begun) => {
            (parent.trace_id, Some(parent.span_id))
        }
        Some(_) => return None,
        None => (app.ids.trace_of(id).filter(|trace| spans.samples(trace))?, None),
    };
    let span = Span {
        trace_id,
        span_id,
        parent_id,
        request_id: *id,
        method: method(request.method()),
        route: route.cloned(),
        scheme: if app.web.is_https() { "https" } else { "http" },
        status: None,
        refresh: None,
        begun,
        ended: begun,
    };
    Some(Box::new(Open { app, spans, span: Some(span) }))
}

/// A span whose request is under way; one that is dropped before the answer was given up.
pub(crate) struct Open<'a> {
    app: &'a App,
    spans: &'a dyn Spans,
    /// Until it has ended.
    span: Option<Span>,
}

impl Open<'_> {
    /// The head of the answer is there.
    pub(crate) fn answered(&mut self, status: StatusCode, now: Duration) {
        self.end(Some(status.as_u16()), now);
    }

    fn end(&mut self, status: Option<u16>, now: Duration) {
        if let Some(span) = self.span.take() {
            self.spans.ended(Span { status, refresh: request_id::refreshed(), ended: now, ..span });
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.span.is_some() {
            self.end(None, self.app.rotunda.elapsed());
        }
    }
}

/// The methods that HTTP has (RFC 9110 §9); a stranger may write anything.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::CONNECT => "CONNECT",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::PATCH => "PATCH",
        _ => "_OTHER",
    }
}
