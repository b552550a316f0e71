//! The environment: `ROTUNDA_SECTION__KEY` and `ROTUNDA_CLIENTS__NAME__KEY` stand for a key, and with `_FILE` at the
//! end for a file that its value is in. Names without two underscores in a row are somebody else's business
//! (Kubernetes sets some for a service called `rotunda`).

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::clients::BUILTIN;
use super::finding::{Finding, Source};
use super::names::{keys, sections, suggestion};
use super::store::read_value;
use super::tree::{Path, Tree};

const PREFIX: &str = "ROTUNDA_";

/// Lays the environment over the tree. Warns of names that were probably meant for Rotunda, but are not read.
pub(super) fn overlay(
    tree: &mut Tree<'_>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<Finding> {
    let mut variables: Vec<(String, OsString)> = variables
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    variables.sort();
    let mut warnings = Vec::new();
    let mut set = BTreeSet::new();
    for (name, value) in variables {
        let source = Source::Env(name.clone());
        if !name[PREFIX.len()..].contains("__") {
            warnings.extend(near_miss(&name).map(|what| tree.places.finding(source, "", what)));
            continue;
        }
        let clients = clients(tree);
        let read = Target::find(&name, &clients).and_then(|target| {
            let value = target.value(value)?;
            if set.insert(target.path.clone()) { Ok((target.path, value)) } else { Err(twice(&name)) }
        });
        match read {
            Ok((path, value)) => tree.set(&path, value, source),
            Err(what) => tree.findings.push(tree.places.finding(source, "", what)),
        }
    }
    warnings
}

/// The variable that stands for a key; of clients, for that of this one.
pub(super) fn variable(section: &str, client: Option<&str>, key: &str) -> String {
    let of = match client.filter(|_| section == "clients") {
        Some(client) => format!("{section}__{client}"),
        None => section.to_owned(),
    };
    format!("{PREFIX}{}", format!("{of}__{key}").to_uppercase())
}

/// The key that a variable stands for.
struct Target {
    path: Path,
    /// The value is the path of a file with the key's value.
    in_file: bool,
}

impl Target {
    fn find(name: &str, clients: &[String]) -> Result<Self, String> {
        let (section, client, key) = split(name);
        let known = keys(&section);
        let (key, in_file) = match key.strip_suffix("_file") {
            Some(stem) if !known.contains(&key.as_str()) && known.contains(&stem) => (stem.to_owned(), true),
            _ => (key, false),
        };
        if !known.contains(&key.as_str()) || client.is_some() != (section == "clients") {
            return Err(format!("no key has this name; {}", suggestion(name, &names(client.as_deref()))));
        }
        let mut path = vec![section];
        if let Some(client) = client {
            path.push(client_named(&client, clients)?);
        }
        path.push(key);
        Ok(Self { path, in_file })
    }

    fn value(&self, value: OsString) -> Result<String, String> {
        if !self.in_file {
            return value.into_string().map_err(|_| "its value is not UTF-8".to_owned());
        }
        read_value(value.as_ref())
    }
}

/// Section, client and key of a name, in lower case.
fn split(name: &str) -> (String, Option<String>, String) {
    let name = name[PREFIX.len()..].to_ascii_lowercase();
    let (section, rest) = name.split_once("__").unwrap_or((&name, ""));
    match rest.rsplit_once("__").filter(|_| section == "clients") {
        Some((client, key)) => (section.to_owned(), Some(client.to_owned()), key.to_owned()),
        None => (section.to_owned(), None, rest.to_owned()),
    }
}

/// The clients that a variable may mean: those of the file and of the variables so far, and those that always exist.
fn clients(tree: &Tree<'_>) -> Vec<String> {
    let mut clients = tree.clients();
    clients.extend(BUILTIN.map(|(name, _)| name.to_owned()));
    clients.sort();
    clients.dedup();
    clients
}

/// The client that is meant: variables have no small letters, and `_` where a client's name may have `-` or `.`.
fn client_named(text: &str, clients: &[String]) -> Result<String, String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '.'], "_");
    let meant: Vec<&String> = clients.iter().filter(|name| plain(name) == text).collect();
    match meant.as_slice() {
        [] => Ok(text.to_owned()),
        [one] => Ok((*one).clone()),
        [one, other, ..] => Err(format!("may mean client {one:?} or {other:?}; set it in the file instead")),
    }
}

/// Every name that there is.
fn names(client: Option<&str>) -> Vec<String> {
    let client = Some(client.unwrap_or("web"));
    let of = |section: &&'static str| {
        let section = *section;
        keys(section).iter().map(move |key| variable(section, client, key))
    };
    sections().iter().flat_map(of).collect()
}

fn near_miss(name: &str) -> Option<String> {
    let meant = names(None).into_iter().find(|right| right.replace("__", "_") == name)?;
    Some(format!("is not read; two underscores stand between section and key: {meant}"))
}

fn twice(name: &str) -> String {
    let plain = name.strip_suffix("_FILE").unwrap_or(name);
    format!("{plain} is set too; set one of the two")
}
