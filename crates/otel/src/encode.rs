//! A batch of spans in OTLP's words, with the attributes that OpenTelemetry's conventions for HTTP servers name.
//!
//! `url.path`, which they demand, is not among them: a path has ids in it, and whatever a stranger writes. `http.route` is.

use std::time::Duration;

use prost::Message as _;
use rotunda_core::outside::Clock;

use crate::Span;
use crate::message::{
    self, AnyValue, ERROR, ExportRequest, KeyValue, REMOTE, Resource, ResourceSpans, SERVER, Scope,
    ScopeSpans, Status, TELLS_IF_REMOTE,
};

/// Who sends: the same with each batch.
#[derive(Clone)]
pub(crate) struct Sender {
    /// The release.
    pub(crate) version: &'static str,
    /// The name of this process among others of its kind.
    pub(crate) instance: String,
}

impl Sender {
    /// The bytes that a collector is sent.
    pub(crate) fn encode(&self, batch: &[Span], clock: &dyn Clock) -> Vec<u8> {
        let times = Times::of(clock);
        let resource = Resource {
            attributes: vec![
                text("service.name", "rotunda"),
                text("service.version", self.version),
                text("service.instance.id", &self.instance),
            ],
        };
        let scope = Scope { name: "rotunda".to_owned(), version: self.version.to_owned() };
        let spans = batch.iter().map(|span| times.span(span)).collect();
        let scope_spans = vec![ScopeSpans { scope: Some(scope), spans }];
        let resource_spans = vec![ResourceSpans { resource: Some(resource), scope_spans }];
        ExportRequest { resource_spans }.encode_to_vec()
    }
}

/// What a moment of [`Clock::elapsed`] is on everybody's clock: judged anew with each batch, because the system's clock is set right
/// now and then. To the millisecond, as the clock has it.
#[derive(Clone, Copy)]
struct Times {
    elapsed: Duration,
    unix_nanos: u64,
}

impl Times {
    fn of(clock: &dyn Clock) -> Self {
        let millis = u64::try_from(clock.now().0).unwrap_or(0);
        Self { elapsed: clock.elapsed(), unix_nanos: millis.saturating_mul(1_000_000) }
    }

    fn unix_nanos(self, at: Duration) -> u64 {
        let ago = self.elapsed.saturating_sub(at).as_nanos();
        self.unix_nanos.saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX))
    }

    fn span(self, span: &Span) -> message::Span {
        let Span { trace_id, span_id, parent_id, method, route, begun, ended, .. } = span;
        let verb = if *method == "_OTHER" { "HTTP" } else { method };
        let error = error_of(span.status);
        // Kept, or it would not be here.
        let sampled = 1;
        let remote = if parent_id.is_some() { REMOTE } else { 0 };
        message::Span {
            trace_id: trace_id.to_vec(),
            span_id: span_id.to_vec(),
            parent_span_id: parent_id.map(|id| id.to_vec()).unwrap_or_default(),
            name: route.as_ref().map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}")),
            kind: SERVER,
            start_time_unix_nano: self.unix_nanos(*begun),
            end_time_unix_nano: self.unix_nanos(*ended),
            attributes: attributes(span, error.as_deref()),
            status: error.map(|_| Status { code: ERROR }),
            flags: sampled | TELLS_IF_REMOTE | remote,
        }
    }
}

fn attributes(span: &Span, error: Option<&str>) -> Vec<KeyValue> {
    let mut all = vec![
        text("http.request.method", span.method),
        text("url.scheme", span.scheme),
        text("rotunda.request_id", span.request_id.as_str()),
    ];
    all.extend(span.route.as_ref().map(|route| text("http.route", route)));
    all.extend(span.status.map(|status| number("http.response.status_code", status.into())));
    all.extend(error.map(|error| text("error.type", error)));
    if let Some(refresh) = span.refresh {
        all.extend(refresh.decision.map(|row| text("rotunda.refresh.decision", row)));
        all.push(text("rotunda.refresh.outcome", refresh.outcome));
    }
    all
}

/// What went wrong here: a refusal did not, to a server.
fn error_of(status: Option<u16>) -> Option<String> {
    match status {
        None => Some("cancelled".to_owned()),
        Some(status) => (status >= 500).then(|| status.to_string()),
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { text: Some(value.to_owned()), number: None };
    KeyValue { key: key.to_owned(), value: Some(value) }
}

fn number(key: &str, value: i64) -> KeyValue {
    let value = AnyValue { text: None, number: Some(value) };
    KeyValue { key: key.to_owned(), value: Some(value) }
}
