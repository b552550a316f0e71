//! Users, and whatever concerns all the sessions of one.

use std::ops::Bound;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{
    Account, Event, Everyone, Handle, PasswordHash, Revoked, RoleName, UnixMillis, User, UserId, UserState,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, Deleting, EndingAll, LoggedIn, LoggingIn, Registered, Registering,
};

use super::MemoryStore;

#[async_trait]
impl Accounts for MemoryStore {
    async fn register(&self, new: Registering) -> Result<Registered, Failure> {
        let mut state = self.open()?;
        if new.uses.is_some_and(|link| !state.links.contains_key(&link)) {
            return Ok(Registered::LinkGone);
        }
        if new.first_admin && state.first_admin_at.is_some() {
            return Ok(Registered::AdminThere);
        }
        let user = &new.account.user;
        let same = |known: &Account| user.subject.is_some() && known.user.subject == user.subject;
        if state.accounts.contains_key(&user.id) || state.accounts.values().any(same) {
            return Ok(Registered::IdTaken);
        }
        if state.accounts.values().any(|known| known.user.email.key() == user.email.key()) {
            return Ok(Registered::EmailTaken);
        }
        if user.username.is_some()
            && state.accounts.values().any(|known| username(&known.user) == username(user))
        {
            return Ok(Registered::UsernameTaken);
        }
        if let Some(session) = new.session {
            state.add_session(session)?;
        }
        if new.first_admin || user.roles.contains(&RoleName::admin()) {
            state.first_admin_at.get_or_insert(user.created_at);
        }
        state.accounts.insert(user.id, new.account);
        new.uses.map(|link| state.links.remove(&link));
        new.replaces.map(|end| state.end_one(end));
        state.record_all(new.events);
        Ok(Registered::Done)
    }

    async fn account(&self, handle: &Handle) -> Result<Option<Account>, Failure> {
        let fits = |account: &&Account| match handle {
            Handle::Email(email) => account.user.email.key() == email.key(),
            Handle::Username(name) => username(&account.user) == Some(name.key()),
            Handle::Subject(subject) => account.user.subject.as_ref() == Some(subject),
        };
        Ok(self.open()?.accounts.values().find(fits).cloned())
    }

    async fn account_of(&self, user: UserId) -> Result<Option<Account>, Failure> {
        Ok(self.open()?.accounts.get(&user).cloned())
    }

    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.open()?;
        let page = state.accounts.range((from, Bound::Unbounded)).take(limit as usize);
        Ok(page.map(|(_, account)| account.user.clone()).collect())
    }

    async fn login(&self, login: LoggingIn) -> Result<LoggedIn, Failure> {
        let mut state = self.open()?;
        let as_read = state.accounts.get(&login.session.user_id).is_some_and(|account| {
            account.user.state == UserState::Active
                && account.user.ep == login.session.ep
                && account.password == login.password
        });
        if !as_read {
            return Ok(LoggedIn::Changed);
        }
        let Some(evicted) = state.make_room(&login) else { return Ok(LoggedIn::Full) };
        state.check_new(&login.session)?;
        for end in evicted.into_iter().chain(login.replaces) {
            state.end_one(end);
        }
        state.add_session(login.session)?;
        state.record(login.event);
        state.post_all(login.post);
        Ok(LoggedIn::Done)
    }

    async fn rehash(&self, user: UserId, from: PasswordHash, to: PasswordHash) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let Some(account) = state.accounts.get_mut(&user).filter(|account| account.password == from) else {
            return Ok(false);
        };
        account.password = to;
        Ok(true)
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        self.open()?.amend(amending)
    }

    async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure> {
        Ok(self.open()?.delete(deleting))
    }

    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure> {
        let mut state = self.open()?;
        let Some(account) = state.accounts.get_mut(&end.user_id) else { return Ok(None) };
        account.user.state = end.state.unwrap_or(account.user.state);
        let ended = state.end_all_of(end.user_id, end.ending, end.at, &end.caller);
        state.record_all(end.events);
        Ok(Some(ended))
    }

    async fn end_everyone(&self, at: UnixMillis, event: Event) -> Result<u64, Failure> {
        let mut state = self.open()?;
        state.revision += 1;
        state.shelf_version += 1;
        let rv = state.revision;
        state.everyone = Some(Everyone { below: rv, at });
        state.enter(Revoked::Everyone { rv }, at);
        state.record(event);
        Ok(rv)
    }

    async fn enable(&self, user: UserId, event: Event) -> Result<bool, Failure> {
        let mut state = self.open()?;
        let disabled = |account: &&mut Account| account.user.state == UserState::Disabled;
        let Some(account) = state.accounts.get_mut(&user).filter(disabled) else { return Ok(false) };
        account.user.state = UserState::Active;
        state.record(event);
        Ok(true)
    }
}

pub(super) fn username(user: &User) -> Option<&str> {
    user.username.as_ref().map(|name| name.key())
}
