//! A refresh: the facts from both places at once, and the rotation by one script.
//!
//! 1. The skeleton in SQL says whose session it is and whether it has ended; the hash in Redis says where its tokens
//!    stand. Each refresh reads both, so a Redis that has lost an end brings nothing back.
//! 2. [`RedisSessions::rotate`] is one script on one key, guarded by generation, hash and expiry.
//! 3. A session without a hash has lost it. Its facts show generation 0 with a hash that fits no token. Whoever has the device secret
//!    moves on from there: the hash is made anew, and after that SQL is asked once more, because nothing else in Redis
//!    could tell that the session has ended meanwhile.
//! 4. A hash may be older than what was known of the session before. Where its idle time is up by the hash, the row has
//!    the last word: it was settled since (`janitor.rs`), and is never later than the truth.
//! 5. A session that somebody is about to end (`logout.rs`) is waited for, in short steps and not for long.

use std::time::Duration;

use futures_util::future::try_join;
use redis::Cmd;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Facts, PageHash, Session, SessionId, Standing, UnixMillis};
use rotunda_core::store::{Moved, Rotating, Skeletons};

use crate::moving::{self, FIELDS, NO_TOKEN};
use crate::scripts::{CREATE, ROTATE};
use crate::{RedisSessions, keep};

const READING: &str = "reading a session from Redis";
const ROTATING: &str = "rotating a session in Redis";

/// How long to wait between two looks at a session that somebody is about to end; then the caller decides anew.
pub(crate) const PAUSES: [Duration; 6] = [ms(5), ms(10), ms(20), ms(40), ms(80), ms(160)];

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a rotation met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Met {
    Elsewhere,
    Moved,
    Held,
    Nothing,
    Idle,
}

impl<S: Skeletons + ?Sized> RedisSessions<S> {
    pub(crate) async fn facts(&self, id: SessionId) -> Result<Option<Facts>, Failure> {
        let (facts, moved) = try_join(self.sql.facts(id), self.moving(id)).await?;
        Ok(facts.map(|facts| moving::facts(facts, moved)))
    }

    pub(crate) async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure> {
        let Some(facts) = self.sql.facts_of_page(page).await? else { return Ok(None) };
        let moved = self.moving(facts.session.id).await?;
        Ok(Some(moving::facts(facts, moved)))
    }

    /// The moving part of a session, where it is there.
    pub(crate) async fn moving(&self, id: SessionId) -> Result<Option<Moved>, Failure> {
        let mut ask = Cmd::with_capacity(2 + FIELDS.len(), 128);
        ask.arg("HMGET").arg(self.key(id)).arg(&FIELDS);
        moving::read(id, self.redis.ask(READING, &ask).await?)
    }

    /// Writes the moving part of a session that begins; `false` where there is one already.
    pub(crate) async fn create(&self, session: &Session) -> Result<bool, Failure> {
        let mut call = CREATE.on(&self.key(session.id));
        call.arg(keep(session));
        moving::write(&Moved::of(session), session.absolute_expires_at, &mut call);
        self.redis.run("writing a session to Redis", &CREATE, &call).await
    }

    pub(crate) async fn rotate(&self, rotation: Rotating) -> Result<bool, Failure> {
        let call = self.rotation(&rotation, UnixMillis(0));
        let rebuilds = rotation.from_generation == 0 && rotation.from_hash == NO_TOKEN;
        let mut met = self.try_rotation(&call).await?;
        for pause in PAUSES {
            if met != Met::Held {
                break;
            }
            tokio::time::sleep(pause).await;
            met = self.try_rotation(&call).await?;
        }
        if met == Met::Nothing && rebuilds && self.rebuild(rotation.id).await? {
            met = self.try_rotation(&call).await?;
        }
        if met == Met::Idle
            && let Some(facts) = self.sql.facts(rotation.id).await?
        {
            met = self.try_rotation(&self.rotation(&rotation, facts.session.idle_expires_at)).await?;
        }
        let moved = met == Met::Moved && (!rebuilds || self.still_lives(rotation.id).await?);
        if moved && let Some(event) = rotation.event {
            self.sql.post(Vec::new(), vec![event]).await?;
        }
        Ok(moved)
    }

    fn rotation(&self, rotation: &Rotating, lives_until: UnixMillis) -> Cmd {
        let mut call = ROTATE.on(&self.key(rotation.id));
        call.arg(rotation.from_generation).arg(&rotation.from_hash.0).arg(rotation.now.0);
        call.arg(rotation.idle_expires_at.0).arg(u8::from(rotation.device_shown));
        call.arg(lives_until.0);
        moving::write_lineage(&rotation.to, &mut call);
        moving::write_caller(rotation.caller.address, rotation.caller.user_agent.as_deref(), &mut call);
        call
    }

    async fn try_rotation(&self, call: &Cmd) -> Result<Met, Failure> {
        match self.redis.run::<u8>(ROTATING, &ROTATE, call).await? {
            0 => Ok(Met::Elsewhere),
            1 => Ok(Met::Moved),
            2 => Ok(Met::Held),
            3 => Ok(Met::Nothing),
            4 => Ok(Met::Idle),
            other => Err(Failure::broken(ROTATING, format!("the script answered {other}"))),
        }
    }

    /// Makes the hash of a live session anew that has lost it; `false` where there is no such session.
    async fn rebuild(&self, id: SessionId) -> Result<bool, Failure> {
        let Some(facts) = self.sql.facts(id).await? else { return Ok(false) };
        if facts.session.standing != Standing::Live {
            return Ok(false);
        }
        self.create(&moving::lost(facts.session)).await?;
        Ok(true)
    }

    /// Whether a session that was made anew has not ended meanwhile.
    async fn still_lives(&self, id: SessionId) -> Result<bool, Failure> {
        let facts = self.sql.facts(id).await?;
        let lives = facts.is_some_and(|facts| facts.session.standing == Standing::Live);
        if !lives {
            self.finish(id).await;
        }
        Ok(lives)
    }
}
