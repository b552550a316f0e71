//! `rotunda user import`
//!
//! 1. Read row after row (`rows.rs`); never more of the file is in memory than the rows that are under way.
//! 2. Make of each what core takes (`fields.rs`). What cannot be is refused at once, with its line and the reason.
//! 3. Have up to 256 registered at once, so that the store commits them in groups. They are begun in the order of the file:
//!    of two rows with one address, the first is in.
//! 4. Tell what became of each, in that order too: refused rows go into the report (`report.rs`), which holds no hash.
//!
//! Each row is one transaction. Killed at any moment, it leaves whole users behind; run again, it finds them there.

mod fields;
mod report;
mod rows;

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use rotunda_core::Rotunda;
use rotunda_core::desk::Operator;
use rotunda_core::failure::Error;
use rotunda_core::import::{Arrival, Imported};
use rotunda_outside::FirebaseParameters;
use serde_json::json;
use tokio::task::{JoinHandle, LocalSet, spawn_local};

use crate::args::{Format, Global, Import, Serve};
use crate::output;
use crate::wiring::{IfBroken, Wired, load};
use report::Report;
use rows::{Row, Rows};

/// How many rows are under way at once: half of what the store takes into one transaction.
const UNDER_WAY: usize = 256;

pub(super) async fn run(global: &Global, import: &Import) -> anyhow::Result<ExitCode> {
    let Some(format) = import.format.or_else(|| format_of(&import.file)) else {
        return Ok(misused(
            "the file ends in neither .jsonl, .ndjson nor .csv: say how it is written, with --format",
        ));
    };
    let report = import.report.clone().unwrap_or_else(|| beside(&import.file));
    if is_same(&report, &import.file) {
        return Ok(misused("the report would overwrite the file that is imported"));
    }
    let firebase = import.firebase_parameters.as_deref().map(firebase_parameters).transpose()?;
    let rows = Rows::open(&import.file, format)?;
    let rotunda = match import.dry_run {
        true => Wired::open(global).await?.rotunda,
        // They may be the first users of all.
        false => Wired::open_or_make(load(global, &Serve::default())?, IfBroken::Warn).await?.rotunda,
    };
    let progress = progress(rows.bytes());
    let run = Run {
        rotunda: Rc::new(rotunda),
        firebase,
        dry: import.dry_run,
        report: Report::begin(&report)?,
        under_way: VecDeque::new(),
        tally: Tally::default(),
    };
    let done = LocalSet::new().run_until(run.all(rows, &progress)).await;
    progress.finish_and_clear();
    let (tally, told) = done?;
    tally.tell(global, import.dry_run, told.then_some(&report))?;
    Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// An import while it runs.
struct Run {
    rotunda: Rc<Rotunda>,
    firebase: Option<FirebaseParameters>,
    dry: bool,
    report: Report,
    under_way: VecDeque<UnderWay>,
    tally: Tally,
}

/// A row whose fate is not told yet: not known, or no user at all and why.
struct UnderWay {
    line: u64,
    id: Option<String>,
    fate: Result<JoinHandle<Result<Imported, Error>>, String>,
}

impl Run {
    /// Answers the counts, and whether there is a report.
    async fn all(mut self, mut rows: Rows, progress: &ProgressBar) -> anyhow::Result<(Tally, bool)> {
        while let Some(row) = rows.next()? {
            self.begin(row);
            while self.under_way.len() >= UNDER_WAY {
                self.settle_first().await?;
            }
            progress.set_position(rows.position());
        }
        while !self.under_way.is_empty() {
            self.settle_first().await?;
        }
        let told = self.report.end()?;
        Ok((self.tally, told))
    }

    fn begin(&mut self, Row { line, fields }: Row) {
        self.tally.rows += 1;
        let read = fields.and_then(|fields| {
            self.tally.left_out(&fields);
            let arrival = fields::arrival(&fields, self.firebase.as_ref());
            arrival.map_err(|reason| (fields::id(&fields), reason))
        });
        let (id, fate) = match read {
            Ok(arrival) => {
                self.tally.without_password += u64::from(!arrival.password.is_usable());
                let id = arrival.id.clone();
                (id, Ok(spawn_local(register(Rc::clone(&self.rotunda), arrival, self.dry))))
            }
            Err((id, reason)) => (id, Err(reason)),
        };
        self.under_way.push_back(UnderWay { line, id, fate });
    }

    async fn settle_first(&mut self) -> anyhow::Result<()> {
        let Some(UnderWay { line, id, fate }) = self.under_way.pop_front() else { return Ok(()) };
        let fate = match fate {
            Ok(task) => task.await.context("an import task ended early")?,
            Err(reason) => return self.refuse(line, id.as_deref(), &reason),
        };
        let stopped = || format!("stopped at line {line}; run it again to go on");
        match fate.with_context(stopped)? {
            Imported::Added => self.tally.added += 1,
            Imported::AlreadyThere => self.tally.already_there += 1,
            Imported::Refused(refusal) => self.refuse(line, id.as_deref(), &refusal.to_string())?,
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, id: Option<&str>, reason: &str) -> anyhow::Result<()> {
        self.tally.refused += 1;
        self.report.refuse(line, id, reason)
    }
}

/// One row. A store that is busy or away for a moment is asked again: a server at work beside has its writes too.
async fn register(rotunda: Rc<Rotunda>, arrival: Arrival, dry: bool) -> Result<Imported, Error> {
    const ATTEMPTS: u32 = 6;
    let mut pause = Duration::from_millis(100);
    for _ in 1..ATTEMPTS {
        match once(&rotunda, &arrival, dry).await {
            Err(Error::Failure(failure)) if failure.is_temporary() => tokio::time::sleep(pause).await,
            fate => return fate,
        }
        pause *= 2;
    }
    once(&rotunda, &arrival, dry).await
}

async fn once(rotunda: &Rotunda, arrival: &Arrival, dry: bool) -> Result<Imported, Error> {
    let desk = rotunda.desk(Operator::command_line());
    if dry { desk.check_import(arrival).await } else { desk.import_user(arrival).await }
}

/// What is told at the end.
#[derive(Default)]
struct Tally {
    rows: u64,
    added: u64,
    already_there: u64,
    refused: u64,
    without_password: u64,
    left_out: BTreeSet<String>,
}

impl Tally {
    /// Remembers the names of fields that nothing is made of: one of them may be a name mistyped.
    fn left_out(&mut self, fields: &rows::Fields) {
        const MOST: usize = 20;
        let unknown = fields.keys().filter(|name| !fields::is_known(name));
        for name in unknown {
            if self.left_out.len() < MOST && !self.left_out.contains(name) {
                self.left_out.insert(name.chars().take(64).collect());
            }
        }
    }

    fn tell(&self, global: &Global, dry: bool, report: Option<&PathBuf>) -> anyhow::Result<()> {
        if global.json {
            return output::json(&json!({
                "dry_run": dry,
                "rows": self.rows,
                "added": self.added,
                "already_there": self.already_there,
                "refused": self.refused,
                "without_password": self.without_password,
                "left_out": self.left_out,
                "report": report,
            }));
        }
        let added = if dry { "would be added" } else { "added" };
        let mut text = format!(
            "{} rows: {} {added}, {} already there, {} refused\n",
            self.rows, self.added, self.already_there, self.refused
        );
        if self.without_password > 0 {
            text.push_str(&format!(
                "{} of them have no password, and cannot sign in yet\n",
                self.without_password
            ));
        }
        if !self.left_out.is_empty() {
            let names: Vec<String> = self.left_out.iter().map(|name| output::plain(name)).collect();
            text.push_str(&format!("left out: {}\n", names.join(", ")));
        }
        if let Some(report) = report {
            text.push_str(&format!("why rows were refused stands in {}\n", report.display()));
        }
        output::print(&text)
    }
}

fn format_of(file: &Path) -> Option<Format> {
    match file.extension()?.to_str()? {
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".refused.jsonl");
    PathBuf::from(name)
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn firebase_parameters(file: &Path) -> anyhow::Result<FirebaseParameters> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    FirebaseParameters::parse(&text).with_context(|| format!("Firebase's parameters in {}", file.display()))
}

/// On a terminal only; on standard error, where it does not mix with what is told.
fn progress(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    match ProgressStyle::with_template("{wide_bar} {percent}%, {eta} to go") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn misused(why: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "rotunda: {why}");
    ExitCode::from(2)
}
