//! `GET` and `POST /report`: "this was not me".

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::link::{LinkForm, in_query, look};
use super::{Sent, done};
use crate::Shared;
use crate::edge::caller::From;

const PATH: &str = "/report";

const FORM: LinkForm = LinkForm {
    heading: "This was not you?",
    lead: "Then somebody else seems to know your password. If you go on:",
    consequences: &[
        "you are signed out everywhere, and so is whoever else it was;",
        "your password opens nothing any more;",
        "if your address was changed meanwhile, the one that the letter went to becomes yours again;",
        "you get a letter with a link for a new password.",
    ],
    action: PATH,
    password: None,
    button: "It was not me",
    otherwise: "It was you after all? Close this page, and nothing changes.",
};

/// Shows the form and uses nothing up.
pub(crate) async fn show(State(app): Shared, From(caller): From, RawQuery(query): RawQuery) -> Response {
    let token = in_query(query.as_deref());
    match look(&app, PATH, &token, &caller).await {
        Ok(_) => FORM.show(&token),
        Err(response) => response,
    }
}

/// Does it.
pub(crate) async fn submit(State(app): Shared, From(caller): From, Sent(sent): Sent) -> Response {
    let token = sent.token();
    match app.rotunda.report(&token, &caller).await {
        Ok(()) => {
            let lines = [
                "Your password opens nothing any more.",
                "A letter with a link for a new one is on its way to the address that the last letter went to.",
            ];
            done("Thank you", &lines)
        }
        Err(error) => FORM.show_again(&token, error),
    }
}
