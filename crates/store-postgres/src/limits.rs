//! The buckets of the rate limits, for all servers on one database.
//!
//! 1. A try is one statement: the rule of [`gcra`](rotunda_core::limits::gcra) as an upsert, in microseconds. Of tries at once on
//!    one bucket, each waits for the row and sees what the one before it left. The row also tells what became of the try,
//!    because an upsert answers with nothing else.
//!    Where a connection ends under a try, it is tried once more on another one, as reads are: at worst it counts twice.
//! 2. The table is not in PostgreSQL's log: a commit here waits for no disk and no replica. After a crash, or on a replica that
//!    takes over, it is empty, and all buckets are full.
//! 3. A full bucket is as good as none. Now and then, whoever has taken from a bucket clears away the full ones among those that
//!    come after it by key. Keys are digests, so that in time this comes by everywhere; and an index by time, which
//!    each try would have to change, is not needed.

use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::model::UnixMillis;
use rotunda_core::store::Scratch;

use crate::PostgresStore;
use crate::db::{self, Db};
use crate::rows::{self, Columns};

/// `$2` is now, `$3` when an empty bucket would be full again, `$4` what a try puts that off by. A new bucket was full, and
/// no quota is so small that nothing could be taken from it then.
pub(crate) const TAKE: &str = "\
    INSERT INTO bucket (key, full_at_us, wait_us) VALUES ($1, $2::bigint + $4::bigint, 0) \
    ON CONFLICT (key) DO UPDATE SET \
        full_at_us = least(greatest(bucket.full_at_us, $2), $3::bigint) + \
            CASE WHEN least(greatest(bucket.full_at_us, $2), $3) + $4 <= $3 THEN $4 ELSE 0 END, \
        wait_us = greatest(least(greatest(bucket.full_at_us, $2), $3) + $4 - $3, 0) \
    RETURNING wait_us";
/// `$2` is now, `$3` what a try had put it off by. A bucket that is full with it was full ever since.
pub(crate) const GIVE_BACK: &str = "\
    UPDATE bucket SET full_at_us = CASE WHEN full_at_us - $3 > $2 THEN full_at_us - $3 ELSE 0 END WHERE key = $1";
pub(crate) const FORGET: &str = "DELETE FROM bucket WHERE key = $1";
/// One that somebody takes from just now is passed over. Rows are found by the range that they are in, so that no plan goes
/// beyond it.
pub(crate) const CLEAR: &str = "\
    WITH page AS (SELECT key FROM bucket WHERE key >= $1 ORDER BY key LIMIT 256), \
    last AS (SELECT key FROM page ORDER BY key DESC LIMIT 1), \
    filled AS (SELECT key FROM bucket WHERE key BETWEEN $1 AND (SELECT key FROM last) AND full_at_us <= $2 \
        FOR UPDATE SKIP LOCKED) \
    DELETE FROM bucket WHERE key BETWEEN $1 AND (SELECT key FROM last) AND key = ANY (ARRAY(SELECT key FROM filled))";

/// One try in so many clears away, on average: four buckets are looked at for each that can have been added.
const CLEARS_EVERY: i64 = 64;

/// The moments of one try, microseconds since 1970.
struct Moments {
    now: i64,
    empty_until: i64,
    per: i64,
}

impl Moments {
    /// `None` for a clock that is 290 000 years off, which limits nobody.
    fn of(quota: Quota, now: UnixMillis) -> Option<Self> {
        let now = now.0.checked_mul(1_000)?;
        let per = i64::try_from(quota.per().as_micros()).ok()?;
        let empty_until = now.checked_add(per.checked_mul(quota.burst().into())?)?;
        empty_until.checked_add(per).is_some().then_some(Self { now, empty_until, per })
    }
}

#[async_trait]
impl Scratch for PostgresStore {
    async fn take(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<Option<Duration>, Failure> {
        let Some(moments) = Moments::of(quota, now) else { return Ok(None) };
        let wait = self
            .read("taking from a rate limit", (key, moments), |db, (key, moments)| {
                Box::pin(take(db, *key, moments))
            })
            .await?;
        if now.0 % CLEARS_EVERY == 0 {
            // What is not cleared away now is another time.
            let _ = self
                .read("clearing rate limits", (key, now), |db, (key, now)| Box::pin(clear(db, *key, *now)))
                .await;
        }
        Ok(wait)
    }

    async fn give_back(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<(), Failure> {
        let Some(moments) = Moments::of(quota, now) else { return Ok(()) };
        self.read("giving back to a rate limit", (key, moments), |db, (key, moments)| {
            Box::pin(give_back(db, *key, moments))
        })
        .await
    }

    async fn forget(&self, key: BucketKey) -> Result<(), Failure> {
        self.read("forgetting a rate limit", key, |db, key| Box::pin(forget(db, *key))).await
    }
}

async fn take(db: &Db<'_>, key: BucketKey, moments: &Moments) -> db::Result<Option<Duration>> {
    let Moments { now, empty_until, per } = moments;
    let told = db.row(TAKE, &[&rows::uuid(key.as_bytes()), now, empty_until, per]).await?;
    let wait = told.map_or(Ok(0), |row| Columns::of(&row).number())?;
    Ok((wait > 0).then(|| Duration::from_millis(wait.div_ceil(1_000))))
}

async fn give_back(db: &Db<'_>, key: BucketKey, moments: &Moments) -> db::Result<()> {
    db.execute(GIVE_BACK, &[&rows::uuid(key.as_bytes()), &moments.now, &moments.per]).await.map(drop)
}

async fn forget(db: &Db<'_>, key: BucketKey) -> db::Result<()> {
    db.execute(FORGET, &[&rows::uuid(key.as_bytes())]).await.map(drop)
}

/// Clears away full buckets among a bounded number of them, from this one on.
async fn clear(db: &Db<'_>, from: BucketKey, now: UnixMillis) -> db::Result<()> {
    let now = now.0.saturating_mul(1_000);
    db.execute(CLEAR, &[&rows::uuid(from.as_bytes()), &now]).await.map(drop)
}
