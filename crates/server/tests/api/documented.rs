//! `/openapi.json` tells of everything, and what it tells is so. Nothing here is remembered: the document is walked.
//!
//! That every answer of every test is documented, and has the fields that are documented, is checked in
//! `support/everywhere.rs`.

use rotunda_core::model::Caller;
use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::support::lists::FOR_OPERATORS;
use crate::support::{App, Ask, DOCUMENT, Setup, get, post};

/// What a caller needs to be let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Needs {
    /// Nothing: the route is there for everybody.
    Nothing,
    /// A good access token of a live session, and nothing else will do.
    Bearer,
    /// A service's own access token.
    Service,
    /// A user's or a service's access token, with a permission; which one is reviewed in `permission_walk.rs`.
    Permission,
    /// A bearer token, a cookie or something in the body, whichever the client has.
    Something,
}

/// Every operation and whom it lets in: a new one is reviewed here.
const OPERATIONS: [(&str, &str, Needs); 31] = [
    ("get", "/.well-known/jwks.json", Needs::Nothing),
    ("get", "/.well-known/oauth-authorization-server", Needs::Nothing),
    ("post", "/auth/email/change", Needs::Bearer),
    ("post", "/auth/email/confirm", Needs::Nothing),
    ("post", "/auth/email/verify", Needs::Nothing),
    ("get", "/auth/events", Needs::Bearer),
    ("post", "/auth/login", Needs::Nothing),
    ("post", "/auth/logout", Needs::Something),
    ("post", "/auth/logout-all", Needs::Bearer),
    ("delete", "/auth/me", Needs::Bearer),
    ("get", "/auth/me", Needs::Bearer),
    ("get", "/auth/me/export", Needs::Bearer),
    ("post", "/auth/password/change", Needs::Bearer),
    ("post", "/auth/password/forgot", Needs::Nothing),
    ("post", "/auth/password/reset", Needs::Nothing),
    ("post", "/auth/reauthenticate", Needs::Bearer),
    ("post", "/auth/refresh", Needs::Something),
    ("post", "/auth/register", Needs::Nothing),
    ("post", "/auth/report", Needs::Nothing),
    ("delete", "/auth/sessions", Needs::Bearer),
    ("get", "/auth/sessions", Needs::Bearer),
    ("delete", "/auth/sessions/{id}", Needs::Bearer),
    ("get", "/auth/verify", Needs::Something),
    ("get", "/healthz", Needs::Nothing),
    ("post", "/oauth/introspect", Needs::Something),
    ("post", "/oauth/revoke", Needs::Something),
    ("post", "/oauth/token", Needs::Something),
    ("get", "/openapi.json", Needs::Nothing),
    ("get", "/readyz", Needs::Nothing),
    ("get", "/revocations", Needs::Service),
    ("get", "/revocations/stream", Needs::Service),
];

/// Every operation of the document: method, path, entry.
fn operations() -> Vec<(&'static str, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let mut all: Vec<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
        .collect();
    all.sort_by_key(|(method, path, _)| (*path, *method));
    all
}

fn needs(operation: &Value) -> Needs {
    match operation["security"].as_array().map(Vec::as_slice) {
        None => Needs::Nothing,
        Some([only]) if *only == json!({"bearer": []}) => Needs::Bearer,
        Some([only]) if *only == json!({"service": []}) => Needs::Service,
        Some([bearer, service]) if !bearer["bearer"].is_null() && bearer["bearer"] == service["service"] => {
            Needs::Permission
        }
        Some(several) => {
            assert!(several.contains(&json!({})), "{several:?}");
            Needs::Something
        }
    }
}

fn asking(method: &str, path: &str) -> Ask {
    let path = path.replace("{id}", "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21");
    Ask::new(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), &path)
}

/// What a `$ref` of the document stands for.
fn resolved(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

#[test]
fn every_operation_was_reviewed() {
    let found = operations().into_iter().map(|(method, path, op)| (method, path, needs(op)));
    let (for_operators, found): (Vec<_>, Vec<_>) =
        found.partition(|(_, path, _)| path.starts_with(FOR_OPERATORS));
    assert_eq!(found, OPERATIONS);
    assert!(for_operators.iter().all(|(_, _, needs)| *needs == Needs::Permission), "{for_operators:?}");
}

#[tokio::test]
async fn every_operation_that_needs_a_bearer_token_refuses_whoever_has_none() {
    let app = App::new().await;
    let mut walked = 0;
    for (method, path, operation) in operations() {
        if needs(operation) != Needs::Bearer {
            continue;
        }
        walked += 1;
        app.send(asking(method, path)).await.challenged("token_missing", None);
        for rubbish in ["rubbish", "a.b.c", "rt1_AAAA", "null", ""] {
            app.send(asking(method, path).bearer(rubbish)).await.challenged("token_unknown", None);
        }
        let with_cookies = asking(method, path).cookies("rotunda_page=rp1_x; rotunda_refresh=rt1_x");
        app.send(with_cookies).await.challenged("token_missing", None);
        assert!(operation["responses"]["401"].is_object(), "{path}");
    }
    assert_eq!(walked, 11);
}

#[tokio::test]
async fn every_operation_that_needs_nothing_has_an_answer_for_everybody() {
    let app = App::new().await;
    for (method, path, operation) in operations() {
        if needs(operation) == Needs::Nothing {
            let status = app.send(asking(method, path)).await.status;
            assert_eq!(status, if method == "get" { 200 } else { 400 }, "{path}");
        }
    }
}

#[test]
fn every_operation_is_explained() {
    for (method, path, operation) in operations() {
        let told = |value: &Value| value.as_str().is_some_and(|text| text.len() > 4);
        assert!(told(&operation["summary"]), "{method} {path} has no summary");
        assert!(operation["operationId"].is_string(), "{method} {path} has no name");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path} has no place");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path} never goes well");
        for (status, response) in responses {
            assert!(told(&response["description"]), "{method} {path} {status}");
            let schema = &response["content"]["application/json"]["schema"];
            // The stream's answer is no JSON.
            let is_empty = matches!(status.as_str(), "204" | "304")
                || (["/admin/api/audit/export", "/auth/verify", "/oauth/revoke", "/revocations/stream"]
                    .contains(&path)
                    && status == "200");
            assert_eq!(schema.is_null(), is_empty, "{method} {path} {status}");
            if !status.starts_with('2') && status != "304" {
                assert_eq!(schema["$ref"], "#/components/schemas/ErrorBody", "{method} {path} {status}");
            }
        }
    }
}

#[test]
fn every_operation_name_is_its_own() {
    let mut names = BTreeMap::new();
    for (method, path, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap();
        assert_eq!(names.insert(name, path), None, "{method} {path} is called {name} as well");
    }
}

#[test]
fn every_field_and_parameter_says_what_it_is_where_its_name_does_not() {
    for (_, path, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{path}: {parameter}");
        }
    }
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        assert!(["properties", "oneOf", "allOf"].iter().any(|key| !schema[*key].is_null()), "{name}");
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let typed = ["type", "$ref", "oneOf"].iter().any(|key| !property[*key].is_null());
            assert!(typed, "{name}.{field} has no type");
        }
    }
}

/// What the document shows can be sent as it stands.
#[tokio::test]
async fn every_example_of_a_request_can_be_sent() {
    let app = Setup::new().start().await;
    let mut examples = BTreeMap::new();
    for (_, path, operation) in operations() {
        // Those of operators are sent in `admin/examples.rs`.
        if operation["requestBody"].is_null() || path.starts_with(FOR_OPERATORS) {
            continue;
        }
        let contents = operation["requestBody"]["content"].as_object().unwrap();
        let (kind, content) = contents.iter().next().unwrap();
        assert_eq!(kind == "application/x-www-form-urlencoded", path.starts_with("/oauth/"), "{path}");
        let example = [&content["example"], &resolved(&content["schema"])["example"]];
        let example = example.into_iter().find(|example| example.is_object());
        examples.insert(path, example.unwrap_or_else(|| panic!("{path} has no example")));
    }
    let paths: Vec<_> = examples.keys().copied().collect();
    assert_eq!(
        paths,
        [
            "/auth/email/change",
            "/auth/email/confirm",
            "/auth/email/verify",
            "/auth/login",
            "/auth/logout",
            "/auth/password/change",
            "/auth/password/forgot",
            "/auth/password/reset",
            "/auth/reauthenticate",
            "/auth/refresh",
            "/auth/register",
            "/auth/report",
            "/oauth/introspect",
            "/oauth/revoke",
            "/oauth/token",
        ]
    );
    let form = |path: &str| {
        let fields = examples[path].as_object().unwrap().iter();
        let fields: Vec<_> = fields.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        post(path).form(&fields)
    };
    let ask = |path: &str| post(path).json(examples[path]);
    app.send(ask("/auth/register")).await.session_on_phone(201);
    let ada = app.send(ask("/auth/login")).await.session_on_phone(200);
    let ada = app.send(ask("/auth/reauthenticate").bearer(&ada.access_token)).await.session_on_phone(200);
    assert_eq!(app.send(ask("/auth/email/change").bearer(&ada.access_token)).await.status, 202);
    assert_eq!(app.send(ask("/auth/password/forgot")).await.status, 202);
    app.send(ask("/auth/password/change").bearer(&ada.access_token)).await.session_on_phone(200);
    // Their tokens are shortened.
    for path in ["/auth/email/confirm", "/auth/email/verify", "/auth/password/reset", "/auth/report"] {
        app.send(ask(path)).await.link_invalid();
    }
    app.send(ask("/auth/refresh")).await.refused("token_unknown");
    app.send(form("/oauth/token")).await.grant_refused("token_unknown", None);
    app.send(form("/oauth/introspect")).await.client_refused(false);
    app.send(form("/oauth/revoke")).await.revoked();
    app.send(ask("/auth/logout")).await.no_content(&[]);
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let app = App::new().await;
    let answer = app.send(get("/openapi.json")).await;
    answer.has(200, &[("content-type", "application/json")], &[]);
    assert_eq!(answer.json, *DOCUMENT);
    assert!(answer.json["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[tokio::test]
async fn the_keys_are_public_and_nothing_but_public() {
    let app = App::new().await;
    let answer = app.send(get("/.well-known/jwks.json")).await;
    let tag = answer.header("etag").unwrap().to_owned();
    let kept = [("cache-control", "public, max-age=600"), ("etag", tag.as_str())];
    answer.has(200, &[kept[0], kept[1], ("content-type", "application/json")], &[]);
    let again = app.send(get("/.well-known/jwks.json").with("if-none-match", &tag)).await;
    again.has(304, &kept, &[]);
    assert!(again.bytes.is_empty());
    let other = app.send(get("/.well-known/jwks.json").with("if-none-match", "\"other\"")).await;
    assert_eq!((other.status, &other.json), (200, &answer.json));
    let kid = answer.json["keys"][0]["kid"].as_str().unwrap();
    assert!(tag.contains(kid), "{tag}");
    assert_eq!(crate::support::fields(&answer.json), ["keys"]);
    for key in answer.json["keys"].as_array().unwrap() {
        assert_eq!(crate::support::fields(key), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
    app.rotunda.rotate_keys(&Caller::default()).await.unwrap();
    let rotated = app.send(get("/.well-known/jwks.json").with("if-none-match", &tag)).await;
    assert_eq!((rotated.status, rotated.json["keys"].as_array().unwrap().len()), (200, 2));
    assert_ne!(rotated.header("etag"), Some(tag.as_str()));
}

/// The whole document, so that a change of the face is seen in review.
#[test]
fn the_face_is_what_it_was() {
    let mut document = DOCUMENT.clone();
    document["info"]["version"] = json!("[version]");
    document.sort_all_objects();
    insta::assert_snapshot!("openapi", serde_json::to_string_pretty(&document).unwrap());
}
