//! `rotunda key rotate-master`, beside servers that are restarted one after the other.

use reqwest::Client;
use serde_json::json;

use crate::doctor::machine::with_clock_at;
use crate::support::{Answer, Place, get, login, refresh, register};

const QUICK: &str = "[password]\nmemory_mib = 19\niterations = 2\n[refresh]\nwindow = \"0s\"\n";

/// A refresh that goes well, with the device secret of before.
async fn next(url: &str, session: &Answer) -> Answer {
    let mut answer = refresh(&Client::new(), url, session, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["device_secret"] = session.body["device_secret"].clone();
    answer
}

fn file(place: &Place) -> String {
    place.read("rotunda-data/master.key")
}

fn masters(place: &Place) -> Vec<u64> {
    let keys = place.json(&["key", "list"], "");
    keys.as_array().unwrap().iter().map(|key| key["master_key"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_new_master_key_comes_and_nobody_is_signed_out() {
    let place = Place::new(QUICK);
    let (mut one, mut other) = (place.serve(), place.serve_beside());
    let urls = [one.url.clone(), other.url.clone()];
    let mut ada = register(&Client::new(), &urls[0], "ada@example.com").await;
    let old = login(&Client::new(), &urls[0], "ada@example.com").await;
    place.json(&["webhook", "add", "https://hooks.example.com/"], "");
    let before = file(&place);

    let begun = place.json(&["key", "rotate-master"], "");
    assert_eq!((&begun["master_key"], &begun["added"]), (&json!(2), &json!(true)), "{begun}");
    let coming = file(&place);
    assert!(coming.starts_with(&before) && coming.ends_with(" coming\n"), "and nothing else is changed");
    assert_eq!(place.json(&["key", "rotate-master"], "")["added"], json!(false), "it is on its way");
    assert_eq!(file(&place), coming);
    for url in &urls {
        ada = next(url, &ada).await;
    }
    // Each of them is given the file.
    one.kill_and_wait();
    let mut one = place.serve();
    ada = next(&urls[1], &next(&one.url, &ada).await).await;
    other.kill_and_wait();
    let mut other = place.serve_beside();
    assert_eq!(masters(&place), [1], "nothing is made with it yet");

    // Whoever is killed between the two halves of the last step.
    std::fs::write(place.path("rotunda-data/master.key"), coming.replace(" coming", "")).unwrap();
    assert_eq!(masters(&place), [1]);
    let finished = place.json(&["key", "rotate-master", "--finish"], "");
    assert_eq!((&finished["master_key"], &finished["changed"]), (&json!(2), &json!(false)), "{finished}");
    assert_eq!((&finished["signing_keys"], &finished["webhooks"]), (&json!(1), &json!(1)), "{finished}");
    assert_eq!(masters(&place), [2]);
    let again = place.run(&["key", "rotate-master", "--finish"], "");
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(
        said.starts_with("No master key is coming, and everything is sealed under master key 2"),
        "{said}"
    );

    // Servers that know it as one that is coming read what is made with it, and the other way round.
    let session = login(&Client::new(), &one.url, "ada@example.com").await;
    one.kill_and_wait();
    let one = place.serve();
    let new = login(&Client::new(), &one.url, "ada@example.com").await;
    for mut session in [session, new] {
        for url in [&other.url, &one.url, &other.url] {
            session = next(url, &session).await;
            let me = get(&Client::new(), &format!("{url}/auth/me"), &session.text("/access_token")).await;
            assert_eq!(me.status, 200, "{me:?}");
        }
    }
    other.kill_and_wait();
    ada = next(&one.url, &next(&one.url, &ada).await).await;
    assert_eq!(one.stop(), Some(0));

    // The old one goes. Who has refreshed meanwhile goes on; for the others it had to stay.
    let without: String =
        file(&place).lines().filter(|line| !line.starts_with("1 ")).map(|line| format!("{line}\n")).collect();
    std::fs::write(place.path("rotunda-data/master.key"), without).unwrap();
    let one = place.serve();
    next(&one.url, &ada).await;
    let unknown = refresh(&Client::new(), &one.url, &old, &[]).await;
    assert_eq!((unknown.status, unknown.text("/reason").as_str()), (401, "token_unknown"), "{unknown:?}");
}

#[test]
fn with_one_server_a_single_pause_is_enough() {
    let place = Place::new(QUICK);
    assert_eq!(place.serve().stop(), Some(0));
    let said = place.run(&["key", "rotate-master"], "");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("Added master key 2 to") && said.contains("rotunda key rotate-master --finish"),
        "{said}"
    );
    let finished = place.run(&["key", "rotate-master", "--finish"], "");
    let said = String::from_utf8_lossy(&finished.stdout).into_owned();
    assert!(
        said.starts_with("Master key 2 is the current one. Sealed under it: 1 signing keys, 0 secrets"),
        "{said}"
    );
    assert!(!file(&place).contains("coming"));
    assert_eq!(masters(&place), [2]);
    assert_eq!(place.serve().stop(), Some(0));
    assert!(place.run(&["audit", "verify"], "").status.success());
}

/// Begun, given up, and begun again: no two keys of one id, and no server that does not start.
#[test]
fn a_key_that_is_on_record_is_never_made_a_second_time() {
    let place = Place::new(QUICK);
    assert_eq!(place.serve().stop(), Some(0));
    let before = file(&place);
    place.json(&["key", "rotate-master"], "");
    let coming = file(&place);
    // The old copy is put back, or this is another host.
    let put = |text: &str| std::fs::write(place.path("rotunda-data/master.key"), text).unwrap();
    put(&before);
    for arguments in [&["key", "rotate-master"][..], &["key", "rotate-master", "--finish"]] {
        let output = place.run(arguments, "");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("the database knows a master key 2"), "{said}");
        assert_eq!(file(&place), before);
    }
    place.json(&["backup", "one.db"], "");
    let anew = place.json(&["key", "rotate-master", "--anew"], "");
    assert_eq!((&anew["master_key"], &anew["added"]), (&json!(3), &json!(true)), "{anew}");
    assert_eq!(place.serve().stop(), Some(0));
    place.json(&["backup", "two.db"], "");
    place.json(&["key", "rotate-master", "--finish"], "");
    assert_eq!(masters(&place), [3]);
    assert_eq!(place.serve().stop(), Some(0));
    // The file of the key that was given up opens nothing, and says so before anything is changed.
    put(&coming);
    let output = place.run(&["key", "rotate-master", "--finish"], "");
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(file(&place), coming, "the store is opened first");
}

/// The file has a key that is coming, and the database has met a later one, whose file is gone.
#[test]
fn a_coming_key_that_was_overtaken_leads_to_no_circle() {
    let place = Place::new(QUICK);
    assert_eq!(place.serve().stop(), Some(0));
    let before = file(&place);
    place.json(&["key", "rotate-master"], "");
    let coming = file(&place);
    let put = |text: &str| std::fs::write(place.path("rotunda-data/master.key"), text).unwrap();
    put(&before);
    assert_eq!(place.json(&["key", "rotate-master", "--anew"], "")["master_key"], json!(3));
    put(&coming);
    let output = place.run(&["key", "rotate-master", "--finish"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("the database knows a master key 3"), "{said}");
    let anew = place.json(&["key", "rotate-master", "--anew"], "");
    assert_eq!((&anew["master_key"], &anew["added"]), (&json!(4), &json!(true)), "{anew}");
    place.json(&["key", "rotate-master", "--finish"], "");
    assert_eq!(masters(&place), [4]);
    assert!(!file(&place).contains("coming"));
    assert_eq!(place.serve().stop(), Some(0));
}

/// The file from before the rotation opens the backup from before it, and nothing that was made since.
#[tokio::test]
async fn a_restore_with_the_file_from_before_a_rotation_says_who_is_signed_out() {
    let place = Place::new(QUICK);
    let server = place.serve();
    let ada = register(&Client::new(), &server.url, "ada@example.com").await;
    assert_eq!(server.stop(), Some(0));
    let old = file(&place);
    place.json(&["backup", "early.db"], "");
    place.json(&["key", "rotate-master"], "");
    place.json(&["key", "rotate-master", "--finish"], "");
    let server = place.serve();
    let ada = next(&server.url, &ada).await;
    assert_eq!(server.stop(), Some(0));
    let finished = file(&place);
    let put = |text: &str| std::fs::write(place.path("rotunda-data/master.key"), text).unwrap();
    let restore = |arguments: &[&str]| {
        let output = place.run(&[&["restore", "early.db"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let warning = "the database that is put aside knows master key 2, which is not in the master key file";
    assert!(!restore(&[]).contains(warning), "it is in it");
    put(&old);
    assert!(restore(&[]).contains(warning));
    let key = finished.lines().find_map(|line| line.strip_prefix("1 ")).unwrap();
    put(&format!("{old}2 {key}\n"));
    let said = restore(&["--yes"]);
    assert!(said.contains("master key 2 of the file is not the one that the database knows"), "{said}");
    put(&old);
    let told = place.json(&["restore", "early.db", "--yes"], "");
    assert!(told["warnings"][0].as_str().is_some_and(|line| line.starts_with(warning)), "{told}");
    // The number stays that key's: with its file, everybody goes on.
    let output = place.run(&["key", "rotate-master"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("the database knows a master key 2"), "{said}");
    put(&finished);
    let server = place.serve();
    next(&server.url, &ada).await;
    assert_eq!(server.stop(), Some(0));
}

/// What a server that was not restarted yet has sealed under the old key is found by a second run.
#[test]
fn a_secret_under_the_old_key_is_sealed_anew_by_another_finish_and_is_missed_aloud() {
    let place = Place::new(QUICK);
    assert_eq!(place.serve().stop(), Some(0));
    place.json(&["key", "rotate-master"], "");
    let coming = file(&place);
    place.json(&["key", "rotate-master", "--finish"], "");
    let finished = file(&place);
    let put = |text: &str| std::fs::write(place.path("rotunda-data/master.key"), text).unwrap();
    // It has the file of before.
    put(&coming);
    let webhook = place.json(&["webhook", "add", "https://hooks.example.com/"], "")["id"].clone();
    let new = finished.lines().find(|line| line.starts_with("2 ")).unwrap();
    put(&format!("{new}\n"));
    // Its receiver hears nothing. Everybody else is served.
    let server = place.serve();
    let is_told = || place.read("server.log").contains("the secret of a webhook does not open here");
    let is_told_soon = (0..200).any(|_| place.run(&["webhook", "list"], "").status.success() && is_told());
    assert!(is_told_soon, "{}", place.read("server.log"));
    assert_eq!(server.stop(), Some(0));
    let doctor = place.run(&["doctor"], "");
    let said = String::from_utf8_lossy(&doctor.stdout);
    let line =
        format!("the secret of webhook {} does not open under master key 1", webhook.as_str().unwrap());
    assert!(!doctor.status.success() && said.contains(&line), "{said}");
    let warned = place.json(&["backup", "late.db"], "")["warnings"].to_string();
    assert!(warned.contains("the secret of a webhook needs master key 1"), "{warned}");
    put(&finished);
    let again = place.json(&["key", "rotate-master", "--finish"], "");
    assert_eq!((&again["signing_keys"], &again["webhooks"]), (&json!(0), &json!(1)), "{again}");
    put(&format!("{new}\n"));
    place.json(&["key", "list"], "");
}

#[tokio::test]
async fn what_a_backup_needs_of_an_old_master_key_is_told() {
    let place = Place::new(QUICK);
    let server = place.serve();
    register(&Client::new(), &server.url, "ada@example.com").await;
    assert_eq!(server.stop(), Some(0));
    place.json(&["backup", "early.db"], "");
    place.json(&["key", "rotate-master"], "");
    place.json(&["key", "rotate-master", "--finish"], "");
    assert_eq!(place.json(&["backup", "both.db"], "")["warnings"], json!([]));
    let finished = file(&place);
    let new = finished.lines().find(|line| line.starts_with("2 ")).unwrap();
    std::fs::write(place.path("rotunda-data/master.key"), format!("{new}\n")).unwrap();
    let late = place.json(&["backup", "late.db"], "");
    let warning = late["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("1 live sessions need master key 1,"), "{late}");
    // Where sessions are on Redis, that is asked there, and not of what the file remembers.
    let here = place.read("rotunda.toml");
    let redis = format!("{here}[sessions]\nstore = \"redis://127.0.0.1:1\"\n");
    std::fs::write(place.path("rotunda.toml"), redis).unwrap();
    assert_eq!(place.json(&["backup", "redis.db"], "")["warnings"], json!([]));
    std::fs::write(place.path("rotunda.toml"), here).unwrap();
    let output = place.run(&["restore", "early.db", "--yes"], "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("a signing key is sealed under master key 1"),
        "{said}"
    );
    let restored = place.json(&["restore", "late.db", "--yes"], "");
    assert!(restored["warnings"][0].as_str().is_some_and(|line| line == warning), "{restored}");
}

#[tokio::test]
async fn an_old_key_stays_in_the_file_while_anything_needs_it() {
    let place = Place::new(QUICK);
    let server = place.serve();
    let mut ada = register(&Client::new(), &server.url, "ada@example.com").await;
    let retire = |id: &str| place.run(&["key", "rotate-master", "--retire", id, "--json"], "");
    for (id, words) in [("1", "is the current one"), ("7", "there is no master key 7")] {
        let output = retire(id);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(words), "{said}");
    }
    place.json(&["key", "rotate-master"], "");
    assert!(String::from_utf8_lossy(&retire("2").stderr).contains("master key 2 is still to come"));
    assert_eq!(server.stop(), Some(0));
    place.json(&["key", "rotate-master", "--finish"], "");
    let before = file(&place);
    let needed = || {
        let output = retire("1");
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &told["retired"]), (Some(1), &json!(false)), "{told}");
        assert_eq!(file(&place), before, "and nothing is changed");
        told["needed_by"].clone()
    };
    let first = needed();
    assert_eq!((&first["sessions"], &first["signing_keys"]), (&json!(1), &json!(0)), "{first}");
    assert!(first["audit_places"].as_u64() > Some(0) && first["sessions_until"].is_string(), "{first}");
    assert_eq!(first["maybe_links"], json!(true), "{first}");
    let server = place.serve();
    for left in [1, 0] {
        ada = next(&server.url, &ada).await;
        assert_eq!(needed()["sessions"], json!(left));
    }
    let said = place.run(&["key", "rotate-master", "--retire", "1"], "");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("places of the audit log were signed with it") && !said.contains("session"),
        "{said}"
    );
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn an_old_key_that_nothing_needs_goes_out_of_the_file_and_is_kept_beside_it() {
    let place = Place::new(QUICK);
    // Before the first server: no place of the audit log is signed with it.
    place.json(&["role", "add", "editor"], "");
    let before = file(&place);
    place.json(&["key", "rotate-master"], "");
    place.json(&["key", "rotate-master", "--finish"], "");
    let retire = |shift: &str| {
        let arguments = ["key", "rotate-master", "--retire", "1"];
        let output = with_clock_at(&place, shift, &arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = retire("+41d");
    assert!(code == Some(1) && said.contains("no newer key has signed a place"), "{said}");
    assert_eq!(place.serve().stop(), Some(0));
    let (code, said) = retire("+39d");
    assert!(code == Some(1) && said.contains("links in letters may"), "{said}");

    let (code, said) = retire("+41d");
    assert!(code == Some(0) && said.starts_with("Nothing needs master key 1 any more."), "{said}");
    let line = |text: &str, id: &str| text.lines().find(|line| line.starts_with(id)).map(str::to_owned);
    let beside = place.read("rotunda-data/master.key.retired-1");
    assert_eq!((line(&file(&place), "1 "), line(&beside, "1 ")), (None, line(&before, "1 ")));
    let (code, said) = retire("+0d");
    assert!(code == Some(0) && said.contains("already, and in"), "{said}");
    assert_eq!(place.serve().stop(), Some(0));
    assert_eq!(masters(&place), [2]);
    // Its number is never given to another key.
    assert_eq!(place.json(&["key", "rotate-master"], "")["master_key"], json!(3));
}
