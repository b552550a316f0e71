//! `GET /admin/sessions`: find a session.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{
    AdminPermission, ClientId, DeviceId, Ending, Facts, SessionId, UnixMillis, UserId, device_label,
};
use rotunda_core::store::SessionSearch;

use super::done::Done;
use super::seat::Seat;
use super::sheet::{Cell, Link, Part, Search, SearchField, Sheet, Table, further};
use super::{PAGE, everyone, moments, query_of, users};
use crate::edge::form::Form;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/sessions";

const NAMES: [&str; 7] = ["user", "device", "address", "client", "live", "from", "until"];

/// Shows those that fit.
pub(super) async fn show(State(app): Shared, seat: Seat, RawQuery(query): RawQuery) -> Response {
    let shown = match query_of(query.as_deref()) {
        Ok(query) => sheet(&app, &seat, &query).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

async fn sheet(app: &App, seat: &Seat, query: &Form) -> Result<Response, Error> {
    let desk = seat.desk(&app.rotunda);
    let after = given(query, "after", SessionId::from_str)?;
    let found = desk.search_sessions(search(query)?, after, PAGE).await?;
    let next = found.next.map(|id| further(PATH, query, &NAMES, "after", &id.to_string()));
    let ways = seat
        .may(AdminPermission::SessionsRevoke)
        .then(|| Part::Ways(vec![Link::to(everyone::PATH, "Sign everyone out")]));
    let page = Sheet::new(seat, PATH, "Sessions").done(Done::told(query)).with(Part::Search(form(query)));
    Ok(page.with(Part::Table(table(desk.now(), &found.rows, next))).with_all(ways).show())
}

fn form(query: &Form) -> Search {
    let live = [("", "Any"), ("true", "Live"), ("false", "Ended")];
    Search {
        action: PATH,
        fields: vec![
            SearchField::text(query, "address", "Address"),
            SearchField::text(query, "user", "Id of the user"),
            SearchField::text(query, "device", "Id of the device"),
            SearchField::text(query, "client", "Client"),
            SearchField::choice(query, "live", "State", &live),
            SearchField::text(query, "from", "Begun from (UTC)"),
            SearchField::text(query, "until", "Begun before (UTC)"),
        ],
    }
}

fn search(query: &Form) -> Result<SessionSearch, Error> {
    let moment = |text: &str| moments::parse(text).ok_or(());
    Ok(SessionSearch {
        user: given(query, "user", UserId::from_str)?,
        device: given(query, "device", DeviceId::from_str)?,
        client: query.value("client").map(ClientId),
        address: given(query, "address", IpAddr::from_str)?,
        live: given(query, "live", bool::from_str)?,
        from: given(query, "from", moment)?,
        until: given(query, "until", moment)?,
    })
}

/// What the query says of this, where it says anything; it has to be readable.
pub(super) fn given<T, E>(
    query: &Form,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, Denied> {
    let Some(text) = query.value(name) else { return Ok(None) };
    let odd = |_| {
        Denied::Unfit(format!("What stands at {name:?} cannot be read. Leave it out, or write it in full."))
    };
    read(text.trim()).map(Some).map_err(odd)
}

/// Sessions of one user, each with the way to its picture.
pub(super) fn table_of_user(now: UnixMillis, all: &[Facts], next: Option<String>) -> Table {
    const USER: usize = 1;
    let mut table = table(now, all, next);
    table.columns.remove(USER);
    table.rows.iter_mut().for_each(|row| drop(row.remove(USER)));
    table
}

/// Sessions, each with the way to its picture.
fn table(now: UnixMillis, all: &[Facts], next: Option<String>) -> Table {
    let row = |facts: &Facts| {
        let session = &facts.session;
        let address = session.last_address.map(|address| address.to_string());
        vec![
            Cell::link(format!("{PATH}/{}", session.id), device_label(session.last_user_agent.as_deref())),
            Cell::link(format!("{}/{}", users::PATH, facts.user.id), facts.user.email.as_str()),
            Cell::maybe(address),
            Cell::at(session.created_at),
            Cell::at(session.last_used_at()),
            standing(now, facts),
        ]
    };
    Table {
        caption: "Sessions, the newest first".to_owned(),
        columns: vec!["Device", "User", "Address", "Began", "Last refreshed", "State"],
        rows: all.iter().map(row).collect(),
        nothing: if next.is_some() {
            "None among those that were looked at."
        } else {
            "There is no such session."
        },
        next,
    }
}

/// Whether it lives, in a word.
fn standing(now: UnixMillis, facts: &Facts) -> Cell {
    match facts.ending_at(now) {
        None if facts.session.acting.is_some() => Cell::text("Live, somebody acts for the user"),
        None => Cell::text("Live"),
        Some((ending, _)) => {
            let is_theft = ending == Ending::Reused;
            Cell::text(super::words::ended(ending)).wrong(is_theft)
        }
    }
}
