//! `GET` and `POST /account/password`: another password. It asks for the one so far by itself, and renews the session by
//! itself, so no other proof comes before it.

use axum::extract::State;
use axum::response::Response;
use rotunda_core::bearer::Bearer;
use rotunda_core::model::Password;
use rotunda_core::password::ChangePassword;

use super::notice::Done;
use super::{Asked, form_page, refused, text};
use crate::pages::Page;
use crate::pages::field::Field;
use crate::pages::form::FormPage;
use crate::pages::visitor::SignedIn;
use crate::session::answer::with_session;
use crate::{App, Shared};

pub(super) const PATH: &str = "/account/password";
const NEW: &str = "new_password";

fn form<'a>(app: &App, page: &'a Page, bearer: &Bearer) -> FormPage<'a> {
    let (words, texts) = (text::of(page.language), page.texts());
    let least = app.rotunda.policy().fewest_password_chars();
    let current = Field { label: words.current_password, ..Field::password(texts) };
    let new = Field::new_password(texts, NEW, texts.fields.new_password, least);
    FormPage { fields: vec![current, new], ..form_page(page, bearer, &words.password, PATH) }
}

pub(super) async fn show(State(app): Shared, page: Page, SignedIn(bearer): SignedIn) -> Response {
    form(&app, &page, &bearer).show()
}

pub(super) async fn submit(State(app): Shared, asked: Asked) -> Response {
    let change = ChangePassword {
        current: asked.form.password(),
        new: Password::new(asked.form.value(NEW).unwrap_or_default()),
        caller: asked.caller,
    };
    match app.rotunda.change_password(&asked.bearer, &change).await {
        Ok(grant) => with_session(Done::PasswordChanged.tell(), &app.web, &grant),
        Err(error) => refused(form(&app, &asked.page, &asked.bearer), error),
    }
}
