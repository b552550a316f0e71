//! `GET` and `POST /register`: a new account, signed in at once or after a letter, as the operator has chosen.
//!
//! Where a letter comes first, whoever has the address of somebody else learns nothing: answer and time are the same whether
//! or not it is taken (`rotunda_core::register`).

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use rotunda_core::policy::Registration;
use rotunda_core::register::{Newcomer, Outcome, Register};

use super::field::Field;
use super::form::FormPage;
use super::page::Way;
use super::visit::Visit;
use super::{Page, Sent, problem, redirect};
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::edge::form::Form;
use crate::session::answer::with_session;
use crate::{App, Shared};

const PATH: &str = "/register";

/// Shows the form, or that nobody may register.
pub(crate) async fn show(
    State(app): Shared,
    page: Page,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let query = Form::parse(query.as_deref().unwrap_or_default()).map_err(problem)?;
    let visit = Visit::of(&app, &page, &query).await?;
    let page = page.with_forms_to(visit.origin());
    let texts = page.texts();
    if app.rotunda.policy().registration == Registration::Off {
        let way = Way::to(visit.way("/login", &[]), texts.to_sign_in);
        return Ok(page.notice(StatusCode::FORBIDDEN, &texts.register.off, Some(way)));
    }
    Ok(form(&app, &page, &visit, String::new()).show())
}

/// Registers them.
pub(crate) async fn submit(
    State(app): Shared,
    From(caller): From,
    page: Page,
    cookies: Cookies,
    Sent(sent): Sent,
) -> Result<Response, Response> {
    let visit = Visit::of(&app, &page, &sent).await?;
    let page = page.with_forms_to(visit.origin());
    let typed = sent.value("email").unwrap_or_default();
    let newcomer = Newcomer { email: typed.clone(), password: sent.password(), username: None, name: None };
    let client_id = visit.client.clone();
    let register = Register { newcomer, client_id, proof: None, page: cookies.page(), caller };
    Ok(match app.rotunda.register(&register).await {
        Ok(Outcome::SignedIn(grant)) => with_session(redirect(visit.target()), &app.web, &grant),
        Ok(Outcome::LetterSent) => page.done(&page.texts().register.letter_sent, None),
        Err(error) => form(&app, &page, &visit, typed).show_again(error.into()),
    })
}

fn form<'a>(app: &App, page: &'a Page, visit: &Visit, typed: String) -> FormPage<'a> {
    let texts = page.texts();
    let words = &texts.register;
    let least = app.rotunda.policy().fewest_password_chars();
    let password = Field::new_password(texts, "password", texts.fields.password, least);
    FormPage {
        hidden: visit.hidden(),
        fields: vec![Field::email(texts, typed), password],
        ways: vec![Way::to(visit.way("/login", &[]), texts.sign_in.button).after(words.have_account)],
        ..FormPage::new(page, words.heading, PATH, words.button)
    }
}
