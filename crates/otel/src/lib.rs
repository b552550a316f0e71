//! Traces: the span of each request, taken to an OpenTelemetry collector by OTLP over HTTP, in protobuf.
//!
//! 1. A request that is over leaves its [`Span`] in a bounded queue ([`queue`]): no lock that somebody holds, no waiting, and nothing
//!    written down yet. Where the queue is full, the span is dropped and counted.
//! 2. A thread of its own, with a runtime of its own, takes them out in batches ([`exporter`]).
//! 3. [`encode`] puts a batch into the messages of OTLP ([`message`]). What a span may say is what [`Span`] has fields for.
//! 4. The collector takes them, or it does not: then they are lost and counted, the log says so once, and it is tried again
//!    after a rest. No request knows of it.
//!
//! `docs/decisions/0028-traces.md` says why this is not OpenTelemetry's own kit.

mod encode;
mod exporter;
mod message;
mod queue;
#[cfg(test)]
mod tests;

pub use exporter::{Exporter, Options, StartError};
pub use queue::Counts;
use rotunda_server::{Span, Spans};
