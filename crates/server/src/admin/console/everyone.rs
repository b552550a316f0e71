//! `GET` and `POST /admin/everyone`: the panic button.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use rotunda_core::desk::Desk;
use rotunda_core::failure::Error;
use rotunda_core::model::AdminPermission;

use super::act::{Act, Doing, Outcome, Reason, carry_out};
use super::moments;
use super::seat::{Seat, Sent};
use super::sessions;
use crate::pages::Page;
use crate::pages::page::Way;
use crate::pages::text::Notice;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/everyone";

const DONE: Notice = Notice {
    heading: "Everyone is signed out",
    lines: &[
        "All sessions of all users have ended, yours too.",
        "Whoever signs in from now on stays signed in.",
    ],
};

/// Says what it does, and to how many.
pub(super) async fn show(State(app): Shared, seat: Seat) -> Response {
    match act(&app, &seat).await {
        Ok(act) => act.show(&seat),
        Err(error) => seat.refused(error),
    }
}

/// Does it.
pub(super) async fn submit(State(app): Shared, sent: Sent) -> Response {
    match act(&app, &sent.seat).await {
        Ok(act) => carry_out(&app, &sent, act, |desk| doing(desk, &sent.seat.page)).await,
        Err(error) => sent.seat.refused(error),
    }
}

async fn act(app: &App, seat: &Seat) -> Result<Act, Error> {
    let live = seat.desk(&app.rotunda).end_everyone(true).await?;
    let sessions = live.map_or("all sessions".to_owned(), |live| moments::counted(live, "live session"));
    let back = if seat.may(AdminPermission::SessionsRead) { sessions::PATH } else { super::ADMIN };
    Ok(Act::new("Sign everyone out", PATH.to_owned(), "Sign everyone out", back)
        .leads(format!("This ends {sessions} of all users at once, yours too."))
        .also("Nobody can bring them back. Everyone has to sign in again, with their password.")
        .also("Services that follow the revocation feed refuse all access tokens of before at once; others as they run out.")
        .also("Many will sign in at the same time.")
        .because(Reason::Needed))
}

fn doing<'a>(desk: Desk<'a>, page: &'a Page) -> Doing<'a> {
    Box::pin(async move {
        desk.end_everyone(false).await?;
        let way = Way::to("/login?return_to=%2Fadmin", page.texts().to_sign_in);
        Ok(Outcome::SignedOut(page.notice(StatusCode::OK, &DONE, Some(way))))
    })
}
