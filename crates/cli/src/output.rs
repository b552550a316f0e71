//! What is printed: for people as aligned columns, for programs as JSON.

use std::io::{self, Write};
use std::process::ExitCode;

use jiff::Timestamp;
use rotunda_core::model::UnixMillis;
use serde::Serialize;

/// Prints a value as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)
}

/// Prints text; a reader that went away (`| head`) is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Prints rows under a heading, each column as wide as its widest cell.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> anyhow::Result<()> {
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String; N]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{:width$}", plain(cell))).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(&heading.map(str::to_owned));
    text.extend(rows.iter().map(line));
    print(&text)
}

/// Without control characters: what users typed must not steer an operator's terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A moment for people: RFC 3339 in UTC.
pub(crate) fn moment(at: UnixMillis) -> String {
    let stamp =
        Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{stamp:.3}")
}

/// Says why a command failed, on standard error, and for programs as JSON too; exit 1.
pub(crate) fn failed(error: &anyhow::Error, for_programs: bool) -> ExitCode {
    if for_programs {
        // Standard output may be closed; standard error says it all the same.
        let _ = json(&serde_json::json!({"error": format!("{error:#}")}));
    }
    refused(&format!("{error:#}"))
}

/// Says on standard error what the operator should know.
pub(crate) fn warn(what: &str) {
    let _ = writeln!(io::stderr(), "rotunda: warning: {what}");
}

/// Says on standard error why the answer is no; exit 1.
pub(crate) fn refused(why: &str) -> ExitCode {
    // Standard error may be closed as well; there is nobody left to tell then.
    let _ = writeln!(io::stderr(), "rotunda: {why}");
    ExitCode::from(1)
}
