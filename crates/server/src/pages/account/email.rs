//! `GET` and `POST /account/email`: another address is asked for. The letter's link makes it theirs.

use axum::extract::State;
use axum::response::Response;
use rotunda_core::bearer::Bearer;

use super::notice::Done;
use super::proved::Proved;
use super::{Asked, form_page, refused, text};
use crate::Shared;
use crate::pages::Page;
use crate::pages::field::Field;
use crate::pages::form::FormPage;
use crate::pages::visitor::SignedIn;
use crate::session::answer::with_session;

pub(super) const PATH: &str = "/account/email";

fn form<'a>(page: &'a Page, bearer: &Bearer, typed: String) -> FormPage<'a> {
    let (words, texts) = (text::of(page.language), page.texts());
    let new = Field { label: words.new_email, ..Field::email(texts, typed) };
    FormPage { fields: vec![new, Field::password(texts)], ..form_page(page, bearer, &words.email, PATH) }
}

pub(super) async fn show(page: Page, SignedIn(bearer): SignedIn) -> Response {
    form(&page, &bearer, String::new()).show()
}

pub(super) async fn submit(State(app): Shared, asked: Asked) -> Response {
    let typed = asked.form.value("email").unwrap_or_default();
    let again = |error| refused(form(&asked.page, &asked.bearer, typed.clone()), error);
    let Proved { grant, bearer } = match asked.prove(&app).await {
        Ok(proved) => proved,
        Err(error) => return again(error),
    };
    let sent = match bearer {
        Ok(bearer) => app.rotunda.ask_for_email(&bearer, &typed, &asked.caller).await,
        Err(error) => Err(error),
    };
    let response = match sent {
        Ok(()) => Done::LetterSent.tell(),
        Err(error) => again(error),
    };
    with_session(response, &app.web, &grant)
}
