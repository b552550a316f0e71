//! What is true of every page, whatever was asked.

use http::Method;

use super::{Answer, Ask};

/// What goes with each page, and nothing else does but what `everywhere` looks at.
const HEADERS: [(&str, &str); 6] = [
    ("cache-control", "no-store"),
    ("content-type", "text/html; charset=utf-8"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "strict-origin"),
    ("x-robots-tag", "noindex"),
];

/// The demo's own: the one page with script.
const DEMO_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";
const DEMO_SCRIPT: &str = "<script type=\"module\" src=\"/demo/main.js\"></script>";

/// What travels in a form unseen.
const UNSEEN: [&str; 5] = ["token", "client_id", "return_to", "id", "version"];

/// A form of the console that looks for something: it changes nothing, and its address can be kept.
const SEARCH: &str = "<form method=\"get\" action=\"/admin/";

pub(crate) fn check(ask: &Ask, answer: &Answer) {
    let cookies = answer.cookies();
    // What is sensitive renews the session first, and the cookies of that come with whatever follows.
    let sensitive = ["/account/", "/admin/"].iter().any(|begin| ask.path.starts_with(begin));
    let renews = ask.method == Method::POST && sensitive;
    assert!(
        cookies.is_empty() || matches!(answer.status, 200 | 303) || renews,
        "a refusal never touches a cookie: {}",
        answer.told()
    );
    let shared = |name: &&http::HeaderName| name.as_str().starts_with("access-control-");
    assert_eq!(answer.headers.keys().find(shared), None, "no page elsewhere reads ours: {}", answer.told());
    let cookies: Vec<_> = cookies.iter().map(String::as_str).collect();
    if answer.status == 303 {
        let place = answer.header("location").unwrap();
        let headers =
            [("cache-control", "no-store"), ("location", place), ("referrer-policy", "strict-origin")];
        answer.has(303, &headers, &cookies);
        return assert!(answer.bytes.is_empty());
    }
    let mut headers = HEADERS.to_vec();
    headers.push(("content-language", language(answer)));
    headers.push(("content-security-policy", policy(ask, answer)));
    headers.extend(["allow", "retry-after"].iter().filter_map(|name| Some((*name, answer.header(name)?))));
    assert_eq!(answer.header("allow").is_some(), answer.status == 405, "{}", answer.told());
    answer.has(answer.status, &headers, &cookies);
    let vary = answer.header("vary");
    assert!(
        matches!(vary, Some("accept-language" | "accept, accept-language")),
        "{vary:?} {}",
        answer.told()
    );
    if ask.method == Method::HEAD {
        return assert!(answer.bytes.is_empty());
    }
    check_markup(ask, answer);
}

fn is_demo(ask: &Ask, answer: &Answer) -> bool {
    ask.path == "/demo" && answer.status == 200
}

fn language(answer: &Answer) -> &str {
    let tag = answer.header("content-language").unwrap();
    assert!(["en", "de"].contains(&tag), "{tag}");
    tag
}

/// No script, no style in the markup, no frame, nothing from elsewhere. A form may lead on to one origin.
fn policy<'a>(ask: &Ask, answer: &'a Answer) -> &'a str {
    let policy = answer.header("content-security-policy").unwrap();
    if is_demo(ask, answer) {
        assert_eq!(policy, DEMO_POLICY);
        return policy;
    }
    let before = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'";
    let behind = "; frame-ancestors 'none'; base-uri 'none'";
    let origin = policy.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind)).unwrap_or("?");
    let is_one = origin.starts_with(" http") && !origin[1..].contains([' ', ';', ',', '\'', '*']);
    assert!(origin.is_empty() || is_one, "{policy}");
    policy
}

/// No script, nothing from elsewhere, and what assistive technology and password managers go by.
fn check_markup(ask: &Ask, answer: &Answer) {
    let mut text = answer.text();
    if is_demo(ask, answer) {
        assert_eq!(text.matches(DEMO_SCRIPT).count(), 1, "{}", answer.told());
        text = text.replace(DEMO_SCRIPT, "");
    }
    let count = |what: &str| text.matches(what).count();
    let begins = format!("<!doctype html>\n<html lang=\"{}\">", language(answer));
    assert!(text.starts_with(&begins), "{}", answer.told());
    assert_eq!((count("<title>"), count("<h1>"), count("<main")), (1, 1, 1), "{}", answer.told());
    for never in [
        "<script",
        "<style",
        " style=",
        " onload",
        " onclick",
        "src=\"http",
        "action=\"http",
        "<base",
        "<iframe",
    ] {
        assert_eq!(count(never), 0, "{never}: {}", answer.told());
    }
    let is_wrong = ["<title>Error: ", "<title>Fehler: "].iter().any(|begin| text.contains(begin));
    assert_eq!(count("role=\"alert\""), usize::from(is_wrong), "{}", answer.told());
    assert!(count(" autofocus") <= 1, "{}", answer.told());
    assert_eq!(count(" maxlength="), 0, "a password is refused, never cut: {}", answer.told());
    let searches = count(SEARCH);
    assert_eq!(count(" role=\"search\""), searches, "{}", answer.told());
    assert_eq!(count("<form method=\"post\" action=\"/") + searches, count("<form"), "{}", answer.told());
    for input in text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        check_input(input, &text);
    }
    for ids in text.split("aria-describedby=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        for id in ids.split(' ') {
            assert_eq!(count(&format!(" id=\"{id}\"")), 1, "{id}: {}", answer.told());
        }
    }
}

fn check_input(input: &str, text: &str) {
    let value = |name: &str| {
        let rest = input.split_once(&format!("{name}=\""))?.1;
        rest.split('"').next()
    };
    let name = value("name").unwrap();
    match value("type") {
        Some("hidden") => return assert!(UNSEEN.contains(&name), "{input}"),
        Some("text") if input.ends_with(" readonly hidden") => {
            assert_eq!((name, value("autocomplete")), ("username", Some("username")), "{input}");
            return;
        }
        Some("password") => {
            assert!(!input.contains("value="), "a password never comes back: {input}");
            let known = ["current-password", "new-password"];
            assert!(value("autocomplete").is_some_and(|it| known.contains(&it)), "{input}");
        }
        Some("text") => {
            assert!(value("autocomplete").is_none_or(|it| it == "username"), "{input}");
            assert_eq!(value("autocapitalize"), Some("none"), "{input}");
        }
        Some("email") => assert_eq!(value("autocomplete"), Some("email"), "{input}"),
        Some("checkbox") => {}
        other => panic!("{other:?}: {input}"),
    }
    let label = format!("<label for=\"{}\">", value("id").unwrap());
    assert_eq!(text.matches(&label).count(), 1, "{input}");
}
