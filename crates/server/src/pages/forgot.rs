//! `GET` and `POST /forgot`: a letter with a link for a new password. The answer is the same whoever has the address, and so
//! is its time.

use axum::extract::State;
use axum::response::Response;

use super::field::Field;
use super::form::FormPage;
use super::page::Way;
use super::{Page, Sent};
use crate::Shared;
use crate::edge::caller::From;

const PATH: &str = "/forgot";

/// Shows the form.
pub(crate) async fn show(page: Page) -> Response {
    form(&page, String::new()).show()
}

/// Writes the letter.
pub(crate) async fn submit(State(app): Shared, From(caller): From, page: Page, Sent(sent): Sent) -> Response {
    let typed = sent.value("email").unwrap_or_default();
    match app.rotunda.forgot_password(&typed, &caller).await {
        Ok(()) => {
            page.done(&page.texts().forgot.letter_sent, Some(Way::to("/login", page.texts().to_sign_in)))
        }
        Err(error) => form(&page, typed).show_again(error.into()),
    }
}

fn form(page: &Page, typed: String) -> FormPage<'_> {
    let texts = page.texts();
    let words = &texts.forgot;
    FormPage {
        lead: Some(words.lead.to_owned()),
        fields: vec![Field::email(texts, typed)],
        ways: vec![Way::to("/login", texts.to_sign_in)],
        ..FormPage::new(page, words.heading, PATH, words.button)
    }
}
