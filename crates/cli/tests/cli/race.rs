//! Fifty refreshes of one token at once, a fresh session each round.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::support::{Place, get, login, refresh, register};

const ROUNDS: usize = 1_000;
const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_get_one_and_the_same_successor_a_thousand_times() {
    // The least work that a hash may be: the rounds are about refreshes, each of a session of its own, all of one user.
    let place = Place::new("[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n");
    let server = place.serve();
    let url: Arc<str> = server.url.as_str().into();
    let client = reqwest::Client::builder().pool_max_idle_per_host(AT_ONCE).build().unwrap();
    register(&client, &url, "ada@example.com").await;

    for round in 0..ROUNDS {
        let session = Arc::new(login(&client, &url, "ada@example.com").await);
        let mut attempts = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (client, url, session) = (client.clone(), Arc::clone(&url), Arc::clone(&session));
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
        let me = get(&client, &format!("{url}/auth/me"), &answers[0].text("/access_token")).await;
        assert_eq!(me.status, 200, "round {round}: nothing was revoked");
    }
}
