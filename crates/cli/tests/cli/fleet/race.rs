//! Refreshes of one token at once, through all servers: the heart of it all, in parallel.

use tokio::task::JoinSet;

use super::{Fleet, UNLIMITED, client};
use crate::support::{get, login, refresh, register};

const ROUNDS: usize = 25;
const AT_ONCE: usize = 50;

/// Each round a session of its own; whichever server is asked gives the same successor.
async fn race(fleet: &Fleet) {
    let client = client();
    let urls = fleet.urls();
    register(&client, &urls[0], "ada@example.com").await;
    for round in 0..ROUNDS {
        let session = std::sync::Arc::new(login(&client, fleet.url(round), "ada@example.com").await);
        let mut attempts = JoinSet::new();
        for turn in 0..AT_ONCE {
            let (client, session, url) = (client.clone(), session.clone(), fleet.url(turn).to_owned());
            attempts.spawn(async move { refresh(&client, &url, &session, &[]).await });
        }
        let answers = attempts.join_all().await;
        let successor = answers[0].text("/refresh_token");
        for answer in &answers {
            assert_eq!(answer.status, 200, "round {round}: {answer:?}");
            assert_eq!(answer.text("/refresh_token"), successor, "round {round}: a fork");
            assert_eq!(answer.body["session"]["generation"], 1, "round {round}");
        }
        assert_ne!(successor, session.text("/refresh_token"), "round {round}");
        // Every server accepts what any of them has signed, and nothing was revoked.
        for (turn, answer) in answers.iter().take(urls.len()).enumerate() {
            let url = fleet.url(turn + 1);
            let me = get(&client, &format!("{url}/auth/me"), &answer.text("/access_token")).await;
            assert_eq!(me.status, 200, "round {round}: {me:?}");
        }
        // It goes on from the successor, on another server: inside the window, that is the current token, and stays so.
        let next = refresh(&client, fleet.url(round + 1), &answers[0], &[]).await;
        assert_eq!((next.status, &next.body["session"]["generation"]), (200, &1.into()), "{next:?}");
    }
    let log = fleet.logs();
    assert!(!log.contains("ERROR") && !log.contains("token_reused"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_on_three_servers_get_one_and_the_same_successor() {
    let fleet = Fleet::start("race", UNLIMITED);
    race(&fleet).await;
    assert_eq!(
        fleet.sql("SELECT count(*) FROM session WHERE status <> 'live'"),
        "0",
        "nobody was signed out"
    );
    // However many asked, each session moved once.
    assert_eq!(fleet.sql("SELECT DISTINCT generation FROM session WHERE generation > 0"), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sessions_on_redis_as_well() {
    let fleet = Fleet::start_on_redis("race_redis", UNLIMITED);
    race(&fleet).await;
    assert_eq!(
        fleet.sql("SELECT count(*) FROM session WHERE status <> 'live'"),
        "0",
        "nobody was signed out"
    );
    assert_eq!(
        fleet.sql("SELECT DISTINCT generation FROM session"),
        "0",
        "what moves is not in the database"
    );
}
