//! The buckets of the rate limits in Redis, for all servers together: one key each, one script for each change.
//!
//! The rule is [`gcra`](rotunda_core::limits::gcra), computed on the server in microseconds; a bucket goes by its time when it
//! is full again. Lua counts whole numbers up to 2^53 exactly: a bucket that takes more than 200 years to be full is
//! counted to a few microseconds.
//!
//! In a cluster a call whose answer was lost may be sent again, and then takes two. That costs one try.

use std::time::Duration;

use async_trait::async_trait;
use redis::Cmd;
use rotunda_core::failure::Failure;
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::model::UnixMillis;
use rotunda_core::store::Scratch;

use crate::connection::{Redis, RedisOptions};
use crate::scripts::{GIVE_BACK, TAKE};

/// The buckets, in a Redis. A handle: clones share the connection.
#[derive(Clone)]
pub struct RedisLimits {
    redis: Redis,
}

impl RedisLimits {
    /// Connects, and sees that somebody answers.
    ///
    /// # Errors
    /// As [`RedisSessions::open`](crate::RedisSessions::open).
    pub async fn open(options: &RedisOptions) -> Result<Self, Failure> {
        Ok(Self { redis: Redis::open(options).await? })
    }

    pub(crate) fn on(redis: Redis) -> Self {
        Self { redis }
    }

    fn key(&self, key: BucketKey) -> String {
        self.redis.key('l', key.as_bytes())
    }
}

#[async_trait]
impl Scratch for RedisLimits {
    async fn take(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<Option<Duration>, Failure> {
        let per = micros(quota.per());
        let mut call = TAKE.on(&self.key(key));
        call.arg(now.0.saturating_mul(1_000)).arg(per).arg(per.saturating_mul(i64::from(quota.burst())));
        let wait: u64 = self.redis.run("counting a try in Redis", &TAKE, &call).await?;
        Ok((wait > 0).then(|| Duration::from_millis(wait.div_ceil(1_000))))
    }

    async fn give_back(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<(), Failure> {
        let mut call = GIVE_BACK.on(&self.key(key));
        call.arg(now.0.saturating_mul(1_000)).arg(micros(quota.per()));
        self.redis.run("putting a try back in Redis", &GIVE_BACK, &call).await
    }

    async fn forget(&self, key: BucketKey) -> Result<(), Failure> {
        let mut forget = Cmd::new();
        forget.arg("DEL").arg(self.key(key));
        self.redis.ask("forgetting tries in Redis", &forget).await
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
