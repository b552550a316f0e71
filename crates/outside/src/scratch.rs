//! What may vanish, in this process's memory: the buckets of the rate limits, never more than a fixed number of them.
//!
//! 1. Buckets are spread over shards, each behind a lock of its own that is held for well under a microsecond. Which
//!    shard is drawn with a secret: nobody can choose keys that crowd out somebody else's.
//! 2. A shard keeps its buckets by key, and once more in the order in which they will be full again.
//! 3. A full bucket is as good as none. Whoever adds a bucket clears away up to two that are full again, so there is
//!    nothing to do in the background, and an attack's buckets go as soon as they stop mattering.
//! 4. Where a shard is full of others, the one goes that will be full again soonest. Whoever has many addresses has many
//!    buckets that lack little; an account that is being guessed at lacks much, and stays.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::limits::gcra::{self, FullAt, Verdict};
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::{Entropy, random};
use rotunda_core::store::Scratch;

const SHARDS: usize = 64;

/// Buckets in memory. They are gone with the process, and are no other process's.
pub struct MemoryScratch {
    shards: [Mutex<Shard>; SHARDS],
    secret: [u8; 16],
}

impl MemoryScratch {
    /// The most buckets that are kept. All of them take 20 to 24 MiB, by the order in which they came.
    pub const MOST_BUCKETS: usize = 1 << 18;

    /// No buckets yet, which is as good as all of them, full.
    ///
    /// # Errors
    /// When there is no randomness to draw.
    pub fn new(entropy: &dyn Entropy) -> Result<Self, Failure> {
        Ok(Self { shards: std::array::from_fn(|_| Mutex::default()), secret: random(entropy)? })
    }

    /// How many buckets are kept just now, those included that are full again and not yet cleared away.
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.shards.iter().map(|shard| unpoisoned(shard).by_key.len()).sum()
    }

    fn shard(&self, key: BucketKey) -> MutexGuard<'_, Shard> {
        let mut hash = DefaultHasher::new();
        hash.write(&self.secret);
        hash.write(key.as_bytes());
        let which = (hash.finish() % SHARDS as u64) as usize;
        unpoisoned(&self.shards[which])
    }
}

/// No code panics under the lock. If one did, the shard would at worst know a bucket in one of its two maps only, which
/// costs that bucket and nothing else.
fn unpoisoned(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Scratch for MemoryScratch {
    async fn take(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<Option<Duration>, Failure> {
        let mut shard = self.shard(key);
        let (full_at, wait) = match gcra::take(shard.by_key.get(&key).copied(), quota, now) {
            Verdict::Taken(full_at) => (full_at, None),
            Verdict::Wait(full_at, wait) => (full_at, Some(wait)),
        };
        shard.put(key, full_at, now);
        Ok(wait)
    }

    async fn give_back(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<(), Failure> {
        let mut shard = self.shard(key);
        match gcra::give_back(shard.by_key.get(&key).copied(), quota, now) {
            Some(full_at) => shard.put(key, full_at, now),
            None => shard.remove(key),
        }
        Ok(())
    }

    async fn forget(&self, key: BucketKey) -> Result<(), Failure> {
        self.shard(key).remove(key);
        Ok(())
    }
}

/// Some of the buckets, each in both maps.
#[derive(Default)]
struct Shard {
    by_key: BTreeMap<BucketKey, FullAt>,
    by_time: BTreeSet<(FullAt, BucketKey)>,
}

impl Shard {
    const MOST_BUCKETS: usize = MemoryScratch::MOST_BUCKETS / SHARDS;

    fn put(&mut self, key: BucketKey, full_at: FullAt, now: UnixMillis) {
        match self.by_key.get(&key).copied() {
            Some(before) if before == full_at => return,
            Some(before) => {
                self.by_time.remove(&(before, key));
            }
            None => self.make_room(now),
        }
        self.by_key.insert(key, full_at);
        self.by_time.insert((full_at, key));
    }

    fn remove(&mut self, key: BucketKey) {
        if let Some(full_at) = self.by_key.remove(&key) {
            self.by_time.remove(&(full_at, key));
        }
    }

    /// Two steps for each bucket that is added: a shard that has grown shrinks again.
    fn make_room(&mut self, now: UnixMillis) {
        for _ in 0..2 {
            let is_crowded = self.by_key.len() >= Self::MOST_BUCKETS;
            let first = self.by_time.first().copied();
            if let Some((_, key)) = first.filter(|(full_at, _)| is_crowded || full_at.is_past(now)) {
                self.remove(key);
            }
        }
    }
}
