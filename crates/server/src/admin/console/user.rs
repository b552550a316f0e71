//! `GET /admin/users/{id}`: what is known of a user, and the ways to what can be done.

use std::str::FromStr;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, RoleName, User, UserId, UserState};
use rotunda_core::store::{EventSearch, SessionSearch};

use super::done::Done;
use super::seat::Seat;
use super::sheet::{Cell, Link, Part, Sheet};
use super::user_acts::Verb;
use super::{audit, query_of, sessions, users};
use crate::edge::form::Form;
use crate::{App, Shared};

/// How many sessions and events are shown beside the rest.
const FEW: u32 = 10;

/// Shows one.
pub(super) async fn show(
    State(app): Shared,
    Path(id): Path<String>,
    seat: Seat,
    RawQuery(query): RawQuery,
) -> Response {
    let shown = match (id_of(&id), query_of(query.as_deref())) {
        (Ok(id), Ok(query)) => sheet(&app, &seat, id, &query).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

/// The id in a path.
pub(super) fn id_of(text: &str) -> Result<UserId, Error> {
    Ok(UserId::from_str(text).map_err(|_| Denied::NotFound)?)
}

/// Where one is shown.
pub(super) fn path_of(id: UserId) -> String {
    format!("{}/{id}", users::PATH)
}

async fn sheet(app: &App, seat: &Seat, id: UserId, query: &Form) -> Result<Response, Error> {
    let desk = seat.desk(&app.rotunda);
    let user = desk.user(id).await?;
    let mut page =
        Sheet::new(seat, "", user.email.as_str()).done(Done::told(query)).with(Part::Facts(facts(&user)));
    page = page.with(Part::Ways(ways(seat, &user)));
    if seat.may(AdminPermission::SessionsRead) {
        let by = SessionSearch { user: Some(id), ..SessionSearch::default() };
        let found = desk.search_sessions(by, None, FEW).await?;
        let next = found.next.map(|_| format!("{}?user={id}", sessions::PATH));
        let table = sessions::table_of_user(desk.now(), &found.rows, next);
        page = page.with(Part::Heading("Sessions".to_owned())).with(Part::Table(table));
    }
    if seat.may(AdminPermission::AuditRead) {
        let by = EventSearch { user: Some(id), ..EventSearch::default() };
        let found = desk.search_events(by, None, FEW).await?;
        let next = found.next.map(|_| format!("{}?user={id}", audit::PATH));
        page = page
            .with(Part::Heading("What happened".to_owned()))
            .with(Part::Table(audit::table(&found.rows, next)));
    }
    Ok(page.show())
}

fn facts(user: &User) -> Vec<(&'static str, Cell)> {
    let roles: Vec<&str> = user.roles.iter().map(RoleName::as_str).collect();
    let shown = if user.email_verified { "Shown to be theirs" } else { "Not shown to be theirs" };
    let mut facts = vec![
        ("State", users::state(user)),
        ("Address", Cell::text(shown)),
        ("User name", Cell::maybe(user.username.as_ref().map(|name| name.as_str()))),
        ("Name", Cell::maybe(user.name.as_deref())),
        ("Roles", Cell::maybe((!roles.is_empty()).then(|| roles.join(", ")))),
        ("Since", Cell::at(user.created_at)),
        ("Id", Cell::text(user.id.to_string())),
    ];
    facts.extend(user.subject.as_ref().map(|subject| ("Id elsewhere", Cell::text(subject.as_str()))));
    facts
}

/// The ways to what somebody may do to a user.
fn ways(seat: &Seat, user: &User) -> Vec<Link> {
    let is_own = seat.operator.user() == Some(user.id);
    let fits = |verb: &Verb| match verb {
        Verb::Disable => user.state == UserState::Active && !is_own,
        Verb::Enable => user.state == UserState::Disabled,
        Verb::Act => user.state == UserState::Active && !is_own,
        Verb::Delete => !is_own,
        Verb::Edit | Verb::Roles | Verb::EndSessions | Verb::LiftLimits => true,
    };
    let may = Verb::ALL.into_iter().filter(|verb| seat.may(verb.needs()) && fits(verb));
    may.map(|verb| Link::to(format!("{}/{}", path_of(user.id), verb.as_str()), verb.label())).collect()
}
