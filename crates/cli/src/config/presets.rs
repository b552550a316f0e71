//! Presets: defaults for a purpose. Each is a configuration of its own, in `presets/`, and lies below everything that is given.
//!
//! 1. `[policy] preset` names one.
//! 2. What it says and nobody else has set goes into the tree, with the preset as its source.
//! 3. What it says of `[clients.KIND]` goes to every client of that kind, unless the client or the section for all says otherwise.
//!
//! From there on nobody needs to know of presets: the values are checked as if they had been written down.

use super::clients::{BUILTIN, for_all};
use super::finding::Source;
use super::tree::{Path, Tree, shown, text_of};
use super::values::Choice;

/// A set of defaults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Preset {
    /// What holds anyway.
    Everyday,
    /// Money and health: minutes, and no other network.
    Bank,
    /// NIST SP 800-63B-4, AAL1.
    NistAal1,
    /// OWASP ASVS 5.0, towards level 2.
    Asvs,
}

impl Choice for Preset {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("everyday", Self::Everyday),
        ("bank", Self::Bank),
        ("nist-aal1", Self::NistAal1),
        ("asvs", Self::Asvs),
    ];
}

impl Preset {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Everyday, Self::Bank, Self::NistAal1, Self::Asvs];

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(word, _)| *word == name).map(|(_, preset)| *preset)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, preset)| *preset == self).map_or("", |(word, _)| word)
    }

    /// What it says, with what it cannot bring about.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Everyday => include_str!("presets/everyday.toml"),
            Self::Bank => include_str!("presets/bank.toml"),
            Self::NistAal1 => include_str!("presets/nist-aal1.toml"),
            Self::Asvs => include_str!("presets/asvs.toml"),
        }
    }

    /// Its values, by key, in the order of its text.
    pub(super) fn values(self) -> Vec<(String, String)> {
        let tree = Tree::parse(self.name(), self.text());
        let mut values: Vec<_> = tree.iter().flat_map(Tree::values).collect();
        values.sort_by_key(|(_, value)| value.span().start);
        values.into_iter().map(|(path, value)| (shown(&path), text_of(value.get_ref()))).collect()
    }
}

/// Lays the chosen preset below the values that are given. A name that is none is found later, with all other wrong values.
pub(super) fn underlay(tree: &mut Tree<'_>) {
    let Some(preset) = tree.text(&["policy", "preset"]).and_then(Preset::named) else { return };
    // A test reads each of them; one that cannot be read says nothing.
    let Ok(below) = Tree::parse(preset.name(), preset.text()) else { return };
    let clients = clients(tree);
    let mut open: Vec<(Path, _)> = Vec::new();
    for (path, value) in below.values() {
        for path in places(&path, &clients) {
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            let is_said_for_all = match names.as_slice() {
                ["clients", _, key] => for_all(key).is_some_and(|section| tree.has(&[section, key])),
                _ => false,
            };
            if !tree.has(&names) && !is_said_for_all {
                open.push((path, value.get_ref().clone()));
            }
        }
    }
    for (path, value) in open {
        tree.put(&path, value, Source::Preset(preset.name()));
    }
}

/// Where a value of a preset belongs: of `clients.KIND.KEY`, with every client of that kind.
fn places(path: &Path, clients: &[(String, String)]) -> Vec<Path> {
    match path.as_slice() {
        [section, kind, key] => {
            let of_kind = clients.iter().filter(|(_, other)| other == kind);
            of_kind.map(|(name, _)| vec![section.clone(), name.clone(), key.clone()]).collect()
        }
        _ => vec![path.clone()],
    }
}

/// Every client with its kind, as far as that is known.
fn clients(tree: &Tree<'_>) -> Vec<(String, String)> {
    let builtin = BUILTIN.map(|(name, kind)| (name.to_owned(), kind.as_str().to_owned()));
    let is_other = |name: &String| BUILTIN.iter().all(|(builtin, _)| builtin != name);
    let others = tree.clients().into_iter().filter(is_other).filter_map(|name| {
        let kind = tree.text(&["clients", &name, "kind"])?.to_owned();
        Some((name, kind))
    });
    builtin.into_iter().chain(others).collect()
}
