//! `rotunda doctor`: what is wrong, where, and what to do.
//!
//! 1. The configuration, as `rotunda config check` has it. Without a good one, there is nothing else to look at.
//! 2. What is on this machine, and what it reaches: master key, stores, clock, mail ([`here`]), the database and its settings
//!    ([`database`]), Redis ([`redis`]), the feed ([`feed`]), who may read the files ([`files`]), room on the disk ([`disk`]),
//!    whether backups are taken ([`backups`]).
//! 3. What a browser meets on its way through `public_url` ([`through`]): the server is asked what it answers anyway, and what
//!    it answers tells what arrived.
//!
//! Each look has its time, so that the whole of it is bounded. What is judged is apart from how it is asked: a rule takes what was
//! seen and answers [`report::Fault`]s.
//!
//! It makes no file, signs nobody in or out, and prints no secret. An older database is brought up to date, as by every
//! command.

mod ask;
mod backups;
mod clocks;
mod database;
mod disk;
mod feed;
mod files;
mod here;
mod keys;
mod redis;
mod report;
mod through;
mod tls;

use std::path::Path;
use std::process::ExitCode;

use crate::args::{Global, Serve};
use crate::config::Loaded;
use crate::output;
use crate::wiring::{load, templates, web};
use report::Report;

pub(crate) async fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let file = match &global.config {
        Some(path) => path.display().to_string(),
        None if Path::new("rotunda.toml").exists() => "rotunda.toml".to_owned(),
        None => "defaults and environment (there is no rotunda.toml in this folder)".to_owned(),
    };
    if let Some(loaded) = configuration(global, &file, &mut report) {
        let passwords = files::with_passwords(Path::new(&file), &loaded);
        let settings = loaded.settings;
        let web = web(&settings)?;
        let kids = here::check(&settings, &passwords, &mut report).await;
        through::check(&settings, &web, kids.as_ref(), &mut report).await?;
    }
    match global.json {
        true => output::json(&report.json())?,
        false => output::print(&report.text())?,
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The configuration; `None` when it is not good.
fn configuration(global: &Global, file: &str, report: &mut Report) -> Option<Loaded> {
    const CHECK: &str = "configuration";
    let loaded = load(global, &Serve::default()).map_err(|error| error.findings()).and_then(|loaded| {
        templates(&loaded.settings).map_err(|error| error.findings().to_vec())?;
        Ok(loaded)
    });
    match loaded {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                report.warning((CHECK, file), warning, "");
            }
            if loaded.warnings.is_empty() {
                report.good(CHECK, file, "every value is good, and none contradicts another");
            }
            Some(loaded)
        }
        Err(findings) => {
            for finding in findings {
                report.bad((CHECK, file), finding, "mend it, then ask again: nothing else was looked at");
            }
            None
        }
    }
}
