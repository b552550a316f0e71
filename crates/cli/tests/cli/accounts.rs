//! The operator's commands for accounts and letters: delete, export, what waits, and whether mail goes out.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, free_port, get, login, post};

fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn emails(place: &Place) -> Vec<String> {
    let users = place.json(&["user", "list"], "");
    users.as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

/// `user delete ada` on a terminal, where this is typed.
fn typed(place: &Place, answer: &str) -> String {
    let delete = place.command(&["user", "delete", "ada"]);
    let words = std::iter::once(delete.get_program()).chain(delete.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line.join(" "), "/dev/null"]).current_dir(place.dir.path());
    let answers = place.path("answer");
    std::fs::write(&answers, format!("{answer}\n")).unwrap();
    let output = terminal.stdin(std::fs::File::open(answers).unwrap()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_user_is_deleted_only_by_an_operator_who_means_it() {
    let place = Place::new("");
    let server = place.serve();
    for name in ["ada", "bob"] {
        place.json(&["user", "add", &format!("{name}@example.com"), "--username", name], PASSWORD);
    }
    let session = login(&reqwest::Client::new(), &server.url, "ada@example.com").await;
    assert_eq!(
        told(&place.run(&["user", "delete", "ada"], "ada@example.com\n")),
        (Some(1), "rotunda: deleting a user cannot be undone: say `--yes`\n".to_owned()),
        "what is piped in is not somebody who was asked"
    );
    let said = typed(&place, "yes");
    assert!(said.contains("Type the address: ") && said.contains("nothing was deleted"), "{said}");
    assert_eq!(emails(&place), ["ada@example.com", "bob@example.com"]);

    let said = typed(&place, "ada@example.com");
    assert!(said.contains("This deletes ada@example.com and all") && said.contains("deleted "), "{said}");
    assert_eq!(emails(&place), ["bob@example.com"]);
    let url = format!("{}/auth/me", server.url);
    let me = get(&reqwest::Client::new(), &url, &session.text("/access_token")).await;
    assert_eq!(me.status, 401, "at once, in the other process");

    let id = place.json(&["user", "list"], "")[0]["id"].clone();
    let deleted = place.json(&["user", "delete", "bob", "--yes"], "");
    assert_eq!(deleted, json!({"id": id, "deleted": true}));
    assert_eq!(emails(&place), Vec::<String>::new());
    assert_eq!(told(&place.run(&["user", "delete", "bob", "--yes"], "")).0, Some(1), "gone is gone");
}

#[tokio::test]
async fn an_export_is_what_the_user_gets_themselves() {
    let place = Place::new("");
    let server = place.serve();
    place.json(&["user", "add", "ada@example.com", "--username", "ada", "--name", "Ada L."], PASSWORD);
    place.json(&["user", "add", "bob@example.com"], PASSWORD);
    let session = login(&reqwest::Client::new(), &server.url, "ada@example.com").await;
    let url = format!("{}/auth/me/export", server.url);
    let own = get(&reqwest::Client::new(), &url, &session.text("/access_token")).await;
    assert_eq!(own.status, 200, "{own:?}");
    // JSON is what there is, whether or not it is asked for.
    let printed = place.run(&["user", "export", "ada"], "");
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    for part in ["user", "devices"] {
        assert_eq!(printed[part], own.body[part], "{part}");
    }
    assert_eq!(
        (&own.body["sessions"][0]["current"], &printed["sessions"][0]["current"]),
        (&json!(true), &json!(false))
    );
    let (before, printing) =
        printed["events"].as_array().unwrap().split_at(own.body["events"].as_array().unwrap().len());
    assert_eq!(json!(before), own.body["events"]);
    assert_eq!(
        (printing.len(), &printing[0]["kind"]),
        (1, &json!("user.data_exported")),
        "this was one itself"
    );
    assert_eq!(place.json(&["user", "export", "ada"], "")["user"], own.body["user"]);
    assert_eq!(own.text("/user/name"), "Ada L.");
    assert_eq!(own.text("/sessions/0/id"), session.text("/session/id"));
    let text = printed.to_string();
    assert!(!text.contains("argon2") && !text.contains("bob@"), "{text}");
}

#[test]
fn an_operator_tries_whether_mail_goes_out() {
    let place = Place::new("[mail]\nfolder = \"letters\"\n");
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    assert_eq!(
        place.json(&["mail", "test", "you@example.com"], ""),
        json!({"to": "you@example.com", "sent": true})
    );
    let printed = place.run(&["mail", "test", "you@example.com"], "");
    assert_eq!((printed.status.code(), printed.stdout.as_slice()), (Some(0), &b"sent\n"[..]));
    assert_eq!(std::fs::read_dir(place.path("letters")).unwrap().count(), 2);
    assert_eq!(
        told(&place.run(&["mail", "test", "nobody"], "")),
        (Some(1), "rotunda: \"nobody\" is no address\n".to_owned())
    );
    assert_eq!(place.json(&["mail", "list"], ""), json!([]), "a test goes past the queue");
}

#[tokio::test]
async fn an_operator_sees_which_letters_wait_and_why() {
    // Nobody listens there.
    let url = format!("smtp://127.0.0.1:{}?tls=none", free_port());
    let place = Place::new(&format!("[mail]\nurl = {url:?}\nfrom = \"no-reply@acme.example\"\n"));
    let server = place.serve();
    let (code, said) = told(&place.run(&["mail", "test", "you@example.com"], ""));
    assert_eq!(code, Some(1));
    assert!(said.starts_with("rotunda: the letter was not sent: ") && said.contains("refused"), "{said}");
    assert_eq!(place.json(&["mail", "list"], ""), json!([]));

    let body = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "native"});
    let registered =
        post(&reqwest::Client::new(), &format!("{}/auth/register", server.url), &body, &[]).await;
    assert_eq!(registered.status, 202, "{registered:?}");
    let letters = waiting(&place).await;
    let letter = &letters[0];
    assert_eq!((letters.as_array().unwrap().len(), &letter["kind"]), (1, &json!("verify_email")));
    assert_eq!((&letter["to"], &letter["user_id"]), (&json!("ada@example.com"), &Value::Null));
    assert!(letter["next_attempt_at"].as_str() > letter["written_at"].as_str(), "{letter}");
    let table = String::from_utf8(place.run(&["mail", "list"], "").stdout).unwrap();
    let (heading, row) = table.split_once('\n').unwrap();
    assert_eq!(
        heading.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>(),
        ["ID", "KIND", "TO", "TRIED", "NEXT", "LAST ERROR"]
    );
    for cell in [&letter["id"], &letter["kind"], &letter["to"], &letter["last_error"]] {
        assert!(row.contains(cell.as_str().unwrap()), "{cell} is not in {row}");
    }
}

/// What `mail list` shows once the first attempt has failed.
async fn waiting(place: &Place) -> Value {
    for _ in 0..100 {
        let letters = place.json(&["mail", "list"], "");
        if letters[0]["last_error"].is_string() {
            return letters;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nothing waits: {}", place.json(&["mail", "list"], ""));
}

#[tokio::test]
async fn a_damaged_list_of_passwords_keeps_nobody_from_ending_a_session() {
    let place = Place::new("");
    let server = place.serve();
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    let session = login(&reqwest::Client::new(), &server.url, "ada@example.com").await;
    let id = session.text("/session/id");
    std::fs::write(place.path("rotunda.toml"), "[password]\nbreached_list = \"breached.filter\"\n").unwrap();
    std::fs::write(place.path("breached.filter"), "a disk that is full at 3 a.m.").unwrap();

    let ended = place.run(&["session", "revoke", &id], "");
    let (code, warned) = told(&ended);
    assert_eq!((code, ended.stdout.as_slice()), (Some(0), format!("{id} is over\n").as_bytes()), "{warned}");
    assert!(
        warned.starts_with("rotunda: warning: [password] breached_list: ")
            && warned.ends_with("; this command goes on without it\n"),
        "{warned}"
    );
    for goes_on in [
        &["session", "why", &id][..],
        &["user", "list"],
        &["mail", "list"],
        &["user", "disable", "ada@example.com"],
    ] {
        assert_eq!(told(&place.run(goes_on, "")).0, Some(0), "{goes_on:?}");
    }
    for stops in [
        &["user", "add", "bob@example.com"][..],
        &["--data", "elsewhere", "serve", "--listen", "127.0.0.1:0"],
    ] {
        let (code, said) = told(&place.run(stops, PASSWORD));
        assert_eq!(code, Some(1), "{stops:?}: {said}");
        assert!(
            said.contains("[password] breached_list: ") && !said.contains("warning"),
            "{stops:?}: {said}"
        );
    }
}

#[test]
fn letters_that_cannot_be_written_keep_nobody_from_working() {
    let place = Place::new("[mail]\nfolder = \"letters\"\n");
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    std::fs::remove_dir_all(place.path("letters")).unwrap();
    std::fs::write(place.path("letters"), "a file where the folder was").unwrap();
    let (code, warned) = told(&place.run(&["user", "disable", "ada@example.com"], ""));
    assert_eq!(code, Some(0), "{warned}");
    assert!(
        warned.starts_with("rotunda: warning: the folder for mail, letters, cannot be used: "),
        "{warned}"
    );
    let (code, said) = told(&place.run(&["mail", "test", "you@example.com"], ""));
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("the letter was not sent: not now: the folder for mail, letters, cannot"),
        "{said}"
    );
    let (code, said) = told(&place.run(&["serve"], ""));
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.ends_with("(os error 17); it must be one that this user may write to\n")
            && !said.contains("warning"),
        "{said}"
    );
}
