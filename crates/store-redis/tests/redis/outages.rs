//! Redis is away: an outage, told in time, and over when it is back.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rotunda_core::failure::Failure;
use rotunda_core::limits::{BucketKey, Quota};
use rotunda_core::store::{Accounts, KeyShelf, Scratch, Sessions};
use rotunda_grounds::Redis;
use rotunda_store_redis::{RedisOptions, RedisSessions};
use rotunda_testkit::fixtures::{NOW, a_registration, a_rotation, a_session, an_account};
use tokio::time::timeout;

use crate::ground::Ground;

/// A call's deadline, and what a busy machine adds to it.
const IN_TIME: Duration = Duration::from_secs(5);

async fn is_away(call: impl Future<Output = Result<(), Failure>>) {
    let failure = timeout(IN_TIME, call).await.unwrap().unwrap_err();
    assert!(failure.is_temporary(), "{failure:?}");
}

async fn is_back(call: impl AsyncFn() -> Result<(), Failure>) {
    let comes = async {
        while let Err(failure) = call().await {
            assert!(failure.is_temporary(), "{failure:?}");
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), comes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_or_paused_is_an_outage_and_comes_back() {
    let redis = Redis::builder().line("appendonly yes").line("appendfsync always").start();
    let ground = Ground::on(&redis.url()).await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let limits = ground.store.limits();
    let (key, quota) = (BucketKey::from_bytes([1; 16]), Quota::new(1_000_000, Duration::from_millis(1)));
    for kills in [false, true] {
        if kills {
            redis.kill()
        } else {
            redis.pause()
        }
        is_away(async { ground.store.facts(session.id).await.map(drop) }).await;
        is_away(async { ground.store.rotate(a_rotation(&session, NOW)).await.map(drop) }).await;
        is_away(async { limits.take(key, quota, NOW).await.map(drop) }).await;
        is_away(ground.store.ready()).await;
        if kills {
            redis.start_again()
        } else {
            redis.resume()
        }
        is_back(async || ground.store.facts(session.id).await.map(drop)).await;
        is_back(async || limits.take(key, quota, NOW).await.map(drop)).await;
        assert_eq!(ground.store.facts(session.id).await.unwrap().unwrap().session.lineage.generation, 0);
    }
    assert!(ground.store.rotate(a_rotation(&session, NOW)).await.unwrap());
}

/// Its connection is well, and refuses every write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_became_a_replica_is_left() {
    let primary = Redis::start();
    let ground = Ground::on(&primary.url()).await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let other = Redis::start();
    primary.cli(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    let newcomer = an_account(2);
    let begins = a_registration(&newcomer, Some(&a_session(&newcomer.user, 2)));
    is_away(async { ground.store.register(begins.clone()).await.map(drop) }).await;
    primary.cli(&["REPLICAOF", "NO", "ONE"]);
    is_back(async || ground.store.register(begins.clone()).await.map(drop)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_at_the_start_is_told_without_the_password() {
    let ground = Ground::new().await;
    for url in [
        "redis://me:hunter2@127.0.0.1:1/",
        "redis+cluster://me:hunter2@127.0.0.1:1,127.0.0.1:2",
        "redis://:hunter2@[",
    ] {
        let options = RedisOptions::new(url);
        let opening = RedisSessions::open(&options, ground.sql.clone());
        let Err(failure) = timeout(IN_TIME, opening).await.unwrap() else { panic!("{url} answered") };
        assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
    }
}

/// Its host is gone without a word, and another answers in its place: nothing tells of it but silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_fell_silent_is_left() {
    let redis = Redis::start();
    let relay = Relay::to(redis.port());
    let ground = Ground::on(&format!("redis://127.0.0.1:{}", relay.port)).await;
    let id = a_session(&an_account(1).user, 1).id;
    assert!(ground.store.facts(id).await.unwrap().is_none());
    relay.silence();
    is_away(async { ground.store.facts(id).await.map(drop) }).await;
    is_back(async || ground.store.facts(id).await.map(drop)).await;
}

/// A shard hangs, and another has forgotten the scripts, as one does that has just taken over.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sessions_of_other_shards_do_not_wait_for_one_that_hangs() {
    let cluster = rotunda_grounds::RedisCluster::start_with(&["cluster-require-full-coverage no"]);
    for node in cluster.nodes() {
        node.cli(&["CONFIG", "SET", "cluster-replica-no-failover", "yes"]);
    }
    let ground = Ground::on(&cluster.url()).await;
    let mut shards = [const { Vec::new() }; 3];
    for seed in 0..12 {
        let account = an_account(seed);
        let session = a_session(&account.user, seed);
        ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
        shards[cluster.primary_of(&ground.key(session.id))].push(session);
    }
    cluster.nodes()[0].pause();
    cluster.nodes()[1].cli(&["SCRIPT", "FLUSH", "SYNC"]);
    assert!(shards.iter().all(|sessions| !sessions.is_empty()));
    for session in shards[1..].iter().flatten() {
        is_back(async || ground.store.rotate(a_rotation(session, NOW)).await.map(drop)).await;
        let stands = ground.store.facts(session.id).await.unwrap().unwrap().session;
        assert_eq!(stands.lineage.generation, 1);
    }
    is_back(async || ground.store.ready().await).await;
    let (_, warnings) = RedisSessions::open(&ground.options, ground.sql.clone()).await.unwrap();
    assert!(!warnings.is_empty());
}

/// A primary of the cluster goes, its replica takes over; the sessions of the others never notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_that_loses_a_primary_goes_on() {
    let cluster = rotunda_grounds::RedisCluster::start();
    let ground = Ground::on(&cluster.url()).await;
    let mut sessions = Vec::new();
    for seed in 0..12 {
        let account = an_account(seed);
        let session = a_session(&account.user, seed);
        ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
        sessions.push(session);
    }
    let victim = cluster.primary_of(&ground.key(sessions[0].id));
    cluster.kill(victim);
    cluster.wait_until_ok();
    for session in &sessions {
        is_back(async || ground.store.facts(session.id).await.map(drop)).await;
        let stands = ground.store.facts(session.id).await.unwrap().unwrap().session;
        is_back(async || ground.store.rotate(a_rotation(&stands, NOW)).await.map(drop)).await;
    }
}

/// Passes on what it is sent, until its connections fall silent; new ones work.
struct Relay {
    port: u16,
    accepted: Arc<AtomicUsize>,
    silent: Arc<AtomicUsize>,
}

impl Relay {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self {
            port: listener.local_addr().unwrap().port(),
            accepted: Arc::default(),
            silent: Arc::default(),
        };
        let (accepted, silent) = (relay.accepted.clone(), relay.silent.clone());
        thread::spawn(move || {
            for here in listener.incoming().map_while(Result::ok) {
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                let there = TcpStream::connect(("127.0.0.1", port)).unwrap();
                for (from, to) in [(here.try_clone(), there.try_clone()), (Ok(there), Ok(here))] {
                    let (from, to, silent) = (from.unwrap(), to.unwrap(), silent.clone());
                    thread::spawn(move || pass_on(from, to, number, &silent));
                }
            }
        });
        relay
    }

    /// The connections that there are carry nothing any more.
    fn silence(&self) {
        self.silent.store(self.accepted.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, number: usize, silent: &AtomicUsize) {
    let mut bytes = [0; 4_096];
    while let Ok(some @ 1..) = from.read(&mut bytes) {
        if silent.load(Ordering::SeqCst) <= number && to.write_all(&bytes[..some]).is_err() {
            return;
        }
    }
}

/// It hangs, and its replica takes over: nothing tells of it but silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_whose_primary_hangs_goes_on_without_it() {
    let cluster = rotunda_grounds::RedisCluster::start();
    let ground = Ground::on(&cluster.url()).await;
    let account = an_account(1);
    let session = a_session(&account.user, 1);
    ground.store.register(a_registration(&account, Some(&session))).await.unwrap();
    let hangs = cluster.primary_of(&ground.key(session.id));
    cluster.nodes()[hangs].pause();
    is_back(async || ground.store.rotate(a_rotation(&session, NOW)).await.map(drop)).await;
}
