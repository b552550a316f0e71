//! `rotunda audit export`

use std::fs::OpenOptions;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use rotunda_core::desk::Operator;

use super::some_moment;
use crate::args::{ExportAudit, Global};
use crate::output;
use crate::wiring::Wired;

pub(super) async fn run(global: &Global, flags: &ExportAudit) -> anyhow::Result<ExitCode> {
    let (from, until) = (some_moment(flags.from.as_deref())?, some_moment(flags.until.as_deref())?);
    let rotunda = Wired::open(global).await?.rotunda;
    let mut out = writer(flags.out.as_deref())?;
    let mut export = rotunda.desk(Operator::command_line()).export(from, until).await?;
    while let Some(lines) = export.next().await? {
        match out.write_all(lines.as_bytes()) {
            // A reader that went away (`| head`) is not an error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            written => written.context("writing the export")?,
        }
    }
    out.flush().context("writing the export")?;
    if let Some(file) = &flags.out {
        let file = output::plain(&file.display().to_string());
        output::print(&format!("Written to {file}; `rotunda audit verify --file {file}` verifies it\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Addresses of users are in it: nobody else reads the file.
fn writer(out: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    let Some(path) = out else { return Ok(Box::new(BufWriter::new(io::stdout()))) };
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    Ok(Box::new(BufWriter::new(made.with_context(|| format!("making {}", path.display()))?)))
}
