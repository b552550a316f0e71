//! `GET` and `POST /account/delete`: the end of the account.

use axum::extract::State;
use axum::response::Response;
use rotunda_core::bearer::Bearer;

use super::proved::Proved;
use super::{Asked, farewell, form_page, refused, text};
use crate::Shared;
use crate::pages::Page;
use crate::pages::field::Field;
use crate::pages::form::FormPage;
use crate::pages::visitor::SignedIn;
use crate::reply::with_cookies;
use crate::session::answer::with_session;

pub(super) const PATH: &str = "/account/delete";

fn form<'a>(page: &'a Page, bearer: &Bearer) -> FormPage<'a> {
    let words = text::of(page.language);
    let fields = vec![Field::password(page.texts())];
    FormPage { fields, ..form_page(page, bearer, &words.delete, PATH) }
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
    let deleted = match bearer {
        Ok(bearer) => app.rotunda.delete_me(&bearer, &asked.caller).await,
        Err(error) => Err(error),
    };
    match deleted {
        // There is no session any more, so there is none to give.
        Ok(()) => {
            let words = text::of(asked.page.language);
            with_cookies(farewell(&asked.page, &words.leave.deleted), app.web.expire_session())
        }
        Err(error) => with_session(again(error), &app.web, &grant),
    }
}
