//! Redis Cluster.

use rotunda_grounds::RedisCluster;

use crate::is_there;

#[test]
fn starts_fails_over_heals_and_is_gone() {
    let cluster = RedisCluster::start();
    assert_eq!(cluster.url().matches("127.0.0.1:").count(), 6);
    for n in 0..20 {
        assert_eq!(cluster.cli(&["SET", &format!("key{n}"), "1"]), "OK");
    }
    let primary = cluster.primary_of("key0");
    assert!(primary < 3 && cluster.nodes()[primary].cli(&["GET", "key0"]) == "1");
    cluster.kill(primary);
    cluster.wait_until_ok();
    let successor = cluster.primary_of("key0");
    assert!(successor >= 3, "the replica has it");
    assert_eq!(cluster.cli(&["SET", "key0", "2"]), "OK");

    cluster.start_again(primary);
    cluster.wait_until_ok();
    assert_eq!(cluster.primary_of("key0"), successor);
    assert!(cluster.nodes()[primary].is_linked(), "the old primary follows the new one");

    let pids: Vec<u32> = cluster.nodes().iter().map(|node| node.pid().unwrap()).collect();
    drop(cluster);
    assert!(!pids.into_iter().any(is_there));
}

#[test]
fn each_node_takes_the_callers_lines() {
    let cluster = RedisCluster::start_with(&["maxmemory-policy allkeys-lru"]);
    for node in cluster.nodes() {
        assert!(node.cli(&["CONFIG", "GET", "maxmemory-policy"]).ends_with("allkeys-lru"));
    }
}
