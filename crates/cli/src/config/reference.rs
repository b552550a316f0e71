//! The reference of all keys, and an example of all keys: what `docs/reference` has, and `rotunda config` prints.

use super::documented::{Section, sections};
use super::environment::variable;
use super::presets::Preset;

/// The width of both.
const WIDTH: usize = 120;

const PAGE: &str = "\
# Every key of the configuration

`rotunda config reference` prints this page: what `crates/cli/src/config/file.rs` says of each key. A test compares the two.
[Configuration](../guide/configuration.md) tells how file, environment, flags and presets go together, and why the defaults are what
they are. [`rotunda.toml`](rotunda.toml) has the same keys as a file to begin with, and with
[`rotunda.schema.json`](rotunda.schema.json) an editor completes and checks them.

A *duration* is `\"500ms\"`, `\"10s\"`, `\"15m\"`, `\"1h30m\"` or `\"7d\"`; a *limit* is `\"10, 1/m\"`: ten at once, then one a minute (`s`,
`m` or `h`). In the environment, a list is one text with commas, and every variable may end with `_FILE`: then it names a file that the
value is in.
";

const EXAMPLE: &str = "\
#:schema rotunda.schema.json
#
# Every key that there is, as `rotunda config example` prints them. Lines that begin with `#` and a name are keys, with their
# defaults, or with an example where no one value is the default. Nothing here is set: take away the `#` of what you change, and
# leave away the rest. The first line is for your editor: `rotunda config schema > rotunda.schema.json` beside this file.
";

/// The page of all keys.
pub(crate) fn page() -> String {
    let mut page = PAGE.to_owned();
    for section in sections() {
        let name = if section.name == "clients" { "clients.NAME" } else { section.name };
        page += &format!("\n## `[{name}]`\n\n{}", wrapped(&capital(&section.about), ""));
        for key in &section.keys {
            let about =
                format!("{}: `{}`", capital(&key.form), variable(section.name, Some("NAME"), key.name));
            page += &format!("\n### `[{name}] {}`\n\n{}\n{}\n", key.name, wrapped(&key.meaning, ""), about);
        }
    }
    page + &presets()
}

/// Every key with its meaning, none of them set.
pub(crate) fn example() -> String {
    let mut text = EXAMPLE.to_owned();
    for section in sections() {
        // It exists anyway, so that its section may be empty.
        let name = if section.name == "clients" { "clients.web" } else { section.name };
        text += &format!("\n{}[{name}]\n", wrapped(&capital(&section.about), "# "));
        for key in &section.keys {
            text += &wrapped(&key.meaning, "# ");
            if let Some(other) = instead(section, key.name) {
                text += &format!("# Not beside `{other}`.\n");
            }
            // JSON's texts, numbers, lists and `true` are TOML's.
            let value = key.example.as_ref().map(ToString::to_string).unwrap_or_default();
            text += &format!("#{} = {value}\n", key.name);
        }
    }
    text
}

/// The key whose value is in the file that this one names: only one of the two may be set.
pub(super) fn instead<'s>(section: &'s Section, key: &str) -> Option<&'s str> {
    let stem = key.strip_suffix("_file")?;
    section.keys.iter().map(|it| it.name).find(|name| *name == stem)
}

/// What each preset says of each key that any of them has.
fn presets() -> String {
    let texts = "\n## Presets\n\n`[policy] preset` sets these, below every other key. What it says of a client of a kind holds for all of that \
                 kind that have\nno key of their own and none in the section for all. `rotunda config preset NAME` prints one, with what it \
                 cannot bring about.\n\n";
    let said = Preset::ALL.map(|preset| preset.values());
    let mut keys: Vec<&String> = Vec::new();
    for key in said.iter().flatten().map(|(key, _)| key) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let cells = |texts: &[&str]| format!("| {} |\n", texts.join(" | "));
    let mut table = cells(&[&["key"][..], &Preset::ALL.map(Preset::name)].concat());
    table += &cells(&["---"; Preset::ALL.len() + 1]);
    for key in keys {
        let of = |values: &Vec<(String, String)>| {
            values
                .iter()
                .find(|(other, _)| other == key)
                .map_or("–".to_owned(), |(_, value)| format!("`{value}`"))
        };
        let row: Vec<String> = std::iter::once(format!("`{key}`")).chain(said.iter().map(of)).collect();
        table += &cells(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    format!("{texts}{table}")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A paragraph in lines of that width.
fn wrapped(text: &str, before: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && before.len() + line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines += &format!("{before}{line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    format!("{lines}{before}{line}\n")
}
