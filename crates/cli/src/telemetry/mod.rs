//! Metrics for Prometheus.
//!
//! 1. Each part counts for itself, in its own terms and in plain numbers: core, server, stores, the password pool, the log.
//! 2. [`families`] is the one list of all metrics: name, kind, labels, meaning. `docs/reference/metrics.md` is made from it.
//! 3. When somebody asks, [`collect`] reads the numbers and [`exposition`] writes them down. Nothing is done in between: whoever does
//!    not ask pays for the counting alone, and no request waits for whoever does.
//! 4. [`listen`] serves the page on a listener of its own, on this machine unless the operator says otherwise.
//!
//! And traces, in builds with the feature `opentelemetry`: [`traces`] has each request told to a collector.
//!
//! No label has a value that somebody outside could choose: every one is from a list that stands in the code.

mod collect;
mod exposition;
mod families;
mod listen;
mod process;
#[cfg(test)]
mod tests;
mod traces;

pub(crate) use collect::Sources;
pub(crate) use listen::Metrics;
pub(crate) use traces::Traces;
