//! `GET` and `POST /verify`: the address is theirs. After a registration with the password that was chosen there, for a
//! changed address with the password of the account.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::link::Looked;
use rotunda_core::model::{LinkPurpose, SecretText};

use super::field::Field;
use super::link::{LinkForm, address, arrival, in_query, look};
use super::page::Way;
use super::{Page, Sent};
use crate::Shared;
use crate::edge::caller::From;
use crate::edge::cookies::Cookies;
use crate::session::answer::with_session;

const PATH: &str = "/verify";

fn form<'a>(page: &Page, token: &'a SecretText, looked: &Looked) -> LinkForm<'a> {
    let texts = page.texts();
    let words = match looked.purpose {
        LinkPurpose::ChangeEmail => &texts.links.change,
        _ => &texts.links.confirm,
    };
    let (email, password) = (address(looked), Some(Field::password(texts)));
    LinkForm { words, action: PATH, token, email, password }
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
        Ok(looked) => form(&page, &token, &looked).show(&page),
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
    let (token, texts) = (sent.token(), page.texts());
    let looked = match look((&app, &page), PATH, &token, &caller).await {
        Ok(looked) => looked,
        Err(response) => return response,
    };
    if looked.purpose == LinkPurpose::ChangeEmail {
        return match app.rotunda.confirm_email(&token, &sent.password(), &caller).await {
            Ok(()) => page.done(&texts.links.change.done, None),
            Err(error) => form(&page, &token, &looked).show_again(&page, error),
        };
    }
    let arrival = arrival(&token, &cookies, caller);
    match app.rotunda.verify_email(&arrival, &sent.password()).await {
        Ok(grant) => {
            let way = Way::to("/account", texts.to_account);
            with_session(page.done(&texts.links.confirm.done, Some(way)), &app.web, &grant)
        }
        Err(error) => form(&page, &token, &looked).show_again(&page, error),
    }
}
