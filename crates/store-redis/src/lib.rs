//! Sessions on Redis or Redis Cluster: what every refresh changes is there, all else is in a SQL store behind it.
//!
//! 1. A session begins here first and then in SQL, where its row stays as it was written: its skeleton (`login.rs`).
//! 2. A refresh reads both at once. SQL says whether the session has ended; Redis says where its tokens stand
//!    (`refresh.rs`, `moving.rs`). A rotation is one script on one key.
//! 3. An end is committed in SQL, and then told to Redis (`logout.rs`). So Redis can be flushed, fail over or go back to
//!    an older state, and no session that has ended comes back.
//! 4. A session that Redis has lost, as a whole or by its last writes, goes on beside its device secret: its tokens are newer than
//!    the store, and that is believed of this one without an operator's word ([`Facts::may_lose_writes`]).
//! 5. What SQL decides by the use of sessions, it decides after their rows were brought up to date (`sessions.rs`,
//!    `janitor.rs`).
//!
//! When Redis does not answer, that is an outage and nothing else: [`Failure::unavailable`], inside two seconds.
//!
//! [`Facts::may_lose_writes`]: rotunda_core::model::Facts::may_lose_writes

mod checkup;
mod connection;
mod copy;
mod janitor;
mod limits;
mod login;
mod logout;
mod moving;
mod ports;
mod refresh;
mod scripts;
mod search;
mod sessions;
mod stats;
mod warnings;

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::failure::Failure;
use rotunda_core::model::{Session, SessionId};
use rotunda_core::store::KeyShelf;

pub use checkup::{Checkup, checkup};
pub use connection::RedisOptions;
pub use limits::RedisLimits;
pub use stats::Stats;

use connection::Redis;

/// How many keys are asked for at once.
const AT_ONCE: usize = 256;

/// A whole store: sessions on Redis, all else and the skeletons in the store behind it. A handle: clones share the
/// connection.
pub struct RedisSessions<S: ?Sized> {
    sql: Arc<S>,
    redis: Redis,
}

impl<S: ?Sized> Clone for RedisSessions<S> {
    fn clone(&self) -> Self {
        Self { sql: Arc::clone(&self.sql), redis: self.redis.clone() }
    }
}

impl<S: ?Sized> RedisSessions<S> {
    /// Connects to Redis, sees that somebody answers, and asks how it is set up. The second answer says what an operator
    /// should change about that.
    ///
    /// # Errors
    /// When the URL is none, the certificates cannot be read, or nobody answers. The password is in none of them.
    pub async fn open(options: &RedisOptions, sql: Arc<S>) -> Result<(Self, Vec<String>), Failure> {
        let redis = Redis::open(options).await?;
        let warnings = warnings::of(&redis).await;
        Ok((Self { sql, redis }, warnings))
    }

    /// What was sent to Redis since it was opened, for the limits as well.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.redis.stats()
    }

    /// The buckets of the rate limits on the same connection.
    #[must_use]
    pub fn limits(&self) -> RedisLimits {
        RedisLimits::on(self.redis.clone())
    }

    /// Whether both can be asked and written to; of a cluster, at least a part.
    async fn ready(&self) -> Result<(), Failure>
    where
        S: KeyShelf,
    {
        self.sql.ready().await?;
        self.redis.is_there("asking whether Redis is there").await
    }

    fn key(&self, id: SessionId) -> String {
        self.redis.key('s', id.as_bytes())
    }
}

/// How many milliseconds the hash of a session is kept: by Redis' own clock, from now, a day longer than the session can
/// live. Bounds the space only; the limits are asked for apart from that.
fn keep(session: &Session) -> u64 {
    const A_DAY: Duration = Duration::from_hours(24);
    /// Redis takes no more than fits its clock.
    const MOST: Duration = Duration::from_hours(24 * 365 * 100);
    let life = session.created_at.until(session.absolute_expires_at).saturating_add(A_DAY).min(MOST);
    u64::try_from(life.as_millis()).unwrap_or(u64::MAX)
}
