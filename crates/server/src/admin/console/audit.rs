//! `GET /admin/audit`: what happened, and who did it.

use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::failure::Error;
use rotunda_core::model::{Actor, RecordedEvent, SessionId, UserId, device_label};
use rotunda_core::store::EventSearch;

use super::seat::Seat;
use super::sessions::given;
use super::sheet::{Cell, Part, Search, SearchField, Sheet, Table, further};
use super::{PAGE, moments, query_of, sessions, users};
use crate::edge::form::Form;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/audit";

const NAMES: [&str; 7] = ["user", "session", "actor", "kind", "address", "from", "until"];

/// Shows those that fit.
pub(super) async fn show(State(app): Shared, seat: Seat, RawQuery(query): RawQuery) -> Response {
    let shown = match query_of(query.as_deref()) {
        Ok(query) => sheet(&app, &seat, &query).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

async fn sheet(app: &App, seat: &Seat, query: &Form) -> Result<Response, Error> {
    let before = given(query, "before", u64::from_str)?;
    let found = seat.desk(&app.rotunda).search_events(search(query)?, before, PAGE).await?;
    let next = found.next.map(|seq| further(PATH, query, &NAMES, "before", &seq.to_string()));
    let text = "Each event is chained to the one before it. That none was altered, removed or moved, `rotunda audit verify` shows.";
    let page = Sheet::new(seat, PATH, "Audit log").with(Part::Text(text.to_owned()));
    Ok(page.with(Part::Search(form(query))).with(Part::Table(table(&found.rows, next))).show())
}

fn form(query: &Form) -> Search {
    Search {
        action: PATH,
        fields: vec![
            SearchField::text(query, "kind", "Kind"),
            SearchField::text(query, "user", "Id of the user"),
            SearchField::text(query, "session", "Id of the session"),
            SearchField::text(query, "actor", "Done by"),
            SearchField::text(query, "address", "From the address"),
            SearchField::text(query, "from", "From (UTC)"),
            SearchField::text(query, "until", "Before (UTC)"),
        ],
    }
}

fn search(query: &Form) -> Result<EventSearch, Error> {
    let moment = |text: &str| moments::parse(text).ok_or(());
    Ok(EventSearch {
        user: given(query, "user", UserId::from_str)?,
        session: given(query, "session", SessionId::from_str)?,
        actor: given(query, "actor", Actor::from_str)?,
        kind: query.value("kind").map(|kind| kind.trim().to_owned()),
        address: given(query, "address", IpAddr::from_str)?,
        from: given(query, "from", moment)?,
        until: given(query, "until", moment)?,
    })
}

/// Events, the newest first.
pub(super) fn table(all: &[RecordedEvent], next: Option<String>) -> Table {
    Table {
        caption: "Events, the newest first".to_owned(),
        columns: vec!["When", "What", "To", "By", "From", "About"],
        rows: all.iter().map(row).collect(),
        nothing: if next.is_some() {
            "None among those that were looked at."
        } else {
            "There is no such event."
        },
        next,
    }
}

fn row(recorded: &RecordedEvent) -> Vec<Cell> {
    let event = &recorded.event;
    let kind =
        event.kind.ending().map_or(event.kind.to_string(), |ending| format!("{} {ending}", event.kind));
    let about = [event.about.as_deref(), event.caller.reason.as_deref()];
    let about: Vec<&str> = about.into_iter().flatten().collect();
    vec![
        Cell::at(event.at),
        Cell::text(kind),
        to_whom(recorded),
        by(event.caller.actor.as_ref()),
        from(recorded),
        Cell::maybe((!about.is_empty()).then(|| about.join(" · "))),
    ]
}

fn to_whom(recorded: &RecordedEvent) -> Cell {
    let event = &recorded.event;
    match (event.session_id, event.user_id) {
        (Some(id), _) => Cell::link(format!("{}/{id}", sessions::PATH), "A session"),
        (None, Some(id)) => Cell::link(format!("{}/{id}", users::PATH), "A user"),
        (None, None) => Cell::text("–"),
    }
}

fn by(actor: Option<&Actor>) -> Cell {
    match actor {
        Some(Actor::User(id)) => Cell::link(format!("{}/{id}", users::PATH), "An operator"),
        Some(Actor::Client(id)) => Cell::text(format!("The service {id}")),
        Some(Actor::CommandLine) => Cell::text("The command line"),
        None => Cell::text("–"),
    }
}

fn from(recorded: &RecordedEvent) -> Cell {
    let caller = &recorded.event.caller;
    let device = caller.user_agent.as_deref().map(|agent| device_label(Some(agent)));
    let address = caller.address.map(|address| address.to_string());
    let told: Vec<String> = [device, address].into_iter().flatten().collect();
    Cell::maybe((!told.is_empty()).then(|| told.join(", ")))
}
