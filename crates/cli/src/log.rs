//! The log: text or JSON on standard error. Our own crates at the configured level; libraries only when something is
//! wrong, because at their most verbose they print what they carry.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Starts the log; a second call changes nothing.
pub(crate) fn start(level: LevelFilter, format: LogFormat) {
    let ours = Targets::new().with_default(LevelFilter::WARN).with_target("rotunda", level);
    let registry = tracing_subscriber::registry().with(ours);
    let started = match format {
        LogFormat::Text => {
            // Colours are for eyes, not for files and journals.
            let colours = io::stderr().is_terminal();
            registry
                .with(tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(colours))
                .try_init()
        }
        LogFormat::Json => {
            registry.with(tracing_subscriber::fmt::layer().json().with_writer(io::stderr)).try_init()
        }
    };
    drop(started);
}
