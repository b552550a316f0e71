//! `rotunda password-list build|check`

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use rotunda_core::password::acceptable::{UserWords, acceptable};
use rotunda_outside::SystemEntropy;
use rotunda_outside::password_lists::{self, Bits, Built, ListFormat};
use serde_json::json;

use crate::args::{self, Global};
use crate::output;
use crate::password_input::{self, Prompt};
use crate::wiring::{password_lists, settings};

pub(crate) fn run(global: &Global, verb: args::PasswordList) -> anyhow::Result<ExitCode> {
    match verb {
        args::PasswordList::Build { from, to, format, bits } => {
            let bits = bits.parse().ok().and_then(Bits::from_count).context("--bits is 8, 16 or 32")?;
            let format = match format {
                args::ListFormat::Plain => ListFormat::Plain,
                args::ListFormat::Sha1 => ListFormat::Sha1,
            };
            let built = password_lists::build(&mut lines(&from)?, format, bits, &to, &SystemEntropy)?;
            report(global, built, &to)?;
            Ok(ExitCode::SUCCESS)
        }
        args::PasswordList::Check { list } => check(global, list.as_deref()),
    }
}

fn lines(from: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if from == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(from).with_context(|| format!("opening {}", from.display()))?;
    Ok(Box::new(BufReader::with_capacity(64 * 1024, file)))
}

fn report(global: &Global, built: Built, to: &Path) -> anyhow::Result<()> {
    let Built { entries, left_out, bytes } = built;
    let to = to.display().to_string();
    if global.json {
        return output::json(&json!({"file": to, "entries": entries, "left_out": left_out, "bytes": bytes}));
    }
    let left_out = if left_out == 0 {
        String::new()
    } else {
        format!(", lines left out {left_out} (too long for a password)")
    };
    output::print(&format!("{}: entries {entries}, bytes {bytes}{left_out}\n", output::plain(&to)))
}

fn check(global: &Global, list: Option<&Path>) -> anyhow::Result<ExitCode> {
    let settings = settings(global, &args::Serve::default())?;
    let known = password_lists(list.or(settings.breached_list.as_deref()))?;
    let password = password_input::read("Password: ", Prompt::Once)?;
    let judged = acceptable(&password, &settings.policy, &UserWords::default(), &known);
    match judged {
        Ok(()) if global.json => output::json(&json!({"acceptable": true})).map(|()| ExitCode::SUCCESS),
        Ok(()) => output::print("this password would do\n").map(|()| ExitCode::SUCCESS),
        Err(denied) if global.json => {
            output::json(&json!({"acceptable": false, "why": denied.to_string()}))?;
            Ok(ExitCode::from(1))
        }
        Err(denied) => Ok(output::refused(&denied.to_string())),
    }
}
