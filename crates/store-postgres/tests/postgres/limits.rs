//! The buckets in the database: as the bare rule has them, whichever servers come, and the full ones go.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
use proptest::prop_assert_eq;
use proptest::test_runner::RngSeed;
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::model::UnixMillis;
use rotunda_core::store::Scratch;
use rotunda_store_postgres::PostgresStore;
use rotunda_testkit::SimpleScratch;
use rotunda_testkit::fixtures::{NOW, bytes};

use crate::servers::{Servers, at_once};

const SECOND: Duration = Duration::from_secs(1);

fn key(n: u64) -> BucketKey {
    BucketKey::from_bytes(bytes("bucket", n))
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    Take(u8),
    GiveBack(u8),
    Forget(u8),
    Pass(i64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        8 => (0..6_u8).prop_map(Deed::Take),
        1 => (0..6_u8).prop_map(Deed::GiveBack),
        1 => (0..6_u8).prop_map(Deed::Forget),
        // Clocks of servers differ, and some are set back.
        2 => (-3_000..15_000_i64).prop_map(Deed::Pass),
    ];
    vec(deed, 0..120)
}

/// A quota of its own for each bucket; one regains several between two ticks of the clock, and one has no whole milliseconds.
fn quota(n: u8) -> Quota {
    let per = match n {
        0 => Duration::from_micros(300),
        1 => Duration::from_micros(1_700_001),
        _ => Duration::from_millis(700 * (1 + u64::from(n % 3))),
    };
    Quota::new(1 + u32::from(n), per)
}

/// The same to both, and the same from both.
async fn play(store: &PostgresStore, case: u64, deeds: &[Deed]) -> Vec<(Option<Duration>, Option<Duration>)> {
    let reference = SimpleScratch::default();
    // At an odd moment nothing is cleared away: the reference remembers full buckets, too.
    let mut now = NOW.plus(Duration::from_millis(1));
    let mut waits = Vec::new();
    for deed in deeds {
        let key = |n| key(case * 100 + u64::from(n));
        let both: [&dyn Scratch; 2] = [store, &reference];
        match *deed {
            Deed::Take(n) => {
                let ours = both[0].take(key(n), quota(n), now).await.unwrap();
                waits.push((ours, both[1].take(key(n), quota(n), now).await.unwrap()));
            }
            Deed::GiveBack(n) => {
                for scratch in both {
                    scratch.give_back(key(n), quota(n), now).await.unwrap();
                }
            }
            Deed::Forget(n) => {
                for scratch in both {
                    scratch.forget(key(n)).await.unwrap();
                }
            }
            Deed::Pass(millis) => now = UnixMillis(now.0 + 2 * millis),
        }
    }
    waits
}

#[test]
fn they_answer_as_the_bare_rule_does() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
    let servers = runtime.block_on(Servers::<1>::start());
    let case = std::cell::Cell::new(0);
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    };
    proptest!(config, |(deeds in deeds())| {
        case.set(case.get() + 1);
        for (ours, theirs) in runtime.block_on(play(&servers.stores[0], case.get(), &deeds)) {
            prop_assert_eq!(ours, theirs);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_on_two_servers_no_more_go_through_than_there_are() {
    let servers = Servers::<2>::start().await;
    let quota = Quota::new(50, SECOND);
    let waits = at_once(40, |actor| {
        let store = servers.of(actor);
        async move {
            let mut waits = Vec::new();
            for _ in 0..5 {
                waits.push(store.take(key(1), quota, NOW).await.unwrap());
            }
            waits
        }
    })
    .await;
    let waits: Vec<_> = waits.into_iter().flatten().collect();
    assert_eq!(waits.iter().filter(|wait| wait.is_none()).count(), 50);
    assert!(waits.iter().flatten().all(|wait| *wait == SECOND), "all others wait for the next one");
}

#[tokio::test]
async fn what_is_full_again_is_cleared_away_by_those_who_come() {
    let servers = Servers::<1>::start().await;
    let store = servers.of(0);
    let (quick, slow) = (Quota::new(1, SECOND), Quota::new(1, Duration::from_hours(1)));
    let first = BucketKey::from_bytes([0; 16]);
    for n in 0..100 {
        let quota = if n < 30 { slow } else { quick };
        assert_eq!(store.take(key(n), quota, NOW).await.unwrap(), None);
    }
    assert_eq!(servers.count("bucket").await, 100);
    let later = NOW.plus(SECOND);
    assert_ne!(later.0 % 64, 0);
    store.take(first, slow, later).await.unwrap();
    assert_eq!(servers.count("bucket").await, 101, "not each time");
    let clearing = UnixMillis(later.0 - later.0 % 64 + 64);
    store.take(first, slow, clearing).await.unwrap();
    assert_eq!(servers.count("bucket").await, 31, "the full ones go, and no other");
    for n in 0..30 {
        assert!(store.take(key(n), slow, clearing).await.unwrap().is_some(), "{n}");
    }
}

#[tokio::test]
async fn a_clock_that_is_far_off_fails_nobody() {
    let servers = Servers::<1>::start().await;
    let (store, quota) = (servers.of(0), Quota::new(1, Quota::LONGEST));
    for now in [i64::MAX, i64::MAX / 1_000, i64::MIN, -1, 0].map(UnixMillis) {
        for _ in 0..2 {
            store.take(key(1), quota, now).await.unwrap();
            store.give_back(key(1), quota, now).await.unwrap();
        }
    }
    for _ in 0..3 {
        assert_eq!(store.take(key(2), quota, UnixMillis(i64::MAX)).await.unwrap(), None, "nobody is limited");
    }
}
