//! Users who come by an operator: added with a password, invited by a letter, or brought from another system.
//!
//! 1. A user is written with their event, in one transaction. Whoever is to hold roles gets them in a second one, which is
//!    decided as any change of roles is ([`Desk::hold_roles`]): broken off between the two, there is a user without roles.
//! 2. Whoever is invited has no password. A letter brings a link by which they choose one, which shows that the address is
//!    theirs and signs them in ([`crate::password`]). The letter is written after the user: broken off between the two, or when
//!    the link has run out, the same invitation is made again, and goes to the user who is there.
//! 3. Nobody learns from a letter from where an operator works.

use std::collections::BTreeSet;

use crate::denied::Denied;
use crate::desk::Desk;
use crate::failure::Error;
use crate::import::{Arrival, Imported};
use crate::limits::BucketKey;
use crate::model::{
    Account, AdminPermission, Email, EventKind, Handle, PasswordHash, RoleName, User, UserState, Username,
};
use crate::register::{Newcomer, refine, registered, taken};
use crate::store::Registering;

/// A user to be, with a password.
#[derive(Clone)]
pub struct CreateUser {
    /// Who they will be.
    pub newcomer: Newcomer,
    /// Whether the operator knows that the address is theirs.
    pub verified: bool,
    /// The roles that they will hold; none as a rule.
    pub roles: BTreeSet<RoleName>,
}

/// A user to be, who chooses a password themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invite {
    /// Their address.
    pub email: String,
    /// Their user name.
    pub username: Option<String>,
    /// The name they go by.
    pub name: Option<String>,
    /// The roles that they will hold; none as a rule.
    pub roles: BTreeSet<RoleName>,
}

impl Desk<'_> {
    /// Adds a user. Signs nobody in, and writes no letter.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`] and why the user cannot be as they are wanted; with roles also as
    /// [`Desk::hold_roles`]; a failure when the store or the password pool does not answer.
    pub async fn create_user(&self, create: CreateUser) -> Result<User, Error> {
        self.require(AdminPermission::UsersWrite)?;
        self.may_give(&create.roles)?;
        let Account { user, password } = self.rotunda.new_account(&create.newcomer).await?;
        let user = User { email_verified: create.verified, ..user };
        self.check_given(&user, &create.roles).await?;
        self.add(Account { user: user.clone(), password }).await?;
        self.give(user, create.roles).await
    }

    /// Adds a user without a password and writes them a letter with a link for one. Whoever is there already with this address,
    /// has no password and has not shown the address to be theirs was invited before, and gets another letter.
    ///
    /// # Errors
    /// As [`Desk::create_user`]; [`Denied::RateLimited`] after several letters to one address.
    pub async fn invite_user(&self, invite: Invite) -> Result<User, Error> {
        self.require(AdminPermission::UsersWrite)?;
        self.may_give(&invite.roles)?;
        let email = Email::parse(&invite.email).ok_or(Denied::EmailInvalid)?;
        let username = refine(invite.username.as_deref(), Username::parse, Denied::UsernameInvalid)?;
        let name = refine(invite.name.as_deref(), User::parse_name, Denied::NameInvalid)?;
        let (letters, now) = (BucketKey::forgot_by_account(&email), self.now());
        self.rotunda.limit(letters, self.rotunda.policy.limits.forgot_per_account, now).await?;
        let user = match self.rotunda.store.account(&Handle::Email(email.clone())).await? {
            Some(there) => self.invited_before(there)?,
            None => {
                let user = self.rotunda.new_user((email, username, name), now)?;
                self.check_given(&user, &invite.roles).await?;
                self.add(Account { user: user.clone(), password: PasswordHash::none() }).await?;
                user
            }
        };
        let user = self.give(user, invite.roles).await?;
        let letter = self.rotunda.invitation(&user, now)?;
        let event = self.event(EventKind::UserInvited, Some(&user), None);
        self.rotunda.store.post(vec![letter], vec![event]).await?;
        Ok(user)
    }

    /// Adds a user of another system, as [`crate::import`] has it.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; a failure when the store does not answer.
    pub async fn import_user(&self, arrival: &Arrival) -> Result<Imported, Error> {
        self.require(AdminPermission::UsersWrite)?;
        Ok(self.rotunda.import_user(arrival, &self.operator.caller()).await?)
    }

    /// What [`Desk::import_user`] would answer now; writes nothing.
    ///
    /// # Errors
    /// As [`Desk::import_user`].
    pub async fn check_import(&self, arrival: &Arrival) -> Result<Imported, Error> {
        self.require(AdminPermission::UsersWrite)?;
        Ok(self.rotunda.check_import(arrival).await?)
    }

    fn invited_before(&self, there: Account) -> Result<User, Denied> {
        let Account { user, password } = there;
        let waits = !password.is_usable() && !user.email_verified && user.state == UserState::Active;
        if !waits {
            return Err(Denied::EmailTaken);
        }
        self.reaches(&user)?;
        Ok(user)
    }

    async fn add(&self, account: Account) -> Result<(), Error> {
        let registering = Registering {
            first_admin: false,
            events: vec![registered(&account.user, &self.operator.caller())],
            account,
            session: None,
            replaces: None,
            uses: None,
        };
        taken(self.rotunda.store.register(registering).await?)
    }

    /// What it takes to give any roles at all.
    fn may_give(&self, roles: &BTreeSet<RoleName>) -> Result<(), Denied> {
        if roles.is_empty() {
            return Ok(());
        }
        self.require(AdminPermission::RolesWrite)?;
        self.proved_lately()
    }

    async fn check_given(&self, user: &User, roles: &BTreeSet<RoleName>) -> Result<(), Error> {
        if roles.is_empty() { Ok(()) } else { self.check_roles(user, roles).await }
    }

    async fn give(&self, user: User, roles: BTreeSet<RoleName>) -> Result<User, Error> {
        if roles.is_empty() { Ok(user) } else { self.hold_roles(user.id, roles, None).await }
    }
}
