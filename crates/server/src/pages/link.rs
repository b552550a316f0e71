//! What the pages have in common that links lead to: the link in the query, and the form with its button.

use axum::response::Response;
use http::StatusCode;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::link::{Arrival, Looked};
use rotunda_core::model::{Caller, SecretText};
use rotunda_core::post;

use super::field::Field;
use super::form::FormPage;
use super::text::LinkWords;
use super::{Page, problem};
use crate::App;
use crate::edge::cookies::Cookies;
use crate::edge::form::Form;

/// A form for whoever holds a link.
pub(super) struct LinkForm<'a> {
    /// Its words.
    pub words: &'static LinkWords,
    /// The path that it goes to.
    pub action: &'static str,
    /// The token of the link.
    pub token: &'a SecretText,
    /// To whom the link was written.
    pub email: Option<String>,
    /// Where a password is asked for.
    pub password: Option<Field>,
}

impl LinkForm<'_> {
    pub(super) fn show(self, page: &Page) -> Response {
        self.on(page).show()
    }

    /// Once more, with what was wrong; for a link that is not good, its page.
    pub(super) fn show_again(self, page: &Page, error: Error) -> Response {
        if matches!(error, Error::Denied(Denied::LinkInvalid)) {
            return bad(page);
        }
        self.on(page).show_again(error.into())
    }

    fn on(self, page: &Page) -> FormPage<'_> {
        let words = self.words;
        FormPage {
            lead: Some(words.lead.to_owned()),
            consequences: words.consequences,
            hidden: vec![("token", self.token.expose().to_owned())],
            username: self.email.filter(|_| self.password.is_some()),
            fields: self.password.into_iter().collect(),
            otherwise: Some(words.otherwise),
            ..FormPage::new(page, words.heading, self.action, words.button)
        }
    }
}

/// The token of the link that a query names. One that names none, or two, is as good as a wrong one.
pub(super) fn in_query(query: Option<&str>) -> SecretText {
    Form::parse(query.unwrap_or_default()).unwrap_or_default().token()
}

/// What a link is for, if it is good and leads to this page.
pub(super) async fn look(
    (app, page): (&App, &Page),
    path: &str,
    token: &SecretText,
    caller: &Caller,
) -> Result<Looked, Response> {
    match app.rotunda.look_at_link(token, caller).await {
        Ok(looked) if post::page(looked.purpose) == path => Ok(looked),
        Ok(_) | Err(Error::Denied(Denied::LinkInvalid)) => Err(bad(page)),
        Err(error) => Err(problem(error.into())),
    }
}

/// The address that a link was written to.
pub(super) fn address(looked: &Looked) -> Option<String> {
    looked.email.as_ref().map(|email| email.as_str().to_owned())
}

/// Whoever comes with a link and will be signed in by it, in this browser.
pub(super) fn arrival(token: &SecretText, cookies: &Cookies, caller: Caller) -> Arrival {
    Arrival {
        token: token.clone(),
        client_id: None,
        proof: None,
        device: cookies.known_device(),
        page: cookies.page(),
        caller,
    }
}

/// One page for every link that is not good.
fn bad(page: &Page) -> Response {
    page.notice(StatusCode::BAD_REQUEST, &page.texts().links.bad, None)
}
