//! `rotunda config show`: every value that holds, with where it came from. No secret is among them: of a URL that may have a password
//! in it only the place is told, and a file that holds one is named and not read out.

use std::collections::BTreeMap;

use rotunda_core::model::Client;

use super::Loaded;
use super::clients::for_all;
use super::documented::{Default, Key, Section, sections};
use super::duration::show_duration;
use super::finding::Source;
use super::mail::MailWay;
use super::settings::Settings;
use super::store::MainStore;
use super::values::Choice;

/// One key as it holds.
pub(crate) struct Shown {
    /// Its section, as between the brackets.
    pub section: String,
    /// Its name.
    pub key: &'static str,
    /// Its value, where it has one that may be shown.
    pub value: Option<String>,
    /// What to say in its place.
    pub words: String,
    /// Where it came from.
    pub source: Source,
}

/// Every key of every section and of every client.
pub(crate) fn shown(loaded: &Loaded) -> Vec<Shown> {
    let held = held(&loaded.settings);
    let mut all = Vec::new();
    for section in sections() {
        if section.name == "clients" {
            for client in loaded.settings.policy.clients.values() {
                all.extend(section.keys.iter().map(|key| of_client(client, key, loaded)));
            }
        } else {
            all.extend(section.keys.iter().map(|key| of_section(section, key, loaded, &held)));
        }
    }
    all
}

fn of_section(section: &Section, key: &Key, loaded: &Loaded, held: &BTreeMap<&'static str, String>) -> Shown {
    let path = format!("{}.{}", section.name, key.name);
    let source = source(&path, loaded);
    let known = held.get(path.as_str()).or_else(|| loaded.written.get(&path)).cloned();
    let is_for_all = for_all(key.name) == Some(section.name);
    let (value, words) = match (&key.default, &source) {
        _ if known.is_some() => (known, String::new()),
        (_, source) if *source != Source::Default => (None, "set, and not shown".to_owned()),
        (Default::Words(_), _) if is_for_all => (None, "as each client has it".to_owned()),
        (default, _) => unset(default),
    };
    Shown { section: section.name.to_owned(), key: key.name, value, words, source }
}

/// Where a value came from. One that a file brought in came from where that file is named; of both, the environment's counts.
fn source(path: &str, loaded: &Loaded) -> Source {
    let of_file = loaded.sources.get(&format!("{path}_file"));
    let candidates = [loaded.sources.get(path), of_file];
    let of_environment = candidates.iter().flatten().find(|source| matches!(source, Source::Env(_)));
    let found = of_environment.or_else(|| candidates.iter().flatten().next());
    found.map_or(Source::Default, |source| (*source).clone())
}

fn unset(default: &Default) -> (Option<String>, String) {
    match default {
        Default::Value(value) => (Some(value.clone()), String::new()),
        Default::Words(words) => {
            let words = words.split([':', ';']).next().unwrap_or_default();
            (None, words.replace('`', ""))
        }
        Default::Untold => (None, "not set".to_owned()),
    }
}

fn of_client(client: &Client, key: &Key, loaded: &Loaded) -> Shown {
    let section = format!("clients.{}", client.id);
    let own = format!("{section}.{}", key.name);
    let inherited = for_all(key.name).map(|section| format!("{section}.{}", key.name));
    let source = loaded.sources.get(&own).or_else(|| loaded.sources.get(&inherited?));
    let source = source.cloned().unwrap_or(Source::Default);
    let known = value_of(client, key.name).or_else(|| loaded.written.get(&own).cloned());
    let (value, words) = if known.is_some() { (known, String::new()) } else { unset(&key.default) };
    Shown { section, key: key.name, value, words, source }
}

fn value_of(client: &Client, key: &str) -> Option<String> {
    match key {
        "kind" => Some(client.kind.as_str().to_owned()),
        "bind_address" => Some(word(client.bind_address)),
        "max_per_user" => client.max_per_user.map(|most| most.to_string()),
        "when_full" => Some(word(client.when_full)),
        "access_ttl" => Some(show_duration(client.access_ttl)),
        "window" => Some(show_duration(client.window)),
        "late_retry" => Some(word(client.late_retry)),
        "idle" => Some(show_duration(client.idle)),
        "absolute" => Some(show_duration(client.absolute)),
        _ => None,
    }
}

/// What follows from something else where it is not set, and what may be shown of secrets.
fn held(settings: &Settings) -> BTreeMap<&'static str, String> {
    let Settings { policy, store, .. } = settings;
    let main = match &store.main {
        MainStore::Sqlite(path) => format!("sqlite:{}", path.display()),
        MainStore::Postgres(postgres) => postgres.url.to_string(),
    };
    let mut held = BTreeMap::from([
        ("server.public_url", settings.public_url.origin().ascii_serialization()),
        ("keys.master_file", settings.master_file.display().to_string()),
        ("store.url", main),
        ("tokens.issuer", policy.issuer.clone()),
        ("tokens.audience", policy.audience.clone()),
        ("accounts.registration", word(policy.registration)),
        ("password.threads", settings.pool.threads.to_string()),
        ("limits.store", word(store.limits)),
    ]);
    held.extend(store.sessions.as_ref().map(|redis| ("sessions.store", redis.url.to_string())));
    held.extend([match &settings.mail.way {
        MailWay::Smtp(smtp) => ("mail.url", smtp.server.to_string()),
        MailWay::Folder(folder) => ("mail.folder", folder.display().to_string()),
    }]);
    held
}

/// The word that stands for this in the configuration.
fn word<T: Choice + PartialEq>(value: T) -> String {
    T::WORDS.iter().find(|(_, meaning)| *meaning == value).map_or("", |(word, _)| word).to_owned()
}
