//! `GET` and `POST /report`: "this was not me".

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::model::SecretText;

use super::link::{LinkForm, in_query, look};
use super::{Page, Sent};
use crate::Shared;
use crate::edge::caller::From;

const PATH: &str = "/report";

fn form<'a>(page: &Page, token: &'a SecretText) -> LinkForm<'a> {
    LinkForm { words: &page.texts().links.report, action: PATH, token, email: None, password: None }
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
        Ok(_) => form(&page, &token).show(&page),
        Err(response) => response,
    }
}

/// Does it.
pub(crate) async fn submit(State(app): Shared, From(caller): From, page: Page, Sent(sent): Sent) -> Response {
    let token = sent.token();
    match app.rotunda.report(&token, &caller).await {
        Ok(()) => page.done(&page.texts().links.report.done, None),
        Err(error) => form(&page, &token).show_again(&page, error),
    }
}
