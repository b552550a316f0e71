//! Tries are counted by all servers together: whoever guesses has no more of them for asking another server.

use serde_json::json;
use tokio::task::JoinSet;

use super::{Fleet, QUICK, client};
use crate::support::{PASSWORD, post, register};

/// Five at once, and no other within the test.
const FIVE: &str = "[limits]\nlogin_per_account = \"5, 1/h\"\n";

/// How guesses that go to all servers at once are answered.
async fn guesses(fleet: &Fleet, email: &str, many: usize) -> Vec<u16> {
    let client = client();
    let mut guesses = JoinSet::new();
    for turn in 0..many {
        let (client, url) = (client.clone(), format!("{}/auth/login", fleet.url(turn)));
        let body = json!({"email": email, "password": "a wrong password", "client_id": "native"});
        guesses.spawn(async move { post(&client, &url, &body, &[]).await.status });
    }
    let mut statuses = guesses.join_all().await;
    statuses.sort_unstable();
    statuses
}

async fn hold(fleet: &Fleet) {
    let client = client();
    register(&client, fleet.url(0), "ada@example.com").await;
    let expected = [vec![401; 5], vec![429; 25]].concat();
    assert_eq!(guesses(fleet, "ada@example.com", 30).await, expected, "at once, on all servers");
    // The right password does not help a stranger either, on whichever server.
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "native"});
    for turn in 0..fleet.servers.len() {
        let answer = post(&client, &format!("{}/auth/login", fleet.url(turn)), &body, &[]).await;
        assert_eq!(answer.status, 429, "{answer:?}");
    }
    // Another account has tries of its own, and one server after the other sees what is left.
    for turn in 0..8 {
        let answers = guesses(fleet, "bob@example.com", 1).await;
        assert_eq!(answers, [if turn < 5 { 401 } else { 429 }], "try {turn}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_on_three_servers_are_counted_together_in_the_database() {
    let fleet = Fleet::start("limits", &format!("{QUICK}{FIVE}"));
    hold(&fleet).await;
    assert_ne!(fleet.sql("SELECT count(*) FROM bucket"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_in_redis_where_sessions_are_there() {
    let fleet = Fleet::start_on_redis("limits_redis", &format!("{QUICK}{FIVE}"));
    hold(&fleet).await;
    assert_eq!(fleet.sql("SELECT count(*) FROM bucket"), "0");
}

/// Otherwise the database would have two writes for each refresh.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_are_counted_by_each_server_and_never_in_the_database() {
    let fleet =
        Fleet::start("limits_refresh", &format!("{QUICK}[limits]\nrefresh_per_session = \"2, 1/h\"\n"));
    let client = client();
    let mut session = register(&client, fleet.url(0), "ada@example.com").await;
    let before = fleet.sql("SELECT count(*) FROM bucket");
    for turn in 0..6 {
        session = crate::support::refresh(&client, fleet.url(turn), &session, &[]).await;
        assert_eq!(session.status, 200, "two on each of three servers: {turn}");
    }
    let one_more = crate::support::refresh(&client, fleet.url(0), &session, &[]).await;
    assert_eq!(one_more.status, 429, "{one_more:?}");
    assert_eq!(fleet.sql("SELECT count(*) FROM bucket"), before);
}
