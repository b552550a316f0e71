//! A rolling restart under load: one server after the other is told to stop, lets its requests finish, and comes back, while
//! clients refresh through the proxy and try again what failed, as the contract asks of them: with the same token and the same
//! retry keys. There is no window, so that every refresh moves its session, and only the keys excuse one that is repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Client;
use rotunda_grounds::{Haproxy, Nginx};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Fleet, UNLIMITED, client};
use crate::support::{Answer, free_port, get, login, register};

/// How many clients refresh all the time.
const CLIENTS: usize = 8;
/// How often a client asks again before it gives up.
const TRIES: u32 = 20;

/// What the clients went through.
#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    refreshed: AtomicU32,
    tried_again: AtomicU32,
}

/// One refresh; `None` when it has to be tried again: no answer, or a proxy's.
async fn once(client: &Client, url: &str, session: &Answer, keys: &[String]) -> Option<Answer> {
    let body = json!({
        "refresh_token": session.text("/refresh_token"),
        "device_secret": session.text("/device_secret"),
        "retry_keys": keys,
    });
    let request = client.post(format!("{url}/auth/refresh")).header("content-type", "application/json");
    let response = request.body(body.to_string()).send().await.ok()?;
    let status = response.status().as_u16();
    let text = response.text().await.ok()?;
    match status {
        200 => {
            let mut body: Value = serde_json::from_str(&text).ok()?;
            // It is told once, at the sign-in.
            body["device_secret"] = session.body["device_secret"].clone();
            Some(Answer { status, cookies: Vec::new(), body })
        }
        500.. => None,
        other => panic!("a refusal, {other}: {text}"),
    }
}

/// Refreshes until told to stop. The same token is shown until there is an answer.
async fn refreshes(client: Client, url: String, mut session: Answer, seen: Arc<Seen>) -> Answer {
    let id = session.text("/session/id");
    while !seen.stop.load(Ordering::Relaxed) {
        let generation = session.body["session"]["generation"].as_u64().unwrap();
        let keys: Vec<String> = (generation.saturating_sub(3)..=generation)
            .map(|generation| format!("{id}-key-{generation}"))
            .collect();
        let mut tries = 0;
        session = loop {
            match once(&client, &url, &session, &keys).await {
                Some(next) => break next,
                None => {
                    tries += 1;
                    assert!(tries < TRIES, "tried {tries} times in vain");
                    seen.tried_again.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        seen.refreshed.fetch_add(1, Ordering::Relaxed);
    }
    session
}

/// Until so many more refreshes went through. Clients that gave up make no more: then it is over, not waited for.
async fn some_more(seen: &Seen, many: u32) {
    let from = seen.refreshed.load(Ordering::Relaxed);
    for _ in 0..6_000 {
        if seen.refreshed.load(Ordering::Relaxed) >= from + many {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not {many} refreshes within a minute");
}

async fn roll(mut fleet: Fleet, ports: &[u16], url: &str) {
    fleet.servers = ports.iter().map(|port| fleet.serve(*port)).collect();
    let client = client();
    register(&client, url, "ada@example.com").await;
    let seen = Arc::<Seen>::default();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let session = login(&client, url, "ada@example.com").await;
        clients.spawn(refreshes(client.clone(), url.to_owned(), session, Arc::clone(&seen)));
    }
    for (place, port) in ports.iter().enumerate() {
        some_more(&seen, 50).await;
        let stopped = tokio::task::spawn_blocking({
            let server = fleet.servers.remove(place);
            move || server.stop()
        });
        assert_eq!(stopped.await.unwrap(), Some(0), "told to stop, it stops in good order");
        some_more(&seen, 50).await;
        fleet.servers.insert(place, fleet.serve(*port));
    }
    some_more(&seen, 50).await;
    seen.stop.store(true, Ordering::Relaxed);
    let sessions = clients.join_all().await;
    let (refreshed, again) =
        (seen.refreshed.load(Ordering::Relaxed), seen.tried_again.load(Ordering::Relaxed));
    println!(
        "{refreshed} refreshes through the proxy while three servers were replaced, {again} tried again"
    );
    let generations: u64 = sessions.iter().map(|it| it.body["session"]["generation"].as_u64().unwrap()).sum();
    assert_eq!(generations, u64::from(refreshed), "each refresh that was answered moved its session by one");
    for session in &sessions {
        let me = get(&client, &format!("{url}/auth/me"), &session.text("/access_token")).await;
        assert_eq!(me.status, 200, "{me:?}");
    }
    assert_eq!(fleet.sql("SELECT count(*) FROM session WHERE status <> 'live'"), "0");
}

fn fleet(database: &'static str, proxy: u16) -> Fleet {
    let config = format!("{UNLIMITED}[refresh]\nwindow = \"0s\"\n");
    let mut fleet = Fleet::new(database, &config, None);
    fleet.place.port = proxy;
    fleet
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_behind_haproxy_signs_nobody_out() {
    let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
    let proxy = Haproxy::start(&ports);
    roll(fleet("rolling_haproxy", proxy.port()), &ports, &proxy.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_behind_nginx_signs_nobody_out() {
    let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
    let proxy = Nginx::start(&ports);
    roll(fleet("rolling_nginx", proxy.port()), &ports, &proxy.url()).await;
}
