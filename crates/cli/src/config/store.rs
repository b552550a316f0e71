//! `[store]`, `[sessions] store`, `[limits] store`: where everything is kept, and by `[backup]` copied to.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rotunda_store_postgres::Options;

use super::backup::{BackupSettings, backup};
use super::check::{Check, file_path, number};
use super::file::{Given, Key};
use super::finding::Source;
use super::store_url::{Parts, StoreUrl};

/// How many connections to PostgreSQL a server keeps, unless that is configured.
const CONNECTIONS: usize = 16;
/// The largest file with one value in it.
const MOST_BYTES: u64 = 64 * 1024;

/// Where everything is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct StoreSettings {
    /// Users and all that belongs to them.
    pub main: MainStore,
    /// What each refresh changes of a session, where that is not in the main store as well.
    pub sessions: Option<RedisSettings>,
    /// The buckets of the rate limits.
    pub limits: LimitsStore,
    /// The backups that the server takes by itself.
    pub backup: Option<BackupSettings>,
}

/// The database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum MainStore {
    /// A file on this machine, for one server.
    Sqlite(PathBuf),
    /// PostgreSQL, for as many servers as there are.
    Postgres(PostgresSettings),
}

impl fmt::Display for MainStore {
    /// Where it is, without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(postgres) => write!(f, "{}", postgres.url),
        }
    }
}

/// How PostgreSQL is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PostgresSettings {
    /// Hosts, database, user and password.
    pub url: StoreUrl,
    /// How many connections this server keeps at most.
    pub connections: usize,
    /// A PEM file with the authorities that the database's certificate may be from, in place of those of this machine.
    pub ca_file: Option<PathBuf>,
}

/// How Redis or Redis Cluster is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RedisSettings {
    /// Hosts, user and password.
    pub url: StoreUrl,
    /// A PEM file with the authorities that its certificates may be from, in place of those of this machine.
    pub ca_file: Option<PathBuf>,
}

/// Where the buckets of the rate limits are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LimitsStore {
    /// In the memory of each server.
    Memory,
    /// In PostgreSQL, for all servers together; only those of refreshes, which would double its work, are in memory.
    Database,
    /// In the Redis of the sessions, for all servers together.
    Sessions,
}

/// What the three keys say; `None` when that is wrong.
pub(super) fn store(given: &Given, data: &Path, check: &mut Check<'_>) -> Option<StoreSettings> {
    let main = main_store(given, data, check);
    let sessions = sessions(given, check);
    let (main, sessions) = (main?, sessions?);
    let backup = backup(given, &main, check);
    let limits = limits(given, &main, sessions.is_some(), check)?;
    Some(StoreSettings { main, sessions, limits, backup })
}

fn main_store(given: &Given, data: &Path, check: &mut Check<'_>) -> Option<MainStore> {
    let keys = &given.store;
    let ca_file = check.text(&keys.ca_file, "[store] ca_file", file_path);
    let names = ["[store] url", "[store] url_file"];
    let Some((text, source, key)) = secret([&keys.url, &keys.url_file], names, check)? else {
        return sqlite(data.join("rotunda.db"), given, check);
    };
    let url = match main_url(&text) {
        Ok(url) => url,
        Err(what) => {
            check.refuse_at(source, key, what);
            return None;
        }
    };
    match url {
        Main::Postgres { url, without_tls, in_the_clear } => {
            if in_the_clear {
                let what = "sslmode lets everything pass without TLS, to another machine: say sslmode=require, or use a network \
                            that nobody else is on";
                check.warn(source, key, what);
            }
            if let Some(file) = keys.ca_file.as_ref().filter(|_| without_tls) {
                let what = "is of no use without TLS, which is off by sslmode=disable in url, or because the host is this \
                            machine: say sslmode=require there, or leave this away";
                check.refuse(file, "[store] ca_file", what);
            }
            let connections = number(&keys.connections, CONNECTIONS);
            Some(MainStore::Postgres(PostgresSettings { url, connections, ca_file }))
        }
        Main::Sqlite(path) => sqlite(path, given, check),
    }
}

fn sqlite(path: PathBuf, given: &Given, check: &mut Check<'_>) -> Option<MainStore> {
    let what = "is for PostgreSQL, and url is a file of SQLite; leave this away";
    if let Some(connections) = &given.store.connections {
        check.refuse(connections, "[store] connections", what);
    }
    if let Some(file) = &given.store.ca_file {
        check.refuse(file, "[store] ca_file", what);
    }
    Some(MainStore::Sqlite(path))
}

/// The outer `None` is a finding, the inner one says that they are in the main store.
fn sessions(given: &Given, check: &mut Check<'_>) -> Option<Option<RedisSettings>> {
    let keys = &given.sessions;
    let names = ["[sessions] store", "[sessions] store_file"];
    let ca_file = check.text(&keys.ca_file, "[sessions] ca_file", file_path);
    let Some((text, source, key)) = secret([&keys.store, &keys.store_file], names, check)? else {
        if let Some(file) = &keys.ca_file {
            let what = "is of no use without store, which says where the sessions are; leave this away";
            check.refuse(file, "[sessions] ca_file", what);
        }
        return Some(None);
    };
    let url = redis_url(&text).map_err(|what| check.refuse_at(source, key, what)).ok()?;
    if let Some(file) = keys.ca_file.as_ref().filter(|_| !text.starts_with("rediss")) {
        let what = "is of no use with a store that begins with \"redis\", which is without TLS: it begins with \"rediss\" \
                    where there is TLS";
        check.refuse(file, "[sessions] ca_file", what);
    }
    Some(Some(RedisSettings { url, ca_file }))
}

fn limits(given: &Given, main: &MainStore, on_redis: bool, check: &mut Check<'_>) -> Option<LimitsStore> {
    let is_shared = matches!(main, MainStore::Postgres(_));
    let Some(chosen) = &given.limits.store else {
        return Some(match (on_redis, is_shared) {
            (true, _) => LimitsStore::Sessions,
            (false, true) => LimitsStore::Database,
            (false, false) => LimitsStore::Memory,
        });
    };
    let key = "[limits] store";
    match chosen.get_ref().0 {
        LimitsStore::Sessions if !on_redis => {
            check.refuse(chosen, key, "\"sessions\" needs the Redis of [sessions] store, which is not set");
            None
        }
        LimitsStore::Database if !is_shared => {
            let what = "\"database\" needs PostgreSQL in [store] url; of SQLite there is one server, and \"memory\" does";
            check.refuse(chosen, key, what);
            None
        }
        LimitsStore::Memory if is_shared => {
            let what = "\"memory\" and PostgreSQL: each server counts for itself, so whoever guesses has as many tries on each";
            check.warn(check.source(chosen), key, what);
            Some(LimitsStore::Memory)
        }
        chosen => Some(chosen),
    }
}

/// A URL's text, the place that it came from, and the key.
pub(super) type Secret = (String, Source, &'static str);

/// A secret that is set, or that a file is named for: the outer `None` is a finding. The environment goes over the file, by
/// whichever of the two keys.
pub(super) fn secret(
    [value, file]: [&Key<String>; 2],
    [key, file_key]: [&'static str; 2],
    check: &mut Check<'_>,
) -> Option<Option<Secret>> {
    let is_environment = |key: &Key<String>| matches!(check.source_of(key), Source::Env(_));
    let (value, file) = match (value, file) {
        (Some(_), Some(named)) if is_environment(value) == is_environment(file) => {
            let name = key.rsplit(' ').next().unwrap_or(key);
            check.refuse(named, file_key, format_args!("{name} is set too; set one of the two"));
            return None;
        }
        (Some(_), Some(_)) if is_environment(file) => (&None, file),
        (Some(_), Some(_)) => (value, &None),
        one => one,
    };
    if let Some(named) = file {
        let read = file_path(named.get_ref()).and_then(|path| read_value(&path));
        let text = read.map_err(|what| check.refuse(named, file_key, what)).ok()?;
        return Some(Some((text, check.source(named), file_key)));
    }
    Some(value.as_ref().map(|value| (value.get_ref().clone(), check.source(value), key)))
}

/// The value that is in a file: all of it but for one line ending.
pub(super) fn read_value(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
        .map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(format!("{} has more than 64 KiB, which no value needs", path.display()));
    }
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    Ok(text)
}

/// A store that is named on the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NamedStore {
    /// A file.
    Sqlite(PathBuf),
    /// A database of PostgreSQL.
    Postgres(StoreUrl),
    /// What refreshes change of sessions.
    Redis(StoreUrl),
}

impl NamedStore {
    /// By its URL. Nothing of that is in what is said against it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':').map_or("", |(scheme, _)| scheme) {
            "redis" | "rediss" | "redis+cluster" | "rediss+cluster" => redis_url(text).map(Self::Redis),
            _ => main_url(text).map(|main| match main {
                Main::Sqlite(path) => Self::Sqlite(path),
                Main::Postgres { url, .. } => Self::Postgres(url),
            }),
        }
    }
}

impl fmt::Display for NamedStore {
    /// Where it is, without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) | Self::Redis(url) => url.fmt(f),
        }
    }
}

/// A main store by its URL.
enum Main {
    Sqlite(PathBuf),
    /// Whether there never is TLS; whether there need not be, and another machine is on the other side.
    Postgres {
        url: StoreUrl,
        without_tls: bool,
        in_the_clear: bool,
    },
}

fn main_url(text: &str) -> Result<Main, String> {
    match text.split_once(':').map_or("", |(scheme, _)| scheme) {
        "sqlite" => sqlite_path(text).map(Main::Sqlite),
        "postgres" | "postgresql" => {
            let (mut without_tls, mut in_the_clear) = (false, false);
            let url = StoreUrl::parse(text, |parts| {
                let mode = parts.option("sslmode");
                without_tls = mode.map_or(parts.are_here(), |mode| mode == "disable");
                in_the_clear = mode.is_some_and(|mode| ["disable", "prefer"].contains(&mode)) && !parts.are_here();
                postgres(parts)
            })?;
            // What only the driver knows: which options there are, and their values.
            Options { url: url.expose().to_owned(), connections: 1, ca_file: None }.check()?;
            Ok(Main::Postgres { url, without_tls, in_the_clear })
        }
        // Not shown: the URL of another store has its password in it.
        _ => Err("must be \"sqlite:PATH\" or \"postgres://USER:PASSWORD@HOST/DATABASE\"; there are no other stores"
            .to_owned()),
    }
}

fn sqlite_path(text: &str) -> Result<PathBuf, String> {
    let path = text.strip_prefix("sqlite:").unwrap_or(text);
    match path.strip_prefix("//").unwrap_or(path) {
        "" => Err("has no path after \"sqlite:\"".to_owned()),
        ":memory:" => Err("\":memory:\" would forget everybody at each start; give a file".to_owned()),
        path if path.contains('?') => Err("takes no options after \"?\"".to_owned()),
        path => Ok(path.into()),
    }
}

fn postgres(parts: &Parts<'_>) -> Result<(), String> {
    match parts.path {
        "" => Err("names no database: \"postgres://HOST/DATABASE\"".to_owned()),
        path if path.contains('/') => Err("has more than the name of a database after the host".to_owned()),
        _ => Ok(()),
    }
}

fn redis_url(text: &str) -> Result<StoreUrl, String> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    if !["redis", "rediss", "redis+cluster", "rediss+cluster"].contains(&scheme) {
        return Err("must be \"redis://HOST\" or \"redis+cluster://HOST,HOST\", with \"rediss\" for TLS; without this key, \
                    sessions are in the main store"
            .to_owned());
    }
    StoreUrl::parse(text, |parts| {
        if !parts.options.is_empty() {
            return Err("takes no options after \"?\"".to_owned());
        }
        if scheme.ends_with("+cluster") {
            return match parts.path {
                "" => Ok(()),
                _ => Err("has more than hosts: a cluster has one database".to_owned()),
            };
        }
        if parts.hosts.len() > 1 {
            return Err(format!(
                "has several hosts; those of a cluster stand in \"{scheme}+cluster://HOST,HOST\""
            ));
        }
        match parts.path.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(()),
            false => Err("has more than the number of a database after the host".to_owned()),
        }
    })
}
