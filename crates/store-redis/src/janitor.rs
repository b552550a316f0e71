//! Writing down what has expired.
//!
//! A row says when its session was to end when it was written last; most have been refreshed since. So each that SQL finds is
//! looked up:
//!
//! 1. Its time is up: it is held where it stands, and ends in SQL at the moment when it was up.
//! 2. It lives: its row is brought up to date, and is not looked at again until that time is up.
//! 3. Redis has lost it: nobody knows when it was used last. It gets its idle span once more, from now, in a hash that fits no token,
//!    and then it is as in 1.

use rotunda_core::failure::Failure;
use rotunda_core::model::{Caller, Session, UnixMillis};
use rotunda_core::store::{EndingOne, Moved, Skeletons};

use crate::RedisSessions;
use crate::moving;
use crate::sessions::Stands;

impl<S: Skeletons + ?Sized> RedisSessions<S> {
    pub(crate) async fn expire(&self, now: UnixMillis, limit: u32) -> Result<u32, Failure> {
        let due = self.sql.due(now, limit).await?;
        let mut ended = 0;
        let mut alive = Vec::new();
        for stands in self.stand(due).await? {
            if let Some(end) = ending(&stands.now, now) {
                ended += u32::from(self.end(end).await?);
                continue;
            }
            let until =
                if stands.known { stands.now.idle_expires_at } else { self.once_more(&stands, now).await? };
            alive.push(Moved { idle_expires_at: until, ..stands.moved() });
        }
        if !alive.is_empty() {
            self.sql.settle(alive).await?;
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

fn ending(session: &Session, now: UnixMillis) -> Option<EndingOne> {
    let (ending, at) = session.ending_at(now)?;
    Some(EndingOne {
        id: session.id,
        at_generation: Some(session.lineage.generation),
        ending,
        at,
        caller: Caller::default(),
        post: Vec::new(),
    })
}
