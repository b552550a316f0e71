//! Whatever is sent, nothing breaks: no 5xx, no panic, and whoever was signed in still is.

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::admin::Operator;
use crate::support::lists::FOR_OPERATORS;
use crate::support::{ADA, App, Ask, DOCUMENT, PASSWORD, Phone};

/// Names that bodies have, and one that they have not.
const NAMES: [&str; 14] = [
    "email",
    "password",
    "username",
    "name",
    "client_id",
    "remember",
    "device_secret",
    "refresh_token",
    "token",
    "retry_keys",
    "current_password",
    "new_password",
    "unknown",
    "",
];

/// Every operation of the document, with an id where it takes one.
fn operations() -> Vec<(String, String)> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            let path =
                ["{id}", "{kid}", "{name}"].iter().fold(path.clone(), |path, name| path.replace(name, "x"));
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

/// Texts that somebody might look at twice.
fn a_text() -> impl Strategy<Value = String> {
    let known = [
        ADA,
        PASSWORD,
        "web",
        "native",
        "rt1_",
        "rl1_AAAA",
        "rd1_AAAA",
        "k-k-k-k-k-k-k-k-k-k-k-k",
        "\u{0}",
        "",
    ];
    prop_oneof![select(known.to_vec()).prop_map(str::to_owned), any::<String>()]
}

fn a_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => a_text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 16, 5, |inner| {
        let object = vec((select(NAMES.to_vec()), inner.clone()), 0..5).prop_map(object);
        prop_oneof![vec(inner, 0..6).prop_map(Value::from), object]
    })
}

fn object(fields: Vec<(&'static str, Value)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// Bytes, JSON, and what looks like one of our bodies.
fn a_body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => vec(any::<u8>(), 0..256),
        1 => a_value().prop_map(|value| value.to_string().into_bytes()),
        4 => vec((select(NAMES.to_vec()), a_value()), 0..6).prop_map(|fields| object(fields).to_string().into_bytes()),
    ]
}

/// What a header may carry, with our own words in it.
fn a_header() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "rotunda_refresh=",
        "rotunda_device=rd1_",
        "rotunda_page=rp1_",
        "Bearer ",
        "; ",
        "rt1_AQ",
        "=",
        ".",
        "\"",
    ];
    let byte = any::<u8>().prop_filter("not in a header", |byte| *byte >= 0x20 && *byte != 0x7f);
    let piece = prop_oneof![select(words.to_vec()).prop_map(|w| w.as_bytes().to_vec()), vec(byte, 0..12)];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Tries each operation with many of them.
fn try_everywhere<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, dress: impl Fn(Ask, &T) -> Ask) {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(App::new());
    let mut ada = Phone::new(&app, "ada");
    runtime.block_on(ada.register(ADA, PASSWORD)).session_on_phone(201);
    let root = runtime.block_on(Operator::admin(&app));
    for (method, path) in operations() {
        // There are as many of these again, and they share what reads a request: fewer tries of each, by somebody who may.
        let is_admin = path.starts_with(FOR_OPERATORS);
        let cases = if is_admin { 30 } else { 200 };
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(strategy, |sent| {
            let ask = dress(Ask::new(method.parse().unwrap(), &path), &sent);
            let is_bare = ask.header("authorization").is_none();
            let ask = if is_admin && is_bare { ask.bearer(&root.token) } else { ask };
            let status = runtime.block_on(app.send(ask)).status;
            if status < 500 { Ok(()) } else { Err(TestCaseError::fail(format!("{method} {path}: {status}"))) }
        });
        outcome.unwrap_or_else(|why| panic!("{method} {path}: {why}"));
    }
    runtime.block_on(ada.me()).user();
    runtime.block_on(ada.refresh()).session_on_phone(200);
}

#[test]
fn any_body() {
    try_everywhere(&a_body(), |ask, body| ask.json_bytes(body));
}

#[test]
fn any_body_of_any_type() {
    try_everywhere(&(a_header(), a_body()), |ask, (kind, body)| {
        ask.with_bytes(CONTENT_TYPE, kind).body(body)
    });
}

#[test]
fn any_body_beside_any_cookie() {
    try_everywhere(&(a_header(), a_body()), |ask, (cookie, body)| {
        ask.with_bytes(COOKIE, cookie).json_bytes(body)
    });
}

#[test]
fn any_authorization() {
    try_everywhere(&a_header(), |ask, header| ask.with_bytes(AUTHORIZATION, header));
    try_everywhere(&a_header(), |ask, header| {
        ask.with_bytes(AUTHORIZATION, &[b"Bearer ", header.as_slice()].concat())
    });
}

#[test]
fn any_origin_and_any_forwarding() {
    try_everywhere(&(a_header(), a_header()), |ask, (origin, hops)| {
        ask.with_bytes(ORIGIN, origin).with_bytes("x-forwarded-for", hops).with_bytes("sec-fetch-site", hops)
    });
}
