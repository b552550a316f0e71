//! `rotunda audit verify|export|list|checkpoint`

mod export;
mod list;
mod verify;

use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rotunda_core::model::UnixMillis;

use crate::args::{self, Global};
use crate::output;
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Audit) -> anyhow::Result<ExitCode> {
    match verb {
        args::Audit::Verify(verify) => verify::run(global, &verify).await,
        args::Audit::Export(export) => export::run(global, &export).await,
        args::Audit::List(list) => list::run(global, list).await,
        args::Audit::Checkpoint => checkpoint(global).await,
    }
}

/// For programs and people the same: it is to be kept as it is.
async fn checkpoint(global: &Global) -> anyhow::Result<ExitCode> {
    let Some(line) = Wired::open(global).await?.rotunda.audit_checkpoint().await? else {
        bail!("nothing is chained yet: a server does it, a second after its start");
    };
    output::print(&line.json())?;
    Ok(ExitCode::SUCCESS)
}

/// A date, which begins at midnight UTC, or a moment (RFC 3339).
fn moment(text: &str) -> anyhow::Result<UnixMillis> {
    let of_date = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    let stamp: Result<Timestamp, _> = match text.parse::<Date>() {
        Ok(date) if text.len() == "2026-01-01".len() => of_date(date),
        _ => text.parse(),
    };
    let about =
        || format!("{text:?} is neither a date such as 2026-01-01 nor a moment such as 2026-01-01T12:00:00Z");
    Ok(UnixMillis(stamp.with_context(about)?.as_millisecond()))
}

fn some_moment(text: Option<&str>) -> anyhow::Result<Option<UnixMillis>> {
    text.map(moment).transpose()
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_time_is_a_date_or_a_moment() {
        assert_eq!(moment("2026-01-01").unwrap().0, 1_767_225_600_000);
        assert_eq!(moment("2026-01-01T00:00:00.250Z").unwrap().0, 1_767_225_600_250);
        assert_eq!(moment("2026-01-01T01:00:00+01:00").unwrap().0, 1_767_225_600_000);
        for wrong in ["", "yesterday", "2026-13-01", "2026-01-01T00:00:00", "1767225600000"] {
            assert!(moment(wrong).unwrap_err().to_string().contains("neither a date"), "{wrong}");
        }
    }
}
