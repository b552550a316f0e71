//! `GET /admin/users`: find a user.

use std::str::FromStr;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, RoleName, User, UserId, UserState};
use rotunda_core::store::{Counting, Named, UserPlace, UserSearch};

use super::done::Done;
use super::seat::Seat;
use super::sheet::{Cell, Link, Part, Search, SearchField, Sheet, Table, further};
use super::{PAGE, counted, query_of};
use crate::edge::form::Form;
use crate::{App, Shared};

pub(super) const PATH: &str = "/admin/users";

const NAMES: [&str; 4] = ["q", "by", "state", "role"];

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
    let by = search(query)?;
    let after = query.value("after").map(|text| place(&text)).transpose()?;
    let is_first = after.is_none();
    let found = desk.search_users(by.clone(), after, PAGE).await?;
    let count = match is_first {
        true => Some(desk.count(Counting::Users(by)).await?),
        false => None,
    };
    let next = found.next.map(|place| further(PATH, query, &NAMES, "after", &cursor(&place)));
    let table = Table {
        caption: "Users".to_owned(),
        columns: vec!["Address", "User name", "Roles", "State", "Since"],
        rows: found.rows.iter().map(row).collect(),
        nothing: if next.is_some() {
            "None among those that were looked at."
        } else {
            "There is no such user."
        },
        next,
    };
    let may_add = seat.may(AdminPermission::UsersWrite);
    let ways = may_add.then(|| {
        Part::Ways(vec![
            Link::to("/admin/users/new", "Add a user"),
            Link::to("/admin/users/invite", "Invite a user"),
        ])
    });
    let page = Sheet::new(seat, PATH, "Users").done(Done::told(query)).with(Part::Search(form(query)));
    let page = page.with_all(count.map(|count| Part::Text(format!("{}.", counted(count, "user")))));
    Ok(page.with(Part::Table(table)).with_all(ways).show())
}

fn form(query: &Form) -> Search {
    let by = [("email", "Address begins with"), ("username", "User name begins with"), ("id", "Id is")];
    let states = [("", "Any"), ("active", "Active"), ("disabled", "Disabled")];
    Search {
        action: PATH,
        fields: vec![
            SearchField::choice(query, "by", "By", &by),
            SearchField::text(query, "q", "Looking for"),
            SearchField::choice(query, "state", "State", &states),
            SearchField::text(query, "role", "Role"),
        ],
    }
}

/// What the query looks for.
fn search(query: &Form) -> Result<UserSearch, Error> {
    let named = query.value("q").map(|text| {
        let text = text.trim().to_owned();
        match (query.value("by").as_deref(), UserId::from_str(&text)) {
            (_, Ok(id)) => Named::Id(id),
            (Some("id"), Err(_)) => Named::Subject(text),
            (Some("username"), Err(_)) => Named::UsernameBegins(text.to_lowercase()),
            _ => Named::EmailBegins(text.to_lowercase()),
        }
    });
    let state = match query.value("state").as_deref() {
        Some("active") => Some(UserState::Active),
        Some("disabled") => Some(UserState::Disabled),
        _ => None,
    };
    let role = query.value("role").map(|text| {
        RoleName::parse(text.trim())
            .ok_or_else(|| Denied::Unfit("That is not the name of a role.".to_owned()))
    });
    Ok(UserSearch { named, state, role: role.transpose()? })
}

fn row(user: &User) -> Vec<Cell> {
    let roles: Vec<&str> = user.roles.iter().map(RoleName::as_str).collect();
    vec![
        Cell::link(format!("{PATH}/{}", user.id), user.email.as_str()),
        Cell::maybe(user.username.as_ref().map(|name| name.as_str())),
        Cell::maybe((!roles.is_empty()).then(|| roles.join(", "))),
        state(user),
        Cell::at(user.created_at),
    ]
}

/// Whether they may sign in, in a word.
pub(super) fn state(user: &User) -> Cell {
    match user.state {
        UserState::Active => Cell::text("Active"),
        UserState::Disabled => Cell::text("Disabled").wrong(true),
    }
}

fn cursor(place: &UserPlace) -> String {
    match place {
        UserPlace::Id(id) => format!("id.{id}"),
        UserPlace::Key(key) => format!("key.{key}"),
    }
}

fn place(text: &str) -> Result<UserPlace, Denied> {
    let place = match text.split_once('.') {
        Some(("id", id)) => UserId::from_str(id).ok().map(UserPlace::Id),
        Some(("key", key)) => Some(UserPlace::Key(key.to_owned())),
        _ => None,
    };
    place.ok_or_else(|| Denied::Unfit("That is no place in this list. Begin at its front.".to_owned()))
}
