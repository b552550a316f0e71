//! Stores that break their word in one way each.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{
    Account, AuditMark, Ending, Event, Facts, Session, SessionId, Standing, UnixMillis, User, UserId,
    UserState,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, Audit, EndingAll, EndingOne, Journal, KeyShelf, LoggedIn, LoggingIn,
    Rotating, Sessions, Store,
};
use rotunda_testkit::{Layer, MemoryState, MemoryStore};

/// What a [`BrokenStore`] does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    RotateIgnoresGeneration,
    RotateIgnoresHash,
    RotateIgnoresExpiry,
    RotateIgnoresEnding,
    RotateChecksThenWrites,
    RotateForgetsDevice,
    RefusedRotationWritesEvent,
    EndIgnoresGeneration,
    SecondEndingOverwrites,
    EndAllForgetsEpoch,
    EndAllReadsThenWrites,
    LoginIgnoresState,
    LoginIgnoresEpoch,
    LoginIgnoresPassword,
    RefusedLoginReplaces,
    AmendIgnoresHash,
    SecondsInsteadOfMillis,
    UsersOutOfOrder,
    ExpireEndsTheLiving,
    ExpireIgnoresLimit,
    ForgetsTheLiving,
    NotesEverything,
    ReusesPlaces,
    LastSigningKeyWins,
    LastKeyCheckWins,
}

/// A memory store with one fault.
pub(crate) struct BrokenStore {
    inner: MemoryStore,
    fault: Fault,
}

impl BrokenStore {
    pub(crate) fn with(fault: Fault) -> Self {
        Self { inner: MemoryStore::new(), fault }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn tamper(&self, act: impl FnOnce(&mut MemoryState)) {
        let mut state = self.inner.snapshot();
        act(&mut state);
        self.inner.restore(state);
    }

    fn tamper_account(&self, id: UserId, act: impl FnOnce(&mut Account)) {
        self.tamper(|state| {
            state.accounts.get_mut(&id).map(act);
        });
    }

    fn tamper_session(&self, id: SessionId, act: impl FnOnce(&mut Session)) {
        self.tamper(|state| {
            state.sessions.get_mut(&id).map(act);
        });
    }
}

#[async_trait]
impl Layer for BrokenStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn users(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, Failure> {
        let mut users = self.inner.users(after, limit).await?;
        if self.has(Fault::UsersOutOfOrder) {
            users.reverse();
        }
        Ok(users)
    }

    async fn login(&self, mut login: LoggingIn) -> Result<LoggedIn, Failure> {
        if self.has(Fault::RefusedLoginReplaces)
            && let Some(end) = login.replaces.take()
        {
            self.inner.end(end).await?;
        }
        if self.has(Fault::SecondsInsteadOfMillis) {
            let whole = login.session.idle_expires_at.seconds();
            login.session.idle_expires_at = UnixMillis(whole * 1000);
        }
        self.tamper_account(login.session.user_id, |now| match self.fault {
            Fault::LoginIgnoresState => now.user.state = UserState::Active,
            Fault::LoginIgnoresEpoch => now.user.ep = login.session.ep,
            Fault::LoginIgnoresPassword => now.password = login.password.clone(),
            _ => {}
        });
        self.inner.login(login).await
    }

    async fn amend(&self, mut amending: Amending) -> Result<Amended, Failure> {
        if self.has(Fault::AmendIgnoresHash)
            && let Some(now) = self.inner.account_of(amending.account.user.id).await?
        {
            amending.account.password = now.password;
        }
        self.inner.amend(amending).await
    }

    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure> {
        let (user, ending, at) = (end.user_id, end.ending, end.at);
        let read = self.inner.sessions_of(user, at, u32::MAX).await?;
        if self.has(Fault::EndAllReadsThenWrites) {
            tokio::task::yield_now().await;
            for session in &read {
                let at_generation = Some(session.lineage.generation);
                let caller = end.caller.clone();
                let post = Vec::new();
                let end = EndingOne { id: session.id, at_generation, ending, at, caller, post, about: None };
                self.inner.end(end).await?;
            }
            self.tamper_account(user, |account| account.user.ep += 1);
            return Ok(Some(read.len() as u64));
        }
        let answer = self.inner.end_all(end).await?;
        if self.has(Fault::EndAllForgetsEpoch) {
            self.tamper_account(user, |account| account.user.ep -= 1);
        }
        Ok(answer)
    }

    async fn rotate(&self, mut rotation: Rotating) -> Result<bool, Failure> {
        let Some(Facts { session, .. }) = self.inner.facts(rotation.id).await? else { return Ok(false) };
        match self.fault {
            Fault::RotateIgnoresGeneration => rotation.from_generation = session.lineage.generation,
            Fault::RotateIgnoresHash => rotation.from_hash = session.lineage.current_hash,
            Fault::RotateIgnoresExpiry => rotation.now = session.created_at,
            Fault::RotateIgnoresEnding => {
                self.tamper_session(session.id, |row| row.standing = Standing::Live)
            }
            Fault::RotateChecksThenWrites if rotation.from_generation == session.lineage.generation => {
                tokio::task::yield_now().await;
                self.tamper_session(session.id, |row| row.lineage = session.lineage);
            }
            _ => {}
        }
        let (id, shown, event) = (rotation.id, rotation.device_shown, rotation.event.clone());
        let answer = self.inner.rotate(rotation).await?;
        if self.has(Fault::RotateForgetsDevice) && answer {
            self.tamper_session(id, |row| row.device_shown = shown);
        }
        if self.has(Fault::RefusedRotationWritesEvent)
            && !answer
            && let Some(event) = event
        {
            self.inner.note(event, UnixMillis(i64::MAX)).await?;
        }
        Ok(answer)
    }

    async fn end(&self, mut end: EndingOne) -> Result<bool, Failure> {
        match self.fault {
            Fault::EndIgnoresGeneration => end.at_generation = None,
            Fault::SecondEndingOverwrites => self.tamper_session(end.id, |row| row.standing = Standing::Live),
            _ => {}
        }
        self.inner.end(end).await
    }

    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        match self.fault {
            Fault::ExpireEndsTheLiving => self.inner.expire(UnixMillis(i64::MAX), limit).await,
            Fault::ExpireIgnoresLimit => self.inner.expire(now, u32::MAX).await,
            _ => self.inner.expire(now, limit).await,
        }
    }

    async fn forget_ended(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        if self.has(Fault::ForgetsTheLiving) {
            self.tamper(|state| {
                for session in state.sessions.values_mut().filter(|session| session.expires_at() < before) {
                    session.standing =
                        Standing::Ended { ending: Ending::IdleExpired, at: session.expires_at() };
                }
            });
        }
        self.inner.forget_ended(before, limit).await
    }

    async fn note(&self, event: Event, quiet_since: UnixMillis) -> Result<(), Failure> {
        let quiet_since = if self.has(Fault::NotesEverything) { UnixMillis(i64::MAX) } else { quiet_since };
        self.inner.note(event, quiet_since).await
    }

    async fn forget_events(&self, from: Option<AuditMark>, floor: AuditMark) -> Result<Option<u32>, Failure> {
        let forgotten = self.inner.forget_events(from, floor).await?;
        if self.has(Fault::ReusesPlaces) {
            self.tamper(|state| state.last_seq = state.events.last().map_or(0, |known| known.seq));
        }
        Ok(forgotten)
    }

    async fn add_signing_key(
        &self,
        key: SealedSigningKey,
        after: Option<String>,
        event: Option<Event>,
    ) -> Result<bool, Failure> {
        if self.has(Fault::LastSigningKeyWins) {
            self.tamper(|state| state.signing_keys.clear());
        }
        self.inner.add_signing_key(key, after, event).await
    }

    async fn key_check(&self, key_id: u8, check: KeyCheck) -> Result<KeyCheck, Failure> {
        if self.has(Fault::LastKeyCheckWins) {
            self.tamper(|state| state.key_checks.clear());
        }
        self.inner.key_check(key_id, check).await
    }
}
