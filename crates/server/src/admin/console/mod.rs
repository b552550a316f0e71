//! The console at `/admin`: what operators see of this server, and do about it, in a browser.
//!
//! 1. Whoever comes is known by the page cookie, as on `/account`, and is let in by what their roles permit now
//!    ([`seat`], [`needs`]). The desk of the core does everything, and asks for the permission of each verb once more.
//! 2. What is only looked at is a [`sheet`](sheet::Sheet) of parts. What changes something is an [`act`](act::Act): a page of its own
//!    that says what it does, and asks for the password again where it is dangerous.
//! 3. Lists go on by links with a place in them, never by counting pages: they are as fast at a million users as at ten.
//! 4. No script: charts and pictures are SVG that the server draws ([`charts`], [`picture`]), and each says the same in words.
//! 5. English only: it is an operator's tool, like the command line.
//!
//! | page | file |
//! |---|---|
//! | `/admin` | [`front`] |
//! | `/admin/users` and what is below | [`users`], [`arrive`], [`user`], [`user_acts`] |
//! | `/admin/sessions` and what is below | [`sessions`], [`session`]; the picture: [`lineage`], [`picture`], [`drawing`], [`words`] |
//! | `/admin/everyone` | [`everyone`] |
//! | `/admin/roles`, `/admin/clients`, `/admin/keys`, `/admin/webhooks` and what is below | [`roles`], [`clients`], [`keys`], [`webhooks`] |
//! | `/admin/audit` | [`audit`] |
//! | `/admin/first`, for whoever has the token of the first start | [`first`] |

mod act;
mod arrive;
mod audit;
mod charts;
mod clients;
mod done;
mod drawing;
mod everyone;
mod first;
mod front;
mod keys;
mod lineage;
mod moments;
mod needs;
mod picture;
mod roles;
mod seat;
mod session;
mod sessions;
mod sheet;
pub(crate) mod style;
mod user;
mod user_acts;
mod users;
mod webhooks;
mod words;

use axum::routing::get;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::store::COUNTS_TO;

use crate::edge::form::Form;
use crate::watch::noted::Noted;

/// The front page.
const ADMIN: &str = "/admin";

/// How many things a page lists.
const PAGE: u32 = 50;

/// Its routes.
pub(crate) fn routes() -> Noted {
    Noted::new()
        .route(ADMIN, get(front::show))
        .route(style::PATH, get(style::show))
        .route(first::PATH, get(first::show).post(first::submit))
        .route(users::PATH, get(users::show))
        .route(arrive::NEW, get(arrive::ask_new).post(arrive::add))
        .route(arrive::INVITE, get(arrive::ask_invite).post(arrive::invite))
        .route("/admin/users/{id}", get(user::show))
        .route("/admin/users/{id}/{verb}", get(user_acts::show).post(user_acts::submit))
        .route(sessions::PATH, get(sessions::show))
        .route("/admin/sessions/{id}", get(session::show))
        .route("/admin/sessions/{id}/end", get(session::ask).post(session::end))
        .route(everyone::PATH, get(everyone::show).post(everyone::submit))
        .route(audit::PATH, get(audit::show))
        .merge(of_the_server())
}

/// Those about the server itself.
fn of_the_server() -> Noted {
    Noted::new()
        .route(roles::PATH, get(roles::show))
        .route("/admin/roles/{id}", get(roles::ask).post(roles::put))
        .route("/admin/roles/{id}/remove", get(roles::ask_removal).post(roles::remove))
        .route(clients::PATH, get(clients::show))
        .route(clients::NEW, get(clients::ask_new).post(clients::add))
        .route("/admin/clients/{id}/{verb}", get(clients::ask).post(clients::submit))
        .route(keys::PATH, get(keys::show))
        .route(keys::ROTATE, get(keys::ask_rotation).post(keys::rotate))
        .route("/admin/keys/{id}/revoke", get(keys::ask_revocation).post(keys::revoke))
        .route(webhooks::PATH, get(webhooks::show))
        .route(webhooks::NEW, get(webhooks::ask_new).post(webhooks::add))
        .route("/admin/webhooks/{id}", get(webhooks::one))
        .route("/admin/webhooks/{id}/{verb}", get(webhooks::ask).post(webhooks::submit))
}

/// What a query says; one that cannot be read is told so.
fn query_of(query: Option<&str>) -> Result<Form, Error> {
    let unfit = |_| {
        Denied::Unfit("The address of this page cannot be read. Go there from the page before it.".to_owned())
    };
    Ok(Form::parse(query.unwrap_or_default()).map_err(unfit)?)
}

/// A count that may have stopped, in words.
fn counted(count: u64, unit: &str) -> String {
    match count > COUNTS_TO {
        true => format!("More than {}", moments::counted(COUNTS_TO, unit)),
        false => moments::counted(count, unit),
    }
}
