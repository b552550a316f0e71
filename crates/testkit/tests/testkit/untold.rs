//! Stores that break their word about the feed, about keys or about clients, in one way each.

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::keys::SealedSigningKey;
use rotunda_core::model::{
    ClientId, Ending, Event, EventKind, FeedPage, FeedPlace, KeptClientSecret, RegisteredClient, Revocation,
    Revoked, UnixMillis,
};
use rotunda_core::store::{
    Accounts, Amended, Amending, Clients, Deleting, EndingAll, EndingOne, Feed, KeyShelf, LoggedIn,
    LoggingIn, RevokingKey, Rotating, Sessions, Store,
};
use rotunda_testkit::{Layer, MemoryState, MemoryStore, fixtures};

/// What an [`UntoldStore`] does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lapse {
    EndIsNotTold,
    RefusedEndIsTold,
    ExpiryIsTold,
    EvictionIsNotTold,
    EndAllTellsEachSession,
    AmendTellsTheEpochBefore,
    EndOfOneInAChangeIsNotTold,
    DeletionTellsTheId,
    DeletionTellsTheEpochThatWas,
    TokenIsToldTwice,
    AnyNameIsAToken,
    RestoreKeepsTheFeed,
    PageIgnoresLimit,
    PageSkipsToTheNewest,
    PageDropsTheYoungest,
    PlacesAreReused,
    AnyPlaceIsBelieved,
    ForgetsTheYoung,
    BellIsBroken,
    RefreshRings,
    KeyIgnoresTheNewest,
    KeyForgetsWhenItSigns,
    RevocationIgnoresTheNewest,
    RevokedAgain,
    RevokedKeyIsGone,
    RevokedKeyIsToldAgain,
    ResealIgnoresWhatWasRead,
    VersionStands,
    VersionGrowsByItself,
    LastClientWins,
    ClientsOutOfOrder,
    ClientLosesSecrets,
    SecretsIgnoreWhatWasRead,
    RemovedTwice,
}

/// A memory store with one lapse.
pub(crate) struct UntoldStore {
    inner: MemoryStore,
    lapse: Lapse,
}

impl UntoldStore {
    pub(crate) fn with(lapse: Lapse) -> Self {
        Self { inner: MemoryStore::new(), lapse }
    }

    fn has(&self, lapse: Lapse) -> bool {
        self.lapse == lapse
    }

    fn tamper(&self, lapse: Lapse, act: impl FnOnce(&mut MemoryState)) {
        if self.has(lapse) {
            let mut state = self.inner.snapshot();
            act(&mut state);
            self.inner.restore(state);
        }
    }

    /// Tells what should not be told.
    fn tell(&self, lapse: Lapse, what: Revoked, at: UnixMillis) {
        self.tamper(lapse, |state| {
            state.feed.newest += 1;
            state.feed.entries.push((state.feed.newest, Revocation { what, at }));
        });
    }

    /// Keeps quiet about what should be told.
    fn hush(&self, lapse: Lapse, what: impl Fn(&Revoked) -> bool) {
        self.tamper(lapse, |state| state.feed.entries.retain(|(_, entry)| !what(&entry.what)));
    }

    /// Tells something else in place of the last entry.
    fn retell(&self, lapse: Lapse, other: impl FnOnce(&mut Revoked)) {
        self.tamper(lapse, |state| {
            if let Some((_, entry)) = state.feed.entries.last_mut() {
                other(&mut entry.what);
            }
        });
    }
}

fn is_end(what: &Revoked, of: Ending) -> bool {
    matches!(what, Revoked::Session { ending, .. } if *ending == of)
}

#[async_trait]
impl Layer for UntoldStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn login(&self, login: LoggingIn) -> Result<LoggedIn, Failure> {
        let answer = self.inner.login(login).await;
        self.hush(Lapse::EvictionIsNotTold, |what| is_end(what, Ending::Evicted));
        answer
    }

    async fn amend(&self, amending: Amending) -> Result<Amended, Failure> {
        let answer = self.inner.amend(amending).await;
        self.hush(Lapse::EndOfOneInAChangeIsNotTold, |what| is_end(what, Ending::Renewed));
        self.retell(Lapse::AmendTellsTheEpochBefore, |what| {
            if let Revoked::User { ep, .. } = what {
                *ep -= 1;
            }
        });
        answer
    }

    async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure> {
        let user = deleting.user_id;
        let answer = self.inner.delete_user(deleting).await;
        self.retell(Lapse::DeletionTellsTheId, |what| {
            if let Revoked::User { sub, .. } = what {
                *sub = user.to_string();
            }
        });
        self.retell(Lapse::DeletionTellsTheEpochThatWas, |what| {
            if let Revoked::User { ep, ending: Ending::UserDeleted, .. } = what {
                *ep -= 1;
            }
        });
        answer
    }

    async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure> {
        let (ending, at) = (end.ending, end.at);
        for session in self.inner.sessions_of(end.user_id, at, u32::MAX).await? {
            self.tell(Lapse::EndAllTellsEachSession, Revoked::Session { id: session.id, ending }, at);
        }
        self.inner.end_all(end).await
    }

    async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        if self.has(Lapse::RefreshRings) {
            let event = fixtures::a_key_event(EventKind::TokenRevoked);
            self.inner.revoke_token("jti".to_owned(), rotation.now, event).await?;
        }
        self.inner.rotate(rotation).await
    }

    async fn end(&self, end: EndingOne) -> Result<bool, Failure> {
        let (id, ending, at) = (end.id, end.ending, end.at);
        let ended = self.inner.end(end).await?;
        self.hush(Lapse::EndIsNotTold, |what| is_end(what, ending));
        if !ended {
            self.tell(Lapse::RefusedEndIsTold, Revoked::Session { id, ending }, at);
        }
        Ok(ended)
    }

    async fn accept_ahead(&self, until: Option<UnixMillis>) -> Result<(), Failure> {
        let feed = self.inner.snapshot().feed.id;
        let answer = self.inner.accept_ahead(until).await;
        self.tamper(Lapse::RestoreKeepsTheFeed, |state| state.feed.id = feed);
        answer
    }

    async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let expired = self.inner.expire(now, limit).await?;
        for session in self.inner.snapshot().sessions.values() {
            let what = Revoked::Session { id: session.id, ending: Ending::IdleExpired };
            self.tell(Lapse::ExpiryIsTold, what, now);
        }
        Ok(expired)
    }

    async fn revocations(
        &self,
        after: Option<FeedPlace>,
        since: UnixMillis,
        limit: u32,
    ) -> Result<FeedPage, Failure> {
        let limit = if self.has(Lapse::PageIgnoresLimit) { u32::MAX } else { limit };
        let mut page = self.inner.revocations(after, since, limit).await?;
        let newest = self.inner.snapshot().feed.newest;
        match self.lapse {
            Lapse::PageSkipsToTheNewest => page.next = newest,
            Lapse::PageDropsTheYoungest => drop(page.entries.pop()),
            Lapse::AnyPlaceIsBelieved if after.is_some_and(|after| after > newest) => page.entries.clear(),
            _ => {}
        }
        Ok(page)
    }

    async fn something_revoked(&self) {
        match self.lapse {
            Lapse::BellIsBroken => std::future::pending().await,
            _ => self.inner.something_revoked().await,
        }
    }

    async fn revoke_token(&self, jti: String, at: UnixMillis, event: Event) -> Result<(), Failure> {
        if self.inner.is_token_revoked(&jti).await? {
            self.tell(Lapse::TokenIsToldTwice, Revoked::Token { jti: jti.clone() }, at);
        }
        self.inner.revoke_token(jti, at, event).await
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Failure> {
        let entries = self.inner.snapshot().feed.entries;
        let named = entries.iter().any(|(_, entry)| format!("{:?}", entry.what).contains(jti));
        Ok(self.inner.is_token_revoked(jti).await? || (self.has(Lapse::AnyNameIsAToken) && named))
    }

    async fn forget_revocations(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let before = if self.has(Lapse::ForgetsTheYoung) { UnixMillis(i64::MAX) } else { before };
        let forgotten = self.inner.forget_revocations(before, limit).await?;
        self.tamper(Lapse::PlacesAreReused, |state| {
            state.feed.newest = state.feed.entries.last().map_or(0, |(place, _)| *place);
        });
        Ok(forgotten)
    }

    async fn shelf_version(&self) -> Result<u64, Failure> {
        self.tamper(Lapse::VersionStands, |state| state.shelf_version = 0);
        self.tamper(Lapse::VersionGrowsByItself, |state| state.shelf_version += 1);
        self.inner.shelf_version().await
    }

    async fn add_signing_key(
        &self,
        mut key: SealedSigningKey,
        mut after: Option<String>,
        event: Option<Event>,
    ) -> Result<bool, Failure> {
        match self.lapse {
            Lapse::KeyIgnoresTheNewest => {
                after = self.inner.signing_keys().await?.last().map(|newest| newest.kid.clone());
            }
            Lapse::KeyForgetsWhenItSigns => key.signs_from = key.created_at,
            _ => {}
        }
        self.inner.add_signing_key(key, after, event).await
    }

    async fn revoke_key(&self, mut revoking: RevokingKey) -> Result<bool, Failure> {
        if let Some(newest) = self.inner.signing_keys().await?.last()
            && matches!(self.lapse, Lapse::RevocationIgnoresTheNewest | Lapse::RevokedAgain)
        {
            revoking.newest = newest.kid.clone();
        }
        self.tamper(Lapse::RevokedAgain, |state| {
            state.signing_keys.iter_mut().for_each(|key| key.revoked_at = None);
        });
        let answer = self.inner.revoke_key(revoking).await;
        self.tamper(Lapse::RevokedKeyIsGone, |state| {
            state.signing_keys.retain(|key| key.revoked_at.is_none());
        });
        answer
    }

    async fn forget_key(&self, kid: String, at: UnixMillis) -> Result<bool, Failure> {
        let keys = self.inner.signing_keys().await?;
        if keys.iter().any(|key| key.kid == kid && key.revoked_at.is_some()) {
            self.tell(Lapse::RevokedKeyIsToldAgain, Revoked::Key { kid: kid.clone() }, at);
        }
        self.inner.forget_key(kid, at).await
    }

    async fn reseal_key(&self, mut from: SealedSigningKey, to: SealedSigningKey) -> Result<bool, Failure> {
        let keys = self.inner.signing_keys().await?;
        if let Some(key) = keys.into_iter().find(|key| key.kid == from.kid)
            && self.has(Lapse::ResealIgnoresWhatWasRead)
        {
            from = key;
        }
        self.inner.reseal_key(from, to).await
    }

    async fn clients(&self) -> Result<Vec<RegisteredClient>, Failure> {
        let mut clients = self.inner.clients().await?;
        if self.has(Lapse::ClientsOutOfOrder) {
            clients.reverse();
        }
        Ok(clients)
    }

    async fn add_client(&self, mut client: RegisteredClient, event: Event) -> Result<bool, Failure> {
        if self.has(Lapse::ClientLosesSecrets) {
            client.secrets.truncate(1);
        }
        self.tamper(Lapse::LastClientWins, |state| state.clients.clear());
        self.inner.add_client(client, event).await
    }

    async fn change_secrets(
        &self,
        id: ClientId,
        mut from: Vec<KeptClientSecret>,
        to: Vec<KeptClientSecret>,
        event: Event,
    ) -> Result<bool, Failure> {
        if let Some(client) = self.inner.snapshot().clients.get(&id)
            && self.has(Lapse::SecretsIgnoreWhatWasRead)
        {
            from.clone_from(&client.secrets);
        }
        self.inner.change_secrets(id, from, to, event).await
    }

    async fn remove_client(&self, id: ClientId, event: Event) -> Result<bool, Failure> {
        Ok(self.inner.remove_client(id, event).await? || self.has(Lapse::RemovedTwice))
    }
}
