//! Users whom an operator changes.
//!
//! 1. What is to be is refined once. What is not said stays.
//! 2. The user is read, must be of the version that the operator has seen, where one is named, and within their reach; a change
//!    of roles is also asked of [`Desk::check_roles`], and takes what that takes.
//! 3. It is written if the user still is as they were read. If not, somebody was faster: go back to 2.
//!
//! Another address takes a password entered lately: whoever has it can have the account, the operator's own as well. It is one
//! that nobody has shown to be theirs, unless the operator says so. Nothing is written to the address of before, and no link
//! that went there is good any more, "this was not me" included: an operator who mends a mistyped one must not hand a stranger
//! the way to take the account back.

use std::collections::BTreeSet;

use super::version_of;
use crate::denied::Denied;
use crate::desk::Desk;
use crate::failure::{Error, Failure};
use crate::model::{AdminPermission, Email, Event, EventKind, RoleName, User, UserId, Username};
use crate::register::refine;
use crate::store::{Edited, Editing};

/// How often a change is decided anew because somebody else changes the same user.
const ROUNDS: usize = 8;

/// What is to change of a user, as typed; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EditUser {
    /// Another address.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: Option<bool>,
    /// Another user name, or none.
    pub username: Option<Option<String>>,
    /// Another display name, or none.
    pub name: Option<Option<String>>,
    /// Exactly these roles.
    pub roles: Option<BTreeSet<RoleName>>,
}

/// The same, refined.
struct Wanted {
    email: Option<Email>,
    email_verified: Option<bool>,
    username: Option<Option<Username>>,
    name: Option<Option<String>>,
    roles: Option<BTreeSet<RoleName>>,
}

impl Desk<'_> {
    /// Changes a user, if they are of that version ([`version_of`]) where one is named. Answers them as they are now.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotFound`], [`Denied::AboveCaller`], [`Denied::ChangedMeanwhile`], and what does
    /// not fit; [`Denied::ReauthenticationNeeded`] for another address; for roles also as [`Desk::hold_roles`]; a failure when the store does not answer.
    pub async fn edit_user(&self, id: UserId, edit: EditUser, if_match: Option<&str>) -> Result<User, Error> {
        self.require(AdminPermission::UsersWrite)?;
        let wanted = Wanted::refine(edit)?;
        for _ in 0..ROUNDS {
            let user = self.within_reach(id).await?;
            if if_match.is_some_and(|version| version != version_of(&user)) {
                return Err(Denied::ChangedMeanwhile.into());
            }
            if let Some(roles) = wanted.roles.as_ref().filter(|roles| **roles != user.roles) {
                self.require(AdminPermission::RolesWrite)?;
                self.proved_lately()?;
                self.check_roles(&user, roles).await?;
            }
            if wanted.email.as_ref().is_some_and(|email| email.key() != user.email.key()) {
                self.proved_lately()?;
            }
            let editing = self.editing(user, &wanted);
            if editing.events.is_empty() {
                return Ok(editing.from);
            }
            match self.rotunda.store.edit_user(editing).await? {
                Edited::Done(user) => return Ok(*user),
                Edited::EmailTaken => return Err(Denied::EmailTaken.into()),
                Edited::UsernameTaken => return Err(Denied::UsernameTaken.into()),
                Edited::Changed => {}
            }
        }
        Err(Failure::overload("changing a user who never stands still").into())
    }

    fn editing(&self, from: User, wanted: &Wanted) -> Editing {
        let email = wanted.email.clone().unwrap_or_else(|| from.email.clone());
        let is_another = email.key() != from.email.key();
        let verified = wanted.email_verified.unwrap_or(from.email_verified && !is_another);
        let username = wanted.username.clone().unwrap_or_else(|| from.username.clone());
        let name = wanted.name.clone().unwrap_or_else(|| from.name.clone());
        let roles = wanted.roles.clone().unwrap_or_else(|| from.roles.clone());
        let changes = [
            ("email", email != from.email),
            ("email_verified", verified != from.email_verified),
            ("username", username != from.username),
            ("name", name != from.name),
        ];
        let changed: Vec<_> = changes.iter().filter(|(_, differs)| *differs).map(|(what, _)| *what).collect();
        let edited = (!changed.is_empty())
            .then(|| self.event(EventKind::UserEdited, Some(&from), Some(changed.join(" "))));
        let regrouped = (roles != from.roles).then(|| self.roles_changed(&from, &roles));
        let events: Vec<Event> = edited.into_iter().chain(regrouped).collect();
        let (at, caller) = (self.now(), self.operator.caller());
        Editing { email, email_verified: verified, username, name, roles, at, events, caller, from }
    }
}

impl Wanted {
    fn refine(edit: EditUser) -> Result<Self, Denied> {
        let EditUser { email, email_verified, username, name, roles } = edit;
        let username = username.map(|it| refine(it.as_deref(), Username::parse, Denied::UsernameInvalid));
        let name = name.map(|it| refine(it.as_deref(), User::parse_name, Denied::NameInvalid));
        Ok(Self {
            email: refine(email.as_deref(), Email::parse, Denied::EmailInvalid)?,
            email_verified,
            username: username.transpose()?,
            name: name.transpose()?,
            roles,
        })
    }
}
