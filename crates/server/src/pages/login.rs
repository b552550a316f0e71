//! `GET /login`, and `POST /login`: sign in with a password.
//!
//! 1. Whoever is signed in is told so, and may go on or use another account. Nobody is sent on by themselves: an application
//!    whose own session has ended would send them back at once.
//! 2. Whoever was signed in is told why they are not any more.
//! 3. The form comes to the verb that the JSON route has, with its limits and its time. What is typed without an `@` is a
//!    user name.
//! 4. Then on to where they wanted (303), with the cookies of the new session; the one before ends.
//!
//! Our form is sent to `/auth/pages/login`, the same handler: browsers send the device cookie below `/auth` only, and without
//! it every sign-in would be one on an unknown device.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::bearer::Bearer;
use rotunda_core::login::Login;
use rotunda_core::model::{Caller, Email, Handle, User, Username};

use super::field::Field;
use super::form::FormPage;
use super::page::Way;
use super::visit::Visit;
use super::visitor::Visitor;
use super::{Page, Sent, problem, redirect};
use crate::Shared;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::edge::form::Form;
use crate::reply::Problem;
use crate::session::answer::with_session;

/// Where our form is sent.
const ACTION: &str = "/auth/pages/login";

/// What a query has for whoever wants to sign in although they are.
const ANOTHER: (&str, &str) = ("another", "1");

/// Shows the form, or as whom they are signed in.
pub(crate) async fn show(
    State(app): Shared,
    page: Page,
    cookies: Cookies,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let query = Form::parse(query.as_deref().unwrap_or_default()).map_err(problem)?;
    let visit = Visit::of(&app, &page, &query).await?;
    let page = page.with_forms_to(visit.origin());
    let texts = page.texts();
    let wants_another = query.value(ANOTHER.0).is_some();
    let ended = match Visitor::of(&app, &cookies).await? {
        Visitor::Is(bearer) if !wants_another && visit.is_for(&bearer) => {
            return Ok(signed_in(&page, &visit, &bearer));
        }
        Visitor::Was(ending) => Some((texts.ended)(ending)),
        Visitor::Is(_) | Visitor::Nobody => None,
    };
    let mut form = form(&page, &visit, String::new(), true);
    form.news = ended;
    Ok(form.show())
}

/// Signs them in.
pub(crate) async fn submit(
    State(app): Shared,
    From(caller): From,
    page: Page,
    cookies: Cookies,
    Sent(sent): Sent,
) -> Result<Response, Response> {
    let visit = Visit::of(&app, &page, &sent).await?;
    let remember = remember(&sent).map_err(problem)?;
    let typed = sent.value("username").unwrap_or_default();
    let login = login(&visit, (&typed, &sent), remember, (&cookies, caller));
    match app.rotunda.login(&login).await {
        Ok(grant) => Ok(with_session(redirect(visit.target()), &app.web, &grant)),
        Err(error) => {
            let page = page.with_forms_to(visit.origin());
            Ok(form(&page, &visit, typed, remember).show_again(error.into()))
        }
    }
}

/// `GET` of where our form is sent: somebody has opened its address once more.
pub(crate) async fn again() -> Response {
    redirect("/login")
}

fn login(
    visit: &Visit,
    (typed, sent): (&str, &Form),
    remember: bool,
    (cookies, caller): (&Cookies, Caller),
) -> Login {
    let typed = typed.trim();
    let handle = match typed.contains('@') {
        true => Email::parse(typed).map(Handle::Email),
        false => Username::parse(typed).map(Handle::Username),
    };
    Login {
        handle,
        password: sent.password(),
        client_id: visit.client.clone(),
        proof: None,
        remember,
        device: cookies.known_device(),
        page: cookies.page(),
        caller,
    }
}

/// A box that is not ticked is not sent.
fn remember(sent: &Form) -> Result<bool, Problem> {
    match sent.value("remember").as_deref() {
        None => Ok(false),
        Some("on") => Ok(true),
        Some(_) => Err(Problem::malformed("`remember` is `on`, or it is not there.")),
    }
}

fn form<'a>(page: &'a Page, visit: &Visit, typed: String, remember: bool) -> FormPage<'a> {
    let texts = page.texts();
    let words = &texts.sign_in;
    FormPage {
        hidden: visit.hidden(),
        fields: vec![Field::handle(texts, typed), Field::password(texts)],
        remember: Some(remember),
        ways: vec![
            Way::to("/forgot", words.forgot),
            Way::to(visit.way("/register", &[]), words.register).after(words.no_account),
        ],
        ..FormPage::new(page, words.heading, ACTION, words.button)
    }
}

/// The name that a user goes by here.
pub(crate) fn named(user: &User) -> &str {
    user.email.as_str()
}

fn signed_in(page: &Page, visit: &Visit, bearer: &Bearer) -> Response {
    let texts = page.texts();
    let words = &texts.signed_in;
    let lead = (words.lead)(named(&bearer.facts.user));
    let ways = [
        Way::to(visit.target(), words.go_on),
        Way::to(visit.way("/login", &[ANOTHER]), words.another),
        Way::to("/logout", texts.sign_out.button),
    ];
    page.told(words.heading, &[&lead], ways.into())
}
