//! What an operator is told at the start.

use rotunda_grounds::Redis;

use crate::ground::{Ground, one_cluster, one_redis};

#[tokio::test]
async fn a_redis_that_may_drop_sessions_is_told_of() {
    assert_eq!(Ground::on(&one_redis().url()).await.warnings, [""; 0], "noeviction, appendonly");
    let redis = Redis::builder().line("maxmemory-policy volatile-lru").line("appendonly no").start();
    let [eviction, persistence] = &Ground::on(&redis.url()).await.warnings[..] else {
        panic!("two warnings")
    };
    assert!(eviction.contains("volatile-lru") && eviction.contains("noeviction"), "{eviction}");
    assert!(
        persistence.contains("appendonly yes") || persistence.contains("appendonly to yes"),
        "{persistence}"
    );
    redis.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    assert_eq!(Ground::on(&redis.url()).await.warnings.len(), 1);
}

#[tokio::test]
async fn every_node_of_a_cluster_is_asked() {
    let cluster = one_cluster();
    let warnings = Ground::on(&cluster.url()).await.warnings;
    let appendonly = warnings.iter().filter(|warning| warning.contains("appendonly")).count();
    let eviction = warnings.iter().filter(|warning| warning.contains("noeviction")).count();
    println!("{warnings:?}");
    assert!(appendonly <= 1 && eviction == 0);
}
