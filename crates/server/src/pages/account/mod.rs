//! The account page: what its user sees of their account and may do with it.
//!
//! 1. Whoever comes is known by the page cookie ([`Asked`], [`SignedIn`](crate::pages::visitor::SignedIn)); anybody else is
//!    led to the sign-in. An outage is a page of its own, and nobody is signed out by it.
//! 2. `/account` shows the devices, thefts that were found and what happened lately, and leads to the rest. Each form is a
//!    `POST` from one of our pages; it leads back here with a code of what was done ([`notice`]), never with text.
//! 3. What is sensitive has a page of its own and asks for the password ([`proved`]): the session is renewed by that
//!    ([`rotunda_core::reauthenticate`]), and this browser gets the new one, also where what was asked for is refused then. Its
//!    other tabs and applications refresh with the cookie that they share.
//! 4. Texts stand in [`text`], moments are told in UTC: a server does not know its reader's time of day.
//!
//! | page | file |
//! |---|---|
//! | `/account` | [`overview`] |
//! | `/account/sessions/end`, `/account/sessions/end-others`, `/account/logout-all` | [`sessions`] |
//! | `/account/password` | [`password`] |
//! | `/account/email` | [`email`] |
//! | `/account/export` | [`export`] |
//! | `/account/delete` | [`delete`] |

mod delete;
mod email;
mod export;
mod happened;
mod notice;
mod overview;
mod password;
pub(crate) mod proved;
mod sessions;
mod text;

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::Caller;

use crate::App;
use crate::edge::caller::From;
use crate::edge::form::Form;
use crate::edge::origin;
use crate::pages::form::FormPage;
use crate::pages::page::Way;
use crate::pages::text::Notice;
use crate::pages::visitor::SignedIn;
use crate::pages::{Page, problem, redirect};
use crate::watch::noted::Noted;

const ACCOUNT: &str = "/account";
const SIGN_IN: &str = "/login";
/// Where the password is changed; the advice after a theft leads there.
pub(super) const PASSWORD: &str = password::PATH;

/// Its routes.
pub(crate) fn routes() -> Noted {
    Noted::new()
        .route(ACCOUNT, get(overview::show))
        .route("/account/sessions/end", post(sessions::end))
        .route("/account/sessions/end-others", post(sessions::end_others))
        .route("/account/logout-all", post(sessions::logout_all))
        .route(password::PATH, get(password::show).post(password::submit))
        .route(email::PATH, get(email::show).post(email::submit))
        .route(export::PATH, get(export::show).post(export::submit))
        .route(delete::PATH, get(delete::show).post(delete::submit))
}

/// Somebody who is signed in and has sent a form from one of our pages. In this order: where the form is from, whose
/// browser it is, what it says.
struct Asked {
    page: Page,
    bearer: Bearer,
    caller: Caller,
    form: Form,
}

impl FromRequest<Arc<App>> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        origin::check(&app.web, request.headers()).map_err(problem)?;
        let (mut parts, body) = request.into_parts();
        let SignedIn(bearer) = SignedIn::from_request_parts(&mut parts, app).await?;
        let Ok(From(caller)) = From::from_request_parts(&mut parts, app).await;
        let Ok(page) = Page::from_request_parts(&mut parts, app).await;
        let form = Form::from_request(Request::from_parts(parts, body), app).await.map_err(problem)?;
        Ok(Self { page, bearer, caller, form })
    }
}

/// A form of the account page that stands on a page of its own: with the user for password managers, and the way back.
fn form_page<'a>(
    page: &'a Page,
    bearer: &Bearer,
    words: &'static text::Sensitive,
    path: &'static str,
) -> FormPage<'a> {
    let texts = page.texts();
    let mut form = FormPage::new(page, words.heading, path, words.button);
    form.acting = acted_for(bearer);
    form.lead = Some(words.lead.to_owned());
    form.username = Some(bearer.facts.user.email.to_string());
    form.ways = vec![Way::to(ACCOUNT, texts.to_account)];
    form
}

/// For whom somebody acts, where they do: said on each page, with the way out of it.
fn acted_for(bearer: &Bearer) -> Option<String> {
    bearer.facts.session.acting.map(|_| bearer.facts.user.email.to_string())
}

/// The form once more, with what was wrong; whoever is signed in no longer is led to the sign-in.
fn refused(form: FormPage<'_>, error: Error) -> Response {
    match error {
        Error::Denied(Denied::SessionEnded(_)) => redirect(SIGN_IN),
        error => form.show_again(error.into()),
    }
}

/// A page that only tells something, to somebody who is not signed in any more.
fn farewell(page: &Page, notice: &Notice) -> Response {
    let way = Way::to(SIGN_IN, page.texts().to_sign_in);
    page.notice(StatusCode::OK, notice, Some(way))
}
