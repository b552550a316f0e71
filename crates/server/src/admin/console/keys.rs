//! `GET /admin/keys` shows the signing keys; `GET` and `POST /admin/keys/rotate` add one, `/admin/keys/{id}/revoke` revokes one.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use rotunda_core::KeyInfo;
use rotunda_core::desk::Desk;
use rotunda_core::failure::Error;
use rotunda_core::keys::ring::KeyPhase;
use rotunda_core::model::AdminPermission;

use super::act::{Act, Doing, Outcome, carry_out};
use super::done::Done;
use super::seat::{Seat, Sent};
use super::sheet::{Cell, Link, Part, Sheet, Table};
use super::{moments, query_of};
use crate::edge::form::Form;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/keys";
pub(super) const ROTATE: &str = "/admin/keys/rotate";

/// Shows all.
pub(super) async fn show(State(app): Shared, seat: Seat, RawQuery(query): RawQuery) -> Response {
    let shown = match query_of(query.as_deref()) {
        Ok(query) => sheet(&app, &seat, &query).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

async fn sheet(app: &App, seat: &Seat, query: &Form) -> Result<Response, Error> {
    let keys = seat.desk(&app.rotunda).keys().await?;
    let may_manage = seat.may(AdminPermission::KeysManage);
    let row = |key: &KeyInfo| {
        let can_go = may_manage && key.phase.is_accepted();
        let way = || Cell::link(format!("{PATH}/{}/revoke", key.kid), "Revoke");
        vec![
            Cell::text(key.kid.as_str()),
            Cell::text(key.algorithm.as_str()),
            phase(key.phase),
            Cell::at(key.created_at),
            Cell::at(key.signs_from),
            if can_go { way() } else { Cell::text("–") },
        ]
    };
    let table = Table {
        caption: "Signing keys, the oldest first".to_owned(),
        columns: vec!["Key", "Algorithm", "State", "Made", "Signs from", "Revocation"],
        rows: keys.iter().map(row).collect(),
        nothing: "There is none.",
        next: None,
    };
    let ways = may_manage.then(|| Part::Ways(vec![Link::to(ROTATE, "Add a key")]));
    let page = Sheet::new(seat, PATH, "Signing keys").done(Done::told(query)).with(Part::Table(table));
    Ok(page.with_all(ways).show())
}

fn phase(phase: KeyPhase) -> Cell {
    match phase {
        KeyPhase::Coming(_) => Cell::text("Published, signs later"),
        KeyPhase::Signing => Cell::text("Signs"),
        KeyPhase::Passing(until) => Cell::text(format!("Accepted until {}", moments::short(until))),
        KeyPhase::Over => Cell::text("Over"),
        KeyPhase::Revoked(at) => Cell::text(format!("Revoked {}", moments::short(at))).wrong(true),
    }
}

fn rotation() -> Act {
    Act::new("Add a signing key", ROTATE.to_owned(), "Add a key", PATH)
        .leads("A new key is published now, and signs once everybody has had the time to fetch it.")
        .also("Nobody is signed out: what the key before it has signed stays good until it runs out.")
}

fn revocation(kid: &str) -> Act {
    Act::new("Revoke a signing key", format!("{PATH}/{kid}/revoke"), "Revoke it", PATH)
        .leads(format!("All access tokens that the key {kid} has signed are refused at once."))
        .also("Nobody is signed out: clients get new tokens at their next refresh, which they do at once.")
        .also("Another key signs from now on, whether or not everybody has fetched it yet.")
}

/// Says what it does.
pub(super) async fn ask_rotation(seat: Seat) -> Response {
    rotation().show(&seat)
}

/// Adds one.
pub(super) async fn rotate(State(app): Shared, sent: Sent) -> Response {
    carry_out(&app, &sent, rotation(), rotating).await
}

fn rotating(desk: Desk<'_>) -> Doing<'_> {
    Box::pin(async move {
        desk.rotate_keys().await?;
        Ok(Outcome::Done(PATH.to_owned(), Done::KeysRotated))
    })
}

/// Says what it does.
pub(super) async fn ask_revocation(Path(kid): Path<String>, seat: Seat) -> Response {
    revocation(&kid).show(&seat)
}

/// Revokes one.
pub(super) async fn revoke(State(app): Shared, Path(kid): Path<String>, sent: Sent) -> Response {
    carry_out(&app, &sent, revocation(&kid), |desk| revoking(desk, kid)).await
}

fn revoking(desk: Desk<'_>, kid: String) -> Doing<'_> {
    Box::pin(async move {
        desk.revoke_key(&kid).await?;
        Ok(Outcome::Done(PATH.to_owned(), Done::KeyRevoked))
    })
}
