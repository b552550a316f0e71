//! `GET` and `POST /verify`: the address is theirs. After a registration with the password that was chosen there, for a
//! changed address with the password of the account.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::model::LinkPurpose;

use super::link::{Field, LinkForm, arrival, in_query, look};
use super::{Sent, done};
use crate::Shared;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::session::answer::with_session;

const PATH: &str = "/verify";

const CONFIRM: LinkForm = LinkForm {
    heading: "Confirm your address",
    lead: "Enter the password that was chosen at the registration. It shows that whoever registered and whoever reads \
           this mailbox are the same person.",
    consequences: &[],
    action: PATH,
    password: Some(Field { label: "Password", autocomplete: "current-password", least: None }),
    button: "Confirm and sign in",
    otherwise: "You did not register? Close this page, and nothing happens.",
};

const CHANGE: LinkForm = LinkForm {
    heading: "Confirm your new address",
    lead: "Enter your password. It shows that whoever asked for the change and whoever reads this mailbox are the same \
           person. From then on you sign in with the address that this link was sent to.",
    consequences: &[],
    action: PATH,
    password: Some(Field { label: "Password", autocomplete: "current-password", least: None }),
    button: "Use this address",
    otherwise: "You did not ask for this? Close this page, and nothing changes.",
};

fn form(purpose: LinkPurpose) -> &'static LinkForm {
    if purpose == LinkPurpose::ChangeEmail { &CHANGE } else { &CONFIRM }
}

/// Shows the form and uses nothing up.
pub(crate) async fn show(State(app): Shared, From(caller): From, RawQuery(query): RawQuery) -> Response {
    let token = in_query(query.as_deref());
    match look(&app, PATH, &token, &caller).await {
        Ok(purpose) => form(purpose).show(&token),
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
    let purpose = match look(&app, PATH, &token, &caller).await {
        Ok(purpose) => purpose,
        Err(response) => return response,
    };
    if purpose == LinkPurpose::ChangeEmail {
        return match app.rotunda.confirm_email(&token, &sent.password(), &caller).await {
            Ok(()) => {
                done("Your address is changed", &["Sign in with it from now on. You can close this page."])
            }
            Err(error) => form(purpose).show_again(&token, error),
        };
    }
    let arrival = arrival(&token, &cookies, caller);
    match app.rotunda.verify_email(&arrival, &sent.password()).await {
        Ok(grant) => {
            let page =
                done("Your address is confirmed", &["You are signed in. Go back to where you came from."]);
            with_session(page, &app.web, &grant)
        }
        Err(error) => form(purpose).show_again(&token, error),
    }
}
