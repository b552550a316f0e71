//! Roles at the desk: what there are, what they permit, who holds them.
//!
//! 1. A change of a role is written if the role is still as the operator has seen it, and so is a change of what a user holds
//!    if the user is. Otherwise nothing happens and they are told to look again.
//! 2. Whatever permission of Rotunda's own a role has, or had before the change, its changer has too; the same for what a
//!    user holds. Nobody takes the built-in role from themselves.
//! 3. What somebody holds travels with each of their requests, so it has to fit the budget of [`Role`]. A change of a role
//!    has to fit for each of its holders: the store tells which combinations there are.
//! 4. The store announces each change on the revocation feed, in the same transaction: tokens from before are outdated, and
//!    good. This server looks at its shelf at once, others do within a second.

mod budget;

use std::collections::BTreeSet;

use budget::{changes, fits};

use super::Desk;
use super::users::version_of;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{AdminPermission, Event, EventKind, Permission, Role, RoleName, UnixMillis, User, UserId};
use crate::store::{Edited, Editing, RemovedRole};

/// How often a change of a user is decided anew because somebody else has changed them meanwhile.
const ROUNDS: usize = 8;

/// How many combinations of roles are looked at before one of them is made larger.
const MOST_SETS: u32 = 10_000;

/// A role, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleInfo {
    /// The role.
    pub role: Role,
    /// Whether it is the built-in one, which nobody changes.
    pub built_in: bool,
}

/// A role as it is to be from now on, as typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PutRole {
    /// What it is called: see [`RoleName::parse`].
    pub name: String,
    /// All that it permits: see [`Permission::parse`]. At most [`Role::MOST_PERMISSIONS`].
    pub permissions: Vec<String>,
    /// What it is for: at most [`Role::DESCRIPTION_CHARS`] characters on one line. An empty one is none.
    pub description: Option<String>,
}

impl Desk<'_> {
    /// All roles: the built-in one first, then by name.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; a failure when the store does not answer.
    pub async fn roles(&self) -> Result<Vec<RoleInfo>, Error> {
        self.require(AdminPermission::RolesRead)?;
        let (roles, _) = self.rotunda.store.roles().await?;
        let own = roles.into_iter().map(|role| RoleInfo { role, built_in: false });
        Ok([built_in()].into_iter().chain(own).collect())
    }

    /// One role.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotFound`]; a failure when the store does not answer.
    pub async fn role(&self, name: &RoleName) -> Result<RoleInfo, Error> {
        self.require(AdminPermission::RolesRead)?;
        if *name == RoleName::admin() {
            return Ok(built_in());
        }
        let role = self.stored(name).await?.ok_or(Denied::NotFound)?;
        Ok(RoleInfo { role, built_in: false })
    }

    /// Adds a role (`if_version` is `None`), or changes the one that still has that version. Whoever holds it has it at the
    /// next refresh.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::ReauthenticationNeeded`], [`Denied::AboveCaller`]; [`Denied::Unfit`] tells
    /// what to change; [`Denied::InTheWay`] where it is there already, or built in; [`Denied::NotFound`] and
    /// [`Denied::ChangedMeanwhile`] for a change; a failure when the store does not answer.
    pub async fn put_role(&self, put: PutRole, if_version: Option<u64>) -> Result<Role, Error> {
        self.may_change()?;
        let wanted = self.wanted(put)?;
        let (roles, _) = self.rotunda.store.roles().await?;
        let before = roles.iter().find(|role| role.name == wanted.name);
        self.operator.reaches(&wanted.permissions)?;
        if let Some(before) = before {
            self.operator.reaches(&before.permissions)?;
        }
        let role = match (before, if_version) {
            (Some(_), None) => return Err(there_already(&wanted.name).into()),
            (None, Some(_)) => return Err(Denied::NotFound.into()),
            (Some(before), Some(version)) if before.version != version => {
                return Err(Denied::ChangedMeanwhile.into());
            }
            (None, None) if roles.len() >= Role::MOST => return Err(too_many_roles().into()),
            (None, None) => wanted,
            (Some(before), Some(_)) => {
                self.fits_its_holders(before, &wanted, &roles).await?;
                Role { version: before.version + 1, created_at: before.created_at, ..wanted }
            }
        };
        let kind = if before.is_some() { EventKind::RoleChanged } else { EventKind::RoleAdded };
        let nothing = BTreeSet::new();
        let permitted = before.map_or(&nothing, |before| &before.permissions);
        let about = changes(role.name.as_str(), permitted, &role.permissions);
        let event = self.event(kind, None, Some(about));
        if !self.rotunda.store.put_role(role.clone(), if_version, event).await? {
            let there = if_version.is_none();
            return Err(if there { there_already(&role.name) } else { Denied::ChangedMeanwhile }.into());
        }
        self.rotunda.look_at_shelf().await?;
        Ok(role)
    }

    /// Removes a role that nobody holds, if it still has that version.
    ///
    /// # Errors
    /// As [`Desk::put_role`]; [`Denied::InTheWay`] while somebody holds it.
    pub async fn remove_role(&self, name: &RoleName, if_version: Option<u64>) -> Result<(), Error> {
        self.may_change()?;
        not_built_in(name)?;
        let role = self.stored(name).await?.ok_or(Denied::NotFound)?;
        self.operator.reaches(&role.permissions)?;
        let from = if_version.unwrap_or(role.version);
        let event = self.event(EventKind::RoleRemoved, None, Some(name.to_string()));
        match self.rotunda.store.remove_role(name.clone(), from, event).await? {
            RemovedRole::Done => Ok(self.rotunda.look_at_shelf().await?),
            RemovedRole::Changed => Err(Denied::ChangedMeanwhile.into()),
            RemovedRole::Held => {
                let why = format!("Somebody holds the role `{name}`. Take it from all of them first.");
                Err(Denied::InTheWay(why).into())
            }
        }
    }

    /// Gives a user exactly these roles, if they still are of that version ([`version_of`]).
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::ReauthenticationNeeded`], [`Denied::NotFound`], [`Denied::ChangedMeanwhile`],
    /// and as [`Desk::check_roles`].
    pub async fn hold_roles(
        &self,
        id: UserId,
        roles: BTreeSet<RoleName>,
        if_match: Option<&str>,
    ) -> Result<User, Error> {
        self.change_roles(id, if_match, |_| roles.clone()).await
    }

    /// Gives a user these roles beside those that they hold.
    ///
    /// # Errors
    /// As [`Desk::hold_roles`].
    pub async fn grant_roles(&self, id: UserId, roles: &BTreeSet<RoleName>) -> Result<User, Error> {
        self.change_roles(id, None, |held| held | roles).await
    }

    /// Takes these roles from a user, those of them that they hold.
    ///
    /// # Errors
    /// As [`Desk::hold_roles`].
    pub async fn revoke_roles(&self, id: UserId, roles: &BTreeSet<RoleName>) -> Result<User, Error> {
        self.change_roles(id, None, |held| held - roles).await
    }

    /// Whether this operator may have the user hold these roles in place of their own, and whether that fits.
    ///
    /// # Errors
    /// [`Denied::AboveCaller`]; [`Denied::NotToYourself`] for the built-in role, taken from oneself; [`Denied::Unfit`] for roles
    /// that are not there, or are too many; a failure when the store does not answer.
    pub(crate) async fn check_roles(&self, user: &User, roles: &BTreeSet<RoleName>) -> Result<(), Error> {
        // What is decided here has to be true of the roles as they are stored, not as they were a moment ago.
        self.rotunda.look_at_shelf().await?;
        let shelf = self.rotunda.shelf();
        let there = |name: &&RoleName| **name == RoleName::admin() || shelf.role(name).is_some();
        if let Some(missing) = roles.iter().find(|name| !there(name)) {
            let why = format!("There is no role `{missing}`. `rotunda role list` shows all of them.");
            return Err(Denied::Unfit(why).into());
        }
        let after = shelf.permissions(roles);
        self.reaches(user)?;
        self.operator.reaches(&after)?;
        let admin = RoleName::admin();
        let leaves = user.roles.contains(&admin) && !roles.contains(&admin);
        if leaves && self.operator.user() == Some(user.id) {
            return Err(Denied::NotToYourself.into());
        }
        Ok(fits(roles, &after).map_err(Denied::Unfit)?)
    }

    async fn change_roles(
        &self,
        id: UserId,
        if_match: Option<&str>,
        wanted: impl Fn(&BTreeSet<RoleName>) -> BTreeSet<RoleName> + Send + Sync,
    ) -> Result<User, Error> {
        self.may_change()?;
        for _ in 0..ROUNDS {
            let user = self.rotunda.store.account_of(id).await?.ok_or(Denied::NotFound)?.user;
            if if_match.is_some_and(|version| version != version_of(&user)) {
                return Err(Denied::ChangedMeanwhile.into());
            }
            let roles = wanted(&user.roles);
            self.check_roles(&user, &roles).await?;
            if roles == user.roles {
                return Ok(user);
            }
            let editing = self.holding(user, roles);
            match self.rotunda.store.edit_user(editing).await? {
                Edited::Done(user) => return Ok(*user),
                Edited::Changed => {}
                Edited::EmailTaken | Edited::UsernameTaken => {
                    return Err(Failure::broken("changing roles", "a name of the user's own is taken").into());
                }
            }
        }
        Err(Failure::overload("changing a user who never stands still").into())
    }

    fn holding(&self, user: User, roles: BTreeSet<RoleName>) -> Editing {
        let event = self.roles_changed(&user, &roles);
        Editing {
            email: user.email.clone(),
            email_verified: user.email_verified,
            username: user.username.clone(),
            name: user.name.clone(),
            roles,
            at: event.at,
            caller: event.caller.clone(),
            events: vec![event],
            from: user,
        }
    }

    /// The event of a user who comes to hold these roles.
    pub(crate) fn roles_changed(&self, user: &User, roles: &BTreeSet<RoleName>) -> Event {
        let about = changes("", &user.roles, roles);
        self.event(EventKind::RolesChanged, Some(user), Some(about))
    }

    fn may_change(&self) -> Result<(), Denied> {
        self.require(AdminPermission::RolesWrite)?;
        self.proved_lately()
    }

    async fn stored(&self, name: &RoleName) -> Result<Option<Role>, Failure> {
        let (roles, _) = self.rotunda.store.roles().await?;
        Ok(roles.into_iter().find(|role| role.name == *name))
    }

    /// What was typed, refined; as a new role of now.
    fn wanted(&self, put: PutRole) -> Result<Role, Denied> {
        let unfit = |why: String| Err(Denied::Unfit(why));
        let Some(name) = RoleName::parse(&put.name) else {
            return unfit("The name of a role has 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`.".to_owned());
        };
        not_built_in(&name)?;
        let mut permissions = BTreeSet::new();
        for text in &put.permissions {
            let Some(permission) = Permission::parse(text) else {
                return unfit(format!(
                    "`{}` is no permission: one has 1 to 64 visible ASCII characters, and neither a space nor `\"` nor `\\`.",
                    text.escape_debug().take(100).collect::<String>()
                ));
            };
            permissions.insert(permission);
        }
        if permissions.len() > Role::MOST_PERMISSIONS {
            return unfit(format!("A role has at most {} permissions.", Role::MOST_PERMISSIONS));
        }
        fits(&BTreeSet::from([name.clone()]), &permissions).map_err(Denied::Unfit)?;
        let description = put.description.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let long = |text: &String| {
            text.chars().count() > Role::DESCRIPTION_CHARS || text.chars().any(char::is_control)
        };
        if description.as_ref().is_some_and(long) {
            let most = Role::DESCRIPTION_CHARS;
            return unfit(format!("A description has at most {most} characters, on one line."));
        }
        let now = self.now();
        Ok(Role { name, permissions, description, version: 1, created_at: now, changed_at: now })
    }

    /// Step 3. What only takes away always fits.
    async fn fits_its_holders(&self, before: &Role, after: &Role, all: &[Role]) -> Result<(), Error> {
        if after.permissions.is_subset(&before.permissions) {
            return Ok(());
        }
        let sets = self.rotunda.store.role_sets(&after.name, MOST_SETS).await?;
        if sets.len() >= MOST_SETS as usize {
            let why = format!(
                "The role `{}` is held beside {MOST_SETS} combinations of other roles or more, so that it cannot be told \
                 whether more permissions fit into everybody's tokens. Make another role for them.",
                after.name
            );
            return Err(Denied::Unfit(why).into());
        }
        let permitted = |name: &RoleName| -> BTreeSet<Permission> {
            if *name == after.name {
                return after.permissions.clone();
            }
            if *name == RoleName::admin() {
                return built_in().role.permissions;
            }
            let role = all.iter().find(|role| role.name == *name);
            role.map(|role| role.permissions.clone()).unwrap_or_default()
        };
        for set in &sets {
            fits(set, &set.iter().flat_map(permitted).collect()).map_err(|why| {
                let names: Vec<_> = set.iter().map(RoleName::as_str).collect();
                Denied::Unfit(format!(
                    "Somebody holds {}, and that would be too much: {why}",
                    names.join(", ")
                ))
            })?;
        }
        Ok(())
    }
}

/// The built-in role.
fn built_in() -> RoleInfo {
    let role = Role {
        name: RoleName::admin(),
        permissions: AdminPermission::ALL.iter().copied().map(Permission::from).collect(),
        description: Some("All that Rotunda itself asks for. Built in.".to_owned()),
        version: 1,
        created_at: UnixMillis(0),
        changed_at: UnixMillis(0),
    };
    RoleInfo { role, built_in: true }
}

fn not_built_in(name: &RoleName) -> Result<(), Denied> {
    if *name == RoleName::admin() {
        let why = "The role `admin` is built in and stays as it is. Choose another name.";
        return Err(Denied::InTheWay(why.to_owned()));
    }
    Ok(())
}

fn there_already(name: &RoleName) -> Denied {
    Denied::InTheWay(format!("There is a role `{name}` already."))
}

fn too_many_roles() -> Denied {
    Denied::Unfit(format!("There are {} roles, and more there cannot be. Remove one first.", Role::MOST))
}
