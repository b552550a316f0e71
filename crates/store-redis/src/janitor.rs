//! Writing down what is over.
//!
//! A row says when its session was to end when it was written last; most have been refreshed since. So each that SQL finds is
//! looked up:
//!
//! 1. Its time is up: it is held where it stands, and ends in SQL at the moment when it was up.
//! 2. It ended before that, when everyone was signed out: no use of it matters any more. SQL writes that down by itself, all that were
//!    found at once, and tells the feed nothing of each; the hashes are marked here.
//! 3. It lives: its row is brought up to date, and is not looked at again until that time is up.
//! 4. Redis has lost it: nobody knows when it was used last. It gets its idle span once more, from now, in a hash that fits no token,
//!    and then it is as in 1.

use futures_util::future::join_all;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Caller, Ending, Everyone, Session, SessionId, UnixMillis};
use rotunda_core::store::{EndingOne, Moved, Skeletons};

use crate::moving;
use crate::sessions::Stands;
use crate::{AT_ONCE, RedisSessions};

impl<S: Skeletons + ?Sized> RedisSessions<S> {
    pub(crate) async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let due = self.sql.due(now, limit).await?;
        let everyone = self.everyone(&due).await?;
        let mut ended = 0;
        let (mut signed_out, mut alive) = (Vec::new(), Vec::new());
        for stands in self.stand(due).await? {
            match stands.now.ending_under(everyone, now) {
                // A row that is found by its time has no such ending.
                Some((Ending::RevokedByAdmin, _)) => signed_out.push(stands.row.id),
                Some(over) => ended += u32::from(self.end(end_of(&stands.now, over)).await?),
                None => {
                    let until = if stands.known {
                        stands.now.idle_expires_at
                    } else {
                        self.once_more(&stands, now).await?
                    };
                    alive.push(Moved { idle_expires_at: until, ..stands.moved() });
                }
            }
        }
        if !signed_out.is_empty() {
            ended += self.end_signed_out(&signed_out).await?;
        }
        if !alive.is_empty() {
            self.sql.settle(alive).await?;
        }
        Ok(ended)
    }

    /// Who was signed out with everyone, as the facts of any session tell.
    async fn everyone(&self, due: &[Session]) -> Result<Option<Everyone>, Failure> {
        let Some(any) = due.first() else { return Ok(None) };
        Ok(self.sql.facts(any.id).await?.and_then(|facts| facts.everyone))
    }

    /// At a time before which no session has expired: so SQL writes down these endings, and no other.
    async fn end_signed_out(&self, those: &[SessionId]) -> Result<u32, Failure> {
        let many = u32::try_from(those.len()).unwrap_or(u32::MAX);
        let ended = self.sql.expire(UnixMillis(i64::MIN), many).await?;
        for some in those.chunks(AT_ONCE) {
            join_all(some.iter().map(|id| self.finish(*id))).await;
        }
        Ok(ended)
    }

    /// Gives a session that was lost its idle span once more; answers until when.
    async fn once_more(&self, stands: &Stands, now: UnixMillis) -> Result<UnixMillis, Failure> {
        let until = now.plus(stands.row.idle).min(stands.row.absolute_expires_at);
        let lost = Session { idle_expires_at: until, ..moving::lost(stands.row.clone()) };
        self.create(&lost).await?;
        Ok(until)
    }
}

fn end_of(session: &Session, (ending, at): (Ending, UnixMillis)) -> EndingOne {
    EndingOne {
        about: None,
        id: session.id,
        at_generation: Some(session.lineage.generation),
        ending,
        at,
        caller: Caller::default(),
        post: Vec::new(),
    }
}
