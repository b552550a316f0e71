//! Pages for people with a browser. They are forms and text: no script, nothing from elsewhere, and they work without
//! cookies.
//!
//! 1. A page that a link in a letter leads to only looks at the link: mail scanners and previews open links as well, and
//!    use nothing up by it. What changes something is the form's button, a `POST`.
//! 2. A link that is not good leads to one and the same page, whatever is wrong with it, and after a `POST` as before.
//! 3. A form calls what the JSON routes call, as the client `web`. A refusal shows the form again and says why.
//! 4. The token of the link stands in the address and in a hidden field: no page may be kept, framed, indexed, or named
//!    with its query to another one ([`page`]).
//!
//! | page | file |
//! |---|---|
//! | `/verify` | [`verify`] |
//! | `/reset` | [`reset`] |
//! | `/report` | [`report`] |

pub(crate) mod link;
pub(crate) mod report;
pub(crate) mod reset;
pub(crate) mod verify;

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    RETRY_AFTER,
};
use http::{HeaderMap, StatusCode};

use crate::App;
use crate::edge::form::Form;
use crate::edge::origin;
use crate::reply::{Problem, Told};

/// What goes with every page.
///
/// The referrer is at most an origin, so that a token in an address does not travel on. It is not `no-referrer`, because
/// browsers then send `Origin: null` with a form, which nobody may ([`crate::edge::origin`]).
const HEADERS: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (REFERRER_POLICY, "strict-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Another release has another style, under another address: browsers may keep each for long.
const STYLE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// A form that one of our pages has sent; no handler that takes it is reached from a page elsewhere.
pub(crate) struct Sent(pub Form);

impl FromRequest<Arc<App>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        origin::check(&app.web, request.headers()).map_err(problem)?;
        Form::from_request(request, app).await.map(Self).map_err(problem)
    }
}

/// A page that only tells something.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice<'a> {
    heading: &'a str,
    lines: &'a [&'a str],
}

/// A page that only tells something.
fn notice(status: StatusCode, heading: &str, lines: &[&str]) -> Response {
    page(status, &Notice { heading, lines })
}

/// What was asked for was done.
fn done(heading: &str, lines: &[&str]) -> Response {
    notice(StatusCode::OK, heading, lines)
}

/// What a page says when it does not say what was asked for.
pub(crate) fn problem(problem: Problem) -> Response {
    let Words { told, text } = Words::of(problem);
    let mut response = notice(told.status, heading(told.status), &[&text]);
    come_back(response.headers_mut(), told.retry_after);
    response
}

/// A problem in words for a page.
struct Words {
    told: Told,
    text: String,
}

impl Words {
    fn of(problem: Problem) -> Self {
        let told = problem.told();
        let text = match told.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                "This is not available just now. Nothing is lost: try again in a moment.".to_owned()
            }
            _ => told.body.error_description.clone(),
        };
        Self { told, text }
    }
}

fn heading(status: StatusCode) -> &'static str {
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "Not just now",
        status if status.is_server_error() => "Something broke",
        _ => "That did not work",
    }
}

fn come_back(headers: &mut HeaderMap, retry_after: Option<HeaderValue>) {
    if let Some(value) = retry_after {
        headers.insert(RETRY_AFTER, value);
    }
}

/// A page with all that goes with it.
fn page(status: StatusCode, template: &impl Template) -> Response {
    // Templates write text into text, which does not fail.
    let text = template.render().unwrap_or_default();
    let mut response = (status, text).into_response();
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `GET /pages.css`: the look of all pages.
pub(crate) async fn style() -> Response {
    let headers = [(CACHE_CONTROL, "public, max-age=86400"), (CONTENT_TYPE, "text/css; charset=utf-8")];
    (headers, include_str!("../../templates/pages.css")).into_response()
}
