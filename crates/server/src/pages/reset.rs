//! `GET` and `POST /reset`: a new password in place of a forgotten one.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::model::SecretText;

use super::field::Field;
use super::form::USERNAME;
use super::link::{LinkForm, address, arrival, in_query, look};
use super::page::Way;
use super::{Page, Sent};
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::session::answer::with_session;
use crate::{App, Shared};

const PATH: &str = "/reset";

fn form<'a>(app: &App, page: &Page, token: &'a SecretText, email: Option<String>) -> LinkForm<'a> {
    let texts = page.texts();
    let least = app.rotunda.policy().fewest_password_chars();
    let password = Field::new_password(texts, "password", texts.fields.new_password, least);
    LinkForm { words: &texts.links.reset, action: PATH, token, email, password: Some(password) }
}

/// Shows the form and uses nothing up.
pub(crate) async fn show(
    State(app): Shared,
    From(caller): From,
    page: Page,
    RawQuery(query): RawQuery,
) -> Response {
    let token = in_query(query.as_deref());
    match look((&app, &page), PATH, &token, &caller).await {
        Ok(looked) => form(&app, &page, &token, address(&looked)).show(&page),
        Err(response) => response,
    }
}

/// Does it.
pub(crate) async fn submit(
    State(app): Shared,
    From(caller): From,
    page: Page,
    cookies: Cookies,
    Sent(sent): Sent,
) -> Response {
    let token = sent.token();
    let arrival = arrival(&token, &cookies, caller);
    match app.rotunda.reset_password(&arrival, &sent.password()).await {
        Ok(grant) => {
            let texts = page.texts();
            let done = page.done(&texts.links.reset.done, Some(Way::to("/account", texts.to_account)));
            with_session(done, &app.web, &grant)
        }
        Err(error) => form(&app, &page, &token, sent.value(USERNAME)).show_again(&page, error),
    }
}
