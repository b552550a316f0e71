//! `GET` and `POST /reset`: a new password in place of a forgotten one.

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::link::{Field, LinkForm, arrival, in_query, look};
use super::{Sent, done};
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::session::answer::with_session;
use crate::{App, Shared};

const PATH: &str = "/reset";

fn form(app: &App) -> LinkForm {
    let least = Some(app.rotunda.policy().fewest_password_chars());
    LinkForm {
        heading: "Choose a new password",
        lead: "You will be signed in here, and signed out everywhere else.",
        consequences: &[],
        action: PATH,
        password: Some(Field { label: "New password", autocomplete: "new-password", least }),
        button: "Set the password and sign in",
        otherwise: "You did not ask for this? Close this page, and nothing changes.",
    }
}

/// Shows the form and uses nothing up.
pub(crate) async fn show(State(app): Shared, From(caller): From, RawQuery(query): RawQuery) -> Response {
    let token = in_query(query.as_deref());
    match look(&app, PATH, &token, &caller).await {
        Ok(_) => form(&app).show(&token),
        Err(response) => response,
    }
}

/// Does it.
pub(crate) async fn submit(
    State(app): Shared,
    From(caller): From,
    cookies: Cookies,
    Sent(sent): Sent,
) -> Response {
    let token = sent.token();
    match app.rotunda.reset_password(&arrival(&token, &cookies, caller), &sent.password()).await {
        Ok(grant) => {
            let lines = [
                "You are signed in here, and signed out everywhere else.",
                "Go back to where you came from.",
            ];
            with_session(done("Your password is changed", &lines), &app.web, &grant)
        }
        Err(error) => form(&app).show_again(&token, error),
    }
}
