//! `POST /account/sessions/end`, `POST /account/sessions/end-others` and `POST /account/logout-all`

use std::str::FromStr;

use axum::extract::State;
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::SessionId;

use super::notice::Done;
use super::{ACCOUNT, Asked, SIGN_IN, farewell, text};
use crate::Shared;
use crate::pages::{Page, redirect};
use crate::reply::with_cookies;

/// Ends one of the user's sessions. Where it is the one that asks, that is a sign-out.
pub(super) async fn end(State(app): Shared, asked: Asked) -> Response {
    let id = asked.form.value("id").and_then(|id| SessionId::from_str(&id).ok());
    let Some(id) = id else { return problem(&asked.page, Denied::NotFound.into()) };
    match app.rotunda.end_session(&asked.bearer, id, &asked.caller).await {
        Ok(()) if id == asked.bearer.facts.session.id => {
            with_cookies(redirect(ACCOUNT), app.web.expire_session())
        }
        Ok(()) => Done::Ended.tell(),
        Err(error) => problem(&asked.page, error),
    }
}

/// Ends all of them but the one that asks.
pub(super) async fn end_others(State(app): Shared, asked: Asked) -> Response {
    match app.rotunda.end_other_sessions(&asked.bearer, &asked.caller).await {
        Ok(()) => Done::OthersEnded.tell(),
        Err(error) => problem(&asked.page, error),
    }
}

/// Ends all of them.
pub(super) async fn logout_all(State(app): Shared, asked: Asked) -> Response {
    match app.rotunda.logout_all(&asked.bearer, &asked.caller).await {
        Ok(()) => {
            let words = text::of(asked.page.language);
            with_cookies(farewell(&asked.page, &words.leave.left_everywhere), app.web.expire_session())
        }
        Err(error) => problem(&asked.page, error),
    }
}

/// What went wrong; whoever is signed in no longer is led to the sign-in.
fn problem(page: &Page, error: Error) -> Response {
    match error {
        Error::Denied(Denied::SessionEnded(_)) => redirect(SIGN_IN),
        error => page.problem(error.into()),
    }
}
