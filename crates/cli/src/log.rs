//! The log: text or JSON on standard error. Our own crates at the configured level; libraries only when something is
//! wrong, because at their most verbose they print what they carry.
//!
//! 1. A line that a request causes says which one: `request_id`. It is not a span, which would be made and taken down with every
//!    request, whether or not anything is said: whoever writes a line asks the task for the id of its request.
//! 2. Lines at `warn` and `error` are counted, so that somebody can be woken by them.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};

use rotunda_server::current_request_id;
use rotunda_server::routes::REQUESTS;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, Settings};

static WARNINGS: AtomicU64 = AtomicU64::new(0);
static ERRORS: AtomicU64 = AtomicU64::new(0);

/// Starts the log; a second call changes nothing.
pub(crate) fn start(settings: &Settings) {
    let mut ours = Targets::new().with_default(LevelFilter::WARN).with_target("rotunda", settings.log_level);
    if settings.telemetry.log_requests {
        ours = ours.with_target(REQUESTS, LevelFilter::DEBUG);
    }
    let registry = tracing_subscriber::registry().with(ours).with(Counting);
    let started = match settings.log_format {
        LogFormat::Text => {
            // Colours are for eyes, not for files and journals.
            let colours = io::stderr().is_terminal();
            let lines = tracing_subscriber::fmt::layer().fmt_fields(NamedFields(DefaultFields::new()));
            registry.with(lines.with_writer(io::stderr).with_ansi(colours)).try_init()
        }
        LogFormat::Json => {
            let lines = tracing_subscriber::fmt::layer().json().map_event_format(NamedJson);
            registry.with(lines.with_writer(io::stderr)).try_init()
        }
    };
    drop(started);
}

/// How many lines were written, by level.
pub(crate) fn counted() -> [(&'static str, u64); 2] {
    [("warn", &WARNINGS), ("error", &ERRORS)].map(|(level, number)| (level, number.load(Ordering::Relaxed)))
}

struct Counting;

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        match *event.metadata().level() {
            Level::WARN => WARNINGS.fetch_add(1, Ordering::Relaxed),
            Level::ERROR => ERRORS.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }
}

/// The fields of a line of text, and whose line it is.
struct NamedFields(DefaultFields);

impl<'a> FormatFields<'a> for NamedFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'a>, fields: R) -> fmt::Result {
        self.0.format_fields(writer.by_ref(), fields)?;
        match current_request_id() {
            Some(id) => write!(writer, " request_id={id}"),
            None => Ok(()),
        }
    }
}

/// A line of JSON, and whose it is: one more member of the object. What an id is made of needs no escape.
struct NamedJson<F>(F);

impl<S, N, F> FormatEvent<S, N> for NamedJson<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(id) = current_request_id() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match line.trim_end().strip_suffix('}') {
            Some(open) => writeln!(writer, "{open},\"request_id\":\"{id}\"}}"),
            None => writer.write_str(&line),
        }
    }
}
