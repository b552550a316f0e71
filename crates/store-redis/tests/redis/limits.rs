//! The buckets in Redis, beside the model of them.

use proptest::prelude::*;
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::model::UnixMillis;
use rotunda_core::store::Scratch;
use rotunda_store_redis::RedisLimits;
use rotunda_testkit::SimpleScratch;
use rotunda_testkit::fixtures::NOW;
use std::time::Duration;

use crate::ground::{one_cluster, one_redis, options};

#[derive(Clone, Copy, Debug)]
enum Deed {
    Take,
    GiveBack,
    Forget,
}

/// Ordinary ones and the bounds, but for buckets that take centuries.
fn quota() -> impl Strategy<Value = Quota> {
    let burst = prop_oneof![4 => 1..6_u32, 1 => Just(Quota::MOST_BURST)];
    let per = prop_oneof![3 => 1..5_000_u64, 2 => 1_000..100_000_000_u64, 1 => Just(6_000_000_000)];
    (burst, per).prop_map(|(burst, per)| Quota::new(burst, Duration::from_micros(per)))
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, i64)>> {
    let deed = prop_oneof![8 => Just(Deed::Take), 2 => Just(Deed::GiveBack), 1 => Just(Deed::Forget)];
    // A clock may go back.
    prop::collection::vec((deed, -20..200_i64), 1..40)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn buckets_do_what_the_model_does() {
    let runtime = runtime();
    let limits = runtime.block_on(RedisLimits::open(&options(&one_redis().url()))).unwrap();
    let number = std::cell::Cell::new(0_u128);
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(quota in quota(), deeds in deeds())| {
        number.set(number.get() + 1);
        let key = BucketKey::from_bytes(number.get().to_be_bytes());
        let model = SimpleScratch::default();
        let mut now = NOW;
        // The time that passes here is not the time that passes there: a bucket must not go away while it is watched.
        for (deed, passed) in deeds {
            now = UnixMillis(now.0 + passed);
            runtime.block_on(async {
                match deed {
                    Deed::Take => {
                        let wanted = model.take(key, quota, now).await.unwrap();
                        let found = limits.take(key, quota, now).await.unwrap();
                        if quota.per() * quota.burst() > Duration::from_secs(60) {
                            assert_eq!(found, wanted);
                        } else {
                            assert!(found <= wanted, "a bucket that has gone by its time is full");
                        }
                    }
                    Deed::GiveBack => {
                        model.give_back(key, quota, now).await.unwrap();
                        limits.give_back(key, quota, now).await.unwrap();
                    }
                    Deed::Forget => {
                        model.forget(key).await.unwrap();
                        limits.forget(key).await.unwrap();
                    }
                }
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tries_at_once_no_more_go_through_than_there_are() {
    for url in [one_redis().url(), one_cluster().url()] {
        let limits = RedisLimits::open(&options(&url)).await.unwrap();
        let quota = Quota::new(7, Duration::from_hours(1));
        let key = BucketKey::from_bytes([7; 16]);
        let tries: Vec<_> = (0..40)
            .map(|_| {
                let limits = limits.clone();
                tokio::spawn(async move { limits.take(key, quota, NOW).await.unwrap() })
            })
            .collect();
        let mut through = 0;
        for one in tries {
            through += u32::from(one.await.unwrap().is_none());
        }
        assert_eq!(through, 7);
        limits.forget(key).await.unwrap();
        assert_eq!(limits.take(key, quota, NOW).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_bucket_goes_when_it_is_full() {
    let options = options(&one_redis().url());
    let limits = RedisLimits::open(&options).await.unwrap();
    let key = BucketKey::from_bytes([5; 16]);
    limits.take(key, Quota::new(3, Duration::from_secs(100)), NOW).await.unwrap();
    let name = format!("{}:l:{}", options.prefix, "05".repeat(16));
    let left: i64 = one_redis().cli(&["PTTL", &name]).trim().parse().unwrap();
    assert!((90_000..=100_000).contains(&left), "{left}");
}
