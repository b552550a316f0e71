//! What may vanish, kept simply: the rule of the rate limits over one map, without a bound. The reference for the others.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::limits::gcra::{self, FullAt, Verdict};
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::model::UnixMillis;
use rotunda_core::store::Scratch;

/// All buckets that were ever taken from.
#[derive(Default, Debug)]
pub struct SimpleScratch(Mutex<BTreeMap<BucketKey, Option<FullAt>>>);

#[async_trait]
impl Scratch for SimpleScratch {
    async fn take(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<Option<Duration>, Failure> {
        let mut buckets = self.0.lock().unwrap();
        let bucket = buckets.entry(key).or_default();
        let (full_at, wait) = match gcra::take(*bucket, quota, now) {
            Verdict::Taken(full_at) => (full_at, None),
            Verdict::Wait(full_at, wait) => (full_at, Some(wait)),
        };
        *bucket = Some(full_at);
        Ok(wait)
    }

    async fn give_back(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<(), Failure> {
        let mut buckets = self.0.lock().unwrap();
        let bucket = buckets.entry(key).or_default();
        *bucket = gcra::give_back(*bucket, quota, now);
        Ok(())
    }

    async fn forget(&self, key: BucketKey) -> Result<(), Failure> {
        self.0.lock().unwrap().remove(&key);
        Ok(())
    }
}
