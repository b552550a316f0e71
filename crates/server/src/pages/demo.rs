//! `GET /demo`: a page with script that plays an app, its tabs and a thief, and draws what the server answers.
//!
//! 1. It is there where `public_url` is on loopback only: whoever runs the server is the one who looks. Elsewhere it is a 404.
//! 2. It plays the client `native`, in the memory of the page: every request goes to a JSON route that any app may call, and
//!    none carries a cookie. So the demo adds no way to do anything.
//! 3. It has the only script of all pages, in files beside it (`crates/server/demo`), and a policy of its own for that. The
//!    script makes elements, never markup, and its policy holds it to that (`require-trusted-types-for`).
//! 4. Its script brings its own words, in the same languages as [`super::text`] has them for the rest.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{StatusCode, Uri};
use rotunda_core::model::ClientId;
use rotunda_core::policy::{Policy, Registration};

use super::{Page, problem};
use crate::Shared;
use crate::reply::Problem;

/// The client that the page plays.
const CLIENT: &str = "native";

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; \
     frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// The page's files: their names beneath `/demo/`, their types, what is in them.
macro_rules! files {
    ($($name:literal: $media_type:ident),+ $(,)?) => {
        const FILES: &[(&str, &str, &str)] =
            &[$(($name, $media_type, include_str!(concat!("../../demo/", $name)))),+];
    };
}

files! {
    "demo.css": STYLE,
    "elements.js": SCRIPT,
    "first.js": SCRIPT,
    "found.js": SCRIPT,
    "holder.js": SCRIPT,
    "holds.js": SCRIPT,
    "log.js": SCRIPT,
    "main.js": SCRIPT,
    "page.js": SCRIPT,
    "panels.js": SCRIPT,
    "picture.js": SCRIPT,
    "rule.js": SCRIPT,
    "second.js": SCRIPT,
    "story.js": SCRIPT,
    "tabs.js": SCRIPT,
    "trace.js": SCRIPT,
    "wire.js": SCRIPT,
    "words/de.js": SCRIPT,
    "words/en.js": SCRIPT,
}

/// The page, before its script fills it.
#[derive(Template)]
#[template(path = "demo.html")]
struct Demo<'a> {
    page: &'a Page,
    /// The window of the client that it plays, in milliseconds.
    window_millis: u128,
    /// Who may register.
    registration: &'static str,
}

/// `GET /demo`
pub(crate) async fn show(State(app): Shared, page: Page) -> Response {
    if !app.web.is_loopback() {
        return problem(Problem::NoRoute);
    }
    let policy = app.rotunda.policy();
    let demo = Demo { page: &page, window_millis: window_millis(policy), registration: registration(policy) };
    let mut response = page.show(StatusCode::OK, &demo);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// `GET /demo/{*name}`: script and style, by the very names that they have.
pub(crate) async fn file(State(app): Shared, uri: Uri) -> Response {
    let name = uri.path().strip_prefix("/demo/").unwrap_or_default();
    let file = FILES.iter().find(|(known, _, _)| *known == name);
    let Some((_, media_type, text)) = file.filter(|_| app.web.is_loopback()) else {
        return problem(Problem::NoRoute);
    };
    let headers = [
        // Whoever builds another version wants to see that one.
        (CACHE_CONTROL, "no-store"),
        (CONTENT_TYPE, *media_type),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    (headers, *text).into_response()
}

fn window_millis(policy: &Policy) -> u128 {
    let client = policy.clients.get(&ClientId(CLIENT.to_owned()));
    client.map_or(0, |client| client.window.as_millis())
}

fn registration(policy: &Policy) -> &'static str {
    match policy.registration {
        Registration::Off => "off",
        Registration::Unverified => "unverified",
        Registration::Verified => "verified",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use rotunda_core::model::Ending;

    use super::FILES;

    /// What is in a folder of the demo, by its name beneath `/demo/`.
    fn on_disk(folder: &Path, before: &str) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries
            .flat_map(|entry| {
                let name = format!("{before}{}", entry.file_name().to_str().unwrap());
                match entry.path().is_dir() {
                    true => on_disk(&entry.path(), &format!("{name}/")),
                    false => BTreeSet::from([name]),
                }
            })
            .collect()
    }

    #[test]
    fn every_file_of_the_demo_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
        let served: BTreeSet<String> = FILES.iter().map(|(name, _, _)| (*name).to_owned()).collect();
        assert_eq!(served, on_disk(&folder, ""));
    }

    #[test]
    fn what_is_served_loads_nothing_but_what_is_served_too() {
        let names: BTreeSet<&str> = FILES.iter().map(|(name, _, _)| *name).collect();
        for (name, _, text) in FILES {
            for line in text.lines().filter(|line| line.contains(" from \"")) {
                let loaded = line.rsplit('"').nth(1).unwrap();
                let file = loaded.trim_start_matches("./");
                assert!(loaded.starts_with("./") && names.contains(file), "{name}: {line}");
            }
            for forbidden in
                ["innerHTML", "eval(", "document.write", "localStorage", "sessionStorage", "http://"]
            {
                let is_namespace = |line: &&str| line.contains("http://www.w3.org/2000/svg");
                let found = text.lines().find(|line| line.contains(forbidden) && !is_namespace(line));
                assert_eq!(found, None, "{name} has {forbidden}");
            }
        }
    }

    #[test]
    fn every_ending_has_words_in_every_language() {
        for (name, _, text) in FILES.iter().filter(|(name, _, _)| name.starts_with("words/")) {
            for ending in Ending::ALL {
                let words = format!("\n    {}: \"", ending.as_str());
                assert!(text.contains(&words), "{name} lacks {}", ending.as_str());
            }
        }
    }
}
