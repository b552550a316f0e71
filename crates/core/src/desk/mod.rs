//! The operators' desk: what the admin API, the console and the command line do, in one place.
//!
//! 1. Whoever sits here is an [`Operator`]: a user or a service with permissions, or whoever may run commands on the machine.
//! 2. Each verb is a method of [`Desk`] and asks for the permission that it needs, whoever has asked before.
//! 3. Nobody gives what they do not have: to hand out a permission, or to do something to somebody who has one, takes that
//!    permission ([`Operator::reaches`]).
//! 4. What is dangerous takes a password that was entered a moment ago ([`Desk::proved_lately`]).
//! 5. Whatever changes something leaves an event with the operator as its actor, in the same transaction.

pub mod act;
mod admit;
pub mod answers;
mod audit;
pub mod clients;
mod everyone;
mod first_admin;
mod keys;
mod limits;
mod operator;
pub mod overview;
mod roles;
mod sessions;
mod users;
mod webhooks;

pub use answers::{Answer, Once, Unanswered};
pub use limits::Lift;
pub use operator::Operator;
pub use overview::{Around, Hour, Overview};
pub use roles::{PutRole, RoleInfo};
pub use users::{CreateUser, EditUser, Invite, version_of};
pub use webhooks::{EditWebhook, NewWebhook};

use std::collections::BTreeSet;

use crate::Rotunda;
use crate::denied::Denied;
use crate::model::{AdminPermission, Event, EventKind, Permission, RoleName, UnixMillis, User};

/// How many rows one page has at most.
pub const MOST_ROWS: u32 = 200;

/// Somebody at the desk.
pub struct Desk<'a> {
    rotunda: &'a Rotunda,
    operator: Operator,
}

impl Rotunda {
    /// Seats somebody at the desk.
    #[must_use]
    pub fn desk(&self, operator: Operator) -> Desk<'_> {
        Desk { rotunda: self, operator }
    }

    /// What a user may do, by the roles that they hold now. A role that is gone permits nothing.
    #[must_use]
    pub fn permissions_of(&self, user: &User) -> BTreeSet<Permission> {
        self.shelf().permissions(&user.roles)
    }

    /// The same of roles by themselves.
    #[must_use]
    pub fn permissions_of_roles(&self, roles: &BTreeSet<RoleName>) -> BTreeSet<Permission> {
        self.shelf().permissions(roles)
    }
}

impl Desk<'_> {
    /// Who sits here.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Refuses whoever may not.
    pub(crate) fn require(&self, permission: AdminPermission) -> Result<(), Denied> {
        self.operator.require(permission)
    }

    /// Refuses whoever has not entered their password lately; services and the command line have none.
    pub(crate) fn proved_lately(&self) -> Result<(), Denied> {
        let Some(at) = self.operator.proved_at() else { return Ok(()) };
        let within = self.rotunda.policy.reauthenticate_within;
        match self.now() < at.plus(within) {
            true => Ok(()),
            false => Err(Denied::ReauthenticationNeeded(within)),
        }
    }

    /// Refuses what is about a user who has a permission that the operator has not.
    pub(crate) fn reaches(&self, user: &User) -> Result<(), Denied> {
        self.operator.reaches(&self.rotunda.permissions_of(user))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.rotunda.clock.now()
    }

    /// An event of what this operator does now.
    pub(crate) fn event(&self, kind: EventKind, user: Option<&User>, about: Option<String>) -> Event {
        Event {
            kind,
            at: self.now(),
            user_id: user.map(|user| user.id),
            session_id: None,
            about,
            caller: self.operator.caller(),
        }
    }
}
