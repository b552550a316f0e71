//! The revocation feed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{
    Ending, Event, FeedId, FeedPage, FeedPlace, Revocation, Revoked, SessionId, UnixMillis, UserId,
};
use rotunda_core::store::Feed;

use super::{MemoryState, MemoryStore};

/// The feed as a [`MemoryStore`] keeps it.
#[derive(Clone)]
pub struct KeptFeed {
    /// Which one this is.
    pub id: FeedId,
    /// The entries with their places, oldest first.
    pub entries: Vec<(FeedPlace, Revocation)>,
    /// The place of the newest entry there ever was.
    pub newest: FeedPlace,
    /// For how long servers need entries, and when one that does was last seen.
    pub keeps: BTreeMap<Duration, UnixMillis>,
}

impl Default for KeptFeed {
    /// An empty one, another than every other of this process.
    fn default() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let id = FeedId(MADE.fetch_add(1, Ordering::Relaxed));
        Self { id, entries: Vec::new(), newest: 0, keeps: BTreeMap::new() }
    }
}

#[async_trait]
impl Feed for MemoryStore {
    async fn revocations(
        &self,
        after: Option<FeedPlace>,
        since: UnixMillis,
        limit: u32,
    ) -> Result<FeedPage, Failure> {
        let feed = &self.open()?.feed;
        // A place that was never given is none on this feed.
        let after = after.filter(|after| *after <= feed.newest);
        let asked = |(place, entry): &&(FeedPlace, Revocation)| {
            after.is_none_or(|after| *place > after) && entry.at >= since
        };
        let entries: Vec<_> = feed.entries.iter().filter(asked).take(limit as usize).cloned().collect();
        let next = entries.last().map_or(feed.newest, |(place, _)| *place);
        Ok(FeedPage { feed: feed.id, entries, next })
    }

    async fn something_revoked(&self) {
        self.bell.notified().await;
    }

    async fn revoke_token(&self, jti: String, at: UnixMillis, event: Event) -> Result<(), Failure> {
        let mut state = self.open()?;
        if !state.is_token_revoked(&jti) {
            state.enter(Revoked::Token { jti }, at);
            state.record(event);
        }
        Ok(())
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Failure> {
        Ok(self.open()?.is_token_revoked(jti))
    }

    async fn keep(&self, keep: Duration, now: UnixMillis) -> Result<Duration, Failure> {
        let keeps = &mut self.open()?.feed.keeps;
        keeps.retain(|keep, seen_at| seen_at.plus(*keep) >= now);
        let seen_at = keeps.entry(keep).or_insert(now);
        *seen_at = now.max(*seen_at);
        Ok(keeps.keys().next_back().copied().unwrap_or(keep))
    }

    async fn forget_revocations(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let mut forgotten = 0;
        self.open()?.feed.entries.retain(|(_, entry)| {
            let goes = entry.at < before && forgotten < limit;
            forgotten += u32::from(goes);
            !goes
        });
        Ok(forgotten)
    }
}

impl MemoryState {
    pub(super) fn enter(&mut self, what: Revoked, at: UnixMillis) {
        self.feed.newest += 1;
        self.feed.entries.push((self.feed.newest, Revocation { what, at }));
    }

    /// A session has ended. An access token never outlives its session, so that its time is up is no news.
    pub(super) fn enter_session(&mut self, id: SessionId, ending: Ending, at: UnixMillis) {
        if !matches!(ending, Ending::IdleExpired | Ending::AbsoluteExpired) {
            self.enter(Revoked::Session { id, ending }, at);
        }
    }

    /// The epoch of a user was raised.
    pub(super) fn enter_user(&mut self, id: UserId, ending: Ending, at: UnixMillis) {
        if let Some(account) = self.accounts.get(&id) {
            let what = Revoked::User { sub: account.user.sub(), ep: account.user.ep, ending };
            self.enter(what, at);
        }
    }

    fn is_token_revoked(&self, jti: &str) -> bool {
        let is = |what: &Revoked| matches!(what, Revoked::Token { jti: known } if known == jti);
        self.feed.entries.iter().any(|(_, entry)| is(&entry.what))
    }
}
