//! A server of this release beside one of the next: the next one's migration is in the database already.
//!
//! There is no next release to run, so the test does to the database what one may do to it: it adds columns that have defaults,
//! and an index, and writes that down in the history. The other direction, a release that knows one migration less, is the same
//! seen from there.

use super::{Fleet, UNLIMITED, client};
use crate::support::{free_port, get, login, post, refresh, register};

const NEXT: &str = "
    BEGIN;
    ALTER TABLE users ADD COLUMN nickname text;
    ALTER TABLE session ADD COLUMN region text NOT NULL DEFAULT 'here';
    ALTER TABLE device ADD COLUMN trusted boolean NOT NULL DEFAULT false;
    ALTER TABLE outbox ADD COLUMN region text;
    CREATE INDEX session_region ON session (region) WHERE region <> 'here';
    CREATE TABLE region (name text PRIMARY KEY);
    INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
        SELECT max(version) + 1, 'regions', max(applied_on), '1' FROM refinery_schema_history;
    COMMIT";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_works_beside_one_that_has_migrated_further() {
    // Without a window, every refresh moves its session.
    let config = format!("{UNLIMITED}[refresh]\nwindow = \"0s\"\n");
    let mut fleet = Fleet::new("levels", &config, None).with_servers(1);
    let client = client();
    let mut session = register(&client, fleet.url(0), "ada@example.com").await;
    session = refresh(&client, fleet.url(0), &session, &[]).await;
    assert_eq!(session.status, 200);

    fleet.sql(NEXT);

    // The one that was there before, with statements that it prepared before; and one that starts on it.
    let newcomer = fleet.serve(free_port());
    fleet.servers.push(newcomer);
    for generation in 2..10 {
        session = refresh(&client, fleet.url(generation), &session, &[]).await;
        assert_eq!(session.status, 200, "generation {generation}: {session:?}");
        assert_eq!(session.body["session"]["generation"], generation);
    }
    for turn in 0..4 {
        let other = login(&client, fleet.url(turn), "ada@example.com").await;
        let url = fleet.url(turn + 1);
        assert_eq!(get(&client, &format!("{url}/auth/me"), &other.text("/access_token")).await.status, 200);
        let bearer = format!("Bearer {}", other.text("/access_token"));
        let out = format!("{url}/auth/logout");
        let out = post(&client, &out, &serde_json::json!({}), &[("authorization", &bearer)]).await;
        assert_eq!(out.status, 204);
        let me = get(&client, &format!("{}/auth/me", fleet.url(turn)), &other.text("/access_token")).await;
        assert_eq!(me.status, 401);
    }
    // The operator's commands too.
    let listed = fleet.place.json(&["session", "list", "ada@example.com"], "");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(
        fleet.sql("SELECT DISTINCT region FROM session"),
        "here",
        "what the next release needs is there"
    );
    let log = fleet.logs();
    assert!(!log.contains("ERROR"), "{log}");
}
