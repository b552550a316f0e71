//! What is true of every page, whatever was asked.

use http::Method;

use super::{Answer, Ask};

/// What goes with each page, and nothing else does but what `everywhere` looks at.
const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("content-type", "text/html; charset=utf-8"),
    ("referrer-policy", "strict-origin"),
    ("x-robots-tag", "noindex"),
];

pub(crate) fn check(ask: &Ask, answer: &Answer) {
    let mut headers = HEADERS.to_vec();
    headers.extend(["allow", "retry-after"].iter().filter_map(|name| Some((*name, answer.header(name)?))));
    assert_eq!(answer.header("allow").is_some(), answer.status == 405, "{}", answer.told());
    let cookies = answer.cookies();
    let cookies: Vec<_> = cookies.iter().map(String::as_str).collect();
    answer.has(answer.status, &headers, &cookies);
    assert!(
        cookies.is_empty() || answer.status == 200,
        "a refusal never touches a cookie: {}",
        answer.told()
    );
    let shared = |name: &&http::HeaderName| name.as_str().starts_with("access-control-");
    assert_eq!(answer.headers.keys().find(shared), None, "no page elsewhere reads ours: {}", answer.told());
    if ask.method == Method::HEAD {
        return assert!(answer.bytes.is_empty());
    }
    check_markup(answer);
}

/// No script, nothing from elsewhere, and what assistive technology goes by.
fn check_markup(answer: &Answer) {
    let text = answer.text();
    let count = |what: &str| text.matches(what).count();
    assert!(text.starts_with("<!doctype html>\n<html lang=\"en\">"), "{}", answer.told());
    assert_eq!((count("<title>"), count("<h1>"), count("<main>")), (1, 1, 1), "{}", answer.told());
    for never in ["<script", "<style", " style=", " onload", " onclick", "=\"http", "<img", "<base"] {
        assert_eq!(count(never), 0, "{never}: {}", answer.told());
    }
    let fields = count("<input type=\"password\" id=\"password\" name=\"password\" required autocomplete=");
    assert_eq!(fields, count("<label for=\"password\">"), "{}", answer.told());
    assert_eq!(
        count("<input "),
        fields + count("<input type=\"hidden\" name=\"token\""),
        "{}",
        answer.told()
    );
    assert_eq!(count("role=\"alert\""), count("<title>Error: "), "{}", answer.told());
    assert_eq!(count(" maxlength="), 0, "a password is refused, never cut: {}", answer.told());
    assert_eq!(count("<form method=\"post\" action=\"/"), count("<form"), "{}", answer.told());
}
