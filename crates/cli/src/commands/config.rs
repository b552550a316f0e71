//! `rotunda config check`

use std::process::ExitCode;

use serde_json::json;

use crate::args::{self, Global};
use crate::output;
use crate::serve::stores;
use crate::wiring::{load, templates};

pub(crate) fn run(global: &Global, verb: args::Config) -> anyhow::Result<ExitCode> {
    let args::Config::Check = verb;
    let checked =
        load(global, &args::Serve::default()).map_err(|error| error.findings()).and_then(|loaded| {
            // What a server would refuse at its start as well.
            templates(&loaded.settings).map_err(|error| error.findings().to_vec())?;
            Ok(loaded)
        });
    match checked {
        Ok(loaded) => {
            if global.json {
                output::json(&json!({"ok": true, "warnings": loaded.warnings}))?;
            } else {
                output::print(&format!(
                    "the configuration is good\n{}{}",
                    stores(&loaded.settings),
                    lines("warning: ", &loaded.warnings)
                ))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(findings) => {
            if global.json {
                output::json(&json!({"ok": false, "findings": findings}))?;
                return Ok(ExitCode::from(1));
            }
            Ok(output::refused(&format!(
                "the configuration is not good\n{}",
                lines("", &findings).trim_end()
            )))
        }
    }
}

fn lines(before: &str, texts: &[String]) -> String {
    texts.iter().map(|text| format!("  {before}{text}\n")).collect()
}
