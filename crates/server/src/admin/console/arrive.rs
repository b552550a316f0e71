//! `GET` and `POST /admin/users/new` and `/admin/users/invite`: more users.

use axum::extract::State;
use axum::response::Response;
use rotunda_core::desk::{CreateUser, Desk, Invite};
use rotunda_core::model::Password;
use rotunda_core::register::Newcomer;

use super::act::{Act, Doing, Outcome, carry_out};
use super::done::Done;
use super::seat::{Seat, Sent};
use super::user::path_of;
use super::user_acts::roles_of;
use super::users;
use crate::edge::form::Form;
use crate::pages::field::Field;
use crate::{App, Shared};

pub(super) const NEW: &str = "/admin/users/new";
pub(super) const INVITE: &str = "/admin/users/invite";

/// The field with the password of the user, beside which the operator's own is asked for.
const PASSWORD: &str = "new_password";

/// Says what it takes to add one.
pub(super) async fn ask_new(State(app): Shared, seat: Seat) -> Response {
    new(&app, None).show(&seat)
}

/// Adds one.
pub(super) async fn add(State(app): Shared, sent: Sent) -> Response {
    carry_out(&app, &sent, new(&app, Some(&sent.form)), |desk| adding(desk, &sent.form)).await
}

/// Says what it takes to invite one.
pub(super) async fn ask_invite(seat: Seat) -> Response {
    invitation(None).show(&seat)
}

/// Invites one.
pub(super) async fn invite(State(app): Shared, sent: Sent) -> Response {
    carry_out(&app, &sent, invitation(Some(&sent.form)), |desk| inviting(desk, &sent.form)).await
}

fn new(app: &App, typed: Option<&Form>) -> Act {
    let least = app.rotunda.policy().fewest_password_chars();
    let act = Act::new("Add a user", NEW.to_owned(), "Add the user", users::PATH)
        .leads("You choose their first password. To have them choose it themselves, invite them instead.")
        .also("The address counts as theirs.")
        .or(INVITE.to_owned(), "Invite instead");
    let password = Field {
        id: "password-of-user",
        hint: Some(format!("At least {least} characters.")),
        least: Some(least),
        ..Field::new_password(
            crate::pages::language::Language::English.texts(),
            PASSWORD,
            "Their password",
            least,
        )
    };
    who(act, typed).asks(password)
}

fn invitation(typed: Option<&Form>) -> Act {
    let act = Act::new("Invite a user", INVITE.to_owned(), "Send the letter", users::PATH).leads(
        "They get a letter with a link, choose a password, and the address is shown to be theirs by that.",
    );
    who(act, typed)
}

/// With the fields that say who it is.
fn who(act: Act, typed: Option<&Form>) -> Act {
    let typed = |name: &str| typed.and_then(|form| form.value(name)).unwrap_or_default();
    act.asks(Field::text("address", "E-mail address", typed("address")))
        .asks(Field::text("name_of_user", "User name", typed("name_of_user")).optional())
        .asks(Field::text("display_name", "Name", typed("display_name")).optional())
        .asks(
            Field::text("roles", "Roles", typed("roles"))
                .optional()
                .with_hint("Their names, with spaces between them."),
        )
}

fn adding<'a>(desk: Desk<'a>, form: &'a Form) -> Doing<'a> {
    Box::pin(async move {
        let newcomer = Newcomer {
            email: form.value("address").unwrap_or_default(),
            password: Password::new(form.value(PASSWORD).unwrap_or_default()),
            username: form.value("name_of_user"),
            name: form.value("display_name"),
        };
        let user = desk.create_user(CreateUser { newcomer, verified: true, roles: roles_of(form)? }).await?;
        Ok(Outcome::Done(path_of(user.id), Done::UserCreated))
    })
}

fn inviting<'a>(desk: Desk<'a>, form: &'a Form) -> Doing<'a> {
    Box::pin(async move {
        let invite = Invite {
            email: form.value("address").unwrap_or_default(),
            username: form.value("name_of_user"),
            name: form.value("display_name"),
            roles: roles_of(form)?,
        };
        let user = desk.invite_user(invite).await?;
        Ok(Outcome::Done(path_of(user.id), Done::UserInvited))
    })
}
