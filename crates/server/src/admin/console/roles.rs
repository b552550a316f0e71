//! `GET /admin/roles` shows all roles; `GET` and `POST /admin/roles/{id}` change one, or add it where there is none of that
//! name; `/admin/roles/{id}/remove` removes one.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::desk::{Desk, PutRole, RoleInfo};
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, Permission, RoleName};

use super::act::{Act, Doing, Outcome, VERSION, carry_out};
use super::done::Done;
use super::seat::{Seat, Sent};
use super::sheet::{Cell, Link, Part, Sheet, Table};
use super::{query_of, users};
use crate::edge::form::Form;
use crate::pages::field::Field;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/roles";

/// In a path, where a role is to be added: no role has this name, an underscore aside.
const NEW: &str = "+";

/// Shows all.
pub(super) async fn show(State(app): Shared, seat: Seat, RawQuery(query): RawQuery) -> Response {
    let shown = match query_of(query.as_deref()) {
        Ok(query) => sheet(&app, &seat, &query).await,
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| seat.refused(error))
}

async fn sheet(app: &App, seat: &Seat, query: &Form) -> Result<Response, Error> {
    let roles = seat.desk(&app.rotunda).roles().await?;
    let may_change = seat.may(AdminPermission::RolesWrite);
    let row = |info: &RoleInfo| {
        let role = &info.role;
        let name = role.name.as_str();
        let is_fixed = info.built_in || !may_change;
        vec![
            if is_fixed { Cell::text(name) } else { Cell::link(format!("{PATH}/{name}"), name) },
            Cell::text(permissions_of(info)),
            Cell::maybe(role.description.as_deref()),
            Cell::link(format!("{}?role={name}", users::PATH), "Who holds it"),
        ]
    };
    let table = Table {
        caption: "Roles".to_owned(),
        columns: vec!["Role", "Permits", "What it is for", "Users"],
        rows: roles.iter().map(row).collect(),
        nothing: "There is none.",
        next: None,
    };
    let ways = may_change.then(|| Part::Ways(vec![Link::to(format!("{PATH}/{NEW}"), "Add a role")]));
    let page =
        Sheet::new(seat, PATH, "Roles").done(Done::told(query)).with(Part::Table(table)).with_all(ways);
    Ok(page.show())
}

fn permissions_of(info: &RoleInfo) -> String {
    if info.built_in {
        return "Everything here. It is built in, and nobody changes it.".to_owned();
    }
    let all: Vec<&str> = info.role.permissions.iter().map(Permission::as_str).collect();
    if all.is_empty() { "Nothing".to_owned() } else { all.join(" ") }
}

/// Says what changes.
pub(super) async fn ask(State(app): Shared, Path(id): Path<String>, seat: Seat) -> Response {
    match change(&app, &seat, &id, None).await {
        Ok(act) => act.show(&seat),
        Err(error) => seat.refused(error),
    }
}

/// Changes it.
pub(super) async fn put(State(app): Shared, Path(id): Path<String>, sent: Sent) -> Response {
    match change(&app, &sent.seat, &id, Some(&sent.form)).await {
        Ok(act) => carry_out(&app, &sent, act, |desk| putting(desk, id, &sent.form)).await,
        Err(error) => sent.seat.refused(error),
    }
}

async fn change(app: &App, seat: &Seat, id: &str, typed: Option<&Form>) -> Result<Act, Error> {
    let path = format!("{PATH}/{id}");
    let typed = |name: &str, now: String| typed.map_or(now, |form| form.value(name).unwrap_or_default());
    let (act, permissions, description) = if id == NEW {
        let act = Act::new("Add a role", path, "Add it", PATH);
        let name = Field::text("name", "Name", typed("name", String::new()));
        let hint = "Small letters, digits, and . _ - between them.";
        (act.asks(name.with_hint(hint)), String::new(), String::new())
    } else {
        let info = seat.desk(&app.rotunda).role(&name_of(id)?).await?;
        if info.built_in {
            return Err(Denied::InTheWay("The built-in role never changes.".to_owned()).into());
        }
        let act = Act::new(format!("Change the role {id}"), path, "Change it", PATH)
            .leads("Whoever holds it has what it permits at their next refresh. Nobody is signed out by it.")
            .or(format!("{PATH}/{id}/remove"), "Remove it instead")
            .of_version(typed(VERSION, info.role.version.to_string()));
        let permissions: Vec<&str> = info.role.permissions.iter().map(|it| it.as_str()).collect();
        (act, permissions.join(" "), info.role.description.unwrap_or_default())
    };
    let own: Vec<&str> = AdminPermission::ALL.iter().map(|it| it.as_str()).collect();
    let hint = format!(
        "With spaces between them. Rotunda's own are {}; any other word is for your services.",
        own.join(", ")
    );
    let permissions = Field::text("permissions", "Permits", typed("permissions", permissions));
    let description = Field::text("description", "What it is for", typed("description", description));
    Ok(act.asks(permissions.with_hint(hint).optional()).asks(description.optional()))
}

fn putting<'a>(desk: Desk<'a>, id: String, form: &'a Form) -> Doing<'a> {
    Box::pin(async move {
        let is_new = id == NEW;
        let words = form.value("permissions").unwrap_or_default();
        // Not at commas: a word may have one in it, and would come apart into others.
        let permissions = words.split_whitespace().map(str::to_owned).collect();
        let name = if is_new { form.value("name").unwrap_or_default().trim().to_owned() } else { id };
        let put = PutRole { name, permissions, description: form.value("description") };
        let version = form.value(VERSION).and_then(|version| version.parse().ok());
        let version = if is_new { None } else { Some(version.ok_or(Denied::ChangedMeanwhile)?) };
        desk.put_role(put, version).await?;
        Ok(Outcome::Done(PATH.to_owned(), if is_new { Done::Added } else { Done::Changed }))
    })
}

/// Says what goes.
pub(super) async fn ask_removal(State(app): Shared, Path(id): Path<String>, seat: Seat) -> Response {
    match removal(&app, &seat, &id, None).await {
        Ok((_, act)) => act.show(&seat),
        Err(error) => seat.refused(error),
    }
}

/// Removes it.
pub(super) async fn remove(State(app): Shared, Path(id): Path<String>, sent: Sent) -> Response {
    match removal(&app, &sent.seat, &id, Some(&sent.form)).await {
        Ok((name, act)) => carry_out(&app, &sent, act, |desk| removing(desk, name, &sent.form)).await,
        Err(error) => sent.seat.refused(error),
    }
}

async fn removal(app: &App, seat: &Seat, id: &str, typed: Option<&Form>) -> Result<(RoleName, Act), Error> {
    let name = name_of(id)?;
    let info = seat.desk(&app.rotunda).role(&name).await?;
    let version = typed.and_then(|form| form.value(VERSION)).unwrap_or_else(|| info.role.version.to_string());
    let act = Act::new(format!("Remove the role {id}"), format!("{PATH}/{id}/remove"), "Remove it", PATH)
        .leads("It can only be removed once nobody holds it.")
        .of_version(version);
    Ok((name, act))
}

fn removing<'a>(desk: Desk<'a>, name: RoleName, form: &'a Form) -> Doing<'a> {
    Box::pin(async move {
        desk.remove_role(&name, form.value(VERSION).and_then(|version| version.parse().ok())).await?;
        Ok(Outcome::Done(PATH.to_owned(), Done::Removed))
    })
}

fn name_of(text: &str) -> Result<RoleName, Error> {
    Ok(RoleName::parse(text).ok_or(Denied::NotFound)?)
}
