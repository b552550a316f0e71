//! `GET /logout` asks, `POST /logout` ends the session of this browser, which its page cookie names. To open an address signs
//! nobody out: any page elsewhere can have it opened.

use axum::extract::State;
use axum::response::Response;
use rotunda_core::logout::Logout;

use super::form::FormPage;
use super::login::named;
use super::page::Way;
use super::visitor::Visitor;
use super::{Page, Sent, problem};
use crate::Shared;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::reply::with_cookies;

const PATH: &str = "/logout";

/// Asks.
pub(crate) async fn show(State(app): Shared, page: Page, cookies: Cookies) -> Result<Response, Response> {
    let texts = page.texts();
    let words = &texts.sign_out;
    let Visitor::Is(bearer) = Visitor::of(&app, &cookies).await? else {
        return Ok(page.done(&words.nobody, Some(Way::to("/login", texts.to_sign_in))));
    };
    let form = FormPage {
        lead: Some((words.lead)(named(&bearer.facts.user))),
        ways: vec![Way::to("/account", words.stay)],
        ..FormPage::new(&page, words.heading, PATH, words.button)
    };
    Ok(form.show())
}

/// Does it, however often; this browser's cookies go either way.
pub(crate) async fn submit(
    State(app): Shared,
    From(caller): From,
    page: Page,
    cookies: Cookies,
    Sent(_): Sent,
) -> Result<Response, Response> {
    let logout = Logout { pages: cookies.pages().collect(), caller, ..Logout::default() };
    app.rotunda.logout(&logout).await.map_err(|error| problem(error.into()))?;
    let texts = page.texts();
    let done = page.done(&texts.sign_out.done, Some(Way::to("/login", texts.to_sign_in)));
    Ok(with_cookies(done, app.web.expire_session()))
}
