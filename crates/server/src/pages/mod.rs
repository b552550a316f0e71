//! Pages for people with a browser. They are forms and text: no script, nothing from elsewhere.
//!
//! 1. Whoever asks is known by the page cookie ([`visitor`]); what changes something is a form, a `POST` from one of our
//!    pages ([`Sent`]). The pages that links in letters lead to work without cookies.
//! 2. A page that a link in a letter leads to only looks at the link: mail scanners and previews open links as well, and
//!    use nothing up by it. A link that is not good leads to one and the same page, whatever is wrong with it.
//! 3. A form calls what the JSON routes call. A refusal shows the form again and says why, at the field that it is about;
//!    what was typed is kept, but for passwords ([`form`]).
//! 4. Tokens of links stand in the address and in a hidden field: no page may be kept, framed, indexed, or named with its
//!    query to another one ([`page`]).
//! 5. After a sign-in, nobody is sent to an address that is not registered ([`returns`]).
//! 6. No word of a page stands in a template or a handler: there are two languages ([`text`]). What went wrong gets its
//!    words last ([`trouble`]).
//!
//! | page | file |
//! |---|---|
//! | `/login` | [`login`] |
//! | `/register` | [`register`] |
//! | `/forgot` | [`forgot`] |
//! | `/logout` | [`logout`] |
//! | `/account` and what is below | [`account`] |
//! | `/verify` | [`verify`] |
//! | `/reset` | [`reset`] |
//! | `/report` | [`report`] |
//! | `/demo`, the only one with script | [`demo`] |
//! | `/pages.css`, `/pages/logo` | [`look`] |

pub(crate) mod account;
pub(crate) mod brand;
pub(crate) mod demo;
pub(crate) mod field;
pub(crate) mod forgot;
pub(crate) mod form;
pub(crate) mod language;
pub(crate) mod link;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod look;
pub(crate) mod page;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod reset;
pub(crate) mod returns;
pub(crate) mod text;
pub(crate) mod trouble;
pub(crate) mod verify;
pub(crate) mod visit;
pub(crate) mod visitor;

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CACHE_CONTROL, HeaderValue, LOCATION, REFERRER_POLICY};
use http::{HeaderMap, StatusCode};

pub(crate) use page::Page;
pub(crate) use trouble::{Trouble, problem, put_into_words};

use crate::App;
use crate::edge::form::Form;
use crate::edge::origin;
use crate::reply::Problem;

/// A form that one of our pages has sent; no handler that takes it is reached from a page elsewhere.
pub(crate) struct Sent(pub Form);

impl FromRequest<Arc<App>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        origin::check(&app.web, request.headers()).map_err(problem)?;
        Form::from_request(request, app).await.map(Self).map_err(problem)
    }
}

/// Leads on (303: with a `GET`, whatever came before; RFC 9110 §15.4.4). Only to a path of ours, or to what
/// [`returns::Returns`] has let through.
pub(crate) fn redirect(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else { return problem(Problem::Panicked) };
    let kept = HeaderValue::from_static("no-store");
    let referrer = HeaderValue::from_static("strict-origin");
    (StatusCode::SEE_OTHER, [(CACHE_CONTROL, kept), (LOCATION, to), (REFERRER_POLICY, referrer)])
        .into_response()
}

/// `GET /`: whoever opens the server in a browser gets to their account, or to the sign-in.
pub(crate) async fn home() -> Response {
    redirect("/account")
}

/// Whether whoever asked would rather read a page than JSON: browsers say so.
pub(crate) fn is_for_people(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts
        .flat_map(|text| text.split(','))
        .any(|entry| entry.trim().to_ascii_lowercase().starts_with("text/html"))
}
