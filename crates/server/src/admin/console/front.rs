//! `GET /admin`: is all well? A sentence says so, or what is not; figures and charts follow.

use axum::extract::State;
use axum::response::Response;
use rotunda_core::desk::Overview;
use rotunda_core::failure::Error;
use rotunda_core::keys::ring::KeyPhase;
use rotunda_core::model::{AdminPermission, Tally, UnixMillis};

use super::charts::{HOURS, Hours};
use super::seat::Seat;
use super::sheet::{Cell, Part, Sheet, first_way};
use super::{counted, keys, moments, sessions, users, webhooks};
use crate::pages::redirect;
use crate::{App, Shared};

/// As many letters as this wait on a busy server; more of them say that the mail server does not take them.
const MANY_LETTERS: u64 = 50;
/// Of sign-ins in an hour, as many as this are refused by mistake.
const FEW_REFUSALS: u64 = 100;

/// Shows it; whoever may not see it comes to the first page that they may see.
pub(super) async fn show(State(app): Shared, seat: Seat) -> Response {
    if !seat.may(AdminPermission::OverviewRead)
        && let Some(path) = first_way(&seat)
    {
        return redirect(path);
    }
    match sheet(&app, &seat).await {
        Ok(response) => response,
        Err(error) => seat.refused(error),
    }
}

async fn sheet(app: &App, seat: &Seat) -> Result<Response, Error> {
    let overview = seat.desk(&app.rotunda).overview().await?;
    let now = seat.desk(&app.rotunda).now();
    let hours = hours(&overview, now);
    let unwell = unwell(&overview, &hours, (now, app.rotunda.policy().rotate_keys_every));
    let is_well = unwell.is_empty();
    let lines = if is_well { vec!["All is well.".to_owned()] } else { unwell };
    let charts = vec![
        hours.chart("Sign-ins", Some(Tally::SignIns), Some(Tally::SignInsRefused)),
        hours.chart("Refreshes", Some(Tally::Refreshes), Some(Tally::RefreshesRefused)),
        hours.chart("Thefts found", None, Some(Tally::Thefts)),
    ];
    let page = Sheet::new(seat, super::ADMIN, "Overview")
        .with(Part::Verdict { is_well, lines })
        .with(Part::Facts(figures(&overview, app.hub.streams_now())))
        .with(Part::Heading(format!("The last {HOURS} hours")))
        .with(Part::Charts(charts, hours));
    Ok(page.show())
}

fn hours(overview: &Overview, now: UnixMillis) -> Hours {
    let counted = overview
        .hours
        .iter()
        .flat_map(|hour| hour.counts.iter().map(|(what, count)| (hour.begins_at, *what, *count)));
    Hours::of(&counted.collect::<Vec<_>>(), now)
}

/// What is not well, each in a sentence, the worst first.
fn unwell(
    overview: &Overview,
    hours: &Hours,
    (now, rotate_every): (UnixMillis, Option<std::time::Duration>),
) -> Vec<String> {
    let mut told = Vec::new();
    match hours.sum(Tally::Thefts, 24) {
        0 => {}
        thefts => told.push(format!(
            "{} found in the last 24 hours: somebody had a copy of a token.",
            were(thefts, "theft")
        )),
    }
    if overview.deliveries_dead > 0 {
        told.push(format!(
            "{} to webhooks given up: nobody tries them again until you do.",
            were(overview.deliveries_dead, "delivery")
        ));
    }
    if overview.letters_waiting >= MANY_LETTERS {
        told.push(format!("{} for the mail server: does it take them?", waiting(overview.letters_waiting)));
    }
    let refused = hours.sum(Tally::SignInsRefused, 2);
    if refused >= FEW_REFUSALS && refused > hours.sum(Tally::SignIns, 2) {
        told.push(format!(
            "Of the sign-ins of the last hour more were refused than not: {}.",
            moments::figure(refused)
        ));
    }
    told.extend(old_key(overview, now, rotate_every));
    match overview.around {
        None => told.push("How many users and sessions there are is not known yet.".to_owned()),
        Some(around) if around.as_of.distance(now) > std::time::Duration::from_secs(600) => {
            told.push("The figures below are old: the server could not count for a while.".to_owned());
        }
        Some(_) => {}
    }
    told
}

fn old_key(overview: &Overview, now: UnixMillis, every: Option<std::time::Duration>) -> Option<String> {
    let Some(signing) = overview.keys.iter().find(|key| key.phase == KeyPhase::Signing) else {
        return Some("No signing key signs.".to_owned());
    };
    let age = signing.signs_from.distance(now);
    // With a rotation of its own a key is late a day after it; without one, a year is long.
    let most = every.map_or(std::time::Duration::from_secs(365 * 86_400), |it| {
        it + std::time::Duration::from_secs(86_400)
    });
    (age > most).then(|| format!("The signing key has signed for {}: add another one.", moments::span(age)))
}

fn were(count: u64, what: &str) -> String {
    let (plural, verb) = if count == 1 { (what.to_owned(), "was") } else { (plural(what), "were") };
    format!("{} {plural} {verb}", moments::figure(count))
}

fn plural(what: &str) -> String {
    what.strip_suffix('y').map_or_else(|| format!("{what}s"), |stem| format!("{stem}ies"))
}

fn waiting(count: u64) -> String {
    let verb = if count == 1 { "waits" } else { "wait" };
    format!("{} {verb}", counted(count, "letter"))
}

fn figures(overview: &Overview, streams: usize) -> Vec<(&'static str, Cell)> {
    let signing = overview.keys.iter().find(|key| key.phase == KeyPhase::Signing);
    let around = |count: Option<u64>| count.map_or_else(|| "not known yet".to_owned(), moments::figure);
    let number = |count: usize| moments::figure(u64::try_from(count).unwrap_or(u64::MAX));
    let mut figures = vec![
        ("Live sessions", Cell::link(sessions::PATH, around(overview.around.map(|it| it.live_sessions)))),
        ("Users", Cell::link(users::PATH, around(overview.around.map(|it| it.users)))),
        (
            "Letters waiting",
            Cell::text(counted_to(overview.letters_waiting)).wrong(overview.letters_waiting >= MANY_LETTERS),
        ),
        ("Deliveries waiting", Cell::link(webhooks::PATH, counted_to(overview.deliveries_waiting))),
        (
            "Deliveries given up",
            Cell::link(webhooks::PATH, counted_to(overview.deliveries_dead))
                .wrong(overview.deliveries_dead > 0),
        ),
        ("Services on the feed", Cell::text(number(streams))),
        ("Roles", Cell::text(number(overview.roles + 1))),
        ("Clients", Cell::text(number(overview.clients))),
    ];
    figures.extend(signing.map(|key| {
        ("The key signs since", Cell { href: Some(keys::PATH.to_owned()), ..Cell::at(key.signs_from) })
    }));
    figures.extend(overview.around.map(|it| ("Counted", Cell::at(it.as_of))));
    figures
}

/// A count that stops somewhere.
fn counted_to(count: u64) -> String {
    let most = rotunda_core::store::COUNTS_TO;
    if count > most { format!("more than {}", moments::figure(most)) } else { moments::figure(count) }
}
