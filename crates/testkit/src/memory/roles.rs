//! Roles, and whatever an operator changes of a user.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Event, Revoked, Role, RoleName, UnixMillis, User};
use rotunda_core::store::{Edited, Editing, RemovedRole, Roles};

use super::accounts::username;
use super::{MemoryState, MemoryStore};

#[async_trait]
impl Roles for MemoryStore {
    async fn roles(&self) -> Result<(Vec<Role>, u64), Failure> {
        let state = self.open()?;
        Ok((state.roles.values().cloned().collect(), state.revision))
    }

    async fn put_role(&self, role: Role, from: Option<u64>, event: Event) -> Result<bool, Failure> {
        let mut state = self.open()?;
        if state.roles.get(&role.name).map(|known| known.version) != from {
            return Ok(false);
        }
        state.role_changed(role.name.clone(), role.changed_at);
        state.roles.insert(role.name.clone(), role);
        state.record(event);
        Ok(true)
    }

    async fn remove_role(&self, name: RoleName, from: u64, event: Event) -> Result<RemovedRole, Failure> {
        let mut state = self.open()?;
        if state.roles.get(&name).is_none_or(|known| known.version != from) {
            return Ok(RemovedRole::Changed);
        }
        if state.accounts.values().any(|account| account.user.roles.contains(&name)) {
            return Ok(RemovedRole::Held);
        }
        state.roles.remove(&name);
        state.role_changed(name, event.at);
        state.record(event);
        Ok(RemovedRole::Done)
    }

    async fn role_sets(&self, name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>, Failure> {
        let state = self.open()?;
        let held = state.accounts.values().map(|account| &account.user.roles);
        let sets: BTreeSet<_> = held.filter(|roles| roles.contains(name)).cloned().collect();
        Ok(sets.into_iter().take(limit as usize).collect())
    }

    async fn edit_user(&self, editing: Editing) -> Result<Edited, Failure> {
        Ok(self.open()?.edit(editing))
    }

    async fn first_admin_at(&self) -> Result<Option<UnixMillis>, Failure> {
        Ok(self.open()?.first_admin_at)
    }
}

impl MemoryState {
    fn role_changed(&mut self, name: RoleName, at: UnixMillis) {
        self.revision += 1;
        self.shelf_version += 1;
        self.enter(Revoked::Role { name, rv: self.revision }, at);
    }

    fn edit(&mut self, editing: Editing) -> Edited {
        let id = editing.from.id;
        let as_read = |user: &User| *user == User { ep: user.ep, ..editing.from.clone() };
        let there = |role: &RoleName| *role == RoleName::admin() || self.roles.contains_key(role);
        let known = self.accounts.get(&id).map(|account| &account.user);
        if !known.is_some_and(as_read) || !editing.roles.iter().all(there) {
            return Edited::Changed;
        }
        let others = || self.accounts.values().map(|account| &account.user).filter(|other| other.id != id);
        if others().any(|other| other.email.key() == editing.email.key()) {
            return Edited::EmailTaken;
        }
        let name = editing.username.as_ref().map(|name| name.key());
        if name.is_some() && others().any(|other| username(other) == name) {
            return Edited::UsernameTaken;
        }
        let Some(account) = self.accounts.get_mut(&id) else { return Edited::Changed };
        let other_address = account.user.email.key() != editing.email.key();
        let other_roles = account.user.roles != editing.roles;
        account.user = User {
            email: editing.email,
            email_verified: editing.email_verified,
            username: editing.username,
            name: editing.name,
            roles: editing.roles,
            ce: account.user.ce + u64::from(other_roles),
            ..account.user.clone()
        };
        let user = account.user.clone();
        if other_address {
            self.links.retain(|_, link| link.user_id != Some(id));
        }
        if other_roles {
            if user.roles.contains(&RoleName::admin()) {
                self.first_admin_at.get_or_insert(editing.at);
            }
            self.enter(Revoked::Claims { sub: user.sub(), ce: user.ce }, editing.at);
        }
        self.record_all(editing.events);
        Edited::Done(Box::new(user))
    }
}
