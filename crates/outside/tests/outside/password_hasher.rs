use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rotunda_core::failure::Failure;
use rotunda_core::model::{Password, PasswordHash};
use rotunda_core::outside::PasswordHasher;
use rotunda_outside::{ArgonParameters, ArgonParametersError, ArgonPool, PoolSize, SystemEntropy};
use tokio::time::timeout;

/// Held while a pool starts, so that a test can tell its own threads from those of the others.
static STARTING: Mutex<()> = Mutex::new(());

fn pool(parameters: ArgonParameters, threads: usize, queue: usize) -> ArgonPool {
    let _alone = STARTING.lock().unwrap();
    ArgonPool::start(parameters, PoolSize { threads, queue }, Arc::new(SystemEntropy)).unwrap()
}

fn weak() -> ArgonPool {
    pool(ArgonParameters::weak_for_tests(), 2, 64)
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

/// A stored hash that takes that many passes over 64 MiB: some 30 ms each on an idle core.
fn slow_hash(passes: u32) -> Option<PasswordHash> {
    stored(&format!("$argon2id$v=19$m=65536,t={passes},p=1$c29tZXNhbHQ${}", "A".repeat(43)))
}

fn stored(phc: &str) -> Option<PasswordHash> {
    Some(PasswordHash::new(phc.to_owned()))
}

/// What the future says when it is asked once: `None` when it waits.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    timeout(Duration::ZERO, future).await.ok()
}

fn is_overload<T>(answer: &Option<Result<T, Failure>>) -> bool {
    matches!(answer, Some(Err(failure)) if failure.is_overload())
}

#[tokio::test]
async fn what_was_hashed_is_verified_and_nothing_else_is() {
    let pool = weak();
    let hash = pool.hash(password("correct horse")).await.unwrap();
    let verdict = pool.verify(password("correct horse"), Some(hash.clone())).await.unwrap();
    assert!(verdict.right && !verdict.outdated);
    for wrong in ["", "correct hors", "correct horse ", "Correct horse", "correct horse\0"] {
        assert!(!pool.verify(password(wrong), Some(hash.clone())).await.unwrap().right, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_hash_is_a_phc_string_with_a_salt_of_its_own() {
    let pool = pool(ArgonParameters::default(), 1, 4);
    let (one, other) =
        (pool.hash(password("same")).await.unwrap(), pool.hash(password("same")).await.unwrap());
    assert!(one.expose().starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{}", one.expose());
    let lengths: Vec<usize> = one.expose().split('$').skip(4).map(str::len).collect();
    assert_eq!(lengths, [22, 43], "16 bytes of salt, 32 of output");
    assert!(one.expose() != other.expose());
}

/// From `src/test.c` of the reference implementation, github.com/P-H-C/phc-winner-argon2.
#[tokio::test]
async fn hashes_of_the_reference_implementation_are_understood() {
    let pool = weak();
    let vectors = [
        ("password", "m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
        ("password", "m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
        ("password", "m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg"),
        ("differentpassword", "m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94"),
        ("password", "m=65536,t=2,p=1$ZGlmZnNhbHQ$vfMrBczELrFdWP0ZsfhWsRPaHppYdP3MVEMIVlqoFBw"),
    ];
    for (text, rest) in vectors {
        let hash = PasswordHash::new(format!("$argon2id$v=19${rest}"));
        let verdict = pool.verify(password(text), Some(hash.clone())).await.unwrap();
        assert!(verdict.right && verdict.outdated, "{rest}");
        assert!(!pool.verify(password("passwore"), Some(hash)).await.unwrap().right, "{rest}");
    }
}

#[tokio::test]
async fn the_last_of_1024_bytes_matters() {
    let pool = weak();
    let long = "ä".repeat(511) + "yz";
    assert_eq!(long.len(), Password::MOST_BYTES);
    let hash = pool.hash(password(&long)).await.unwrap();
    assert!(pool.verify(password(&long), Some(hash.clone())).await.unwrap().right);
    let other_end = "ä".repeat(511) + "yx";
    assert!(!pool.verify(password(&other_end), Some(hash.clone())).await.unwrap().right);
    assert!(!pool.verify(password(&long[..1023]), Some(hash)).await.unwrap().right);
}

#[tokio::test]
async fn an_older_hash_is_right_and_outdated() {
    let old = weak().hash(password("same")).await.unwrap();
    let today = pool(ArgonParameters::new(19 * 1024, 2, 1).unwrap(), 1, 4);
    let verdict = today.verify(password("same"), Some(old)).await.unwrap();
    assert!(verdict.right && verdict.outdated);
    let new = today.hash(password("same")).await.unwrap();
    assert!(!today.verify(password("same"), Some(new)).await.unwrap().outdated);
}

#[tokio::test]
async fn a_full_queue_is_an_overload_at_once() {
    let pool = pool(ArgonParameters::weak_for_tests(), 1, 1);
    let (running, others) = tokio::join!(pool.verify(password("1"), slow_hash(8)), async {
        [
            at_once(pool.verify(password("2"), slow_hash(8))).await,
            at_once(pool.verify(password("3"), None)).await,
            at_once(pool.verify(password("4"), slow_hash(8))).await,
        ]
    });
    assert!(running.is_ok());
    // One of them had the place in the queue, unless the thread had not even taken up the first.
    assert!(others.iter().filter(|answer| is_overload(answer)).count() >= 2);
    // A moment later there is room again: once the thread, which stands back for everything else, has taken up what waits.
    let room = async {
        while is_overload(&Some(pool.verify(password("5"), None).await)) {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), room).await.is_ok(), "there is room again");
}

#[tokio::test]
async fn who_leaves_during_the_hash_frees_nothing() {
    let pool = pool(ArgonParameters::weak_for_tests(), 1, 1);
    let mut running = Box::pin(pool.verify(password("1"), slow_hash(16)));
    assert!(at_once(&mut running).await.is_none());
    // There is room in the queue once the thread has taken up the first.
    let mut waiting = loop {
        let mut second = Box::pin(pool.hash(password("2")));
        if !is_overload(&at_once(&mut second).await) {
            break second;
        }
        tokio::task::yield_now().await;
    };
    drop(running);
    assert!(at_once(&mut waiting).await.is_none(), "the only thread still hashes for the one who left");
    assert!(is_overload(&at_once(pool.hash(password("3"))).await));
    assert!(waiting.await.is_ok());
}

#[tokio::test]
async fn what_waits_for_nobody_is_skipped() {
    let pool = pool(ArgonParameters::weak_for_tests(), 1, 64);
    let mut running = pin!(pool.verify(password("first"), slow_hash(8)));
    assert!(at_once(&mut running).await.is_none());
    // Each of these would take seconds.
    let heavy = format!("$argon2id$v=19$m=1048576,t=16,p=1$c29tZXNhbHQ${}", "A".repeat(43));
    for _ in 0..60 {
        assert!(at_once(pool.verify(password("gone"), stored(&heavy))).await.is_none());
    }
    let last = timeout(Duration::from_secs(60), pool.hash(password("last"))).await;
    assert!(last.expect("the abandoned were computed").is_ok());
    assert!(running.await.is_ok());
}

#[tokio::test]
async fn hostile_and_malformed_hashes_are_refused_at_once() {
    let (salt, output) = ("c29tZXNhbHQ", "A".repeat(43));
    let bad = [
        format!("$argon2id$v=19$m=1048577,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=4294967295,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=99999999999999999999,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=64,t=17,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=64,t=0,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=1024,t=1,p=17${salt}${output}"),
        format!("$argon2id$v=19$m=1024,t=1,p=0${salt}${output}"),
        format!("$argon2id$v=19$m=15,t=1,p=2${salt}${output}"),
        format!("$argon2id$v=19$m=64,t=1,p=1${salt}${}", "A".repeat(20)),
        format!("$argon2id$v=19$m=64,t=1,p=1${salt}${}", "A".repeat(88)),
        format!("$argon2id$v=19$m=64,t=1,p=1${salt}${}", "A".repeat(1_000_000)),
        format!("$argon2id$v=19$m=64,t=1,p=1${salt}$"),
        format!("$argon2id$v=19$m=64,t=1,p=1$c29tZQ${output}"),
        format!("$argon2id$v=19$m=64,t=1,p=1${}${output}", "A".repeat(88)),
        format!("$argon2id$v=19$m=64,t=1,p=1${salt}${output}$"),
        format!("$argon2id$v=19$m=64,t=1,p=1,data=AAAA${salt}${output}"),
        format!("$argon2id$v=19$t=1,m=64,p=1${salt}${output}"),
        format!("$argon2id$v=19$m=+64,t=1,p=1${salt}${output}"),
        format!("$argon2id$v=17$m=64,t=1,p=1${salt}${output}"),
        format!("$argon2x$v=19$m=64,t=1,p=1${salt}${output}"),
        "$2b$12$abcdefghijklmnopqrstuu".to_owned(),
        String::new(),
    ];
    let pool = weak();
    for phc in bad {
        let shown: String = phc.chars().take(80).collect();
        let answer = at_once(pool.verify(password("secret word"), stored(&phc))).await;
        let failure = answer.expect(&shown).expect_err(&shown);
        assert!(!failure.is_temporary(), "{shown}");
        let text = format!("{failure:?}");
        assert!(!text.contains("secret word") && !text.contains("AAAA"), "{text}");
    }
}

#[test]
fn parameters_have_a_floor_and_a_ceiling() {
    let default = ArgonParameters::default();
    assert_eq!((default.memory_kib(), default.iterations(), default.lanes()), (47_104, 1, 1));
    for (memory, iterations, lanes) in [(47_104, 1, 1), (19_456, 2, 1), (65_536, 3, 4), (1_048_576, 16, 16)] {
        assert!(ArgonParameters::new(memory, iterations, lanes).is_ok());
    }
    let refused = |m, t, p| ArgonParameters::new(m, t, p).unwrap_err();
    assert!(matches!(refused(47_103, 1, 1), ArgonParametersError::TooWeak { .. }));
    assert!(matches!(refused(19_455, 16, 1), ArgonParametersError::TooWeak { .. }));
    assert!(matches!(refused(47_104, 0, 1), ArgonParametersError::TooWeak { .. }));
    assert_eq!(refused(1_048_577, 1, 1), ArgonParametersError::Memory(1_048_577));
    assert_eq!(refused(47_104, 17, 1), ArgonParametersError::Iterations(17));
    assert_eq!(refused(47_104, 1, 0), ArgonParametersError::Lanes(0));
    assert_eq!(
        refused(8_192, 1, 1).to_string(),
        "8 MiB with 1 iterations is too weak: take at least 46 MiB with 1, or 19 MiB with 2",
    );
}

/// What the pool's own threads do, as the kernel counts it.
#[cfg(target_os = "linux")]
mod threads {
    use std::fs::{read_dir, read_to_string};

    use super::*;

    #[tokio::test]
    async fn an_unknown_account_is_refused_after_the_same_work() {
        let (pool, threads) = observed(ArgonParameters::new(256 * 1024, 4, 1).unwrap(), 1);
        let known = pool.hash(password("right")).await.unwrap();
        let mut costs = Vec::new();
        for hash in [Some(known), None] {
            let before = processor_time(&threads);
            let verdict = pool.verify(password("wrong"), hash).await.unwrap();
            assert!(!verdict.right && !verdict.outdated);
            costs.push(processor_time(&threads) - before);
        }
        let ratio = costs[1] / costs[0];
        assert!((0.5..2.0).contains(&ratio), "known and unknown took {costs:?} ns");
    }

    #[tokio::test]
    async fn a_wrong_password_for_a_quick_foreign_hash_costs_no_less_than_an_unknown_account() {
        let (pool, threads) = observed(ArgonParameters::new(256 * 1024, 4, 1).unwrap(), 1);
        let quick = stored(&format!("sha256$salt${}", "0".repeat(64)));
        let mut costs = Vec::new();
        for hash in [quick, None] {
            let before = processor_time(&threads);
            assert!(!pool.verify(password("wrong"), hash).await.unwrap().right);
            costs.push(processor_time(&threads) - before);
        }
        let ratio = costs[1] / costs[0];
        assert!((0.5..2.0).contains(&ratio), "foreign and unknown took {costs:?} ns");
    }

    #[tokio::test]
    async fn threads_end_with_their_pool() {
        let (pool, threads) = observed(ArgonParameters::weak_for_tests(), 3);
        assert!(pool.hash(password("any")).await.is_ok());
        drop(pool);
        let gone = async {
            while threads.iter().any(is_hashing_thread) {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), gone).await.expect("the threads are still there");
    }

    /// A pool, and the ids of its threads: whatever is new while no other test starts a pool, and has their name.
    fn observed(parameters: ArgonParameters, threads: usize) -> (ArgonPool, BTreeSet<u32>) {
        let _alone = STARTING.lock().unwrap();
        let before = tasks();
        let size = PoolSize { threads, queue: 8 };
        let pool = ArgonPool::start(parameters, size, Arc::new(SystemEntropy)).unwrap();
        let new: Vec<u32> = tasks().difference(&before).copied().collect();
        loop {
            // A thread takes its name when it first runs.
            let ours: BTreeSet<u32> = new.iter().copied().filter(is_hashing_thread).collect();
            if ours.len() == threads {
                return (pool, ours);
            }
            std::thread::yield_now();
        }
    }

    fn tasks() -> BTreeSet<u32> {
        let entries = read_dir("/proc/self/task").unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
    }

    fn is_hashing_thread(id: &u32) -> bool {
        read_to_string(format!("/proc/self/task/{id}/comm")).is_ok_and(|name| name.starts_with("argon2-"))
    }

    /// Nanoseconds that these threads have run.
    fn processor_time(threads: &BTreeSet<u32>) -> f64 {
        let of = |id| read_to_string(format!("/proc/self/task/{id}/schedstat")).unwrap();
        threads.iter().map(|id| of(id).split(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }
}
