//! All values that were given, before they mean anything: the file first, the environment and the flags over it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::documented::is_secret;
use super::file::Given;
use super::finding::{Finding, Places, Source, Sources};
use super::names::{keys, sections, suggestion};

type Table<'t> = DeTable<'t>;
type Value<'t> = Spanned<DeValue<'t>>;

/// The path of a key: `["refresh", "idle"]`, or `["clients", "kiosk", "idle"]`.
pub(super) type Path = Vec<String>;

/// The values, by section and key, and the places that they came from.
pub(super) struct Tree<'t> {
    root: Table<'t>,
    pub(super) places: Places,
    pub(super) findings: Vec<Finding>,
}

impl<'t> Tree<'t> {
    /// From the text of the file. What it does not know is a finding, and not in the tree.
    ///
    /// # Errors
    /// A text that is not TOML: the rest of it cannot be judged.
    pub(super) fn parse(file: &str, text: &'t str) -> Result<Self, Finding> {
        let places = Places::new(file, text);
        let root = DeTable::parse(text)
            .map_err(|error| {
                let source = error.span().map_or(Source::File(1), |span| places.source(span));
                // Only the message: the rest of the error shows the line, and with it maybe a secret.
                places.finding(source, "", format_args!("not TOML: {}", error.message()))
            })?
            .into_inner();
        let mut tree = Self { root: Table::new(), places, findings: Vec::new() };
        for (section, value) in root {
            tree.take_section(section, value);
        }
        Ok(tree)
    }

    /// Sets a value that is not from the file.
    pub(super) fn set(&mut self, path: &[impl AsRef<str>], value: String, source: Source) {
        self.put(path, DeValue::String(Cow::Owned(value)), source);
    }

    /// The same with a value of any form.
    pub(super) fn put(&mut self, path: &[impl AsRef<str>], value: DeValue<'t>, source: Source) {
        let span = self.places.add(source);
        let mut table = &mut self.root;
        let (key, sections) = match path.split_last() {
            Some((key, sections)) => (key.as_ref(), sections),
            None => return,
        };
        for section in sections {
            let name = Spanned::new(span.clone(), Cow::Owned(section.as_ref().to_owned()));
            let empty = Spanned::new(span.clone(), DeValue::Table(Table::new()));
            match table.entry(name).or_insert(empty).get_mut() {
                DeValue::Table(inner) => table = inner,
                // `take_section` lets nothing else in.
                _ => return,
            }
        }
        let name = Spanned::new(span.clone(), Cow::Owned(key.to_owned()));
        table.insert(name, Spanned::new(span, value));
    }

    /// Every value with its path.
    pub(super) fn values(&self) -> Vec<(Path, &Value<'t>)> {
        leaves(&self.root)
    }

    /// Whether there is a value.
    pub(super) fn has(&self, path: &[&str]) -> bool {
        self.find(path).is_some()
    }

    /// A value that is a text.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.find(path).and_then(|value| value.as_str())
    }

    fn find(&self, path: &[&str]) -> Option<&DeValue<'t>> {
        let (key, sections) = path.split_last()?;
        let mut table = &self.root;
        for section in sections {
            match table.get(*section)?.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => return None,
            }
        }
        table.get(*key).map(Spanned::get_ref)
    }

    /// The names of the clients so far.
    pub(super) fn clients(&self) -> Vec<String> {
        let clients = self.root.get("clients").and_then(|clients| match clients.get_ref() {
            DeValue::Table(clients) => Some(clients.keys().map(|name| name.get_ref().to_string()).collect()),
            _ => None,
        });
        clients.unwrap_or_default()
    }

    /// Where each value came from, by `section.key`.
    pub(super) fn sources(&self) -> Sources {
        let named = |path: &Path, value: &Value<'_>| (path.join("."), self.places.source(value.span()));
        leaves(&self.root).iter().map(|(path, value)| named(path, value)).collect()
    }

    /// The values as they were written, by `section.key`: those that may be shown. What a file of its own brought in, by a variable
    /// with `_FILE`, may be as secret as what a key is for.
    pub(super) fn written(&self) -> BTreeMap<String, String> {
        let may_be_shown = |(path, value): &(Path, &Value<'_>)| {
            let (section, key) = (path.first().map_or("", |it| it), path.last().map_or("", |it| it));
            let is_of_file = match self.places.source(value.span()) {
                Source::Env(name) => name.ends_with("_FILE") && !key.ends_with("_file"),
                _ => false,
            };
            !is_of_file && !is_secret(section, key)
        };
        let shown = leaves(&self.root).into_iter().filter(may_be_shown);
        shown.map(|(path, value)| (path.join("."), text_of(value.get_ref()))).collect()
    }

    /// What the values say. One that has the wrong form is a finding, and counts as not set.
    pub(super) fn read(&mut self) -> Given {
        // Each round reads everything or takes out one value.
        loop {
            let root = Spanned::new(0..0, self.root.clone());
            let error = match Given::deserialize(Deserializer::from(root)) {
                Ok(given) => return given,
                Err(error) => error,
            };
            let at = error.span().unwrap_or_default();
            let culprit = leaves(&self.root).into_iter().find(|(_, value)| {
                let span = value.span();
                span.start <= at.start && at.end <= span.end
            });
            let (path, source) = match culprit {
                Some((path, value)) => (path, self.places.source(value.span())),
                None => (Path::new(), Source::Default),
            };
            self.findings.push(self.places.finding(source, &shown(&path), error.message()));
            if path.is_empty() || !remove(&mut self.root, &path) {
                return Given::default();
            }
        }
    }

    fn take_section(&mut self, name: Spanned<Cow<'t, str>>, value: Value<'t>) {
        let source = self.places.source(name.span());
        let mut inner = match value.get_ref() {
            DeValue::Table(inner) => inner.clone(),
            _ => return self.refuse(source, outside_of_sections(name.get_ref())),
        };
        match name.get_ref().as_ref() {
            "clients" => self.take_clients(&mut inner),
            known if sections().contains(&known) => self.keep_known(&mut inner, known, &format!("[{known}]")),
            unknown => {
                let what = format!("unknown section [{unknown}]; {}", suggestion(unknown, sections()));
                return self.refuse(source, what);
            }
        }
        self.root.insert(name, Spanned::new(value.span(), DeValue::Table(inner)));
    }

    fn take_clients(&mut self, clients: &mut Table<'t>) {
        for (name, value) in std::mem::take(clients) {
            if let DeValue::Table(inner) = value.get_ref() {
                let mut inner = inner.clone();
                self.keep_known(&mut inner, "clients", &format!("[clients.{}]", name.get_ref()));
                clients.insert(name, Spanned::new(value.span(), DeValue::Table(inner)));
            } else {
                let what = format!("{0:?} in [clients] is no client; write [clients.{0}]", name.get_ref());
                self.refuse(self.places.source(name.span()), what);
            }
        }
    }

    fn keep_known(&mut self, table: &mut Table<'t>, section: &str, shown: &str) {
        let known = keys(section);
        for (name, value) in std::mem::take(table) {
            let key = name.get_ref().as_ref();
            if known.contains(&key) {
                table.insert(name, value);
                continue;
            }
            let elsewhere =
                sections().iter().find(|other| **other != "clients" && keys(other).contains(&key));
            let hint = match elsewhere {
                Some(section) => format!("it belongs in [{section}]"),
                None => suggestion(key, known),
            };
            let what = format!("unknown key {key:?} in {shown}; {hint}");
            self.refuse(self.places.source(name.span()), what);
        }
    }

    fn refuse(&mut self, source: Source, what: String) {
        self.findings.push(self.places.finding(source, "", what));
    }
}

/// How a key is shown to people: `[refresh] idle`.
pub(super) fn shown(path: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((key, section)) if !section.is_empty() => format!("[{}] {key}", section.join(".")),
        _ => names.concat(),
    }
}

/// A value as people write it in a variable.
pub(super) fn text_of(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is_on) => is_on.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(items) => {
            items.iter().map(|item| text_of(item.get_ref())).collect::<Vec<_>>().join(", ")
        }
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn outside_of_sections(key: &str) -> String {
    match sections().iter().find(|section| **section != "clients" && keys(section).contains(&key)) {
        Some(section) => format!("{key:?} stands outside of its section; write it below [{section}]"),
        None if sections().contains(&key) => {
            format!("{key:?} is a section; write [{key}] and its keys below")
        }
        None => format!("unknown section {key:?}; {}", suggestion(key, sections())),
    }
}

/// Every value with its path, to the depth that sections have.
fn leaves<'a, 't>(root: &'a Table<'t>) -> Vec<(Path, &'a Value<'t>)> {
    let mut found = Vec::new();
    for (section, value) in root {
        let depth = if section.get_ref() == "clients" { 2 } else { 1 };
        descend(value, vec![section.get_ref().to_string()], depth, &mut found);
    }
    found
}

fn descend<'a, 't>(value: &'a Value<'t>, path: Path, depth: usize, found: &mut Vec<(Path, &'a Value<'t>)>) {
    match value.get_ref() {
        DeValue::Table(inner) if depth > 0 => {
            for (name, value) in inner {
                let path = [path.as_slice(), &[name.get_ref().to_string()]].concat();
                descend(value, path, depth - 1, found);
            }
        }
        _ => found.push((path, value)),
    }
}

fn remove(table: &mut Table<'_>, path: &[String]) -> bool {
    match path {
        [] => false,
        [key] => table.remove(key.as_str()).is_some(),
        [section, rest @ ..] => match table.get_mut(section.as_str()).map(Spanned::get_mut) {
            Some(DeValue::Table(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}
