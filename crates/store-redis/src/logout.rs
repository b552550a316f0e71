//! Sessions end: in SQL, and only then here.
//!
//! 1. An end that rests on a generation first *holds* the session at it (`hold.lua`). Whoever would rotate it meanwhile waits.
//! 2. SQL writes the end, with its event and its entry on the feed: from that commit on it has ended, whatever Redis
//!    says, because every refresh asks SQL.
//! 3. The hash is marked as ended and goes in an hour; or the hold is taken back, where SQL had an ending on record already.
//! 4. If nobody can tell whether SQL wrote it, the hold stays. It lapses after ten seconds, longer than any store takes.
//!
//! Whatever happens to Redis after the commit does not concern the caller: it is logged.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use rotunda_core::failure::Failure;
use rotunda_core::model::{EventKind, SessionId, UnixMillis, UserId};
use rotunda_core::store::{EndingAll, EndingOne, Skeletons};

use crate::refresh::PAUSES;
use crate::scripts::{FINISH, HOLD, RELEASE};
use crate::{AT_ONCE, RedisSessions};

/// How long a session that has ended is kept here: longer than any refresh that was read before takes.
const KEEP_ENDED: Duration = Duration::from_hours(1);

/// More sessions than any user has, for a store that wants a bound.
pub(crate) const ALL: u32 = 100_000;

/// No skeleton stands at this generation: an end at it ends nothing.
const NOWHERE: u32 = u32::MAX;

/// The end of one session, as far as Redis has a say in it.
pub(crate) struct Hold {
    id: SessionId,
    /// The mark that takes it back; `None` where nothing had to be held.
    mark: Option<String>,
    /// Whether the session stands where it was decided on.
    fits: bool,
}

impl<S: Skeletons + ?Sized> RedisSessions<S> {
    pub(crate) async fn end(&self, mut end: EndingOne) -> Result<bool, Failure> {
        let hold = self.hold(&mut end).await?;
        if !hold.fits {
            return Ok(false);
        }
        let ended = self.sql.end(end).await?;
        self.settle_hold(&hold, ended).await;
        Ok(ended)
    }

    pub(crate) async fn end_all(&self, end: EndingAll) -> Result<Option<u64>, Failure> {
        let user = end.user_id;
        let theirs = self.ids_of(user).await?;
        let ended = self.sql.end_all(end).await?;
        if ended.is_some() {
            self.finish_ended(user, theirs).await;
        }
        Ok(ended)
    }

    /// Holds a session at the generation that its end rests on, and leaves to SQL what only SQL knows.
    pub(crate) async fn hold(&self, end: &mut EndingOne) -> Result<Hold, Failure> {
        const DOING: &str = "holding a session in Redis";
        let id = end.id;
        let Some(generation) = end.at_generation else { return Ok(Hold { id, mark: None, fits: true }) };
        let mut call = HOLD.on(&self.key(id));
        call.arg(generation);
        let mut answer: Option<String> = self.redis.run(DOING, &HOLD, &call).await?;
        for pause in PAUSES {
            if answer.as_deref() != Some("held") {
                break;
            }
            tokio::time::sleep(pause).await;
            answer = self.redis.run(DOING, &HOLD, &call).await?;
        }
        let mark = answer.filter(|mark| mark != "held");
        let fits = mark.is_some();
        end.at_generation = if fits { None } else { Some(NOWHERE) };
        Ok(Hold { id, mark, fits })
    }

    /// What follows from the answer of SQL.
    pub(crate) async fn settle_hold(&self, hold: &Hold, ended: bool) {
        if ended && hold.fits {
            self.finish(hold.id).await;
        } else if let Some(mark) = &hold.mark {
            let mut call = RELEASE.on(&self.key(hold.id));
            call.arg(mark);
            log(self.redis.run("releasing a session in Redis", &RELEASE, &call).await);
        }
    }

    /// Marks a session as ended. SQL has said so: if this fails, nothing is lost by it.
    pub(crate) async fn finish(&self, id: SessionId) {
        let mut call = FINISH.on(&self.key(id));
        call.arg(u64::try_from(KEEP_ENDED.as_millis()).unwrap_or(u64::MAX));
        log(self.redis.run("ending a session in Redis", &FINISH, &call).await);
    }

    /// Marks the sessions of a user that SQL has just ended: those that were known before, and whichever began or made room
    /// meanwhile, of which the events tell that were written with it.
    pub(crate) async fn finish_ended(&self, user: UserId, known: Vec<SessionId>) {
        const MEANWHILE: usize = 64;
        let last = u32::try_from(known.len() + MEANWHILE).unwrap_or(ALL);
        let mut ended: BTreeSet<SessionId> = BTreeSet::new();
        match self.sql.events_of_user(user, last).await {
            Ok(events) => ended.extend(events.into_iter().filter_map(|recorded| {
                let is_end = matches!(recorded.event.kind, EventKind::SessionEnded(_));
                recorded.event.session_id.filter(|_| is_end)
            })),
            Err(failure) => {
                tracing::warn!(%failure, "Redis is told of the ends that were expected, and of no other")
            }
        }
        ended.extend(known);
        let ended: Vec<SessionId> = ended.into_iter().collect();
        for some in ended.chunks(AT_ONCE) {
            join_all(some.iter().map(|id| self.finish(*id))).await;
        }
    }

    /// The sessions of a user that are live on record.
    pub(crate) async fn ids_of(&self, user: UserId) -> Result<Vec<SessionId>, Failure> {
        let live = self.sql.sessions_of(user, UnixMillis(i64::MIN), ALL).await?;
        Ok(live.into_iter().map(|session| session.id).collect())
    }
}

fn log(done: Result<(), Failure>) {
    if let Err(failure) = done {
        tracing::warn!(%failure, "Redis was not told of an end; SQL has it, and that decides");
    }
}
