//! `[store]`, `[sessions] store` and `[limits] store`, tried.

use super::super::StoreSettings;
use super::*;

fn settings(text: &str) -> StoreSettings {
    good(text).settings.store
}

const POSTGRES: &str = "[store]\nurl = \"postgres://ada:secret@db/rotunda\"\n";
const REDIS: &str = "[sessions]\nstore = \"redis://:secret@cache\"\n";

#[test]
fn tries_are_counted_where_all_servers_see_them() {
    let limits = |text: &str| settings(text).limits;
    let says = |word: &str| format!("[limits]\nstore = \"{word}\"\n");
    assert_eq!(limits(""), LimitsStore::Memory);
    assert_eq!(limits(POSTGRES), LimitsStore::Database);
    assert_eq!(limits(REDIS), LimitsStore::Sessions);
    assert_eq!(limits(&format!("{POSTGRES}{REDIS}")), LimitsStore::Sessions);
    assert_eq!(limits(&format!("{POSTGRES}{REDIS}{}", says("database"))), LimitsStore::Database);
    assert_eq!(limits(&format!("{REDIS}{}", says("memory"))), LimitsStore::Memory);
    let Loaded { settings, warnings, .. } = good(&format!("{POSTGRES}{}", says("memory")));
    assert_eq!(settings.store.limits, LimitsStore::Memory);
    assert_eq!(
        warnings,
        [
            "rotunda.toml:4: [limits] store: \"memory\" and PostgreSQL: each server counts for itself, so whoever guesses has as \
          many tries on each"
        ]
    );
}

#[test]
fn every_form_of_a_url_is_read() {
    for url in [
        "postgres://db/rotunda",
        "postgresql://ada@db:5432/rotunda",
        "postgres://ada:p%40ss@one:5432,two:5433/rotunda?sslmode=require&target_session_attrs=any",
        "postgres://ada:a:b@[2001:db8::1]:5432/rotunda",
        "postgres://%2Fvar%2Frun%2Fpostgresql/rotunda",
    ] {
        let main = settings(&format!("[store]\nurl = {url:?}")).main;
        assert!(
            matches!(&main, MainStore::Postgres(it) if it.url.expose() == url && it.connections == 16),
            "{url}"
        );
    }
    for url in [
        "redis://cache",
        "rediss://ada:secret@cache:6380/3",
        "redis+cluster://one:7000,two:7000",
        "rediss+cluster://:secret@one,[::1]:7000",
    ] {
        let sessions = settings(&format!("[sessions]\nstore = {url:?}")).sessions.unwrap();
        assert_eq!(sessions.url.expose(), url);
    }
}

#[test]
fn what_is_shown_of_a_url_is_where_and_not_who() {
    let text = "[store]\nurl = \"postgres://ada:secret@one:5432,two/rotunda?password=secret\"\n\
                [sessions]\nstore = \"redis+cluster://ada:secret@r1:7000,r2\"\n";
    let StoreSettings { main, sessions, .. } = settings(text);
    assert_eq!(main.to_string(), "postgres://one:5432,two/rotunda");
    assert_eq!(sessions.as_ref().unwrap().url.to_string(), "redis+cluster://r1:7000,r2");
    let all = format!("{:?}", good(text));
    assert!(all.contains("StoreUrl(postgres://one:5432,two/rotunda)"), "{all}");
    assert!(!all.contains("secret") && !all.contains("ada"), "{all}");
}

/// A letter that should have been escaped makes a host or a database of a part of the password.
#[test]
fn no_refusal_shows_a_part_of_a_url() {
    for url in [
        "postgres://ada:sec/ret@db/rotunda",
        "postgres://ada:12/ret@db/rotunda",
        "postgres://ada:sec?ret@db/rotunda",
        "postgres://ada:12?x=ret@db/rotunda",
        "postgres://ada:sec#ret@db/rotunda",
        "postgres://ada:sec@ret@db/rotunda",
        "postgres://ada:sec ret@db/rotunda",
        "postgres://ada:secret@/rotunda",
        "postgres://ada:secret@db:99999/rotunda",
        "postgres://ada:secret@db,/rotunda",
        "postgres://ada:secret@[::z]/rotunda",
        "postgres://ada:secret@db/",
        "postgres://ada:secret@db/rotunda/secret",
        "postgres:ada:secret@db/rotunda",
    ] {
        let refused = bad(&format!("[store]\nurl = {url:?}"));
        let words = ["ada", "sec", "ret", "12"];
        // What is not about this URL is the same for all of them.
        let of_ours = refused.replace("[store]", "");
        assert!(refused.starts_with("rotunda.toml:2: [store] url: "), "{url}: {refused}");
        assert!(!words.iter().any(|word| of_ours.contains(word)), "{url}: {refused}");
    }
}

#[test]
fn a_url_can_be_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let main = |loaded: Loaded| loaded.settings.store.main.to_string();
    let (db, other) = (file("db", "postgres://ada:secret@db/one\n"), file("other", "postgres://db/two"));
    let redis = file("redis", "redis://:secret@cache\r\n");
    let named = format!("[store]\nurl_file = {db:?}\n[sessions]\nstore_file = {redis:?}\n");
    let settings = good(&named).settings.store;
    assert_eq!(
        (settings.main.to_string(), settings.limits),
        ("postgres://db/one".into(), LimitsStore::Sessions)
    );
    assert_eq!(settings.sessions.unwrap().url.expose(), "redis://:secret@cache");
    // The environment goes over the file, whichever of the two keys it sets.
    for (variable, value) in [("URL", "postgres://db/two"), ("URL_FILE", other.as_str())] {
        let variable = format!("ROTUNDA_STORE__{variable}");
        for text in [named.as_str(), POSTGRES] {
            let loaded = with(text, &[(variable.as_str(), value)], Overrides::default()).unwrap();
            assert_eq!(main(loaded), "postgres://db/two", "{variable}, {text}");
        }
    }
    assert_eq!(
        bad(&format!("{POSTGRES}url_file = {db:?}")),
        "rotunda.toml:3: [store] url_file: url is set too; set one of the two"
    );
    let both = [("ROTUNDA_SESSIONS__STORE", "redis://x"), ("ROTUNDA_SESSIONS__STORE_FILE", redis.as_str())];
    assert_eq!(bad_env(&both), "ROTUNDA_SESSIONS__STORE_FILE: store is set too; set one of the two");
    assert_eq!(
        bad("[store]\nurl_file = \"/nowhere/url\""),
        "rotunda.toml:2: [store] url_file: /nowhere/url cannot be read: No such file or directory (os error 2)"
    );
    let wrong = file("wrong", "mysql://ada:secret@db/x");
    assert!(
        bad(&format!("[store]\nurl_file = {wrong:?}"))
            .starts_with("rotunda.toml:2: [store] url_file: must be")
    );
    let long = file("long", &"x".repeat(70_000));
    assert!(bad(&format!("[store]\nurl_file = {long:?}")).contains("has more than 64 KiB"));
}

#[test]
fn what_contradicts_itself_is_refused_with_what_to_do() {
    for (text, finding) in CONTRADICTIONS {
        assert_eq!(bad(text), *finding);
    }
    good("[store]\nurl = \"postgres://127.0.0.1,db/x\"\nca_file = \"x\"");
    good("[store]\nurl = \"postgres://localhost/x?sslmode=require\"\nca_file = \"x\"");
}

const CONTRADICTIONS: &[(&str, &str)] = &[
    (
        "[store]\nconnections = 3",
        "rotunda.toml:2: [store] connections: is for PostgreSQL, and url is a file of SQLite; leave this away",
    ),
    (
        "[store]\nca_file = \"x\"",
        "rotunda.toml:2: [store] ca_file: is for PostgreSQL, and url is a file of SQLite; leave this away",
    ),
    (
        "[store]\nurl = \"postgres://db/x?sslmode=disable\"\nca_file = \"x\"",
        "rotunda.toml:3: [store] ca_file: is of no use without TLS, which is off by sslmode=disable in url, or \
         because the host is this machine: say sslmode=require there, or leave this away",
    ),
    (
        "[store]\nurl = \"postgres://127.0.0.1:5432,[::1]:5433,localhost/x\"\nca_file = \"x\"",
        "rotunda.toml:3: [store] ca_file: is of no use without TLS, which is off by sslmode=disable in url, or \
         because the host is this machine: say sslmode=require there, or leave this away",
    ),
    (
        "[store]\nurl = \"postgres://db/x\"\nconnections = 0",
        "rotunda.toml:3: [store] connections: 0 is not a whole number from 1 to 1000",
    ),
    (
        "[sessions]\nca_file = \"x\"",
        "rotunda.toml:2: [sessions] ca_file: is of no use without store, which says where the sessions are; \
         leave this away",
    ),
    (
        "[sessions]\nstore = \"redis://:secret@cache\"\nca_file = \"x\"",
        "rotunda.toml:3: [sessions] ca_file: is of no use with a store that begins with \"redis\", which is \
         without TLS: it begins with \"rediss\" where there is TLS",
    ),
    (
        "[sessions]\nstore = \"memcached://cache\"",
        "rotunda.toml:2: [sessions] store: must be \"redis://HOST\" or \"redis+cluster://HOST,HOST\", with \
         \"rediss\" for TLS; without this key, sessions are in the main store",
    ),
    (
        "[sessions]\nstore = \"redis://one,two\"",
        "rotunda.toml:2: [sessions] store: has several hosts; those of a cluster stand in \
         \"redis+cluster://HOST,HOST\"",
    ),
    (
        "[sessions]\nstore = \"redis://one/sessions\"",
        "rotunda.toml:2: [sessions] store: has more than the number of a database after the host",
    ),
    (
        "[sessions]\nstore = \"redis+cluster://one/2\"",
        "rotunda.toml:2: [sessions] store: has more than hosts: a cluster has one database",
    ),
    (
        "[limits]\nstore = \"sessions\"",
        "rotunda.toml:2: [limits] store: \"sessions\" needs the Redis of [sessions] store, which is not set",
    ),
    (
        "[limits]\nstore = \"database\"",
        "rotunda.toml:2: [limits] store: \"database\" needs PostgreSQL in [store] url; of SQLite there is one \
         server, and \"memory\" does",
    ),
    (
        "[limits]\nstore = \"redis\"",
        "rotunda.toml:2: [limits] store: \"redis\" is not a choice here; there are \"memory\", \"database\", \
         \"sessions\"",
    ),
];

#[test]
fn the_page_about_stores_names_every_key() {
    let page = include_str!("../../../../../docs/reference/stores.md");
    let of_others = ["keep_ended", "max_per_user", "when_full"];
    for section in ["store", "sessions"] {
        for key in names::keys(section).iter().filter(|key| !of_others.contains(key)) {
            assert!(page.contains(&format!("| `[{section}] {key}` |")), "[{section}] {key}");
        }
    }
    assert!(page.contains("| `[limits] store` |"));
}

#[test]
fn what_only_the_driver_knows_of_a_url_is_told_before_anything_is_opened() {
    for options in ["sslmode=requires", "sslmode=allow", "tls=on", "target_session_attrs=primary"] {
        let refused = bad(&format!("[store]\nurl = \"postgres://ada:secret@db/rotunda?{options}\""));
        assert!(refused.starts_with("rotunda.toml:2: [store] url: "), "{options}: {refused}");
        assert!(!refused.contains("secret") && !refused.contains("ada"), "{refused}");
    }
}

#[test]
fn a_password_that_leaves_the_machine_without_tls_is_worth_a_warning() {
    let warned = |url: &str| !good(&format!("[store]\nurl = {url:?}")).warnings.is_empty();
    for mode in ["disable", "prefer"] {
        assert!(warned(&format!("postgres://db/rotunda?sslmode={mode}")), "{mode}");
        assert!(!warned(&format!("postgres://127.0.0.1/rotunda?sslmode={mode}")), "{mode}");
    }
    for url in
        ["postgres://db/rotunda", "postgres://db/rotunda?sslmode=require", "postgres://localhost/rotunda"]
    {
        assert!(!warned(url), "{url}");
    }
}
