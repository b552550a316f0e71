//! Stores that break their word about roles, about who holds them, or about who was signed out, in one way each.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{
    Ending, Event, Everyone, Revocation, Revoked, Role, RoleName, Session, Standing, UnixMillis, UserId,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, Deleting, Edited, Editing, EndingOne, Ends, Journal, Registered,
    Registering, RemovedRole, Roles, Sessions, Store,
};
use rotunda_testkit::{Layer, MemoryState, MemoryStore, fixtures};

/// What an [`UnrulyStore`] does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slip {
    RoleLosesDescription,
    RoleIgnoresVersion,
    RoleIsNotTold,
    HeldRoleIsRemoved,
    RemovalReadsThenWrites,
    SetsIgnoreLimit,
    BellIsBroken,
    EveryEditIsTold,
    EditIgnoresReading,
    EditTakesFromOthers,
    OtherRolesAreNotTold,
    AnyRoleIsHeld,
    FirstAdminMoves,
    EveryAdminIsTheFirst,
    AddedAdminIsNone,
    NewUserHoldsNothing,
    ActingIsLost,
    GivenRevisionIsKept,
    EveryoneIsNotTold,
    SignedOutAreListed,
    EndingsOfEveryoneAreTold,
    EveryoneComesFirst,
    EveryoneStaysOut,
    OthersCatchTheSignedOut,
    RevisionIsReadThenWritten,
    ReasonIsLost,
    EndForgetsWhatAbout,
    DeletionKeepsTheSalt,
}

/// A memory store with one slip.
pub(crate) struct UnrulyStore {
    inner: MemoryStore,
    slip: Slip,
}

impl UnrulyStore {
    pub(crate) fn with(slip: Slip) -> Self {
        Self { inner: MemoryStore::new(), slip }
    }

    fn has(&self, slip: Slip) -> bool {
        self.slip == slip
    }

    fn tamper(&self, slip: Slip, act: impl FnOnce(&mut MemoryState)) {
        if self.has(slip) {
            let mut state = self.inner.snapshot();
            act(&mut state);
            self.inner.restore(state);
        }
    }

    /// Keeps quiet about what should be told.
    fn hush(&self, slip: Slip, what: impl Fn(&Revoked) -> bool) {
        self.tamper(slip, |state| state.feed.entries.retain(|(_, entry)| !what(&entry.what)));
    }

    /// Tells what should not be told.
    fn tell(&self, slip: Slip, what: Revoked, at: UnixMillis) {
        self.tamper(slip, |state| {
            state.feed.newest += 1;
            state.feed.entries.push((state.feed.newest, Revocation { what, at }));
        });
    }
}

#[async_trait]
impl Layer for UnrulyStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn put_role(&self, mut role: Role, mut from: Option<u64>, event: Event) -> Result<bool, Failure> {
        let known = self.inner.snapshot().roles.get(&role.name).map(|known| known.version);
        match self.slip {
            Slip::RoleLosesDescription => role.description = None,
            Slip::RoleIgnoresVersion => from = known,
            _ => {}
        }
        let answer = self.inner.put_role(role, from, event).await;
        self.hush(Slip::RoleIsNotTold, |what| matches!(what, Revoked::Role { .. }));
        answer
    }

    async fn remove_role(&self, name: RoleName, from: u64, event: Event) -> Result<RemovedRole, Failure> {
        let take_from_all = |state: &mut MemoryState| {
            for account in state.accounts.values_mut() {
                account.user.roles.remove(&name);
            }
        };
        self.tamper(Slip::HeldRoleIsRemoved, take_from_all);
        if self.has(Slip::RemovalReadsThenWrites) {
            let free = self.inner.role_sets(&name, 1).await?.is_empty();
            // Of those who yield, whoever did so last goes on first.
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            if free {
                self.tamper(self.slip, take_from_all);
            }
        }
        self.inner.remove_role(name, from, event).await
    }

    async fn role_sets(&self, name: &RoleName, limit: u32) -> Result<Vec<BTreeSet<RoleName>>, Failure> {
        let limit = if self.has(Slip::SetsIgnoreLimit) { u32::MAX } else { limit };
        self.inner.role_sets(name, limit).await
    }

    async fn edit_user(&self, mut editing: Editing) -> Result<Edited, Failure> {
        let (id, at) = (editing.from.id, editing.at);
        if self.has(Slip::RemovalReadsThenWrites) {
            // Whoever removes reads first.
            tokio::task::yield_now().await;
        }
        let known = self.inner.snapshot().accounts.get(&id).map(|account| account.user.clone());
        if let Some(known) = known
            && self.has(Slip::EditIgnoresReading)
        {
            editing.from = known;
        }
        self.tamper(Slip::EditTakesFromOthers, |state| {
            let same = |user: &rotunda_core::model::User| user.email.key() == editing.email.key();
            for account in
                state.accounts.values_mut().filter(|known| known.user.id != id && same(&known.user))
            {
                account.user.email = fixtures::email(&format!("{}@gone.example", account.user.id));
            }
        });
        self.tamper(Slip::AnyRoleIsHeld, |state| {
            let made = editing.roles.iter().map(|name| (name.clone(), fixtures::a_role(name.as_str())));
            state.roles.extend(made);
        });
        let is_admin = editing.roles.contains(&RoleName::admin());
        let answer = self.inner.edit_user(editing).await?;
        if is_admin {
            self.tamper(Slip::FirstAdminMoves, |state| state.first_admin_at = Some(at));
        }
        self.hush(Slip::OtherRolesAreNotTold, |what| matches!(what, Revoked::Claims { .. }));
        self.tell(Slip::EveryEditIsTold, Revoked::Claims { sub: id.to_string(), ce: 0 }, at);
        Ok(answer)
    }

    async fn register(&self, mut new: Registering) -> Result<Registered, Failure> {
        let was = self.inner.first_admin_at().await?;
        self.tamper(Slip::EveryAdminIsTheFirst, |state| state.first_admin_at = None);
        if self.has(Slip::NewUserHoldsNothing) {
            new.account.user.roles.clear();
        }
        if let Some(session) = &mut new.session
            && self.has(Slip::ActingIsLost)
        {
            session.acting = None;
        }
        let (first, session) = (new.first_admin, new.session.clone());
        let answer = self.inner.register(new).await;
        if !first {
            self.tamper(Slip::AddedAdminIsNone, |state| state.first_admin_at = was);
        }
        self.tamper(Slip::GivenRevisionIsKept, |state| {
            state.sessions.extend(session.map(|session: Session| (session.id, session)));
        });
        answer
    }

    async fn end_everyone(&self, at: UnixMillis, event: Event) -> Result<u64, Failure> {
        if self.has(Slip::RevisionIsReadThenWritten) {
            let read = self.inner.snapshot().revision;
            tokio::task::yield_now().await;
            self.tamper(self.slip, |state| state.revision = read);
        }
        let answer = self.inner.end_everyone(at, event).await?;
        self.hush(Slip::EveryoneIsNotTold, |what| matches!(what, Revoked::Everyone { .. }));
        self.tamper(Slip::EveryoneStaysOut, |state| {
            state.everyone = Some(Everyone { below: u64::MAX, at });
        });
        Ok(answer)
    }

    async fn sessions_of(&self, user: UserId, now: UnixMillis, limit: u32) -> Result<Vec<Session>, Failure> {
        self.tamper(Slip::SignedOutAreListed, |state| state.everyone = None);
        self.inner.sessions_of(user, now, limit).await
    }

    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        self.tamper(Slip::EveryoneComesFirst, |state| {
            let at = state.everyone.map_or(now, |everyone| everyone.at);
            for session in state.sessions.values_mut().filter(|session| session.expires_at() < at) {
                session.standing = Standing::Ended { ending: Ending::RevokedByAdmin, at };
            }
        });
        let expired = self.inner.expire(now, limit).await?;
        for session in self.inner.snapshot().sessions.values() {
            let what = Revoked::Session { id: session.id, ending: Ending::RevokedByAdmin };
            self.tell(Slip::EndingsOfEveryoneAreTold, what, now);
        }
        Ok(expired)
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        let everyone = self.inner.snapshot().everyone;
        if matches!(amending.ends, Ends::Others { .. }) {
            self.tamper(Slip::OthersCatchTheSignedOut, |state| state.everyone = None);
        }
        let answer = self.inner.amend(amending).await;
        self.tamper(Slip::OthersCatchTheSignedOut, |state| state.everyone = everyone);
        answer
    }

    async fn end(&self, mut end: EndingOne) -> Result<bool, Failure> {
        if self.has(Slip::EndForgetsWhatAbout) {
            end.about = None;
        }
        self.inner.end(end).await
    }

    async fn note(&self, mut event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        if self.has(Slip::ReasonIsLost) {
            event.caller.reason = None;
        }
        self.inner.note(event, quiet_since).await
    }

    async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure> {
        let was = self.inner.snapshot().events;
        let answer = self.inner.delete_user(deleting).await;
        self.tamper(Slip::DeletionKeepsTheSalt, |state| {
            for (known, was) in state.events.iter_mut().zip(was) {
                known.link = was.link;
            }
        });
        answer
    }

    async fn something_revoked(&self) {
        match self.slip {
            Slip::BellIsBroken => std::future::pending().await,
            _ => rotunda_core::store::Feed::something_revoked(&self.inner).await,
        }
    }
}
