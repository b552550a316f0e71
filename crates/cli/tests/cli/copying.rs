//! `rotunda store copy`: a server moves to another store, and nobody signs in again.

use reqwest::Client;
use rotunda_grounds::{Redis, one_postgres};
use serde_json::{Value, json};

use crate::support::{Answer, Place, Server, get, login, post, refresh, register};

/// The least work that a hash may be, and a window long enough for any machine.
const QUICK: &str = "[password]\nmemory_mib = 19\niterations = 2\n[refresh]\nwindow = \"60s\"\n\
    [keys]\nmaster_file = \"master.key\"\n";

const RETRY: &str = "the-retry-key-of-generation-0";

/// People, and what they hold.
struct People {
    client: Client,
    living: Vec<Answer>,
    /// Rotated, and the answer was lost.
    lost: Answer,
    /// What the answer was.
    moved: Answer,
    dead: Answer,
    /// A service's token, and its place on the feed.
    reader: String,
    place: Value,
}

impl People {
    async fn sign_in(place: &Place, server: &Server) -> Self {
        let (client, url) = (Client::new(), &server.url);
        let mut living = vec![register(&client, url, "ada@example.com").await];
        let dead = login(&client, url, "ada@example.com").await;
        for name in ["bea@example.com", "cem@example.com", "dov@example.com"] {
            living.push(register(&client, url, name).await);
        }
        let lost = living.pop().unwrap();
        let moved = refresh(&client, url, &lost, &[RETRY]).await;
        assert_eq!(moved.status, 200, "{moved:?}");
        for session in &mut living[1..] {
            *session = carried_on(session, refresh(&client, url, session, &[]).await);
        }
        let moved = carried_on(&lost, moved);
        let body = json!({"refresh_token": dead.text("/refresh_token")});
        assert_eq!(post(&client, &format!("{url}/auth/logout"), &body, &[]).await.status, 204);
        let reader = reader(place, &client, url).await;
        let place = feed(&client, url, &reader, "").await["cursor"].clone();
        Self { client, living, lost, moved, dead, reader, place }
    }

    /// On a server that has moved: everybody goes on with what they had.
    async fn go_on(&mut self, url: &str) {
        let client = &self.client;
        for session in &mut self.living {
            let me = get(client, &format!("{url}/auth/me"), &session.text("/access_token")).await;
            assert_eq!(me.status, 200, "signed with the same key: {me:?}");
            let generation = session.body["session"]["generation"].as_u64().unwrap();
            let next = refresh(client, url, session, &[]).await;
            assert_eq!(next.status, 200, "{next:?}");
            assert_eq!(next.text("/session/id"), session.text("/session/id"));
            // One that was rotated a moment ago is given the same token again: the window goes on as well.
            let moved = next.body["session"]["generation"].as_u64().unwrap();
            assert!(moved == generation + 1 || (moved == generation && moved > 0), "{next:?}");
            *session = carried_on(session, next);
        }
        let again = refresh(client, url, &self.lost, &[RETRY]).await;
        assert_eq!(again.status, 200, "{again:?}");
        assert_eq!(
            again.text("/refresh_token"),
            self.moved.text("/refresh_token"),
            "the answer that was lost"
        );
        let refused = refresh(client, url, &self.dead, &[]).await;
        assert_eq!((refused.status, refused.text("/ended").as_str()), (401, "logged_out"));
        login(client, url, "ada@example.com").await;
    }

    /// Somebody signs out, and whoever follows the feed hears that and nothing again.
    async fn follow(&mut self, url: &str) {
        let place = self.place.as_str().unwrap().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let leaving = register(&self.client, url, &format!("leaving-{place}@example.com")).await;
        let body = json!({"refresh_token": leaving.text("/refresh_token")});
        assert_eq!(post(&self.client, &format!("{url}/auth/logout"), &body, &[]).await.status, 204);
        let since = format!("?since={}", self.place.as_str().unwrap());
        let page = feed(&self.client, url, &self.reader, &since).await;
        let entries = page["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 1, "{page}");
        assert_eq!(entries[0]["sid"], leaving.text("/session/id"), "{page}");
        self.place = page["cursor"].clone();
    }
}

/// An answer with the device secret, which only the first one has.
fn carried_on(before: &Answer, mut after: Answer) -> Answer {
    assert_eq!(after.status, 200, "{after:?}");
    if let Some(secret) = before.body.get("device_secret") {
        after.body["device_secret"] = secret.clone();
    }
    after
}

async fn reader(place: &Place, client: &Client, url: &str) -> String {
    let added =
        place.json(&["client", "add", "feed", "--kind", "service", "--scope", "revocations.read"], "");
    let answer = client
        .post(format!("{url}/oauth/token"))
        .basic_auth(added["client_id"].as_str().unwrap(), added["client_secret"].as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
        .send()
        .await
        .unwrap();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

async fn feed(client: &Client, url: &str, token: &str, query: &str) -> Value {
    let answer = get(client, &format!("{url}/revocations{query}"), token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// The configuration with these stores.
fn configure(place: &Place, store: &str, redis: Option<&str>) {
    let sessions = redis.map_or(String::new(), |url| format!("[sessions]\nstore = {url:?}\n"));
    std::fs::write(place.path("rotunda.toml"), format!("[store]\nurl = {store:?}\n{sessions}{QUICK}"))
        .unwrap();
}

fn begin(store: &str) -> Place {
    let place = Place::new("");
    configure(&place, store, None);
    let made = place.run(&["key", "master", "master.key"], "");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    place
}

/// Copies, and finds everything the same; answers what was told.
fn copied(place: &Place, from: &str, to: &str) -> Value {
    let told = place.json(&["store", "copy", "--from", from, "--to", to], "");
    assert_eq!(told["same"], true, "{told}");
    told
}

/// Runs a copy that is refused; answers the exit code and what was said.
fn refused(place: &Place, from: &str, to: &str) -> (Option<i32>, String) {
    let output = place.run(&["store", "copy", "--from", from, "--to", to], "");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn rows(told: &Value, part: &str) -> u64 {
    let parts = told["parts"].as_array().unwrap();
    parts.iter().find(|it| it["part"] == part).unwrap()["to"]["rows"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgresql_and_back_everybody_goes_on() {
    let postgres = one_postgres().database("copied");
    let place = begin("sqlite:first.db");
    let server = place.serve();
    let mut people = People::sign_in(&place, &server).await;
    let (code, said) = refused(&place, "sqlite:first.db", &postgres);
    assert_eq!(code, Some(1));
    assert!(said.contains("in use"), "{said}");
    assert_eq!(server.stop(), Some(0));

    let told = copied(&place, "sqlite:first.db", &postgres);
    assert_eq!((rows(&told, "users"), rows(&told, "clients")), (4, 1), "{told}");
    assert!(!told.to_string().contains("grounds"), "no password: {told}");
    configure(&place, &postgres, None);
    let server = place.serve();
    people.go_on(&server.url).await;
    people.follow(&server.url).await;
    let (code, said) = refused(&place, &postgres, "sqlite:second.db");
    assert_eq!(code, Some(1));
    assert!(said.contains("in use") && !said.contains("grounds"), "{said}");
    assert_eq!(server.stop(), Some(0));

    copied(&place, &postgres, "sqlite:third.db");
    configure(&place, "sqlite:third.db", None);
    let server = place.serve();
    people.go_on(&server.url).await;
    people.follow(&server.url).await;
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_go_to_redis_and_back_and_everybody_goes_on() {
    let redis = Redis::start();
    let place = begin("sqlite:rotunda.db");
    let server = place.serve();
    let mut people = People::sign_in(&place, &server).await;
    assert_eq!(server.stop(), Some(0));

    let told = copied(&place, "sqlite:rotunda.db", &redis.url());
    assert_eq!((&told["sessions"], &told["copied"], &told["lost"]), (&json!(4), &json!(4), &json!(0)));
    configure(&place, "sqlite:rotunda.db", Some(&redis.url()));
    let server = place.serve();
    people.go_on(&server.url).await;
    people.follow(&server.url).await;
    assert_eq!(server.stop(), Some(0));

    let told = copied(&place, &redis.url(), "sqlite:rotunda.db");
    assert_eq!((&told["sessions"], &told["lost"]), (&json!(5), &json!(0)));
    redis.cli(&["FLUSHALL"]);
    configure(&place, "sqlite:rotunda.db", None);
    let server = place.serve();
    people.go_on(&server.url).await;
    people.follow(&server.url).await;
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn what_cannot_be_copied_is_told_and_no_password_with_it() {
    let place = begin("sqlite:rotunda.db");
    let secret = "postgres://rotunda:hunter2@127.0.0.1:1/rotunda";
    for (from, to, code, why) in [
        ("sqlite:nowhere.db", secret, 1, "no database at"),
        ("mysql://rotunda:hunter2@db/rotunda", "sqlite:a.db", 2, "--from must be"),
        ("sqlite:a.db", "postgres://rotunda:hunter2@db", 2, "--to names no database"),
        ("redis://:hunter2@a", "redis://:hunter2@b", 2, "two Redis"),
        (secret, "sqlite:a.db", 1, "127.0.0.1:1"),
    ] {
        let (exit, said) = refused(&place, from, to);
        assert_eq!(exit, Some(code), "{from} {to}: {said}");
        assert!(said.contains(why) && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn nobody_copies_over_a_store_that_is_in_use_or_goes_on_with_half_of_one() {
    let place = begin("sqlite:first.db");
    let server = place.serve();
    register(&Client::new(), &server.url, "ada@example.com").await;
    assert_eq!(server.stop(), Some(0));
    configure(&place, "sqlite:other.db", None);
    assert_eq!(place.serve().stop(), Some(0));
    let (code, said) = refused(&place, "sqlite:first.db", "sqlite:other.db");
    assert_eq!(code, Some(1));
    assert!(said.contains("not empty"), "{said}");
    let (code, said) = refused(&place, "sqlite:first.db", "sqlite:./first.db");
    assert_eq!(code, Some(2), "{said}");

    // A copy that was begun, and no more.
    let database = "half";
    let half = one_postgres().database(database);
    configure(&place, &half, None);
    assert_eq!(place.serve().stop(), Some(0));
    for sql in
        ["TRUNCATE signing_key, key_check, feed_keep, outbox", "INSERT INTO meta VALUES ('copy_of', 7)"]
    {
        one_postgres().sql_in(database, sql);
    }
    let output = place.run(&["serve"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("never finished") && !said.contains("grounds-"), "{said}");
    let (code, said) = refused(&place, "sqlite:first.db", &half);
    assert_eq!(code, Some(1));
    assert!(said.contains("unfinished copy of another store"), "{said}");
    one_postgres().sql_in(
        database,
        "DELETE FROM meta WHERE name = 'copy_of'; UPDATE meta SET value = 0 WHERE name = 'outbox'",
    );
    copied(&place, "sqlite:first.db", &half);
    assert_eq!(place.serve().stop(), Some(0));
}

/// `--ignored`, with a number in ROTUNDA_SESSIONS: how long so many sessions take.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_methods, reason = "a measurement takes the time")]
fn how_long_sessions_take() {
    let many = std::env::var("ROTUNDA_SESSIONS").map_or(100_000, |many| many.parse().unwrap());
    let (place, redis) = (begin("sqlite:rotunda.db"), Redis::start());
    let database = "measured";
    let postgres = one_postgres().database(database);
    configure(&place, &postgres, None);
    let server = place.serve();
    tokio::runtime::Runtime::new().unwrap().block_on(register(
        &Client::new(),
        &server.url,
        "ada@example.com",
    ));
    assert_eq!(server.stop(), Some(0));
    let multiply = format!(
        "CREATE TEMP TABLE more AS SELECT session.* FROM session, generate_series(2, {many}); \
         UPDATE more SET id = gen_random_uuid(), page_hash = NULL; INSERT INTO session SELECT * FROM more"
    );
    one_postgres().sql_in(database, &multiply);
    for (from, to) in [
        (postgres.as_str(), "sqlite:copied.db"),
        ("sqlite:copied.db", &one_postgres().database("measured_back")),
        ("sqlite:copied.db", &redis.url()),
        (&redis.url(), "sqlite:copied.db"),
    ] {
        let begun = std::time::Instant::now();
        let told = copied(&place, from, to);
        let shown = |url: &str| url.split(':').next().unwrap().to_owned();
        println!("{many} sessions, {} to {}: {:?}", shown(from), shown(to), begun.elapsed());
        assert!(told["same"] == true);
    }
}
