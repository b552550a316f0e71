//! `GET /account`: devices, thefts, what happened lately, and the ways to everything else.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{Device, Ending, EventKind, RecordedEvent, Session};
use rotunda_core::sessions::MOST_LISTED;

use super::happened::{self, Line, Moment};
use super::notice::Done;
use super::text::{self, Words};
use super::{delete, email, export, password};
use crate::pages::Page;
use crate::pages::page::Way;
use crate::pages::visitor::SignedIn;
use crate::{App, Shared};

/// How many events are shown at once; the older ones are folded away.
const RECENT: usize = 10;

/// How many thefts are told, the latest ones.
const THEFTS: usize = 3;

#[derive(Template)]
#[template(path = "account/overview.html")]
struct Overview<'a> {
    page: &'a Page,
    words: &'static Words,
    acting: Option<String>,
    lead: String,
    unverified: bool,
    done: Option<&'static str>,
    devices: Vec<ShownDevice>,
    /// Whether there are more than are listed.
    more: bool,
    thefts: Vec<Vec<Line>>,
    recent: Vec<Line>,
    older: Vec<Line>,
    ways: Vec<Way<'a>>,
}

/// A session in the list of devices.
struct ShownDevice {
    id: String,
    name: String,
    address: String,
    first_seen: Option<Moment>,
    signed_in: Moment,
    last_used: Moment,
    ends: Moment,
    /// What the button does, for those who hear it alone.
    end: String,
    current: bool,
}

pub(super) async fn show(
    State(app): Shared,
    page: Page,
    RawQuery(query): RawQuery,
    SignedIn(bearer): SignedIn,
) -> Response {
    match overview(&app, &page, &bearer, Done::of(query.as_deref())).await {
        Ok(overview) => page.show(StatusCode::OK, &overview),
        Err(error) => page.problem(error.into()),
    }
}

async fn overview<'a>(
    app: &App,
    page: &'a Page,
    bearer: &Bearer,
    done: Option<Done>,
) -> Result<Overview<'a>, Error> {
    let words = text::of(page.language);
    let sessions = app.rotunda.sessions(bearer).await?;
    let devices = app.rotunda.devices(bearer).await?;
    let events = app.rotunda.my_events(bearer).await?;
    let thefts = thefts(app, words, bearer, &events).await?;
    let own = bearer.facts.session.id;
    let more = u32::try_from(sessions.len()).is_ok_and(|count| count >= MOST_LISTED);
    let mut shown: Vec<_> =
        sessions.iter().map(|session| shown(words, session, &devices, session.id == own)).collect();
    // Stable: the others stay in their order, the latest used first.
    shown.sort_by_key(|device| Reverse(device.current));
    let mut recent = Line::all(words, &events);
    let older = recent.split_off(recent.len().min(RECENT));
    let user = &bearer.facts.user;
    Ok(Overview {
        page,
        words,
        acting: super::acted_for(bearer),
        lead: (words.lead)(user.email.as_str()),
        unverified: !user.email_verified,
        done: done.map(words.done),
        devices: shown,
        more,
        thefts,
        recent,
        older,
        // What is the user's alone is closed to whoever acts for them.
        ways: if bearer.facts.session.acting.is_some() { Vec::new() } else { ways(words) },
    })
}

fn ways<'a>(words: &'static Words) -> Vec<Way<'a>> {
    vec![
        Way::to(password::PATH, words.password.heading),
        Way::to(email::PATH, words.email.heading),
        Way::to(export::PATH, words.export.heading),
        Way::to(delete::PATH, words.delete.heading),
    ]
}

/// The stories of the thefts that the events tell of, the latest first.
async fn thefts(
    app: &App,
    words: &Words,
    bearer: &Bearer,
    events: &[RecordedEvent],
) -> Result<Vec<Vec<Line>>, Error> {
    let found = events.iter().map(|recorded| &recorded.event);
    let found = found.filter(|event| event.kind == EventKind::SessionEnded(Ending::Reused));
    let mut told = Vec::new();
    for id in found.filter_map(|event| event.session_id).take(THEFTS) {
        match app.rotunda.my_story(bearer, id).await {
            Ok(story) => told.push(happened::theft(words, &story)),
            // Forgotten a moment ago.
            Err(Error::Denied(Denied::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(told)
}

fn shown(words: &Words, session: &Session, devices: &[Device], current: bool) -> ShownDevice {
    let known = devices.iter().find(|device| device.id == session.device_id);
    let name = happened::device(words, session.last_user_agent.as_deref());
    let address = session.last_address.map_or(words.unknown_address.to_owned(), |it| it.to_string());
    ShownDevice {
        id: session.id.to_string(),
        end: (words.devices.end_named)(&format!("{name}, {address}")),
        name,
        address,
        first_seen: known.map(|device| Moment::of(words, device.first_seen_at)),
        signed_in: Moment::of(words, session.created_at),
        last_used: Moment::of(words, session.last_used_at()),
        ends: Moment::of(words, session.expires_at()),
        current,
    }
}
