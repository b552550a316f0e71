//! What two hundred passwords at once take: as much memory as the hashing threads have, and not one hash more.

use rotunda_outside::{ArgonParameters, PoolSize};
use tokio::task::JoinSet;

use super::caller::{Caller, Told, login, read};
use super::{ALONE, email, people};
use crate::support::{PASSWORD, Place};

/// Each from an address of its own, at an account of its own: no limit stops any of them.
const AT_ONCE: u32 = 200;
/// What all the rest may take: 200 connections with their buffers, the store's page caches as they fill, the stacks of
/// threads that wake for the first time, and what goes its rounds beside them. Less than half of one hash.
const REST_KIB: u64 = 20 * 1024;

/// Tries a password at each account at once.
fn at_once(port: u16, password: &'static str) -> JoinSet<Told> {
    let mut under_way = JoinSet::new();
    for at in 0..AT_ONCE {
        under_way.spawn(async move {
            let body = login(&email("guessed", at), password);
            read(Caller::number(at as usize, port).send("/auth/login", &body).await.unwrap()).await
        });
    }
    under_way
}

/// How many passwords were looked at, with this status. All others were shed, and not said to be wrong.
fn looked_at(all: &[Told], status: u16) -> usize {
    let (looked_at, shed): (Vec<&Told>, Vec<_>) = all.iter().partition(|told| told.status == status);
    shed.iter().for_each(|told| told.waits(503));
    looked_at.len()
}

#[tokio::test]
async fn two_hundred_passwords_at_once_take_the_memory_of_the_pool() {
    let _alone = ALONE.lock().await;
    let place = Place::new("");
    let server = place.serve();
    people(&place, "guessed", AT_ONCE).await;
    let pool = PoolSize::default();
    let before = kib(server.pid(), "VmRSS:");

    // Wrong ones, then right ones: shed is neither.
    for (password, status) in [("123456", 401), (PASSWORD, 200)] {
        let all = at_once(place.port, password).join_all().await;
        let looked_at = looked_at(&all, status);
        assert!(
            (pool.queue..AT_ONCE as usize).contains(&looked_at),
            "{looked_at} of {AT_ONCE} with {status}"
        );
    }
    // Clients that leave as soon as threads and queue are full: their hashes are still being computed, and those who come
    // next find no room beside them.
    for _ in 0..5 {
        let mut wave = at_once(place.port, "123456");
        while wave.join_next().await.unwrap().unwrap().status != 503 {}
    }
    let grown = kib(server.pid(), "VmHWM:") - before;
    let most = pool.threads as u64 * u64::from(ArgonParameters::FLOORS[0].0) + REST_KIB;
    println!("resident before {before} KiB, {grown} KiB more at most; allowed {most} KiB");
    assert!(grown <= most, "{grown} KiB more than before, not {most}");
    assert_eq!(server.stop(), Some(0));
}

/// A line of `/proc/PID/status`.
fn kib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}
