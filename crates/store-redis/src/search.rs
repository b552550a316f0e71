//! Looking for sessions: SQL finds them, and where each stands is here.
//!
//! 1. A row knows for how long its session is certain to live; it may have been refreshed since, and live longer. So whoever asks for
//!    live ones is given, by SQL, all that are not on record as ended, and for those that are not, all that may be over; what really fits
//!    is picked here. A page may be shorter for that.
//! 2. How many there are is counted by rows, but for those of one user.

use rotunda_core::failure::Failure;
use rotunda_core::model::{Facts, SessionId, UnixMillis};
use rotunda_core::store::{COUNTS_TO, Counting, Page, SessionSearch, Skeletons};

use futures_util::future::try_join_all;

use crate::{AT_ONCE, RedisSessions, moving};

impl<S: Skeletons + ?Sized> RedisSessions<S> {
    pub(crate) async fn search_sessions(
        &self,
        by: SessionSearch,
        now: UnixMillis,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<Page<Facts, SessionId>, Failure> {
        let live = by.live;
        let certain = if live == Some(true) { UnixMillis(i64::MIN) } else { now };
        let page = self.sql.search_sessions(by, certain, after, limit).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        for some in page.rows.chunks(AT_ONCE) {
            let moved = try_join_all(some.iter().map(|facts| self.moving(facts.session.id))).await?;
            rows.extend(some.iter().cloned().zip(moved).map(|(facts, moved)| moving::facts(facts, moved)));
        }
        rows.retain(|facts| live.is_none_or(|live| facts.ending_at(now).is_none() == live));
        Ok(Page { rows, next: page.next })
    }

    pub(crate) async fn count(&self, what: Counting, now: UnixMillis) -> Result<u64, Failure> {
        const MORE: u32 = COUNTS_TO as u32 + 1;
        match what {
            Counting::SessionsOf(user) => Ok(self.sessions_of(user, now, MORE).await?.len() as u64),
            other => self.sql.count(other, now).await,
        }
    }
}
