//! What one server ends, the others tell of: to those who ask, and to those who listen.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use super::{Fleet, UNLIMITED, client};
use crate::support::{get, login, register};

/// How long it may take until the others know; elsewhere than on a quiet machine a second may be somebody else's.
fn soon() -> Duration {
    Duration::from_secs(if std::env::var_os("ROTUNDA_QUIET_MACHINE").is_some() { 1 } else { 5 })
}

#[expect(clippy::disallowed_methods, reason = "how long a revocation takes is what is measured here")]
fn now() -> Instant {
    Instant::now()
}

/// A token of a service that may read the feed.
async fn reader(fleet: &Fleet, client: &Client) -> String {
    let added =
        fleet.place.json(&["client", "add", "feed", "--kind", "service", "--scope", "revocations.read"], "");
    let (id, secret) = (added["client_id"].as_str().unwrap(), added["client_secret"].as_str().unwrap());
    let answer = client
        .post(format!("{}/oauth/token", fleet.url(0)))
        .basic_auth(id, Some(secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

/// Reads a stream until it names that session.
async fn hears(mut stream: reqwest::Response, sid: &str) -> Instant {
    let mut heard = String::new();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        heard.push_str(&String::from_utf8_lossy(&chunk));
        if heard.contains(sid) {
            return now();
        }
    }
    panic!("the stream ended: {heard}");
}

/// Asks a server until it names that session.
async fn finds(client: &Client, url: &str, token: &str, sid: &str) -> Instant {
    for _ in 0..50_000 {
        let answer = get(client, &format!("{url}/revocations"), token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let entries = answer.body["entries"].as_array().unwrap();
        if entries.iter().any(|entry| entry["sid"] == sid) {
            return now();
        }
        tokio::task::yield_now().await;
    }
    panic!("{url} never tells of {sid}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_ends_is_on_the_feed_of_the_others_within_a_second() {
    let fleet = Fleet::start("revocations", UNLIMITED);
    let client = client();
    register(&client, fleet.url(0), "ada@example.com").await;
    let token = reader(&fleet, &client).await;
    for round in 0..6 {
        // Ended through each server in turn.
        let (ending, others) = (fleet.url(round), [fleet.url(round + 1), fleet.url(round + 2)]);
        let session = login(&client, ending, "ada@example.com").await;
        let sid = session.text("/session/id");
        let mut streams = Vec::new();
        for url in others {
            let stream =
                client.get(format!("{url}/revocations/stream")).bearer_auth(&token).send().await.unwrap();
            assert_eq!(stream.status(), 200);
            streams.push(stream);
        }
        let streams = futures_util::future::join_all(streams.into_iter().map(|stream| hears(stream, &sid)));
        let polls = futures_util::future::join_all(others.map(|url| finds(&client, url, &token, &sid)));
        let logout = async {
            let bearer = session.text("/access_token");
            let answer =
                client.post(format!("{ending}/auth/logout")).bearer_auth(bearer).send().await.unwrap();
            assert_eq!(answer.status(), 204);
            now()
        };
        let (ended, heard, found) = tokio::join!(logout, streams, polls);
        let took: Vec<Duration> =
            heard.into_iter().chain(found).map(|at| at.saturating_duration_since(ended)).collect();
        println!("round {round}: {took:?} (two streams, two polls)");
        assert!(took.iter().all(|took| *took < soon()), "round {round}: {took:?}");
        // The others' own answer does not wait for a feed: they read the session.
        // A place on one server's feed is the same place on another's.
        let here = get(&client, &format!("{ending}/revocations"), &token).await;
        let there = format!("{}/revocations?since={}", others[0], here.text("/cursor"));
        let rest = get(&client, &there, &token).await;
        assert_eq!(
            (&rest.body["full"], &rest.body["entries"]),
            (&false.into(), &serde_json::json!([])),
            "{rest:?}"
        );
        for url in others {
            let me = get(&client, &format!("{url}/auth/me"), &session.text("/access_token")).await;
            assert_eq!(me.status, 401, "{me:?}");
        }
    }
}
