//! The bodies of every `POST` route that reads JSON or nothing, through the router.
//!
//! The first byte chooses the route out of `/openapi.json`, the second the content type, the third what else comes with
//! it; the rest is the body, with the bytes of [`crate::PLACEHOLDERS`] for Ada's secrets.

use std::sync::LazyLock;

use http::header::{CONTENT_TYPE, COOKIE};

use crate::house::{House, with_house};
use crate::names::Names;
use crate::support::{Answer, Ask, DOCUMENT, OWN_ORIGIN};

/// What a body may say that it is, and whether that is JSON.
const TYPES: [(Option<&str>, bool); 8] = [
    (Some("application/json"), true),
    (Some("application/json; charset=utf-8"), true),
    (Some("Application/JSON ; x=y"), true),
    (None, false),
    (Some("text/plain"), false),
    (Some("application/x-www-form-urlencoded"), false),
    (Some("application/jsonx"), false),
    (Some(""), false),
];

/// The routes, each with whether it reads a body. Those that read forms are [`crate::oauth_form`]'s.
static ROUTES: LazyLock<Vec<(String, bool)>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().expect("a document has paths");
    let posts = paths.iter().filter_map(|(path, methods)| Some((path, methods.get("post")?)));
    let json = posts.filter_map(|(path, post)| match post.get("requestBody") {
        None => Some((path.clone(), false)),
        Some(body) => body["content"].get("application/json").map(|_| (path.clone(), true)),
    });
    json.collect()
});

/// The routes in the order in which inputs choose them, for the seeds.
#[must_use]
pub fn routes() -> Vec<&'static str> {
    ROUTES.iter().map(|(path, _)| path.as_str()).collect()
}

/// One input.
pub fn check(data: &[u8]) {
    let [route, kind, company, body @ ..] = data else { return };
    let (path, reads) = &ROUTES[usize::from(*route) % ROUTES.len()];
    let (kind, is_json) = TYPES[usize::from(*kind) % TYPES.len()];
    with_house(|house| {
        let body = house.fill(body);
        let ask = house.ask("POST", path).body(&body);
        let ask = kind.into_iter().fold(ask, |ask, kind| ask.with(CONTENT_TYPE, kind));
        let (ask, opens) = in_company(house, ask, *company);
        let answer = house.send(ask, opens || house.opens_something(&body));
        if *reads {
            good_json_or_a_refusal(&body, is_json, &answer);
        }
    });
}

/// What else comes with the body, and whether it opens something.
fn in_company(house: &House, ask: Ask, which: u8) -> (Ask, bool) {
    let [refresh, device, page, ..] = &house.secrets;
    let cookies = format!("rotunda_refresh={refresh}; rotunda_device={device}; rotunda_page={page}");
    match which % 6 {
        0 => (ask, false),
        1 => (ask.bearer(house.access()), true),
        2 => (ask.with(COOKIE, &cookies), true),
        3 => (ask.on_page(OWN_ORIGIN), false),
        4 => (ask.on_page("https://evil.example"), false),
        _ => (ask.bearer("eyJhbGciOiJub25lIn0.e30."), false),
    }
}

/// No body is obeyed that another reader would not read as one JSON object with each name once.
fn good_json_or_a_refusal(body: &[u8], is_json: bool, answer: &Answer) {
    if body.is_empty() {
        return;
    }
    let good = is_json && Names::of(body).is_some_and(|names| names.differ());
    assert!(good || answer.is_error(), "{} for {}", answer.told(), body.escape_ascii());
}
