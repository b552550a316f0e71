//! `GET` and `POST /account/export`: what is kept about the user, as a file.

use axum::extract::State;
use axum::response::Response;
use rotunda_core::bearer::Bearer;

use super::proved::Proved;
use super::{Asked, form_page, refused, text};
use crate::Shared;
use crate::account::export::download;
use crate::pages::Page;
use crate::pages::field::Field;
use crate::pages::form::FormPage;
use crate::pages::visitor::SignedIn;
use crate::session::answer::with_session;

pub(super) const PATH: &str = "/account/export";

fn form<'a>(page: &'a Page, bearer: &Bearer) -> FormPage<'a> {
    let words = text::of(page.language);
    let fields = vec![Field::password(page.texts())];
    FormPage { fields, ..form_page(page, bearer, &words.export, PATH) }
}

pub(super) async fn show(page: Page, SignedIn(bearer): SignedIn) -> Response {
    form(&page, &bearer).show()
}

pub(super) async fn submit(State(app): Shared, asked: Asked) -> Response {
    let again = |error| refused(form(&asked.page, &asked.bearer), error);
    let Proved { grant, bearer } = match asked.prove(&app).await {
        Ok(proved) => proved,
        Err(error) => return again(error),
    };
    let data = match bearer {
        Ok(bearer) => app.rotunda.export_me(&bearer, &asked.caller).await,
        Err(error) => Err(error),
    };
    let response = match data {
        Ok(data) => download(&data, grant.session.id),
        Err(error) => again(error),
    };
    with_session(response, &app.web, &grant)
}
