//! Crash and come back: what was acknowledged is kept, what was refused stays refused.

use crate::support::{Place, get, login, post, refresh, register};
use serde_json::json;

#[tokio::test]
async fn after_kill_9_every_session_goes_on_and_no_dead_one_comes_back() {
    // A window long enough for any machine to come back in.
    let place = Place::new("[refresh]\nwindow = \"60s\"\n");
    let client = reqwest::Client::new();
    let server = place.serve();
    let url = server.url.clone();

    let first = register(&client, &url, "ada@example.com").await;
    let dead = login(&client, &url, "ada@example.com").await;
    let mut living = vec![first];
    for _ in 0..3 {
        living.push(login(&client, &url, "ada@example.com").await);
    }
    let moved = refresh(&client, &url, &living[1], &["the-retry-key-of-generation-0"]).await;
    assert_eq!(moved.status, 200);
    let lost = std::mem::replace(&mut living[1], moved.clone());
    let body = json!({"refresh_token": dead.text("/refresh_token")});
    assert_eq!(post(&client, &format!("{url}/auth/logout"), &body, &[]).await.status, 204);
    server.kill();

    let server = place.serve();
    let client = reqwest::Client::new();
    for (number, session) in living.iter().enumerate() {
        let me = get(&client, &format!("{url}/auth/me"), &session.text("/access_token")).await;
        assert_eq!(me.status, 200, "an access token of before is verified with the same key: {me:?}");
        let next = refresh(&client, &url, session, &[]).await;
        assert_eq!(next.status, 200, "{next:?}");
        assert_eq!(next.text("/session/id"), session.text("/session/id"));
        // The one that was rotated a moment before the crash is given the same token again: the window goes on.
        assert_eq!(next.body["session"]["generation"], 1, "session {number}");
    }
    let again = refresh(&client, &url, &lost, &["the-retry-key-of-generation-0"]).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(
        again.text("/refresh_token"),
        moved.text("/refresh_token"),
        "the successor of before the crash"
    );
    let refused = refresh(&client, &url, &dead, &[]).await;
    assert_eq!((refused.status, refused.text("/ended").as_str()), (401, "logged_out"));
    assert_eq!(server.stop(), Some(0), "SIGTERM is a clean end");
}

#[tokio::test]
async fn a_lost_master_key_is_told_at_start_and_not_by_a_thousand_refusals() {
    let place = Place::new("");
    let client = reqwest::Client::new();
    let server = place.serve();
    register(&client, &server.url, "ada@example.com").await;
    server.kill();
    std::fs::remove_file(place.path("rotunda-data/master.key")).unwrap();
    let refused = || {
        let output = place.run(&["serve"], "");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = refused();
    assert!(said.contains("is missing, and this database was made with one"), "{said}");
    assert!(!place.path("rotunda-data/master.key").exists(), "no other key took its place");

    let elsewhere = Place::new("");
    elsewhere.serve().kill();
    std::fs::copy(elsewhere.path("rotunda-data/master.key"), place.path("rotunda-data/master.key")).unwrap();
    let said = refused();
    assert!(said.contains("is not the one that this database was made with"), "{said}");
}
