//! `rotunda config`: check, show, and what there is to configure.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::{self, Global};
use crate::config::{self, Preset, Shown, Source};
use crate::output;
use crate::serve::stores;
use crate::wiring::{load, templates};

pub(crate) fn run(global: &Global, verb: args::Config) -> anyhow::Result<ExitCode> {
    match verb {
        args::Config::Check => return check(global),
        args::Config::Show(flags) => return show(global, &flags),
        args::Config::Preset { name } => output::print(Preset::named(&name).map_or("", Preset::text))?,
        args::Config::Example => output::print(&config::example())?,
        args::Config::Schema => output::json(&config::schema())?,
        args::Config::Reference => output::print(&config::page())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn check(global: &Global) -> anyhow::Result<ExitCode> {
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
        Err(findings) => refused(global, &findings),
    }
}

fn show(global: &Global, flags: &args::Serve) -> anyhow::Result<ExitCode> {
    let loaded = match load(global, flags) {
        Ok(loaded) => loaded,
        Err(error) => return refused(global, &error.findings()),
    };
    let data = Shown {
        section: String::new(),
        key: "data",
        value: Some(loaded.settings.data.display().to_string()),
        words: String::new(),
        source: source_of_data(global),
    };
    let all: Vec<Shown> = std::iter::once(data).chain(config::shown(&loaded)).collect();
    let file = config::file_name(global.config.as_deref());
    if global.json {
        let all: Vec<Value> = all.iter().map(|shown| as_json(shown, &file)).collect();
        output::json(&all)?;
    } else {
        output::print(&as_text(&all, &file))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The command line reads `ROTUNDA_DATA` by itself, and does not say which of the two it was.
fn source_of_data(global: &Global) -> Source {
    const VARIABLE: &str = "ROTUNDA_DATA";
    let in_environment = std::env::var_os(VARIABLE);
    match &global.data {
        None => Source::Default,
        Some(data) if in_environment.is_some_and(|other| other == *data) => Source::Env(VARIABLE.to_owned()),
        Some(_) => Source::Flag("--data"),
    }
}

fn as_json(shown: &Shown, file: &str) -> Value {
    let (from, at) = match &shown.source {
        Source::Default => ("default", None),
        Source::Preset(name) => ("preset", Some((*name).to_owned())),
        Source::File(line) => ("file", Some(format!("{file}:{line}"))),
        Source::Env(name) => ("environment", Some(name.clone())),
        Source::Flag(name) => ("flag", Some((*name).to_owned())),
    };
    let words = Some(&shown.words).filter(|words| !words.is_empty());
    json!({"section": shown.section, "key": shown.key, "value": shown.value, "words": words, "from": from, "at": at})
}

/// A block for each section, its columns as wide as its widest cells.
fn as_text(all: &[Shown], file: &str) -> String {
    let mut text = String::new();
    for block in all.chunk_by(|one, other| one.section == other.section) {
        let rows: Vec<[String; 3]> = block.iter().map(|shown| row(shown, file)).collect();
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let (first, second) = (width(0), width(1));
        match block.first().filter(|shown| !shown.section.is_empty()) {
            Some(shown) => text += &format!("\n[{}]\n", shown.section),
            None => text.push_str("without a section\n"),
        }
        for [key, value, from] in rows {
            text += &format!("  {key:first$}  {value:second$}  {from}\n");
        }
    }
    text
}

fn row(shown: &Shown, file: &str) -> [String; 3] {
    let value = match &shown.value {
        Some(value) => output::plain(value),
        None => format!("({})", shown.words),
    };
    let from = match &shown.source {
        Source::Default => "default".to_owned(),
        Source::Preset(name) => format!("preset {name}"),
        Source::File(line) => format!("{file}:{line}"),
        Source::Env(name) => name.clone(),
        Source::Flag(name) => (*name).to_owned(),
    };
    [shown.key.to_owned(), value, from]
}

fn refused(global: &Global, findings: &[String]) -> anyhow::Result<ExitCode> {
    if global.json {
        output::json(&json!({"ok": false, "findings": findings}))?;
        return Ok(ExitCode::from(1));
    }
    Ok(output::refused(&format!("the configuration is not good\n{}", lines("", findings).trim_end())))
}

fn lines(before: &str, texts: &[String]) -> String {
    texts.iter().map(|text| format!("  {before}{text}\n")).collect()
}
