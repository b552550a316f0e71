//! `rotunda audit verify`: the log in the database, or an export.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use rotunda_core::audit::{ExportCheck, MarkLine, Verified};
use rotunda_core::model::AuditMark;
use rotunda_core::store::KeptMark;
use serde_json::{Value, json};

use crate::args::{Global, VerifyAudit};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(super) async fn run(global: &Global, flags: &VerifyAudit) -> anyhow::Result<ExitCode> {
    let verified = match &flags.file {
        Some(file) => of_file(file, &flags.keys)?,
        None => {
            let elsewhere = flags.checkpoint.as_deref().map(kept).transpose()?.unwrap_or_default();
            let bar = ProgressBar::new_spinner();
            let rotunda = Wired::open(global).await?.rotunda;
            let verified =
                rotunda.verify_audit(&elsewhere, &|seq| bar.set_message(format!("event {seq}"))).await?;
            bar.finish_and_clear();
            verified
        }
    };
    if global.json {
        output::json(&described(&verified))?;
    } else {
        output::print(&told(&verified, flags))?;
    }
    for finding in verified.findings.iter().filter(|_| !global.json) {
        output::refused(&finding.to_string());
    }
    Ok(if verified.found == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Checkpoints that were kept elsewhere.
fn kept(file: &Path) -> anyhow::Result<Vec<(KeptMark, AuditMark)>> {
    let mut marks = Vec::new();
    each_line(file, |number, text| {
        let about = || format!("{}:{number}: this is no checkpoint", file.display());
        let mark = MarkLine::parse(text).and_then(|line| line.signed());
        let mark = mark.map_err(anyhow::Error::msg).with_context(about)?;
        marks.push(mark.with_context(about)?);
        Ok(())
    })?;
    if marks.is_empty() {
        bail!("{} has no checkpoint", file.display());
    }
    Ok(marks)
}

fn of_file(file: &Path, keys: &[String]) -> anyhow::Result<Verified> {
    let parse = |text: &String| {
        ExportCheck::public_key(text).with_context(|| format!("{text:?} is no public key of an audit log"))
    };
    let mut check = ExportCheck::new(keys.iter().map(parse).collect::<Result<_, _>>()?);
    let about = || file.display().to_string();
    each_line(file, |_, text| check.line(text).with_context(about))?;
    check.finish().with_context(about)
}

/// Each line that is not empty, with its number; in little memory, whatever the file is.
fn each_line(file: &Path, mut take: impl FnMut(u64, &str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let about = || format!("reading {}", file.display());
    let mut reader: Box<dyn BufRead> = match file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(File::open(file).with_context(about)?)),
    };
    let most = u64::try_from(ExportCheck::MOST_BYTES)?;
    for number in 1.. {
        let mut line = String::new();
        if reader.by_ref().take(most).read_line(&mut line).with_context(about)? == 0 {
            break;
        }
        if line.len() >= ExportCheck::MOST_BYTES {
            bail!("{}:{number}: this line is too long for one of an audit log", file.display());
        }
        if !line.trim().is_empty() {
            take(number, line.trim())?;
        }
    }
    Ok(())
}

fn told(verified: &Verified, flags: &VerifyAudit) -> String {
    let Verified { events, from, to, found, .. } = verified;
    let place = |mark: &Option<AuditMark>| mark.as_ref().map_or(0, |mark| mark.seq);
    let (from, last) = (place(from), place(to));
    let mut text = match found {
        0 => format!("{events} events after {from} up to {last} are what was written."),
        1 => format!("{events} events after {from} up to {last}: one thing is wrong."),
        _ => format!("{events} events after {from} up to {last}: {found} things are wrong."),
    };
    if let Some(to) = to {
        text.push_str(&format!(" Signed at {}.", moment(to.at)));
    }
    if let Some(since) = verified.unchained_since {
        let unchained = verified.unchained;
        text.push_str(&format!("\n{unchained} more are not chained yet, the oldest of {}.", moment(since)));
    }
    if verified.forgotten > 0 {
        text.push_str(&format!(
            "\nOf the checkpoints, {} tell of what was forgotten since: there is nothing left to compare them with.",
            verified.forgotten
        ));
    }
    if verified.unexplained > 0 {
        text.push_str(&format!(
            "\nOf {} users, addresses are forgotten whose end is not in this file.",
            verified.unexplained
        ));
    }
    if flags.file.is_some() && flags.keys.is_empty() {
        text.push_str("\nThe keys are those that the file bears: compare them, or name them with --key.");
        for key in &verified.bears {
            text.push_str(&format!("\n  {}", MarkLine::key_text(key)));
        }
    }
    text.push('\n');
    text
}

fn described(verified: &Verified) -> Value {
    let place = |mark: &Option<AuditMark>| {
        mark.as_ref().map(|mark| json!({"seq": mark.seq, "signed_at": moment(mark.at)}))
    };
    let findings = verified.findings.iter();
    json!({
        "events": verified.events,
        "unchained": verified.unchained,
        "unchained_since": verified.unchained_since.map(moment),
        "from": place(&verified.from),
        "to": place(&verified.to),
        "found": verified.found,
        "findings": findings.map(|it| json!({"seq": it.seq, "what": it.fault.to_string()})).collect::<Vec<_>>(),
        "forgotten": verified.forgotten,
        "unexplained": verified.unexplained,
        "bears": verified.bears.iter().map(MarkLine::key_text).collect::<Vec<_>>(),
    })
}
