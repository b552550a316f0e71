//! What is true of every answer, whatever was asked: so each test checks it, and none can forget.

use std::sync::LazyLock;

use http::Method;
use http::header::ORIGIN;
use serde_json::Value;

use super::lists::{ENDINGS, ERRORS, FOR_GATEWAYS, FOR_OPERATORS, PAGES, REASONS, UNDOCUMENTED};
use super::{Answer, App, Ask, page};

/// All of it.
pub(crate) fn check(app: &App, ask: &Ask, answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.told());
    let id = &answer.request_id;
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id:?}: {}", answer.told());
    let secure = (app.web.is_https() && !app.web.is_loopback()).then_some("max-age=31536000");
    assert_eq!(answer.header("strict-transport-security"), secure, "{}", answer.told());
    check_retry_after(answer);
    let gives_tokens = ask.path == "/oauth/token" && ask.method == Method::POST && answer.status == 200;
    assert_eq!(answer.header("pragma"), gives_tokens.then_some("no-cache"), "{}", answer.told());
    // What was meant for another host is answered before anybody asks whether it was meant for a page.
    let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    if is_page || (PAGES.contains(&ask.path.split('?').next().unwrap()) && answer.status != 421) {
        return page::check(ask, answer);
    }
    if answer.is_error() {
        check_error(ask, answer);
    }
    if let Some(operation) = operation(&ask.method, &ask.path) {
        // What was meant for another host is no answer of ours to any page.
        if answer.status != 421 {
            check_cors(app, ask, answer);
        }
        check_documented(operation, answer);
    }
}

/// 429 and 503 say when to come back, and nothing else does.
fn check_retry_after(answer: &Answer) {
    let seconds = answer.header("retry-after").map(|text| text.parse::<u32>().unwrap());
    assert_eq!(seconds.is_some(), matches!(answer.status, 429 | 503), "{}", answer.told());
}

/// One shape for all errors, closed lists, no cookie touched, nothing kept.
fn check_error(ask: &Ask, answer: &Answer) {
    assert_eq!(answer.cookies(), [""; 0], "a refusal never touches a cookie: {}", answer.told());
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.told());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{}", answer.told());
    // axum tells it with whatever answers a method that no handler takes, a preflight's refusal too.
    let tells_methods = answer.status == 405 || ask.method == Method::OPTIONS;
    assert!(answer.header("allow").is_none() || tells_methods, "{}", answer.told());
    assert!(answer.header("allow").is_some() || answer.status != 405, "{}", answer.told());
    let body =
        answer.json.as_object().unwrap_or_else(|| panic!("not the shape of an error: {}", answer.told()));
    const FIELDS: [&str; 5] = ["error", "error_description", "reason", "ended", "generation"];
    assert!(body.keys().all(|name| FIELDS.contains(&name.as_str())), "{}", answer.told());
    let of = |field: &str| body.get(field).map(|value| value.as_str().unwrap());
    let error = of("error").unwrap();
    let statuses = ERRORS.iter().find(|(code, _)| *code == error).map(|(_, statuses)| *statuses);
    assert!(statuses.is_some_and(|known| known.contains(&answer.status)), "{}", answer.told());
    assert!(
        of("error_description").is_some_and(|text| text.len() > 10 && text.ends_with('.')),
        "{}",
        answer.told()
    );
    assert!(of("reason").is_none_or(|reason| REASONS.contains(&reason)), "{}", answer.told());
    assert!(of("ended").is_none_or(|ended| ENDINGS.contains(&ended)), "{}", answer.told());
    let tells_the_generation = body.get("generation").is_some_and(Value::is_u64);
    assert_eq!(tells_the_generation, of("reason") == Some("generation_mismatch"), "{}", answer.told());
    let may_tell_the_ending = matches!(of("reason"), Some("session_ended" | "token_reused"));
    assert!(of("ended").is_none() || may_tell_the_ending, "{}", answer.told());
    let basic =
        |ask: &Ask| ask.header("authorization").is_some_and(|it| it.as_bytes().starts_with(b"Basic "));
    let is_challenged = match error {
        "invalid_token" | "insufficient_user_authentication" | "insufficient_scope" => true,
        "invalid_client" => answer.status == 401 && basic(ask),
        _ => false,
    };
    assert_eq!(answer.header("www-authenticate").is_some(), is_challenged, "{}", answer.told());
    let tells_why = of("reason").is_some() || error == "invalid_client";
    assert!(tells_why || answer.status != 401, "a 401 says why: {}", answer.told());
}

/// Exact origins, credentials on `/auth` only, one `Vary`.
fn check_cors(app: &App, ask: &Ask, answer: &Answer) {
    if ask.path == FOR_GATEWAYS || ask.path.starts_with(FOR_OPERATORS) {
        let cors = |name: &str| name == "vary" || name.starts_with("access-control-");
        assert!(!answer.headers.keys().any(|name| cors(name.as_str())), "{}", answer.told());
        return;
    }
    assert_eq!(answer.header("vary"), Some("origin"), "{}", answer.told());
    let origins: Vec<_> = ask.headers.iter().filter(|(name, _)| *name == ORIGIN).collect();
    let told = match origins.as_slice() {
        [(_, origin)] => origin.to_str().ok().filter(|origin| app.web.allows(origin)),
        _ => return,
    };
    assert_eq!(answer.header("access-control-allow-origin"), told, "{}", answer.told());
    let credentials = answer.header("access-control-allow-credentials");
    if !ask.path.starts_with("/auth/") {
        assert_eq!(credentials, None, "{}", answer.told());
    } else if told.is_some() {
        assert_eq!(credentials, Some("true"), "{}", answer.told());
    }
}

/// Whatever a route answers, its document has said so.
fn check_documented(operation: &Value, answer: &Answer) {
    let status = answer.status.to_string();
    let documented = operation["responses"].as_object().unwrap().contains_key(&status);
    let anywhere = UNDOCUMENTED.contains(&answer.status) || answer.status == 500;
    assert!(documented || anywhere, "/openapi.json does not tell of it: {}", answer.told());
    let schema = &operation["responses"][&status]["content"]["application/json"]["schema"];
    if documented && !answer.bytes.is_empty() {
        fits(schema, &answer.json)
            .unwrap_or_else(|why| panic!("{why}, says /openapi.json: {}", answer.told()));
    }
}

/// Whether a value is what a schema of the document says, as far as our schemas go.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/components/schemas/");
        return fits(&DOCUMENT["components"]["schemas"][name], value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().map(|choice| fits(choice, value)).reduce(Result::or).unwrap_or(Ok(()));
    }
    let is = |kind: &Value| match kind.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        _ => false,
    };
    let typed = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    };
    if !typed {
        return Err(format!("{value} is no {}", schema["type"]));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        value.get(required.as_str().unwrap_or_default()).ok_or_else(|| format!("{required} is missing"))?;
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        match &schema["properties"][name] {
            Value::Null if schema["properties"].is_object() => return Err(format!("{name} is not a field")),
            property => fits(property, field)?,
        }
    }
    value.as_array().into_iter().flatten().try_for_each(|item| fits(&schema["items"], item))
}

/// The document, as programs read it.
pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(rotunda_server::openapi()).unwrap());

/// Whether a path is one of those that a template stands for.
fn is_of(template: &str, path: &str) -> bool {
    let (parts, found) = (template.split('/'), path.split('/'));
    let fits = |(part, found): (&str, &str)| part == found || (part.starts_with('{') && !found.is_empty());
    parts.clone().count() == found.clone().count() && parts.zip(found).all(fits)
}

/// The document's entry for a request, where there is one.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next()?;
    let paths = DOCUMENT["paths"].as_object()?;
    // What is written out comes before what an id stands in for: `/users/import` is no user.
    let entry =
        paths.get(path).or_else(|| Some(paths.iter().find(|(template, _)| is_of(template, path))?.1))?;
    entry.get(method.as_str().to_ascii_lowercase())
}
