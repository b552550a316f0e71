//! The port to roles, and to whatever an operator changes of a user.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::model::{Caller, Email, Event, Role, RoleName, UnixMillis, User, Username};

/// By how much the revision goes on after writes were lost, where the milliseconds since 1970 are no higher than what is there. Nobody
/// has changed roles more often than this since any backup. Otherwise it goes on from those milliseconds.
pub const REVISION_LEAP: u64 = 1 << 20;

/// Roles, and who holds them. A change of a role raises the version of the shelf, and the store's *revision* by one.
#[async_trait]
pub trait Roles: Send + Sync {
    /// All roles, by name, and the revision that they are of.
    async fn roles(&self) -> Result<(Vec<Role>, u64), Failure>;

    /// Writes a role, if the one of that name still has the version `from`; `None` means that there is none. Puts it on the
    /// feed ([`crate::model::Revoked::Role`]) with the new revision. `false`, and nothing happens, otherwise.
    async fn put_role(&self, role: Role, from: Option<u64>, event: Event) -> Result<bool, Failure>;

    /// Removes a role that nobody holds, if it still has that version.
    async fn remove_role(&self, name: RoleName, from: u64, event: Event) -> Result<RemovedRole, Failure>;

    /// Which sets of roles there are among the holders of this one, each once, at most `limit`: what a change of it has to
    /// fit into.
    async fn role_sets(&self, name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>, Failure>;

    /// Changes a user, if they still are as they were read. Where the roles change, the claims epoch is raised
    /// ([`User::ce`]) and put on the feed ([`crate::model::Revoked::Claims`]); where they come to hold
    /// [`RoleName::admin`], there has been an admin from then on ([`Roles::first_admin_at`]). A role that is not there, and is
    /// not the built-in one, cannot be held: [`Edited::Changed`]. With another address, as [`Email::key`] tells addresses
    /// apart, all links of the user are gone.
    async fn edit_user(&self, editing: Editing) -> Result<Edited, Failure>;

    /// When somebody became an admin for the first time.
    async fn first_admin_at(&self) -> Result<Option<UnixMillis>, Failure>;
}

/// What became of the wish to remove a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemovedRole {
    /// It is gone.
    Done,
    /// Somebody holds it; nothing happened.
    Held,
    /// It is not there, or no longer as it was read; nothing happened.
    Changed,
}

/// A change of a user by an operator.
#[derive(Clone)]
pub struct Editing {
    /// The user as they were read, all of it but the epoch of sessions.
    pub from: User,
    /// The address from now on. Another one is verified only where [`Editing::email_verified`] says so.
    pub email: Email,
    /// Whether it was shown to be theirs.
    pub email_verified: bool,
    /// The user name from now on.
    pub username: Option<Username>,
    /// The display name from now on.
    pub name: Option<String>,
    /// The roles from now on.
    pub roles: BTreeSet<RoleName>,
    /// When.
    pub at: UnixMillis,
    /// What to write down.
    pub events: Vec<Event>,
    /// Who asked.
    pub caller: Caller,
}

/// What became of a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edited {
    /// It was made; the user as they are now.
    Done(Box<User>),
    /// The user is no longer as they were read; nothing happened.
    Changed,
    /// The address belongs to somebody else; nothing happened.
    EmailTaken,
    /// The user name belongs to somebody else; nothing happened.
    UsernameTaken,
}
