//! `GET /admin/sessions/{id}`: a session, its lineage as a picture and in words. `GET` and `POST /admin/sessions/{id}/end`
//! ends it.

use std::str::FromStr;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::desk::Desk;
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, Facts, SessionId};
use rotunda_core::operate::Story;

use super::act::{Act, Doing, Outcome, carry_out};
use super::done::Done;
use super::lineage::{self, Lineage};
use super::picture::{Lies, draw};
use super::seat::{Seat, Sent};
use super::sheet::{Cell, Link, Part, Sheet, Step};
use super::{audit, moments, query_of, sessions, users, words};
use crate::edge::form::Form;
use crate::{App, Shared};

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

fn id_of(text: &str) -> Result<SessionId, Error> {
    Ok(SessionId::from_str(text).map_err(|_| Denied::NotFound)?)
}

fn path_of(id: SessionId) -> String {
    format!("{}/{id}", sessions::PATH)
}

async fn sheet(app: &App, seat: &Seat, id: SessionId, query: &Form) -> Result<Response, Error> {
    let story = seat.desk(&app.rotunda).story(id).await?;
    let lineage = lineage::of(&story, seat.desk(&app.rotunda).now());
    let mut page = Sheet::new(seat, "", "A session").done(Done::told(query));
    page = page.with(Part::Verdict {
        is_well: !words::is_theft(&story),
        lines: words::verdict(&story, lineage.as_ref()),
    });
    if let Some(lineage) = &lineage {
        page = page.with_all(picture(lineage));
    }
    if let Some(facts) = &story.facts {
        page = page.with(Part::Heading("What it is".to_owned())).with(Part::Facts(known(facts)));
    }
    let is_live = story.end.is_some_and(|end| !end.past);
    let mut ways = Vec::new();
    if is_live && seat.may(AdminPermission::SessionsRevoke) {
        ways.push(Link::to(format!("{}/end", path_of(id)), "End it"));
    }
    if seat.may(AdminPermission::AuditRead) {
        ways.push(Link::to(format!("{}?session={id}", audit::PATH), "Its events"));
    }
    Ok(page.with(Part::Ways(ways)).show())
}

/// The picture, and the same in words.
fn picture(lineage: &Lineage) -> Vec<Part> {
    let label = words::of_picture(lineage);
    let drawings = [Lies::Across, Lies::Down].map(|lies| draw(lineage, lies, label.clone()));
    let mut parts = vec![Part::Heading("Its lineage".to_owned()), Part::Picture(Box::new(drawings))];
    if lineage.left_out > 0 {
        let text =
            format!("{} between these are left out.", moments::counted(count(lineage.left_out), "moment"));
        parts.push(Part::Text(text));
    }
    parts.push(Part::Steps(steps(lineage)));
    parts
}

fn steps(lineage: &Lineage) -> Vec<Step> {
    let place = |index: usize| {
        let place = lineage.places.get(index)?;
        Some((place.letter, format!("{}, {}", place.device, place.address)))
    };
    let step = |(index, moment): (usize, &lineage::Moment)| Step {
        number: index + 1,
        at: moments::At::of(moment.at),
        text: words::step(lineage, moment),
        place: moment.place.and_then(place),
        is_wrong: moment.what == lineage::What::CameBack,
    };
    lineage.moments.iter().enumerate().map(step).collect()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn known(facts: &Facts) -> Vec<(&'static str, Cell)> {
    let (session, user) = (&facts.session, &facts.user);
    let mut known = vec![
        ("User", Cell::link(format!("{}/{}", users::PATH, user.id), user.email.as_str())),
        ("Client", Cell::text(session.client_id.0.as_str())),
        ("Generation", Cell::text(session.lineage.generation.to_string())),
        ("Began", Cell::at(session.created_at)),
        ("Password entered", Cell::at(session.auth_time)),
        ("Last refreshed", Cell::at(session.last_used_at())),
        ("Ends unless refreshed", Cell::at(session.idle_expires_at)),
        ("Ends at last", Cell::at(session.absolute_expires_at)),
        (
            "Device",
            Cell::link(
                format!("{}?device={}", sessions::PATH, session.device_id),
                session.device_id.to_string(),
            ),
        ),
        ("Id", Cell::text(session.id.to_string())),
    ];
    known.extend(
        session.acting.map(|id| ("Acted in by", Cell::link(format!("{}/{id}", users::PATH), id.to_string()))),
    );
    known
}

/// Says what it does.
pub(super) async fn ask(State(app): Shared, Path(id): Path<String>, seat: Seat) -> Response {
    match ending(&app, &seat, &id).await {
        Ok((_, act)) => act.show(&seat),
        Err(error) => seat.refused(error),
    }
}

/// Ends it.
pub(super) async fn end(State(app): Shared, Path(id): Path<String>, sent: Sent) -> Response {
    match ending(&app, &sent.seat, &id).await {
        Ok((id, act)) => carry_out(&app, &sent, act, |desk| doing(desk, id)).await,
        Err(error) => sent.seat.refused(error),
    }
}

fn doing(desk: Desk<'_>, id: SessionId) -> Doing<'_> {
    Box::pin(async move {
        desk.end_session(id).await?;
        Ok(Outcome::Done(path_of(id), Done::SessionEnded))
    })
}

async fn ending(app: &App, seat: &Seat, id: &str) -> Result<(SessionId, Act), Error> {
    let id = id_of(id)?;
    let Story { facts, .. } = seat.desk(&app.rotunda).story(id).await?;
    let facts = facts.ok_or(Denied::NotFound)?;
    let home = path_of(id);
    let act = Act::new("End a session", format!("{home}/end"), "End it", home)
        .leads(format!("{} is signed out on this device.", facts.user.email))
        .also("Access tokens of it that are still good are refused by services that follow the feed.")
        .also("The user may sign in again at once.");
    Ok((id, act))
}
