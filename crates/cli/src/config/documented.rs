//! Every key with what it means, as the structs of `file.rs` say it. Their doc comments are the only source: of the JSON Schema for
//! editors, of the reference, of the example, and of what `rotunda config show` says of defaults.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::file::Given;
use super::names;

/// The names that doc comments have for what they tell at their end.
const DEFAULT: &str = "Default";
const INSTANCE: &str = "For instance `";

/// A section with its keys, both in the order of the structs.
pub(super) struct Section {
    /// As between the brackets; `clients` stands for `[clients.NAME]`.
    pub name: &'static str,
    /// What it is for.
    pub about: String,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// One key.
pub(super) struct Key {
    /// Its name.
    pub name: &'static str,
    /// The doc comment as one paragraph.
    pub meaning: String,
    /// The form of its value, in words.
    pub form: String,
    /// What holds without it.
    pub default: Default,
    /// A value to show: the default where that is one.
    pub example: Option<Value>,
    /// Whether there may be a password in it.
    pub is_secret: bool,
}

/// What holds where a key is not set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Default {
    /// This value.
    Value(String),
    /// What these words say.
    Words(String),
    /// Its doc comment does not say.
    Untold,
}

/// All sections. They are read once.
pub(super) fn sections() -> &'static [Section] {
    static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
        let schema = schema();
        names::sections().iter().map(|name| section(name, &schema)).collect()
    });
    &SECTIONS
}

/// Whether there may be a password in a key.
pub(super) fn is_secret(section: &str, key: &str) -> bool {
    let section = sections().iter().find(|it| it.name == section);
    section.and_then(|section| section.keys.iter().find(|it| it.name == key)).is_none_or(|key| key.is_secret)
}

/// The JSON Schema of the configuration file (draft 7, which editors of TOML understand).
pub(crate) fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Given>().to_value();
    without_null(&mut schema);
    for name in names::sections() {
        let Some(section) = schema.pointer_mut(&pointer(name)) else { continue };
        in_one_paragraph(section);
        for key in names::keys(name) {
            if let Some(key) = section.pointer_mut(&format!("/properties/{key}")) {
                in_one_paragraph(key);
                complete(key);
            }
        }
    }
    schema["title"] = json!("rotunda.toml");
    schema["description"] = json!("The configuration of Rotunda, an authentication server.");
    schema["properties"]["clients"]["description"] = json!("Clients by their names.");
    schema
}

/// Where the schema of a section is: for `clients` that of each client.
fn pointer(section: &str) -> String {
    let each = if section == "clients" { "/additionalProperties" } else { "" };
    format!("/properties/{section}{each}")
}

/// TOML has no null: a key that is not set is not there.
fn without_null(schema: &mut Value) {
    let is_null = |value: &Value| value.is_null() || *value == "null" || *value == json!({"type": "null"});
    match schema {
        Value::Object(object) => {
            for name in ["type", "enum", "anyOf"] {
                if let Some(Value::Array(choices)) = object.get_mut(name) {
                    choices.retain(|choice| !is_null(choice));
                    if let ([only], "type") = (choices.as_slice(), name) {
                        let only = only.clone();
                        object.insert(name.to_owned(), only);
                    }
                }
            }
            if let Some(Value::Array(choices)) = object.get("anyOf")
                && let [Value::Object(only)] = choices.as_slice()
            {
                let only: Map<String, Value> = only.clone();
                object.remove("anyOf");
                object.extend(only);
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        _ => {}
    }
}

fn in_one_paragraph(schema: &mut Value) {
    let words: Vec<&str> = schema["description"].as_str().unwrap_or_default().split_whitespace().collect();
    schema["description"] = json!(words.join(" "));
}

/// Adds what the doc comment says of the default, and an example.
fn complete(key: &mut Value) {
    let meaning = key["description"].as_str().unwrap_or_default().to_owned();
    let default = default(&meaning);
    if let Default::Value(text) = &default {
        key["default"] = typed(key, text);
    }
    if let Some(text) = instance(&meaning) {
        key["examples"] = json!([typed(key, text)]);
    }
}

fn section(name: &'static str, schema: &Value) -> Section {
    let schema = schema.pointer(&pointer(name)).unwrap_or(&Value::Null);
    let about = schema["description"].as_str().unwrap_or_default();
    // "`[log]`: what is written …"
    let about = about.split_once("`: ").map_or(about, |(_, about)| about);
    let key = |name: &&'static str| key(name, &schema["properties"][*name]);
    Section { name, about: about.to_owned(), keys: names::keys(name).iter().map(key).collect() }
}

fn key(name: &'static str, schema: &Value) -> Key {
    let meaning = schema["description"].as_str().unwrap_or_default().to_owned();
    let example = schema["examples"].get(0).or_else(|| schema.get("default")).cloned();
    Key {
        name,
        form: schema["title"].as_str().unwrap_or("a text").to_owned(),
        default: default(&meaning),
        example: example.or_else(|| by_form(schema)),
        is_secret: schema["writeOnly"] == true,
        meaning,
    }
}

/// A value of this form, where any is an example.
fn by_form(schema: &Value) -> Option<Value> {
    let is_list = schema.pointer("/anyOf/0/type").is_some_and(|form| form == "array");
    let word = || schema.pointer("/enum/0").or_else(|| schema.get("minimum")).cloned();
    if is_list {
        Some(json!([]))
    } else {
        word().or_else(|| (schema["type"] == "boolean").then_some(json!(false)))
    }
}

/// What a text is in the form of this schema.
fn typed(schema: &Value, text: &str) -> Value {
    let is_list = schema.pointer("/anyOf/0/type").is_some_and(|form| form == "array");
    let parsed = || text.parse::<Value>().unwrap_or_else(|_| json!(text));
    match schema["type"].as_str() {
        _ if is_list => json!([text]),
        Some("integer" | "number" | "boolean") => parsed(),
        _ => json!(text),
    }
}

/// `X` of "For instance `X`."
fn instance(meaning: &str) -> Option<&str> {
    meaning.split_once(INSTANCE).and_then(|(_, rest)| rest.split('`').next())
}

/// The last sentence of a doc comment. "Default `10s`." and "Default 12." are values, also with a colon and words behind them;
/// everything else is words.
fn default(meaning: &str) -> Default {
    let sentence = meaning.rsplit_once(&format!(". {DEFAULT}")).map(|(_, rest)| rest);
    let Some(rest) = sentence.or_else(|| meaning.strip_prefix(DEFAULT)) else { return Default::Untold };
    let words = rest.trim_start_matches(':').trim().trim_end_matches('.');
    if rest.starts_with(':') {
        return Default::Words(words.to_owned());
    }
    let value = match words.strip_prefix('`').and_then(|inner| inner.split_once('`')) {
        Some((value, "")) => Some(value),
        Some((value, after)) if after.starts_with(':') => Some(value),
        Some(_) => None,
        None => words.bytes().all(|byte| byte.is_ascii_digit()).then_some(words),
    };
    value.map_or_else(|| Default::Words(words.to_owned()), |value| Default::Value(value.to_owned()))
}
