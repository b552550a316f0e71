//! What the doc comments of `file.rs` say of each key, tried.

use serde_json::json;

use super::super::documented::{Default, Key, schema, sections};
use super::super::environment::variable;
use super::super::reference::{example, instead};
use super::*;

/// Where every key has an effect, but for those of `[backup]`.
const BASE: &str = "[store]\nurl = \"postgres://one/rotunda\"\n[sessions]\nstore = \"rediss://one\"\n\
                    [mail]\nurl = \"smtps://one.example\"\nfrom = \"a@b.example\"\n";

/// Where those have one.
const BACKED_UP: &str = "[backup]\nfolder = \"backups\"\n";

fn keys() -> impl Iterator<Item = (&'static str, &'static Key)> {
    sections().iter().flat_map(|section| section.keys.iter().map(move |key| (section.name, key)))
}

#[test]
fn each_key_says_what_it_means_what_holds_without_it_and_has_an_example() {
    assert_eq!(sections().len(), names::sections().len());
    for section in sections() {
        assert!(!section.about.is_empty(), "[{}] has no doc comment", section.name);
        assert_eq!(section.keys.iter().map(|key| key.name).collect::<Vec<_>>(), names::keys(section.name));
    }
    for (section, key) in keys() {
        let name = key.name;
        assert_ne!(
            key.default,
            Default::Untold,
            "[{section}] {name}: its doc comment does not end with \"Default …\""
        );
        assert!(key.example.is_some(), "[{section}] {name}: its doc comment has no \"For instance `…`.\"");
        assert!(!key.form.is_empty() && key.meaning.ends_with('.'), "[{section}] {name}: {}", key.meaning);
    }
}

#[test]
fn the_defaults_that_are_told_are_those_that_hold() {
    let based = |base: &str, environment: &[(&str, &str)]| with(base, environment, Overrides::default());
    let mut told = 0;
    for (section, key) in keys() {
        let Default::Value(value) = &key.default else { continue };
        let variable = variable(section, Some("web"), key.name);
        let base = if section == "backup" { BACKED_UP } else { BASE };
        let nothing = outcome(&based(base, &[]).unwrap());
        let set = based(base, &[(&variable, value)]).unwrap_or_else(|e| panic!("{variable}={value}: {e}"));
        assert_eq!(outcome(&set), nothing, "{variable}={value} is not what holds without it");
        told += 1;
    }
    assert!(told > 30, "only {told} defaults were tried");
    // Where one is another one, that shows.
    let other = based(BASE, &[("ROTUNDA_MAIL__POOL", "5")]).unwrap();
    assert_ne!(outcome(&other), outcome(&based(BASE, &[]).unwrap()));
}

/// The example, with the keys that are wanted.
fn uncommented(is_wanted: impl Fn(&str, &str) -> bool) -> String {
    let mut section = String::new();
    let text = example();
    let lines = text.lines().map(|line| {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        }
        let key = line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        match key.and_then(|key| key.split_once(" = ").map(|(name, _)| (key, name))) {
            Some((key, name)) if is_wanted(&section, name) => key,
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_good_as_it_is_and_with_every_key_in_it() {
    assert_eq!(outcome(&good(&example())), outcome(&good("")));
    let is_in_a_file = |section: &str, name: &str| {
        let section = sections().iter().find(|it| it.name == section);
        section.is_some_and(|section| instead(section, name).is_some())
    };
    // The store of the example is PostgreSQL, and `[backup]` is for SQLite.
    let is_backup = |section: &str| section == "backup";
    // Where spans go is refused by a build that has none.
    let is_refused = |name: &str| name == "otlp_endpoint" && cfg!(not(feature = "opentelemetry"));
    let is_good =
        |section: &str, name: &str| !is_backup(section) && !is_in_a_file(section, name) && !is_refused(name);
    let everything = uncommented(is_good);
    let given = |text: &str| good(text).sources.values().filter(|source| source.is_given()).count();
    let backup = keys().filter(|(section, _)| is_backup(section)).count();
    let in_files = keys().filter(|(section, key)| is_in_a_file(section, key.name)).count();
    let refused = keys().filter(|(_, key)| is_refused(key.name)).count();
    assert_eq!((given(&everything), in_files, backup), (keys().count() - in_files - backup - refused, 3, 3));
    assert_eq!(given(&uncommented(|section, _| is_backup(section))), backup);
    let twice = bad(&uncommented(|_, _| true));
    assert!(twice.contains("[store] url_file: url is set too"), "{twice}");
}

#[test]
fn where_a_password_may_be_is_marked() {
    let secret: Vec<String> = keys()
        .filter(|(_, key)| key.is_secret)
        .map(|(section, key)| format!("{section}.{}", key.name))
        .collect();
    for known in ["store.url", "sessions.store", "mail.url"] {
        assert!(secret.iter().any(|key| key == known), "{known} in {secret:?}");
    }
    for (section, key) in keys().filter(|(_, key)| key.form == "a text" && !key.name.ends_with("_file")) {
        let suspicious = ["secret", "password", "token", "credential", "header", "authorization"];
        let is_suspicious =
            key.meaning.contains("PASSWORD") || suspicious.iter().any(|word| key.name.contains(word));
        assert!(
            !is_suspicious || key.is_secret,
            "[{section}] {}: `#[schemars(extend(\"writeOnly\" = true))]`, or it would be shown",
            key.name
        );
    }
}

#[test]
fn the_schema_says_which_values_there_are() {
    let schema = schema();
    let of = |path: &str| schema.pointer(path).unwrap_or_else(|| panic!("{path} in {schema:#}"));
    assert_eq!(of("/$schema"), "http://json-schema.org/draft-07/schema#");
    assert_eq!(
        (of("/additionalProperties"), of("/properties/log/additionalProperties")),
        (&json!(false), &json!(false))
    );
    assert_eq!(of("/properties/log/properties/format/enum"), &json!(["text", "json"]));
    assert_eq!(of("/properties/log/properties/format/default"), "text");
    assert_eq!(of("/properties/password/properties/min_length/type"), "integer");
    assert_eq!(of("/properties/password/properties/min_length/default"), 12);
    assert_eq!(of("/properties/limits/properties/enabled/default"), true);
    assert_eq!(of("/properties/server/properties/trusted_proxies/examples"), &json!([["10.0.0.0/8"]]));
    assert_eq!(of("/properties/clients/additionalProperties/properties/kind/enum/3"), "service");
    assert_eq!(of("/properties/store/properties/url/writeOnly"), true);
    assert!(!schema.to_string().contains("null") && !schema.to_string().contains("$ref"), "{schema:#}");
}
