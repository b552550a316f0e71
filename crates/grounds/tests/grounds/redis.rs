//! Redis.

use rotunda_grounds::Redis;

use crate::{is_there, until};

#[test]
fn starts_answers_and_is_gone_with_its_folder() {
    let redis = Redis::start();
    assert_eq!(redis.cli(&["SET", "a", "1"]), "OK");
    let (pid, folder) = (redis.pid().unwrap(), redis.folder().to_owned());
    drop(redis);
    assert!(!is_there(pid) && !folder.exists());
}

#[test]
fn a_kill_empties_it_unless_it_appends() {
    for (redis, left) in [(Redis::start(), ""), (Redis::builder().line("appendonly yes").start(), "1")] {
        redis.cli(&["SET", "a", "1"]);
        redis.kill();
        assert_eq!(redis.pid(), None);
        redis.start_again();
        assert_eq!(redis.cli(&["GET", "a"]), left);
    }
}

#[test]
fn the_last_word_has_the_caller() {
    let redis = Redis::builder().line("maxmemory-policy allkeys-lru").start();
    assert!(redis.cli(&["CONFIG", "GET", "maxmemory-policy"]).ends_with("allkeys-lru"));
}

#[test]
fn a_replica_follows_and_takes_over() {
    let primary = Redis::start();
    primary.cli(&["SET", "a", "1"]);
    let replica = primary.replica();
    assert_eq!(replica.cli(&["GET", "a"]), "1");
    primary.cli(&["SET", "b", "2"]);
    assert!(until(|| replica.cli(&["GET", "b"]) == "2"));
    primary.kill();
    assert!(until(|| !replica.is_linked()));
    replica.promote();
    assert_eq!(replica.cli(&["SET", "c", "3"]), "OK");
}

#[test]
fn a_paused_server_is_silent_until_it_is_resumed() {
    let redis = Redis::start();
    redis.pause();
    let mut asked = std::process::Command::new("redis-cli")
        .args(["-p", &redis.port().to_string(), "SET", "a", "1"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let stat = format!("/proc/{}/stat", redis.pid().unwrap());
    assert!(until(|| std::fs::read_to_string(&stat).unwrap().contains(") T ")), "it is stopped");
    assert!(asked.try_wait().unwrap().is_none(), "nobody answered");
    redis.resume();
    assert!(asked.wait().unwrap().success());
    assert_eq!(redis.cli(&["GET", "a"]), "1");
}
