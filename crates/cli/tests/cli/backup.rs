//! `rotunda backup`, `rotunda restore`, `[backup]`: with real servers, under load.

mod postgres;
mod scheduled;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Place, holds, login, post, refresh, register};

/// The least work that a hash may be, no limits, and no window: a used token is found at once.
const QUICK: &str =
    "[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n[refresh]\nwindow = \"0s\"\n";

/// An answer with the device secret, which only the first one has.
fn carried_on(before: &Answer, mut after: Answer) -> Answer {
    assert_eq!(after.status, 200, "{after:?}");
    after.body["device_secret"] = before.body["device_secret"].clone();
    after
}

/// People who refresh without a pause until they are told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    refreshes: Arc<AtomicU32>,
    people: Vec<tokio::task::JoinHandle<Answer>>,
}

impl Load {
    fn begin(url: &str, sessions: Vec<Answer>) -> Self {
        let (stop, refreshes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let person = |mut session: Answer| {
            let (stop, refreshes, url) = (Arc::clone(&stop), Arc::clone(&refreshes), url.to_owned());
            tokio::spawn(async move {
                let client = Client::new();
                while !stop.load(Ordering::Relaxed) {
                    let next = refresh(&client, &url, &session, &[]).await;
                    session = carried_on(&session, next);
                    refreshes.fetch_add(1, Ordering::Relaxed);
                }
                session
            })
        };
        let people = sessions.into_iter().map(person).collect();
        Self { stop, refreshes, people }
    }

    /// Until they have refreshed so often more.
    async fn goes_on_for(&self, more: u32) {
        let aim = self.refreshes.load(Ordering::Relaxed) + more;
        while self.refreshes.load(Ordering::Relaxed) < aim {
            assert!(!self.people.iter().any(tokio::task::JoinHandle::is_finished), "somebody was refused");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// What everybody holds in the end.
    async fn end(self) -> Vec<Answer> {
        self.stop.store(true, Ordering::Relaxed);
        let mut held = Vec::new();
        for person in self.people {
            held.push(person.await.unwrap());
        }
        held
    }
}

/// Signs so many people in.
async fn people(client: &Client, url: &str, how_many: u32) -> Vec<Answer> {
    let mut sessions = Vec::new();
    for number in 0..how_many {
        sessions.push(register(client, url, &format!("person-{number}@example.com")).await);
    }
    sessions
}

/// Everybody goes on after the store has lost its last writes. A thief with the first token is found.
async fn go_on(place: &Place, url: &str, first: &[Answer], held: Vec<Answer>) {
    let client = Client::new();
    let mut sessions = Vec::new();
    for session in &held {
        sessions.push(carried_on(session, refresh(&client, url, session, &[]).await));
    }
    // A thief with an old token, and a device of their own: found while newer tokens are believed.
    let mut stolen = first[0].clone();
    stolen.body["device_secret"] = first[1].body["device_secret"].clone();
    let thief = refresh(&client, url, &stolen, &[]).await;
    assert_eq!((thief.status, thief.text("/reason").as_str()), (401, "token_reused"), "{thief:?}");
    let victim = refresh(&client, url, &sessions[0], &[]).await;
    assert_eq!((victim.status, victim.text("/ended").as_str()), (401, "reused"), "{victim:?}");
    // One who copied everything: found as soon as that is over, and told apart until then.
    let waits = refresh(&client, url, &first[1], &[]).await;
    assert_eq!((waits.status, waits.text("/reason").as_str()), (401, "token_stale"), "{waits:?}");
    place.json(&["store", "accept-ahead", "--off"], "");
    let found = refresh(&client, url, &first[1], &[]).await;
    assert_eq!((found.status, found.text("/reason").as_str()), (401, "token_reused"), "{found:?}");
    for session in &sessions[2..] {
        assert_eq!(refresh(&client, url, session, &[]).await.status, 200, "the others do not notice");
    }
}

/// Another data folder, with nothing in it but the master key.
fn another_folder(place: &Place) {
    let (data, gone) = (place.path("rotunda-data"), place.path("burnt"));
    std::fs::rename(&data, &gone).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::copy(gone.join("master.key"), data.join("master.key")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_put_back_elsewhere_and_nobody_is_signed_out() {
    let place = Arc::new(Place::new(QUICK));
    let server = place.serve();
    let (client, url) = (Client::new(), server.url.clone());
    let first = people(&client, &url, 5).await;
    let leaves = login(&client, &url, "person-4@example.com").await;
    let load = Load::begin(&url, first.clone());
    load.goes_on_for(20).await;
    let taking = Arc::clone(&place);
    let taken = tokio::task::spawn_blocking(move || taking.json(&["backup", "backup.db"], "")).await.unwrap();
    assert_eq!((&taken["users"], &taken["live_sessions"]), (&json!(5), &json!(6)), "{taken}");
    load.goes_on_for(40).await;
    let held = load.end().await;
    // What the backup cannot know.
    let out = json!({"refresh_token": leaves.text("/refresh_token")});
    assert_eq!(post(&client, &format!("{url}/auth/logout"), &out, &[]).await.status, 204);
    let newcomer = register(&client, &url, "newcomer@example.com").await;
    server.kill();

    another_folder(&place);
    let told = place.json(&["restore", "backup.db", "--yes"], "");
    assert_eq!((&told["users"], &told["before"], &told["since"]), (&json!(5), &Value::Null, &Value::Null));
    assert!(told["accept_ahead_until"].is_string(), "{told}");
    let server = place.serve();
    go_on(&place, &server.url, &first, held).await;
    let client = Client::new();
    let unknown = refresh(&client, &server.url, &newcomer, &[]).await;
    assert_eq!((unknown.status, unknown.text("/reason").as_str()), (401, "session_ended"), "{unknown:?}");
    assert_eq!(refresh(&client, &server.url, &leaves, &[]).await.status, 200, "that it ended is not known");
    assert_eq!(server.stop(), Some(0));
    assert!(place.run(&["audit", "verify"], "").status.success());
}

#[tokio::test]
async fn what_a_backup_does_not_know_is_told_and_everyone_can_be_signed_out() {
    let place = Place::new(QUICK);
    let server = place.serve();
    let (client, url) = (Client::new(), server.url.clone());
    let ada = register(&client, &url, "ada@example.com").await;
    register(&client, &url, "bob@example.com").await;
    place.json(&["backup", "backup.db"], "");
    place.json(&["user", "disable", "bob@example.com"], "");
    let refused = |arguments: &[&str]| {
        let output = place.run(arguments, "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let in_use = refused(&["restore", "backup.db", "--yes"]);
    assert!(in_use.contains("the database is in use: stop the server"), "{in_use}");
    assert_eq!(server.stop(), Some(0));

    let unasked = refused(&["restore", "backup.db"]);
    for part in ["say --yes", "2 users and 2 live sessions as of", "- user.disabled ×1", "--end-all-sessions"]
    {
        assert!(unasked.contains(part), "{part}: {unasked}");
    }
    assert_eq!(place.json(&["user", "list", "--state", "disabled"], "").as_array().unwrap().len(), 1);

    let told = place.json(&["restore", "backup.db", "--yes", "--end-all-sessions"], "");
    assert_eq!((&told["ended_all_sessions"], &told["accept_ahead_until"]), (&json!(true), &Value::Null));
    assert_eq!(told["since"]["user.disabled"], json!(1), "{told}");
    assert_eq!(told["to_redo"][0]["kind"], "user.disabled", "{told}");
    assert!(told["to_redo"][0]["user"].is_string() && told["parted"] == json!(false), "{told}");
    assert_eq!(told["to_redo_cut"], json!(false), "{told}");
    assert!(Path::new(told["before"].as_str().unwrap()).is_file(), "{told}");
    assert_eq!(place.json(&["user", "list", "--state", "disabled"], ""), json!([]), "as it was then");
    let server = place.serve();
    let client = Client::new();
    let over = refresh(&client, &server.url, &ada, &[]).await;
    assert_eq!((over.status, over.text("/ended").as_str()), (401, "revoked_by_admin"), "{over:?}");
    login(&client, &server.url, "ada@example.com").await;
}

#[test]
fn a_backup_that_would_be_of_no_use_is_not_kept() {
    let place = Place::new(QUICK);
    let refused = |arguments: &[&str], why: &str| {
        let output = place.run(arguments, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(why), "{arguments:?}: {said}");
    };
    refused(&["backup", "backup.db"], "there is no database at");
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    let output = place.run(&["backup", "backup.db"], "");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.starts_with("Wrote backup.db: 1 users and 0 live sessions"),
        "{said}"
    );
    let mode = std::fs::metadata(place.path("backup.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let masters = place.read("rotunda-data/master.key");
    let master = masters.lines().find_map(|line| line.strip_prefix("1 ")).unwrap();
    assert!(!holds(&place.path("backup.db"), master.as_bytes()), "the master key is not in it");
    let written = std::fs::read(place.path("backup.db")).unwrap();
    refused(&["backup", "backup.db"], "is there already; `--replace` takes its place");
    refused(&["backup", "rotunda-data/rotunda.db", "--replace"], "is in use: a backup is another file");
    for end in ["-wal", "-shm", ".lock"] {
        let used = format!("rotunda-data/rotunda.db{end}");
        refused(&["backup", &used, "--replace"], "is in use: a backup is another file");
    }
    refused(&["backup", "nowhere/backup.db"], "nowhere");
    assert_eq!(std::fs::read(place.path("backup.db")).unwrap(), written);
    place.json(&["backup", "backup.db", "--replace"], "");
    assert_ne!(std::fs::read(place.path("backup.db")).unwrap(), written, "the moment is noted in it");

    let key = place.path("rotunda-data/master.key");
    std::fs::rename(&key, place.path("kept.key")).unwrap();
    refused(&["backup", "other.db"], "master.key cannot be read");
    refused(&["restore", "backup.db", "--yes"], "master.key cannot be read");
    assert!(place.run(&["key", "master", "rotunda-data/master.key"], "").status.success());
    refused(
        &["backup", "other.db"],
        "master key 1 of the file is not the one that this database was made with",
    );
    refused(&["restore", "backup.db", "--yes"], "master key 1 of the file is not the one");
    std::fs::rename(place.path("kept.key"), &key).unwrap();
    assert_eq!(place.json(&["user", "list"], "").as_array().unwrap().len(), 1, "nothing was changed");
    let left: Vec<String> = std::fs::read_dir(place.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".part") || name == "other.db")
        .collect();
    assert_eq!(left, [""; 0]);

    std::fs::write(place.path("rotunda.toml"), "[store]\nurl = \"postgres://localhost:1/rotunda\"\n")
        .unwrap();
    refused(&["backup", "other.db"], "`pg_dump --format=custom`");
    refused(&["restore", "backup.db", "--yes"], "`pg_restore`");
    for misused in [&["backup"][..], &["restore", "b.db", "--accept-ahead", "1h", "--end-all-sessions"]] {
        assert_eq!(place.run(misused, "").status.code(), Some(2), "{misused:?}");
    }
}

/// Behind a link, the log lies where the link leads to.
#[test]
fn a_backup_takes_the_place_of_nothing_that_a_database_behind_a_link_uses() {
    let place = Place::new(QUICK);
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    let (database, real) = (place.path("rotunda-data/rotunda.db"), place.path("rotunda-data/real.db"));
    std::fs::rename(&database, &real).unwrap();
    std::os::unix::fs::symlink(&real, &database).unwrap();
    for end in ["", "-wal", "-shm", "-journal"] {
        let used = format!("rotunda-data/real.db{end}");
        let output = place.run(&["backup", &used, "--replace"], "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains("is in use: a backup is another file"),
            "{said}"
        );
    }
    place.json(&["backup", "rotunda-data/other.db"], "");
}
