//! `rotunda backup`

use std::process::ExitCode;

use anyhow::bail;
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use rotunda_store_sqlite::Pace;
use serde_json::json;

use crate::args::{self, Global, Serve};
use crate::backups::{IfThere, Source, Taken, take};
use crate::config::{MainStore, Settings};
use crate::output::{self, moment, plain};
use crate::wiring::settings;

pub(crate) fn run(global: &Global, flags: &args::Backup) -> anyhow::Result<ExitCode> {
    let settings = settings(global, &Serve::default())?;
    let source = source(&settings)?;
    let there = if flags.replace { IfThere::Replace } else { IfThere::Refuse };
    let now = SystemClock.now();
    let Taken { bytes, inspected, without_key } = take(&source, &flags.file, (there, Pace::Full), now)?;
    let file = flags.file.display().to_string();
    if global.json {
        output::json(&json!({
            "file": file, "bytes": bytes, "taken_at": moment(now), "schema": inspected.schema,
            "users": inspected.users, "live_sessions": inspected.live_sessions,
            "warnings": without_key.lines().collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&format!(
        "Wrote {}: {} users and {} live sessions as of {}, {bytes} bytes. It was opened and is whole, and\n\
         the master key fits. That is not in it: keep a copy of {} elsewhere.\n{without_key}{}",
        plain(&file),
        inspected.users,
        inspected.live_sessions,
        moment(now),
        plain(&source.master_file.display().to_string()),
        of_sessions(&settings),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// What is backed up, and what its keys are.
pub(crate) fn source(settings: &Settings) -> anyhow::Result<Source> {
    match &settings.store.main {
        MainStore::Sqlite(path) => Ok(Source {
            database: path.clone(),
            master_file: settings.master_file.clone(),
            has_sessions: settings.store.sessions.is_none(),
        }),
        MainStore::Postgres(_) => bail!(
            "[store] url is PostgreSQL, which has tools of its own for this: WAL archiving loses seconds, \
             `pg_dump --format=custom` what came after it; `pg_restore` puts that into an empty database, and then comes \
             `rotunda store accept-ahead --for 24h`. docs/guide/operating.md has the steps"
        ),
    }
}

/// Where sessions are on Redis, the file is not all there is.
fn of_sessions(settings: &Settings) -> &'static str {
    match settings.store.sessions {
        None => "",
        Some(_) => {
            "Of the sessions on Redis it has who they belong to and when they end, and not what refreshes have changed since:\n\
             Redis needs no backup, because clients bring back what it loses.\n"
        }
    }
}
