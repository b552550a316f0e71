//! The operator's side: the first start, the master key that servers share, every command on PostgreSQL, and no password in
//! anything that is said.

use rotunda_grounds::{Redis, one_postgres};

use super::{Fleet, QUICK, client};
use crate::support::{PASSWORD, Place, free_port, login, refresh};

/// The password in the URLs of these tests' databases.
fn secret() -> String {
    let url = one_postgres().url();
    url.split('@').next().unwrap().rsplit(':').next().unwrap().to_owned()
}

fn said(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let output = place.run(arguments, "");
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(!said.contains(&secret()), "{said}");
    (output.status.code(), said)
}

fn tables(fleet: &Fleet) -> String {
    fleet.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
}

#[test]
fn without_the_shared_master_key_nothing_is_begun() {
    let fleet = Fleet::new("operate_key", QUICK, None);
    std::fs::remove_file(fleet.place.path("master.key")).unwrap();
    for arguments in [["serve"].as_slice(), &["user", "add", "ada@example.com"], &["key", "list"]] {
        let (code, words) = said(&fleet.place, arguments);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("there is no master key file at master.key"), "{words}");
        assert!(words.contains("rotunda key master master.key"), "{words}");
    }
    assert_eq!(tables(&fleet), "0");
    assert!(!fleet.place.path("master.key").exists());
    let (code, words) = said(&fleet.place, &["key", "master", "master.key"]);
    assert_eq!(code, Some(0), "{words}");
    let made = fleet.place.read("master.key");
    let (code, words) = said(&fleet.place, &["key", "master", "master.key"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("is there already and was left as it is"), "{words}");
    assert_eq!(fleet.place.read("master.key"), made);

    // Another server with a key of its own is told, and changes nothing.
    fleet.serve(free_port()).stop();
    std::fs::remove_file(fleet.place.path("master.key")).unwrap();
    assert_eq!(said(&fleet.place, &["key", "master", "master.key"]).0, Some(0));
    let (code, words) = said(&fleet.place, &["serve"]);
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("is not the one that this database was made with"), "{words}");
}

#[test]
fn a_command_finds_no_rotunda_where_there_is_none_and_makes_none() {
    let fleet = Fleet::new("operate_empty", QUICK, None);
    for arguments in [["user", "list"].as_slice(), &["session", "list", "ada@example.com"], &["key", "list"]]
    {
        let (code, words) = said(&fleet.place, arguments);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("operate_empty") && words.contains("no tables"), "{words}");
    }
    assert_eq!(tables(&fleet), "0");
}

#[tokio::test]
async fn every_command_works_on_postgresql() {
    let fleet = Fleet::new("operate", QUICK, None);
    let place = &fleet.place;
    // The first user may come before the first start.
    let added = place.json(&["user", "add", "ada@example.com", "--name", "Ada"], PASSWORD);
    let server = fleet.serve(free_port());
    let client = client();
    let session = login(&client, &server.url, "ada@example.com").await;
    let sid = session.text("/session/id");
    assert_eq!(place.json(&["user", "list"], "")[0]["id"], added["id"]);
    assert_eq!(place.json(&["session", "list", "ada@example.com"], "")[0]["id"], sid.as_str());
    assert_eq!(place.json(&["session", "show", &sid], "")["generation"], 0);
    assert!(place.json(&["session", "why", &sid], "")["will_end"].is_string());
    assert_eq!(place.json(&["key", "list"], "").as_array().map(Vec::len), Some(1));
    assert!(place.json(&["client", "list"], "").as_array().is_some_and(|it| it.len() >= 2));
    assert!(place.json(&["mail", "list"], "").is_array());
    assert!(place.json(&["store", "accept-ahead", "--for", "1h"], "")["accept_ahead_until"].is_string());
    assert!(place.json(&["store", "accept-ahead", "--off"], "")["accept_ahead_until"].is_null());
    place.json(&["session", "revoke", &sid], "");
    // All those commands took longer than a connection may idle.
    let refused = refresh(&super::client(), &server.url, &session, &[]).await;
    assert_eq!((refused.status, refused.text("/ended").as_str()), (401, "revoked_by_admin"));
    assert_eq!(place.json(&["session", "why", &sid], "")["ended"], "revoked_by_admin");
    assert_eq!(place.json(&["user", "disable", "ada@example.com"], "")["state"], "disabled");
    assert_eq!(place.json(&["user", "enable", "ada@example.com"], "")["changed"], true);
    assert_eq!(place.json(&["user", "export", "ada@example.com"], "")["user"]["email"], "ada@example.com");
    place.json(&["user", "delete", "ada@example.com", "--yes"], "");
    assert_eq!(place.json(&["user", "list"], ""), serde_json::json!([]));
}

#[tokio::test]
async fn no_password_of_a_database_is_in_a_banner_a_log_or_an_error() {
    let redis = Redis::start();
    redis.cli(&["config", "set", "requirepass", "wine-dark-sea"]);
    let fleet = Fleet::new("operate_secret", QUICK, None);
    let with_password = redis.url().replace("redis://", "redis://:wine-dark-sea@");
    let trace = format!("[log]\nlevel = \"trace\"\n[sessions]\nstore = {with_password:?}\n");
    let config = format!("{}{trace}", fleet.place.read("rotunda.toml"));
    std::fs::write(fleet.place.path("rotunda.toml"), &config).unwrap();
    let server = fleet.serve(free_port());
    let client = client();
    let session = crate::support::register(&client, &server.url, "ada@example.com").await;
    assert_eq!(refresh(&client, &server.url, &session, &[]).await.status, 200);
    let banner = server.banner();
    let place = format!("postgres://127.0.0.1:{}/operate_secret", one_postgres().port());
    assert!(banner.contains(&place) && banner.contains("redis://127.0.0.1:"), "{banner}");
    let (code, checked) = said(&fleet.place, &["config", "check"]);
    assert_eq!(code, Some(0), "{checked}");

    // A password that the database refuses, and a database that is not there.
    let mut all = vec![fleet.logs(), banner, checked];
    for (from, to) in
        [(secret(), "not-the-password-4711".to_owned()), ("/operate_secret".into(), "/nowhere".into())]
    {
        std::fs::write(fleet.place.path("rotunda.toml"), config.replacen(&from, &to, 1)).unwrap();
        let (code, words) = said(&fleet.place, &["user", "list"]);
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("opening postgres://127.0.0.1:"), "{words}");
        all.push(words);
    }
    for text in &all {
        for password in [secret().as_str(), "wine-dark-sea", "not-the-password-4711"] {
            assert!(!text.contains(password), "{text}");
        }
    }
    assert!(all[0].contains("POST"), "the log is verbose, or this test looks at nothing");
}
