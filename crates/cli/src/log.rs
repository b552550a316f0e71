//! The log: text or JSON on standard error. Our own crates at the configured level; libraries only when something is
//! wrong, because at their most verbose they print what they carry.

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Starts the log; a second call changes nothing.
pub(crate) fn start(level: LevelFilter, format: LogFormat) {
    let ours = Targets::new().with_default(LevelFilter::WARN).with_target("rotunda", level);
    let registry = tracing_subscriber::registry().with(ours);
    let started = match format {
        LogFormat::Text => registry.with(tracing_subscriber::fmt::layer().with_writer(io::stderr)).try_init(),
        LogFormat::Json => {
            registry.with(tracing_subscriber::fmt::layer().json().with_writer(io::stderr)).try_init()
        }
    };
    drop(started);
}
