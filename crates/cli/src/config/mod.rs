//! The configuration: file, then environment, then flags, each over the one before; then checked as a whole.
//!
//! 1. [`tree`] takes all values together, each with the place that it came from, and refuses names that do not exist; [`presets`]
//!    lays a preset below them.
//! 2. [`file`] says which names do exist, and the form of each value: one struct a section.
//! 3. [`check`] says what the values mean, fills in the defaults, and refuses what cannot hold at once.
//! 4. The rest of the program sees [`Settings`] only; [`show`] says of each what it is and where it came from.
//!
//! What the reference, the schema for editors and the example say, [`documented`] takes from [`file`].
//!
//! Whatever is wrong is found in one go, as far as that goes, and is told with its place, and with what to do.

mod backup;
mod check;
mod clients;
mod documented;
mod duration;
mod environment;
mod file;
mod finding;
mod forms;
mod limits;
mod mail;
mod names;
mod pages;
mod presets;
mod reference;
mod settings;
mod show;
mod site;
mod store;
mod store_url;
mod telemetry;
#[cfg(test)]
mod tests;
mod tls;
mod tree;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use check::Check;
use finding::{Places, Sources};
use tree::Tree;

pub(crate) use backup::BackupSettings;
pub(crate) use documented::schema;
pub(crate) use duration::parse_duration;
pub(crate) use finding::{ConfigError, Source};
pub(crate) use mail::MailWay;
pub(crate) use presets::Preset;
pub(crate) use reference::{example, page};
pub(crate) use settings::{LogFormat, Settings, TlsFiles};
pub(crate) use show::{Shown, shown};
pub(crate) use store::{LimitsStore, MainStore, NamedStore, PostgresSettings, RedisSettings, StoreSettings};
pub(crate) use telemetry::{MetricsListen, OtlpSettings};

/// The file that is read when none is named, if it is there.
const DEFAULT_FILE: &str = "rotunda.toml";
/// Where everything is kept that has no other place.
const DEFAULT_DATA: &str = "./rotunda-data";

/// What the command line sets.
#[derive(Default, Debug)]
pub(crate) struct Overrides {
    /// `--data` (or `ROTUNDA_DATA`, which the command line reads).
    pub data: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--public-url`
    pub public_url: Option<String>,
}

/// A configuration that was accepted.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What the operator should know about it.
    pub warnings: Vec<String>,
    /// Where each value came from, by `section.key`; a key that is not here has its default.
    pub sources: Sources,
    /// The values as they were written, by `section.key`; without those that may not be shown.
    pub written: BTreeMap<String, String>,
}

/// What the configuration file is called in findings and lists.
pub(crate) fn file_name(file: Option<&Path>) -> String {
    file.unwrap_or(Path::new(DEFAULT_FILE)).display().to_string()
}

/// Loads the configuration: `file`, or `rotunda.toml` if that is there; the environment; the flags.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong.
pub(crate) fn load(
    file: Option<&Path>,
    overrides: Overrides,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let name = file_name(file);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound && file.is_none() => String::new(),
        Err(e) => {
            let what = format!("{name} cannot be read: {e}");
            return Err(ConfigError::new(vec![Places::new(&name, "").finding(Source::Default, "", what)]));
        }
    };
    load_text(&name, &text, overrides, environment)
}

pub(crate) fn load_text(
    name: &str,
    text: &str,
    overrides: Overrides,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded, ConfigError> {
    let mut tree = Tree::parse(name, text).map_err(|finding| ConfigError::new(vec![finding]))?;
    let mut warnings = environment::overlay(&mut tree, environment);
    if let Some(listen) = overrides.listen {
        tree.set(&["server", "listen"], listen.to_string(), Source::Flag("--listen"));
    }
    if let Some(url) = overrides.public_url {
        tree.set(&["server", "public_url"], url, Source::Flag("--public-url"));
    }
    presets::underlay(&mut tree);
    let unknown = tree.findings.len();
    let given = tree.read();
    // What contradicts what cannot be told of values that cannot be read.
    if tree.findings.len() > unknown {
        return Err(ConfigError::new(tree.findings));
    }
    let data = overrides.data.unwrap_or_else(|| DEFAULT_DATA.into());
    let mut check = Check::new(&tree.places);
    check.preset(&given);
    let settings = check.settings(&given, &data);
    warnings.append(&mut check.warnings);
    let mut findings = check.findings;
    findings.append(&mut tree.findings);
    match settings {
        Some(settings) if findings.is_empty() => {
            let warnings = ConfigError::new(warnings).findings();
            Ok(Loaded { settings, warnings, sources: tree.sources(), written: tree.written() })
        }
        _ => Err(ConfigError::new(findings)),
    }
}
