//! The operator's day: commands beside a running server.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, get, login, post, refresh, rotunda};

#[tokio::test]
async fn an_operator_adds_lists_disables_and_ends_while_the_server_runs() {
    let place = Place::new("[accounts]\nregistration = \"off\"\n");
    let server = place.serve();
    let (client, url) = (reqwest::Client::new(), server.url.clone());

    let body = json!({"email": "eve@example.com", "password": PASSWORD});
    let refused = post(&client, &format!("{url}/auth/register"), &body, &[]).await;
    assert_eq!((refused.status, refused.text("/error").as_str()), (403, "registration_off"));

    let ada = place.json(
        &["user", "add", "ada@example.com", "--username", "ada", "--name", "Ada L."],
        &format!("{PASSWORD}\n"),
    );
    assert_eq!(
        (&ada["email"], &ada["username"], &ada["state"]),
        (&json!("ada@example.com"), &json!("ada"), &json!("active"))
    );
    let taken = place.run(&["user", "add", "ADA@example.com"], PASSWORD);
    assert_eq!(taken.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&taken.stderr).contains("There is an account with this address already.")
    );
    let short = place.run(&["user", "add", "bob@example.com"], "too short\n");
    assert_eq!(short.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&short.stderr).contains("at least 12 characters"));
    assert_eq!(place.json(&["user", "list"], "").as_array().unwrap().len(), 1);

    let phone = login(&client, &url, "ada@example.com").await;
    let laptop = login(&client, &url, "ada@example.com").await;
    let id = |session: &crate::support::Answer| session.text("/session/id");
    let listed = place.json(&["session", "list", "ada"], "");
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let shown = place.json(&["session", "show", &id(&phone)], "");
    assert_eq!((&shown["generation"], &shown["ended"]), (&json!(0), &Value::Null));

    let revoked = place.json(&["session", "revoke", &id(&phone)], "");
    assert_eq!(revoked["ended"], json!(true));
    let me = get(&client, &format!("{url}/auth/me"), &phone.text("/access_token")).await;
    assert_eq!(
        (me.status, me.text("/ended").as_str()),
        (401, "revoked_by_admin"),
        "at once, in the other process"
    );
    let why = place.json(&["session", "why", &id(&phone)], "");
    assert_eq!(why["ended"], json!("revoked_by_admin"));
    let kinds: Vec<&str> =
        why["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["user.signed_in", "session.ended"]);
    assert_eq!(place.json(&["session", "why", &id(&laptop)], "")["will_end"], json!("idle_expired"));

    let disabled = place.json(&["user", "disable", "ada@example.com"], "");
    assert_eq!(disabled["sessions_ended"], json!(1));
    let dead = refresh(&client, &url, &laptop, &[]).await;
    assert_eq!((dead.status, dead.text("/ended").as_str()), (401, "user_disabled"));
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "native"});
    let refused = post(&client, &format!("{url}/auth/login"), &body, &[]).await;
    assert_eq!((refused.status, refused.text("/reason").as_str()), (403, "user_disabled"));
    assert_eq!(place.json(&["user", "enable", "ada"], "")["changed"], json!(true));
    assert_eq!(refresh(&client, &url, &laptop, &[]).await.status, 401, "what is dead stays dead");
    login(&client, &url, "ada@example.com").await;
}

#[tokio::test]
async fn everyone_is_signed_out_from_the_machine_after_a_look_at_how_many_that_is() {
    let place = Place::new("");
    let server = place.serve();
    let (client, url) = (reqwest::Client::new(), server.url.clone());
    for name in ["ada", "adam", "bob"] {
        place.json(&["user", "add", &format!("{name}@example.com"), "--username", name], PASSWORD);
    }
    let begins = place.json(&["user", "list", "--email", "ADA", "--limit", "5"], "");
    assert_eq!(begins.as_array().unwrap().len(), 2);
    let after = place.json(&["user", "list", "--email", "ada", "--after", "ada@example.com"], "");
    assert_eq!(after[0]["username"], json!("adam"));
    assert_eq!(place.json(&["user", "list", "--state", "disabled"], ""), json!([]));

    let ada = login(&client, &url, "ada@example.com").await;
    let bob = login(&client, &url, "bob@example.com").await;
    let listed = |arguments: &[&str]| -> Vec<String> {
        let all = place.json(&[&["session", "list"][..], arguments].concat(), "");
        all.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    let (of_ada, of_bob) = (ada.text("/session/id"), bob.text("/session/id"));
    assert_eq!(listed(&[]), [of_bob.clone(), of_ada.clone()], "the newest first");
    assert_eq!(listed(&["--limit", "1", "--after", &of_bob]), std::slice::from_ref(&of_ada));
    assert_eq!(listed(&["bob"]), std::slice::from_ref(&of_bob));
    assert_eq!(listed(&["--address", "127.0.0.1"]).len(), 2);
    assert_eq!(listed(&["--address", "192.0.2.1"]), [""; 0]);

    let dry = place.json(&["session", "revoke", "--all", "--dry-run"], "");
    assert_eq!(dry, json!({"sessions": 2, "dry_run": true}));
    assert_eq!(refresh(&client, &url, &ada, &[]).await.status, 200);
    let done = place.json(&["session", "revoke", "--all", "--reason", "a drill"], "");
    assert_eq!(done, json!({"sessions": 2, "dry_run": false}));
    let me = get(&client, &format!("{url}/auth/me"), &bob.text("/access_token")).await;
    assert_eq!((me.status, me.text("/ended").as_str()), (401, "revoked_by_admin"));
    assert_eq!(listed(&[]), [""; 0]);
    assert_eq!(listed(&["--all"]).len(), 2);
    assert_eq!(login(&client, &url, "ada@example.com").await.status, 200);
}

#[test]
fn a_command_that_is_refused_exits_1_and_one_that_is_misused_exits_2() {
    let place = Place::new("");
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    let unknown = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21";
    for refused in [
        &["session", "show", unknown][..],
        &["session", "why", unknown],
        &["session", "revoke", unknown],
        &["session", "show", "rubbish"],
        &["user", "disable", "nobody@example.com"],
        &["user", "add", "not an address"],
        &["verify", "rubbish"],
    ] {
        let output = place.run(refused, PASSWORD);
        assert_eq!(output.status.code(), Some(1), "{refused:?}: {output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{refused:?}: {output:?}");
    }
    let for_programs = place.run(&["session", "show", unknown, "--json"], "");
    let error: Value = serde_json::from_slice(&for_programs.stdout).unwrap();
    assert_eq!(
        (for_programs.status.code(), &error["error"]),
        (Some(1), &json!("There is nothing of that id here."))
    );
    for misused in [
        &["--nonsense"][..],
        &["user"],
        &["user", "add", "a@b.c", "--password", "x"],
        &["nonsense"],
        &["session", "revoke"],
        &["session", "revoke", unknown, "--all"],
        // Whoever means to try must not do it.
        &["session", "revoke", unknown, "--dry-run"],
        &["user", "list", "--email", "a", "--username", "a"],
    ] {
        assert_eq!(place.run(misused, "").status.code(), Some(2), "{misused:?}");
    }
    let help = rotunda().arg("--help").output().unwrap();
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("Examples:"));
}

#[test]
fn in_the_wrong_folder_nothing_is_made_and_in_a_new_one_lists_are_empty() {
    let place = Place::new("");
    for command in [&["user", "list"][..], &["key", "list"], &["session", "list", "ada"]] {
        let output = place.run(command, "");
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("there is no database at"), "{output:?}");
        assert!(!place.path("rotunda-data").exists(), "a command in the wrong folder makes nothing");
    }
    assert!(place.serve().stop() == Some(0));
    assert_eq!(place.json(&["user", "list"], ""), json!([]));
    let keys = place.json(&["key", "list"], "");
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!((&keys[0]["alg"], &keys[0]["signs"]), (&json!("ES256"), &json!(true)));
    assert_eq!(place.json(&["key", "list"], ""), keys, "made once");
    let table = place.run(&["key", "list"], "");
    assert!(String::from_utf8_lossy(&table.stdout).starts_with("KID"));
}

#[test]
fn a_command_that_makes_a_database_says_where_and_says_it_once() {
    let place = Place::new("");
    let database = place.path("rotunda-data").join("rotunda.db");
    let made = format!("a new, empty database was made at {}", database.display());
    for (name, is_first) in [("shop", true), ("till", false)] {
        let output = place.run(&["client", "add", name, "--kind", "native"], "");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && database.exists(), "{output:?}");
        assert_eq!(told.contains(&made), is_first, "{told}");
    }
}

#[test]
fn the_openapi_document_is_what_the_server_serves() {
    let place = Place::new("");
    let printed: Value = serde_json::from_slice(&place.run(&["openapi"], "").stdout).unwrap();
    assert_eq!(printed["openapi"], json!("3.1.0"));
    assert!(printed["paths"]["/auth/refresh"]["post"].is_object());
}

#[test]
fn a_bad_configuration_is_refused_with_the_line_and_the_nearest_name() {
    let place = Place::new("[refresh]\nwindw = \"10s\"\n");
    for command in [&["config", "check"][..], &["serve"]] {
        let output = place.run(command, "");
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("rotunda.toml:2") && said.contains("did you mean \"window\""), "{said}");
    }
    let good = Place::new("[refresh]\nwindow = \"5s\"\n");
    assert!(good.run(&["config", "check"], "").status.success());
}

#[tokio::test]
async fn after_a_restore_tokens_newer_than_the_store_are_believed_only_if_the_operator_says_so() {
    let place = Place::new("");
    let server = place.serve();
    let (client, url) = (reqwest::Client::new(), server.url.clone());
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    let session = login(&client, &url, "ada@example.com").await;
    server.stop();
    let database = place.path("rotunda-data/rotunda.db");
    let backup = place.path("backup.db");
    assert!(
        !place.path("rotunda-data/rotunda.db-wal").exists()
            || std::fs::metadata(place.path("rotunda-data/rotunda.db-wal")).unwrap().len() == 0,
        "a clean stop leaves one file"
    );
    std::fs::copy(&database, &backup).unwrap();

    let server = place.serve();
    let client = reqwest::Client::new();
    let newer = refresh(&client, &url, &session, &[]).await;
    assert_eq!(newer.status, 200, "{newer:?}");
    server.stop();
    std::fs::copy(&backup, &database).unwrap();

    let server = place.serve();
    let client = reqwest::Client::new();
    let refused = refresh(&client, &url, &newer, &[]).await;
    assert_eq!((refused.status, refused.text("/reason").as_str()), (401, "token_unknown"));
    let said = place.json(&["store", "accept-ahead", "--for", "1h"], "");
    assert!(said["accept_ahead_until"].is_string());
    let accepted = refresh(&client, &url, &newer, &[]).await;
    assert_eq!((accepted.status, &accepted.body["session"]["generation"]), (200, &json!(2)), "{accepted:?}");
    assert_eq!(place.json(&["store", "accept-ahead", "--off"], "")["accept_ahead_until"], Value::Null);
    drop(server);
}
