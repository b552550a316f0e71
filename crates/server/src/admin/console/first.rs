//! `GET` and `POST /admin/first`: the first admin, by the one-time token that the server prints at its first start.
//!
//! Whoever opens the page is told nothing about whether there is an admin already; the token is good once, and of two who send
//! it at the same moment one becomes it (`rotunda_core`).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::SecretText;
use rotunda_core::register::Newcomer;

use crate::edge::caller::From;
use crate::edge::form::Form;
use crate::pages::field::Field;
use crate::pages::form::FormPage;
use crate::pages::page::Way;
use crate::pages::text::Notice;
use crate::pages::{Page, Sent};
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/first";

const HEADING: &str = "The first admin";

const DONE: Notice =
    Notice { heading: "You are the first admin", lines: &["Sign in with your address and your password."] };

/// In place of what is told of links.
const BAD_TOKEN: &str = "The token is not good: it was used before, or is not complete. Nothing has changed. A server that has \
                         no admin yet prints it when it starts.";

/// Asks.
pub(super) async fn show(State(app): Shared, page: Page) -> Response {
    form(&app, &page.in_english(), None).show()
}

/// Adds the admin.
pub(super) async fn submit(State(app): Shared, From(caller): From, page: Page, Sent(sent): Sent) -> Response {
    let page = page.in_english();
    let token = token_in(&sent.value("admin_token").unwrap_or_default());
    let newcomer = Newcomer {
        email: sent.value("email").unwrap_or_default(),
        password: sent.password(),
        username: None,
        name: None,
    };
    match app.rotunda.claim_first_admin(&token, &newcomer, &caller).await {
        Ok(_) => {
            let way = Way::to("/login?return_to=%2Fadmin", page.texts().to_sign_in);
            page.notice(StatusCode::OK, &DONE, Some(way))
        }
        Err(Error::Denied(Denied::LinkInvalid)) => {
            let unfit = Denied::Unfit(BAD_TOKEN.to_owned());
            form(&app, &page, Some(&sent)).show_again(Error::from(unfit).into())
        }
        Err(error) => form(&app, &page, Some(&sent)).show_again(error.into()),
    }
}

/// The token; whoever has copied the whole address that the server has printed has it behind the `#`.
fn token_in(typed: &str) -> SecretText {
    SecretText::new(typed.trim().rsplit('#').next().unwrap_or_default().to_owned())
}

fn form<'a>(app: &App, page: &'a Page, typed: Option<&Form>) -> FormPage<'a> {
    let texts = page.texts();
    let email = typed.and_then(|form| form.value("email")).unwrap_or_default();
    let least = app.rotunda.policy().fewest_password_chars();
    let token = Field::text("admin_token", "One-time token", String::new());
    FormPage {
        lead: Some(
            "A new server prints a token when it starts. Whoever has it becomes its first admin here, once."
                .to_owned(),
        ),
        fields: vec![
            token.with_hint("It begins with ra1_"),
            Field::email(texts, email),
            Field::new_password(texts, "password", texts.fields.new_password, least),
        ],
        ..FormPage::new(page, HEADING, PATH, "Become the first admin")
    }
}
