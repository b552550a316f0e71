//! `GET` and `POST /admin/users/{id}/{verb}`: what can be done to a user.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use rotunda_core::denied::Denied;
use rotunda_core::desk::{Desk, EditUser, Lift, version_of};
use rotunda_core::failure::Error;
use rotunda_core::model::{AdminPermission, RoleName, User};
use rotunda_core::store::Counting;

use super::act::{Act, Doing, Outcome, Reason, VERSION, carry_out};
use super::done::Done;
use super::seat::{Seat, Sent};
use super::user::{id_of, path_of};
use super::{counted, users};
use crate::edge::form::Form;
use crate::pages::field::Field;
use crate::{App, Shared};

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verb {
    Edit,
    Roles,
    Disable,
    Enable,
    EndSessions,
    LiftLimits,
    Act,
    Delete,
}

impl Verb {
    /// In the order in which they are offered.
    pub(super) const ALL: [Self; 8] = [
        Self::Edit,
        Self::Roles,
        Self::EndSessions,
        Self::Act,
        Self::LiftLimits,
        Self::Disable,
        Self::Enable,
        Self::Delete,
    ];

    /// As the path has it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Roles => "roles",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::EndSessions => "end-sessions",
            Self::LiftLimits => "lift-limits",
            Self::Act => "act",
            Self::Delete => "delete",
        }
    }

    /// What it is called, on the way to it and on its button.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Edit => "Change what they are called",
            Self::Roles => "Change their roles",
            Self::Disable => "Disable",
            Self::Enable => "Enable",
            Self::EndSessions => "End all their sessions",
            Self::LiftLimits => "Lift their limits",
            Self::Act => "Act for them",
            Self::Delete => "Delete",
        }
    }

    /// The permission that it takes.
    pub(super) fn needs(self) -> AdminPermission {
        match self {
            Self::Edit | Self::Disable | Self::Enable | Self::Delete => AdminPermission::UsersWrite,
            Self::Roles => AdminPermission::RolesWrite,
            Self::EndSessions => AdminPermission::SessionsRevoke,
            Self::LiftLimits => AdminPermission::LimitsWrite,
            Self::Act => AdminPermission::UsersAct,
        }
    }

    fn of(text: &str) -> Result<Self, Denied> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == text).ok_or(Denied::NotFound)
    }
}

/// Says what it does.
pub(super) async fn show(
    State(app): Shared,
    Path((id, verb)): Path<(String, String)>,
    seat: Seat,
) -> Response {
    match about(&app, &seat, &id, &verb).await {
        Ok((user, verb)) => match act(&app, &seat, &user, verb, None).await {
            Ok(act) => act.show(&seat),
            Err(error) => seat.refused(error),
        },
        Err(error) => seat.refused(error),
    }
}

/// Does it.
pub(super) async fn submit(
    State(app): Shared,
    Path((id, verb)): Path<(String, String)>,
    sent: Sent,
) -> Response {
    let seat = &sent.seat;
    let (user, verb) = match about(&app, seat, &id, &verb).await {
        Ok(found) => found,
        Err(error) => return seat.refused(error),
    };
    match act(&app, seat, &user, verb, Some(&sent.form)).await {
        Ok(act) => carry_out(&app, &sent, act, |desk| doing(desk, user, verb, &sent.form)).await,
        Err(error) => seat.refused(error),
    }
}

async fn about(app: &App, seat: &Seat, id: &str, verb: &str) -> Result<(User, Verb), Error> {
    let verb = Verb::of(verb)?;
    let desk = seat.desk(&app.rotunda);
    desk.admit(verb.needs()).await?;
    Ok((desk.user(id_of(id)?).await?, verb))
}

/// The page of it, with what was typed into its form.
async fn act(app: &App, seat: &Seat, user: &User, verb: Verb, typed: Option<&Form>) -> Result<Act, Error> {
    let home = path_of(user.id);
    let heading = format!("{}: {}", verb.label(), user.email);
    let path = format!("{home}/{}", verb.as_str());
    let version = typed.and_then(|form| form.value(VERSION)).unwrap_or_else(|| version_of(user));
    let act = Act::new(heading, path, verb.label(), home);
    let sessions = match seat.may(AdminPermission::SessionsRead) {
        true => counted(seat.desk(&app.rotunda).count(Counting::SessionsOf(user.id)).await?, "live session"),
        false => "all live sessions".to_owned(),
    };
    Ok(match verb {
        Verb::Edit => edit_fields(act, user, typed).of_version(version),
        Verb::Roles => roles_field(act, user, typed).of_version(version),
        Verb::Disable => act
            .leads("They cannot sign in any more, until somebody enables them again.")
            .also(format!("Their sessions end at once: {sessions}.")),
        Verb::Enable => act.leads("They may sign in again. Sessions of before stay ended.").unproved(),
        Verb::EndSessions => act
            .leads(format!("They are signed out everywhere: {sessions}."))
            .also("Access tokens of theirs that are still good are refused by services that follow the feed.")
            .also("They may sign in again at once."),
        Verb::LiftLimits => act
            .leads("Whatever they have run into by asking too often, they may ask again at once.")
            .also("Where each server counts for itself, this is true of the one that you ask."),
        Verb::Act => act
            .leads("You get a session of this user in this browser, and see what they see.")
            .also("It ends after 15 minutes, or when you stop; then you have to sign in as yourself again.")
            .also("Their password, address, other sessions and data stay closed to you.")
            .also("The user is shown that you did, and why.")
            .because(Reason::Needed),
        Verb::Delete => act
            .leads("The user, their devices and all that tells who they were are deleted. Nobody can bring that back.")
            .also(format!("Their sessions end at once: {sessions}.")),
    })
}

fn edit_fields(act: Act, user: &User, typed: Option<&Form>) -> Act {
    let value = |name: &str, now: Option<&str>| match typed {
        Some(form) => form.value(name).unwrap_or_default(),
        None => now.unwrap_or_default().to_owned(),
    };
    let username = user.username.as_ref().map(|name| name.as_str());
    let email = Field::text("email", "E-mail address", value("email", Some(user.email.as_str())));
    let verified = Field::text(
        "verified",
        "Was the address shown to be theirs?",
        value("verified", Some(yes_or_no(user))),
    );
    act.asks(email)
        .asks(verified.with_hint("yes or no"))
        .asks(Field::text("name_of_user", "User name", value("name_of_user", username)).optional())
        .asks(Field::text("display_name", "Name", value("display_name", user.name.as_deref())).optional())
}

fn yes_or_no(user: &User) -> &'static str {
    if user.email_verified { "yes" } else { "no" }
}

fn roles_field(act: Act, user: &User, typed: Option<&Form>) -> Act {
    let roles: Vec<&str> = user.roles.iter().map(RoleName::as_str).collect();
    let value = typed.map_or_else(|| roles.join(" "), |form| form.value("roles").unwrap_or_default());
    let field =
        Field::text("roles", "Roles", value).optional().with_hint("Their names, with spaces between them.");
    act.leads("They have what their roles permit at their next refresh. Nobody is signed out by it.")
        .asks(field)
}

/// The names of roles in a field.
pub(super) fn roles_of(form: &Form) -> Result<BTreeSet<RoleName>, Denied> {
    let text = form.value("roles").unwrap_or_default();
    let names = text.split([' ', ',']).filter(|name| !name.is_empty());
    let unfit = |name: &str| Denied::Unfit(format!("{name:?} is not the name of a role."));
    names.map(|name| RoleName::parse(name).ok_or_else(|| unfit(name))).collect()
}

fn doing<'a>(desk: Desk<'a>, user: User, verb: Verb, form: &'a Form) -> Doing<'a> {
    Box::pin(async move {
        let home = path_of(user.id);
        let done = match verb {
            Verb::Edit => {
                desk.edit_user(user.id, edit(form)?, form.value(VERSION).as_deref()).await?;
                Done::Changed
            }
            Verb::Roles => {
                desk.hold_roles(user.id, roles_of(form)?, form.value(VERSION).as_deref()).await?;
                Done::Changed
            }
            Verb::Disable => desk.disable_user(user.id).await.map(|_| Done::UserDisabled)?,
            Verb::Enable => desk.enable_user(user.id).await.map(|_| Done::UserEnabled)?,
            Verb::EndSessions => desk.end_sessions_of(user.id).await.map(|_| Done::SessionsEnded)?,
            Verb::LiftLimits => desk.lift_limits(Lift::User(user.id)).await.map(|()| Done::LimitLifted)?,
            Verb::Act => {
                return Ok(Outcome::Became(Box::new(desk.act_for(user.id, None).await?)));
            }
            Verb::Delete => {
                desk.delete_user(user.id).await?;
                return Ok(Outcome::Done(users::PATH.to_owned(), Done::UserDeleted));
            }
        };
        Ok(Outcome::Done(home, done))
    })
}

fn edit(form: &Form) -> Result<EditUser, Denied> {
    let email_verified = match form.value("verified").as_deref().map(str::trim) {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => {
            return Err(Denied::Unfit(
                "Whether the address was shown to be theirs is `yes` or `no`.".to_owned(),
            ));
        }
    };
    Ok(EditUser {
        email: form.value("email"),
        email_verified,
        username: Some(form.value("name_of_user")),
        name: Some(form.value("display_name")),
        roles: None,
    })
}
