//! `GET /admin/clients` shows all clients; `GET` and `POST /admin/clients/new` add one, `/admin/clients/{id}/{verb}` gives one
//! another secret (`secret`) or removes it (`remove`).

use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use rotunda_core::clients::{ClientInfo, NewClient};
use rotunda_core::denied::Denied;
use rotunda_core::desk::Desk;
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, ClientId, ClientKind};

use super::act::{Act, Doing, Outcome, Reason, carry_out};
use super::done::Done;
use super::query_of;
use super::seat::{Seat, Sent};
use super::sheet::{Cell, Link, Part, Sheet, Table};
use crate::edge::form::Form;
use crate::pages::field::Field;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/clients";
pub(super) const NEW: &str = "/admin/clients/new";

/// Shows all.
pub(super) async fn show(State(app): Shared, seat: Seat, RawQuery(query): RawQuery) -> Response {
    let shown = match query_of(query.as_deref()) {
        Ok(query) => sheet(&app, &seat, &query).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

async fn sheet(app: &App, seat: &Seat, query: &Form) -> Result<Response, Error> {
    let clients = seat.desk(&app.rotunda).clients().await?;
    let may_change = seat.may(AdminPermission::ClientsWrite);
    let row = |client: &ClientInfo| {
        let scopes = (!client.scopes.is_empty()).then(|| client.scopes.join(" "));
        let mut row = vec![
            Cell::text(client.id.0.as_str()),
            Cell::text(client.kind.as_str()),
            Cell::maybe(scopes),
            Cell::text(if client.kind.authenticates() {
                client.secrets.len().to_string()
            } else {
                "–".to_owned()
            }),
            client.added_at.map_or_else(|| Cell::text("By configuration"), Cell::at),
            if client.works { Cell::text("Works") } else { Cell::text("Does not work").wrong(true) },
        ];
        let was_added = may_change && client.added_at.is_some();
        let way = |verb: &str, label: &str| Cell::link(format!("{PATH}/{}/{verb}", client.id.0), label);
        let has_secret = was_added && client.kind.authenticates();
        row.push(if has_secret { way("secret", "New secret") } else { Cell::text("–") });
        row.push(if was_added { way("remove", "Remove") } else { Cell::text("–") });
        row
    };
    let table = Table {
        caption: "Clients".to_owned(),
        columns: vec!["Client", "Kind", "Scopes", "Secrets", "Added", "State", "Secret", "Removal"],
        rows: clients.iter().map(row).collect(),
        nothing: "There is none.",
        next: None,
    };
    let ways = may_change.then(|| Part::Ways(vec![Link::to(NEW, "Add a client")]));
    let page =
        Sheet::new(seat, PATH, "Clients").done(Done::told(query)).with(Part::Table(table)).with_all(ways);
    Ok(page.show())
}

/// Says what it takes.
pub(super) async fn ask_new(seat: Seat) -> Response {
    new(None).show(&seat)
}

/// Adds one.
pub(super) async fn add(State(app): Shared, sent: Sent) -> Response {
    carry_out(&app, &sent, new(Some(&sent.form)), |desk| adding(desk, &sent)).await
}

fn new(typed: Option<&Form>) -> Act {
    let typed = |name: &str| typed.and_then(|form| form.value(name)).unwrap_or_default();
    let kinds = "web, native, confidential or service; as the configuration says, where it is left out.";
    Act::new("Add a client", NEW.to_owned(), "Add it", PATH)
        .because(Reason::None)
        .asks(Field::text("name", "Name", typed("name")))
        .asks(Field::text("kind", "Kind", typed("kind")).optional().with_hint(kinds))
        .asks(
            Field::text("scopes", "Scopes", typed("scopes"))
                .optional()
                .with_hint("A service's only, with spaces between them."),
        )
}

fn adding<'a>(desk: Desk<'a>, sent: &'a Sent) -> Doing<'a> {
    Box::pin(async move {
        let form = &sent.form;
        let kind = form.value("kind").map(|kind| {
            ClientKind::parse(kind.trim())
                .ok_or_else(|| Denied::Unfit("There is no such kind of client.".to_owned()))
        });
        let scopes = form.value("scopes").unwrap_or_default();
        let scopes = scopes.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        let name = form.value("name").unwrap_or_default().trim().to_owned();
        let added = desk.add_client(&NewClient { id: name, kind: kind.transpose()?, scopes }).await?;
        Ok(match added.secret {
            None => Outcome::Done(PATH.to_owned(), Done::Added),
            Some(secret) => {
                Outcome::Told(shown_once(&sent.seat, "The client's secret", PATH, &secret.expose_text()))
            }
        })
    })
}

/// A secret on a page of its own, for the one time that it is to be seen.
pub(super) fn shown_once(seat: &Seat, heading: &str, back: &'static str, secret: &str) -> Response {
    Sheet::new(seat, "", heading)
        .with(Part::Text("Put it where it is used now: nobody can see it again.".to_owned()))
        .with(Part::Secret(secret.to_owned()))
        .with(Part::Ways(vec![Link::to(back, "Done")]))
        .show()
}

/// Says what it does.
pub(super) async fn ask(Path((id, verb)): Path<(String, String)>, seat: Seat) -> Response {
    match change(&id, &verb, None) {
        Ok((_, act)) => act.show(&seat),
        Err(error) => seat.refused(error),
    }
}

/// Does it.
pub(super) async fn submit(
    State(app): Shared,
    Path((id, verb)): Path<(String, String)>,
    sent: Sent,
) -> Response {
    match change(&id, &verb, Some(&sent.form)) {
        Ok((id, act)) => carry_out(&app, &sent, act, |desk| changing(desk, id, verb, &sent)).await,
        Err(error) => sent.seat.refused(error),
    }
}

fn change(id: &str, verb: &str, typed: Option<&Form>) -> Result<(ClientId, Act), Error> {
    let client = ClientId::parse(id).ok_or(Denied::NotFound)?;
    let path = format!("{PATH}/{id}/{verb}");
    let act = match verb {
        "secret" => {
            let typed = typed.map_or_else(|| "24".to_owned(), |form| form.value("keep").unwrap_or_default());
            let keep = Field::text("keep", "Hours for which the old secrets stay good", typed);
            Act::new(format!("A new secret for {id}"), path, "Make it", PATH)
                .leads("You see the new secret once. The old ones stay good for a while, so that you can put it in place.")
                .asks(keep.with_hint("0 where somebody else may have one."))
        }
        "remove" => Act::new(format!("Remove the client {id}"), path, "Remove it", PATH)
            .leads("It can do nothing here any more, and the sessions of its users are refused."),
        _ => return Err(Denied::NotFound.into()),
    };
    Ok((client, act.because(Reason::None)))
}

fn changing<'a>(desk: Desk<'a>, id: ClientId, verb: String, sent: &'a Sent) -> Doing<'a> {
    Box::pin(async move {
        if verb == "remove" {
            desk.remove_client(&id).await?;
            return Ok(Outcome::Done(PATH.to_owned(), Done::Removed));
        }
        let hours = sent.form.value("keep").and_then(|text| text.trim().parse::<u64>().ok());
        let hours = hours.ok_or_else(|| Denied::Unfit("Say for how many hours, in digits.".to_owned()))?;
        let keep = Duration::from_secs(hours.saturating_mul(3_600));
        let rotated = desk.rotate_client_secret(&id, keep).await?;
        Ok(Outcome::Told(shown_once(
            &sent.seat,
            "The client's new secret",
            PATH,
            &rotated.secret.expose_text(),
        )))
    })
}
