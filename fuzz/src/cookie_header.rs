//! The `Cookie` header, through the router, as a browser's request has it.
//!
//! The first byte chooses the request, the second what it says about its page; the rest are `Cookie` headers, one a line,
//! with the bytes of [`crate::PLACEHOLDERS`] for Ada's secrets. Bytes that no header can carry are left out.
//!
//! What a refresh makes of the header is told a second time here, from RFC 6265 §4.2.1 and the contract: only space and
//! tab are white space around a cookie. Whoever trims more takes a cookie for `__Host-rotunda_page` that a browser never
//! protected as such, because to it the name began with another character.

use http::header::{COOKIE, ORIGIN};
use serde_json::json;

use crate::house::{House, with_house};
use crate::support::{ADA, APP_ORIGIN, Answer, Ask, OWN_ORIGIN, PASSWORD};

/// One input.
pub fn check(data: &[u8]) {
    let [request, page, headers @ ..] = data else { return };
    with_house(|house| {
        let headers: Vec<Vec<u8>> =
            headers.split(|byte| *byte == b'\n').take(8).map(|line| header(&house.fill(line))).collect();
        let (ask, by_hand) = on_page(request_of(house, *request), *page);
        let ask = headers.iter().fold(ask, |ask, header| ask.with_bytes(COOKIE, header));
        let refreshes = ask.path == "/auth/refresh" && request.is_multiple_of(10);
        let opens = house.opens_something(&headers.join(&b'\n')) || ask.header("authorization").is_some();
        let answer = house.send(ask, opens);
        if refreshes && by_hand {
            refreshed_as_the_contract_says(house, &headers, &answer);
        }
    });
}

fn header(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f)).collect()
}

fn request_of(house: &House, which: u8) -> Ask {
    let good = json!({"email": ADA, "password": PASSWORD});
    let bad = json!({"email": ADA, "password": "something else entirely"});
    let native = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    match which % 10 {
        0 => house.ask("POST", "/auth/refresh"),
        1 => house.ask("POST", "/auth/logout"),
        2 => house.ask("POST", "/auth/login").json(&good),
        3 => house.ask("POST", "/auth/login").json(&bad),
        4 => house.ask("POST", "/auth/login").json(&native),
        5 => house
            .ask("POST", "/auth/register")
            .json(&json!({"email": "new@example.com", "password": PASSWORD})),
        6 => house.ask("GET", "/auth/me"),
        7 => house.ask("GET", "/auth/sessions").bearer(house.access()),
        8 => house.ask("POST", "/auth/logout").bearer(house.access()),
        _ => house.ask("POST", "/auth/refresh").json(&json!({"refresh_token": "rt1_garbage"})),
    }
}

/// The request from a page, and whether cookies count for it.
fn on_page(ask: Ask, page: u8) -> (Ask, bool) {
    match page % 6 {
        0 => (ask, true),
        1 => (ask.on_page(OWN_ORIGIN), true),
        2 => (ask.on_page(APP_ORIGIN), true),
        3 => (ask.on_page("https://evil.example"), false),
        4 => (ask.with(ORIGIN, "null"), false),
        _ => (ask.with("sec-fetch-site", "cross-site"), false),
    }
}

/// The values of a cookie, as RFC 6265 has a header read.
fn cookies<'a>(headers: &'a [Vec<u8>], name: &str) -> Vec<&'a [u8]> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut found = Vec::new();
    for pair in headers.iter().flat_map(|header| header.split(|byte| *byte == b';')) {
        let start = pair.iter().position(|byte| !blank(byte)).unwrap_or(pair.len());
        let end = pair.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
        let Some(value) =
            pair[start..end].strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
        else {
            continue;
        };
        let quoted = |byte: &u8| *byte == b'"';
        let start = value.iter().position(|byte| !quoted(byte)).unwrap_or(value.len());
        let end = value.iter().rposition(|byte| !quoted(byte)).map_or(start, |last| last + 1);
        found.push(&value[start..end]);
    }
    found
}

/// Each once; where one has a value, an empty one says nothing.
fn distinct(values: Vec<&[u8]>) -> Vec<&[u8]> {
    let mut found: Vec<&[u8]> = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    if found.len() > 1 {
        found.retain(|value| !value.is_empty());
    }
    found
}

fn refreshed_as_the_contract_says(house: &House, headers: &[Vec<u8>], answer: &Answer) {
    let [refresh, device, ..] = &house.secrets;
    let is_ours = |value: &[u8]| house.secrets.iter().any(|secret| value == secret.as_bytes());
    let [tokens, devices] =
        ["rotunda_refresh", "rotunda_device"].map(|name| distinct(cookies(headers, name)));
    let expected = match tokens.as_slice() {
        [] => (401, Some("token_missing")),
        [token] if *token == refresh.as_bytes() && devices == [device.as_bytes()] => (200, None),
        [token] if devices.len() <= 1 && !is_ours(token) => (401, Some("token_unknown")),
        // The session's own among what cannot be ours.
        several
            if several.iter().all(|token| *token == refresh.as_bytes() || !is_ours(token))
                && several.contains(&refresh.as_bytes())
                && devices.contains(&device.as_bytes()) =>
        {
            (200, None)
        }
        // Whose device it is, and what is picked of what is ours, are rules of core's and not of the header.
        _ => return,
    };
    let got = (answer.status, answer.json["reason"].as_str());
    assert_eq!(got, expected, "{} for {}", answer.told(), headers.join(&b'\n').escape_ascii());
}
