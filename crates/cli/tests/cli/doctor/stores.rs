//! What is wrong with real databases and a real Redis, and what letters wait.

use rotunda_grounds::{Postgres, Redis};
use serde_json::json;

use super::machine::{set_mode, with_clock};
use super::{Found, QUICK};
use crate::support::{Place, free_port, post};

/// On this database, and with this Redis.
fn on(main: Option<&str>, redis: Option<&str>) -> Place {
    let place = Place::new("");
    let main = main.map(|url| format!("[store]\nurl = {url:?}\n[keys]\nmaster_file = \"keys/master.key\"\n"));
    let redis = redis.map(|url| format!("[sessions]\nstore = {url:?}\n"));
    std::fs::create_dir(place.path("keys")).unwrap();
    set_mode(&place.path("keys"), 0o700);
    let made = place.run(&["key", "master", "keys/master.key"], "");
    assert!(made.status.success(), "{made:?}");
    let config = format!("{}{}{QUICK}", main.unwrap_or_default(), redis.unwrap_or_default());
    let file = place.path("rotunda.toml");
    std::fs::write(&file, config).unwrap();
    // There is a password in it.
    set_mode(&file, 0o600);
    place
}

/// What is not good, but for the way there: the machine of a test may have much to do.
fn not_good(found: &Found) -> Vec<String> {
    let all = found.report["findings"].as_array().unwrap().iter();
    let bad = all.filter(|it| it["grade"] == "bad" || it["grade"] == "warning");
    let bad = bad.filter(|it| {
        let what = it["what"].as_str().unwrap();
        !what.contains("a round trip takes") && !what.contains("reading it takes")
    });
    bad.map(ToString::to_string).collect()
}

#[test]
fn a_postgresql_that_is_well_is_good_and_what_is_wrong_with_one_is_found() {
    let postgres = Postgres::builder().durable(true).start();
    let place = on(Some(&postgres.url()), None);
    let server = place.serve();
    let found = Found::by(&place);
    assert_eq!((not_good(&found), found.of("skipped")), (Vec::new(), Vec::new()), "{:#}", found.report);
    let good = found.of("good").join("\n");
    assert!(["clock postgres", "feed ", "signing_keys ["].iter().all(|check| good.contains(check)), "{good}");
    assert!(!found.report.to_string().contains("grounds-7Kp2xQ"), "its password is told");
    drop(server);

    for setting in ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"] {
        postgres.sql(&format!("ALTER SYSTEM SET {setting} = off"));
    }
    postgres.restart();
    let role = postgres.sql("SELECT current_user");
    postgres.sql(&format!("ALTER ROLE \"{role}\" CONNECTION LIMIT 10"));
    postgres.sql("UPDATE signing_key SET signs_from = 0");
    postgres.sql(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         SELECT 999, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1",
    );
    let found = Found::by_command(&place, with_clock(&place, "+1h"));
    assert_eq!(found.code, Some(1));
    for (grade, check, words) in [
        ("bad", "database", "fsync is off"),
        ("bad", "database", "permits 10 connections"),
        ("warning", "database", "full_page_writes is off"),
        ("warning", "database", "synchronous_commit is off"),
        ("warning", "database", "autovacuum is off"),
        ("warning", "database", "migration 999"),
        ("warning", "clock", "seconds from this machine's: one of the two is wrong"),
        ("warning", "signing_keys", "longer than 90 days"),
    ] {
        found.has(grade, check, words);
    }
    assert_eq!(not_good(&found).len(), 8, "{:#}", found.report);

    // What another server with a clock of its own has written, and what cannot be read at all.
    postgres.sql(
        "INSERT INTO revocation (at_ms, kind, subject) \
         SELECT (extract(epoch FROM now()) * 1000)::bigint + 60000, 'token', 'of-the-future'",
    );
    Found::by(&place).has("warning", "feed", "still to come");
    postgres.sql("ALTER TABLE revocation RENAME TO gone");
    Found::by(&place).has("bad", "feed", "cannot be read");
}

#[test]
fn what_is_wrong_with_a_redis_is_found() {
    let redis = Redis::builder().line("maxmemory-policy noeviction").line("appendonly yes").start();
    let place = on(None, Some(&redis.url()));
    place.serve().kill();
    let found = Found::by(&place);
    assert_eq!(not_good(&found), [""; 0], "{:#}", found.report);
    assert!(found.report.to_string().contains(r#""check":"redis""#), "it was not looked at");
    for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("appendfsync", "no")] {
        redis.cli(&["CONFIG", "SET", name, value]);
    }
    let found = Found::by_command(&place, with_clock(&place, "+1h"));
    found.has("warning", "redis", "maxmemory-policy allkeys-lru");
    found.has("warning", "redis", "appendfsync no");
    found.has("warning", "clock", "one of the two is wrong");
    assert_eq!(not_good(&found).len(), 3, "{:#}", found.report);
    redis.kill();
    Found::by(&place).only("store", &["does not open"]);
}

#[tokio::test]
async fn letters_that_wait_are_told_without_their_addresses() {
    let port = free_port();
    let mail = format!("[mail]\nurl = \"smtp://localhost:{port}?tls=none\"\nfrom = \"a@example.com\"\n");
    let place = Place::new(&format!("{mail}[accounts]\nregistration = \"verified\"\n{QUICK}"));
    let server = place.serve();
    let ada = json!({"email": "ada@example.com", "password": "correct horse battery", "client_id": "native"});
    let answer = post(&reqwest::Client::new(), &format!("{}/auth/register", server.url), &ada, &[]).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    // Nobody is at that port, and so the first try fails.
    while place.json(&["mail", "list"], "")[0]["last_error"].is_null() {
        tokio::task::yield_now().await;
    }
    let found = Found::by(&place);
    found.has("warning", "mail", "letters that could not be sent, and are tried again: 1");
    assert!(!found.report.to_string().contains("ada@"), "{:#}", found.report);
}
