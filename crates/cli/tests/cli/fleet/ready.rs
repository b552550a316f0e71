//! `/readyz`: no while the database or Redis does not answer, and yes again by itself. Nobody is signed out meanwhile.

use reqwest::Client;
use rotunda_grounds::{Postgres, Redis};

use super::{QUICK, client, until};
use crate::support::{Answer, Place, refresh, register};

async fn ready(client: &Client, url: &str) -> u16 {
    client.get(format!("{url}/readyz")).send().await.unwrap().status().as_u16()
}

async fn becomes(client: &Client, url: &str, status: u16) {
    until(&format!("/readyz says {status}"), || async { ready(client, url).await == status }).await;
}

/// A refresh meanwhile: try again later, and not a word about the session.
async fn is_told_to_wait(client: &Client, url: &str, session: &Answer) {
    let body = serde_json::json!({"refresh_token": session.text("/refresh_token")});
    let request = client.post(format!("{url}/auth/refresh")).header("content-type", "application/json");
    let response = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
}

/// Every refresh moves its session.
const MOVING: &str = "[refresh]\nwindow = \"0s\"\n";

fn place(postgres: &Postgres, redis: &Redis) -> Place {
    let place = Place::new(&format!(
        "[store]\nurl = {:?}\n[sessions]\nstore = {:?}\n[keys]\nmaster_file = \"master.key\"\n{QUICK}{MOVING}",
        postgres.url(),
        redis.url()
    ));
    assert!(place.run(&["key", "master", "master.key"], "").status.success());
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_no_while_a_store_is_away_and_yes_when_it_is_back() {
    let (postgres, redis) =
        (Postgres::start(), Redis::builder().line("appendonly yes").line("appendfsync always").start());
    let place = place(&postgres, &redis);
    let server = place.serve();
    let (client, url) = (client(), server.url.clone());
    let mut session = register(&client, &url, "ada@example.com").await;
    assert_eq!(ready(&client, &url).await, 200);
    type Act<'a> = Box<dyn Fn() + 'a>;
    let outages: [(Act<'_>, Act<'_>); 3] = [
        (Box::new(|| postgres.stop()), Box::new(|| postgres.start_again())),
        (Box::new(|| redis.kill()), Box::new(|| redis.start_again())),
        (Box::new(|| postgres.pause()), Box::new(|| postgres.resume())),
    ];
    for (number, (leave, come_back)) in outages.iter().enumerate() {
        leave();
        becomes(&client, &url, 503).await;
        is_told_to_wait(&client, &url, &session).await;
        come_back();
        becomes(&client, &url, 200).await;
        let secret = session.body["device_secret"].clone();
        session = refresh(&client, &url, &session, &["a-key-for-this-generation"]).await;
        assert_eq!(session.status, 200, "after outage {number}: {session:?}");
        session.body["device_secret"] = secret;
    }
}
