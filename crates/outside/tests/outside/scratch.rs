//! The buckets in memory: never too many, never the wrong ones gone, and never one try too many.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
use proptest::prop_assert_eq;
use proptest::test_runner::RngSeed;
use rotunda_core::limits::{BucketKey, Limits, Quota};
use rotunda_core::model::{UnixMillis, UserId};
use rotunda_core::store::Scratch;
use rotunda_outside::{MemoryScratch, SystemEntropy};
use rotunda_testkit::{BrokenEntropy, SimpleScratch};
use tokio::runtime::{Builder, Runtime};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

fn scratch() -> MemoryScratch {
    MemoryScratch::new(&SystemEntropy).unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn account(n: u8) -> BucketKey {
    BucketKey::email_change_by_account(UserId::from_bytes([n; 16]))
}

/// The sign-ins from a /64 of IPv6: whoever rents a server has a great many.
fn place(n: u32) -> BucketKey {
    let [a, b, c, d] = n.to_be_bytes().map(u16::from);
    BucketKey::login_by_address(
        IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, a << 8 | b, c << 8 | d, 0, 0, 0, 1)).into(),
    )
}

#[tokio::test]
async fn a_million_addresses_take_no_more_room_and_do_not_crowd_out_an_exhausted_account() {
    let (scratch, limits) = (scratch(), Limits::default());
    for _ in 0..limits.login_per_account.burst() {
        assert_eq!(scratch.take(account(1), limits.login_per_account, NOW).await.unwrap(), None);
    }
    for n in 0..1_000_000 {
        assert_eq!(scratch.take(place(n), limits.login_per_address, NOW).await.unwrap(), None);
        if n % 10_000 == 0 {
            assert!(scratch.buckets() <= MemoryScratch::MOST_BUCKETS);
        }
    }
    assert_eq!(scratch.buckets(), MemoryScratch::MOST_BUCKETS, "each shard is full");
    let wait = scratch.take(account(1), limits.login_per_account, NOW).await.unwrap();
    assert_eq!(wait, Some(Duration::from_secs(90)));
}

/// Among full buckets and others, it is the full ones that go.
#[tokio::test]
async fn what_is_full_again_is_cleared_away_by_those_who_come() {
    let scratch = scratch();
    let (quick, slow) = (Quota::new(1, Duration::from_secs(1)), Quota::new(1, Duration::from_hours(1)));
    for n in 0..20_000 {
        scratch.take(place(n), if n < 1_000 { slow } else { quick }, NOW).await.unwrap();
    }
    assert_eq!(scratch.buckets(), 20_000);
    let later = NOW.plus(Duration::from_secs(1));
    // Each takes two away and adds one.
    for n in 20_000..40_000 {
        scratch.take(place(n), slow, later).await.unwrap();
    }
    assert_eq!(scratch.buckets(), 21_000);
    for n in 0..1_000 {
        assert!(scratch.take(place(n), slow, later).await.unwrap().is_some(), "{n}");
    }
}

#[test]
fn of_many_at_once_no_more_go_through_than_there_are() {
    const BURST: u32 = 1_000;
    let (scratch, quota) = (scratch(), Quota::new(BURST, Duration::from_secs(1)));
    let (barrier, through) = (Barrier::new(64), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let runtime = runtime();
                barrier.wait();
                for _ in 0..100 {
                    let wait = runtime.block_on(scratch.take(account(1), quota, NOW)).unwrap();
                    through.fetch_add(u32::from(wait.is_none()), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(through.into_inner(), BURST);
}

#[test]
fn without_randomness_there_is_no_scratch() {
    assert!(MemoryScratch::new(&BrokenEntropy).is_err());
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Take(u8),
    GiveBack(u8),
    Forget(u8),
    Pass(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        8 => (0..6_u8).prop_map(Deed::Take),
        1 => (0..6_u8).prop_map(Deed::GiveBack),
        1 => (0..6_u8).prop_map(Deed::Forget),
        2 => (0..30_000_u64).prop_map(Deed::Pass),
    ];
    vec(deed, 0..200)
}

/// A quota of its own for each bucket.
fn quota(n: u8) -> Quota {
    Quota::new(1 + u32::from(n), Duration::from_millis(700 * (1 + u64::from(n % 3))))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn it_answers_as_the_bare_rule_does(deeds in deeds()) {
        let (scratch, reference, runtime) = (scratch(), SimpleScratch::default(), runtime());
        let mut now = NOW;
        for deed in deeds {
            match deed {
                Deed::Take(n) => {
                    let [ours, theirs]: [&dyn Scratch; 2] = [&scratch, &reference];
                    let wait = runtime.block_on(ours.take(account(n), quota(n), now)).unwrap();
                    prop_assert_eq!(wait, runtime.block_on(theirs.take(account(n), quota(n), now)).unwrap());
                }
                Deed::GiveBack(n) => {
                    runtime.block_on(scratch.give_back(account(n), quota(n), now)).unwrap();
                    runtime.block_on(reference.give_back(account(n), quota(n), now)).unwrap();
                }
                Deed::Forget(n) => {
                    runtime.block_on(scratch.forget(account(n))).unwrap();
                    runtime.block_on(reference.forget(account(n))).unwrap();
                }
                Deed::Pass(millis) => now = now.plus(Duration::from_millis(millis)),
            }
            assert!(scratch.buckets() <= 6);
        }
    }
}
