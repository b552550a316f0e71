//! The sessions of a user: the list is in SQL, where each stands is here.

use std::cmp::Reverse;

use futures_util::future::try_join_all;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Session, UnixMillis, UserId};
use rotunda_core::store::{Moved, Skeletons};

use crate::logout::ALL;
use crate::{AT_ONCE, RedisSessions, moving};

impl<S: Skeletons + ?Sized> RedisSessions<S> {
    pub(crate) async fn sessions_of(
        &self,
        user: UserId,
        now: UnixMillis,
        limit: u32,
    ) -> Result<Vec<Session>, Failure> {
        // Which of them have expired is not for SQL to say.
        let skeletons = self.sql.sessions_of(user, UnixMillis(i64::MIN), ALL).await?;
        let mut live: Vec<Session> =
            self.stand(skeletons).await?.into_iter().map(|stands| stands.now).collect();
        live.retain(|session| session.ending_at(now).is_none());
        live.sort_by_key(|session| Reverse((session.last_used_at(), session.id)));
        live.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(live)
    }

    /// Brings the rows of a user's live sessions up to date, so that what SQL decides by their use is right.
    pub(crate) async fn settle_user(&self, user: UserId) -> Result<(), Failure> {
        let skeletons = self.sql.sessions_of(user, UnixMillis(i64::MIN), ALL).await?;
        let stands = self.stand(skeletons).await?;
        let behind = |stands: Stands| {
            let moved = stands.moved();
            (stands.known && moved != Moved::of(&stands.row)).then_some(moved)
        };
        let moved: Vec<Moved> = stands.into_iter().filter_map(behind).collect();
        if !moved.is_empty() {
            self.sql.settle(moved).await?;
        }
        Ok(())
    }

    /// Sessions as they stand, in their order.
    pub(crate) async fn stand(&self, skeletons: Vec<Session>) -> Result<Vec<Stands>, Failure> {
        let mut all = Vec::with_capacity(skeletons.len());
        for some in skeletons.chunks(AT_ONCE) {
            let moved = try_join_all(some.iter().map(|row| self.moving(row.id))).await?;
            all.extend(some.iter().zip(moved).map(|(row, moved)| Stands {
                known: moved.is_some(),
                now: moving::whole(row.clone(), moved),
                row: row.clone(),
            }));
        }
        Ok(all)
    }
}

/// A session in both places.
pub(crate) struct Stands {
    /// As SQL has it.
    pub(crate) row: Session,
    /// As it is.
    pub(crate) now: Session,
    /// Whether Redis knew it.
    pub(crate) known: bool,
}

impl Stands {
    /// What its row should say. Where Redis has lost it, what the row says is more than what is known there.
    pub(crate) fn moved(&self) -> Moved {
        match moving::is_lost(&self.now.lineage) {
            true => Moved::of(&self.row),
            false => Moved::of(&self.now),
        }
    }
}
