//! Lists of known passwords, with the real binary: made, asked, and heeded by a server.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, post};

fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

const COMMON: &str = "rotunda: This password is one of the most common ones, or such a one with a few digits or signs \
    behind it: it is among the first that attackers try. A few unrelated words in a row make a good one.\n";
const BREACHED: &str = "rotunda: This password has turned up in a data breach, so attackers try it. Do not use it \
    anywhere any more. A few unrelated words in a row make a good one.\n";

#[tokio::test]
async fn a_breached_list_is_made_configured_and_heeded_where_passwords_are_set() {
    let place = Place::new("");
    std::fs::write(place.path("leaked.txt"), "kestrel over marsh\nheron by the lake\nkestrel over MARSH\n")
        .unwrap();
    let built =
        place.json(&["password-list", "build", "--from", "leaked.txt", "--to", "breached.filter"], "");
    let bytes = std::fs::metadata(place.path("breached.filter")).unwrap().len();
    assert_eq!(built, json!({"file": "breached.filter", "entries": 2, "left_out": 0, "bytes": bytes}));
    let config = "[password]\nbreached_list = \"breached.filter\"\nbanned_words = [\"Wunderwerk\"]\n";
    std::fs::write(place.path("rotunda.toml"), config).unwrap();

    let server = place.serve();
    let (client, url) = (reqwest::Client::new(), format!("{}/auth/register", server.url));
    for (password, part) in [
        ("Kestrel over marsh", "turned up in a data breach"),
        ("Password123!", "one of the most common ones"),
        ("wunderw3rk 2026", "the name of this service or another word"),
        ("localhost:8080", "the name of this service or another word"),
        ("ada.l@example.com", "your own name or address"),
        ("zzzzzzzzzzzzzz", "one character repeated"),
    ] {
        let body = json!({"email": "ada.l@example.com", "password": password, "client_id": "native"});
        let refused = post(&client, &url, &body, &[]).await;
        assert_eq!((refused.status, refused.text("/error").as_str()), (400, "password_unacceptable"));
        assert_eq!(refused.body.get("reason"), None);
        let description = refused.text("/error_description");
        assert!(description.contains(part) && !description.contains(password), "{password}: {description}");
        let by_operator = place.run(&["user", "add", "ada.l@example.com"], password);
        assert_eq!(told(&by_operator), (Some(1), format!("rotunda: {description}\n")));
    }
    let longest = "heron by the lake, ".repeat(54)[..1024].to_owned();
    for (n, password) in [PASSWORD, "Ein Satz mit Wunderwerk darin", &longest].into_iter().enumerate() {
        let body =
            json!({"email": format!("ada{n}@example.com"), "password": password, "client_id": "native"});
        assert_eq!(post(&client, &url, &body, &[]).await.status, 201, "{password}");
    }
}

#[test]
fn an_operator_may_ask_whether_a_password_would_do() {
    let place = Place::new("");
    let check = |arguments: &[&str], password: &str| {
        place.run(&[&["password-list", "check"], arguments].concat(), password)
    };
    let fine = check(&[], "correct horse battery\n");
    assert_eq!((fine.status.code(), fine.stdout.as_slice()), (Some(0), &b"this password would do\n"[..]));
    assert_eq!(told(&check(&[], "password1234\r\n")), (Some(1), COMMON.to_owned()));
    assert!(!place.path("rotunda-data").exists(), "nothing is made");

    // "correct horse battery", by sha1sum, as a download of Have I Been Pwned has it.
    let list = "98DECC62ECE399A22ED30D490EF333BE7FDE7385:12\r\n";
    let made = place.run(
        &["password-list", "build", "--from", "-", "--to", "pwned", "--format", "sha1", "--bits", "32"],
        list,
    );
    let bytes = std::fs::metadata(place.path("pwned")).unwrap().len();
    assert_eq!(String::from_utf8_lossy(&made.stdout), format!("pwned: entries 1, bytes {bytes}\n"));
    assert_eq!(told(&check(&["--list", "pwned"], "correct horse battery")), (Some(1), BREACHED.to_owned()));
    assert_eq!(check(&["--list", "pwned"], "Correct horse battery").status.code(), Some(0));
    let programs = check(&["--list", "pwned", "--json"], "correct horse battery");
    assert_eq!(programs.status.code(), Some(1));
    let said: Value = serde_json::from_slice(&programs.stdout).unwrap();
    let why = BREACHED.trim_start_matches("rotunda: ").trim_end();
    assert_eq!(said, json!({"acceptable": false, "why": why}));
    assert_eq!(place.json(&["password-list", "check"], PASSWORD), json!({"acceptable": true}));
}

#[test]
fn a_list_that_is_missing_or_broken_stops_the_start_before_anything_is_made() {
    let place = Place::new("[password]\nbreached_list = \"breached.filter\"\n");
    let missing = "rotunda: [password] breached_list: the password list breached.filter cannot be read: No such file or \
        directory (os error 2); `rotunda password-list build` makes one\n";
    for command in [&["serve"][..], &["user", "add", "ada@example.com"], &["password-list", "check"]] {
        assert_eq!(told(&place.run(command, PASSWORD)), (Some(1), missing.to_owned()), "{command:?}");
    }
    place.json(&["password-list", "build", "--from", "rotunda.toml", "--to", "breached.filter"], "");
    assert_eq!(place.run(&["password-list", "check"], PASSWORD).status.code(), Some(0));
    let whole = std::fs::read(place.path("breached.filter")).unwrap();
    std::fs::write(place.path("breached.filter"), &whole[..whole.len() - 1]).unwrap();
    let broken = "rotunda: [password] breached_list: breached.filter is damaged: it is shorter or longer than it was made; \
        make it anew with `rotunda password-list build`\n";
    assert_eq!(told(&place.run(&["serve"], "")), (Some(1), broken.to_owned()));
    assert!(!place.path("rotunda-data").exists());
}

#[test]
fn what_is_no_list_is_refused_and_misuse_is_told() {
    let place = Place::new("");
    let build = |arguments: &[&str], input: &str| {
        told(&place.run(&[&["password-list", "build", "--to", "made"], arguments].concat(), input))
    };
    let no_hash = "rotunda: line 1 of the list is no SHA-1 hash: 40 hexadecimal digits, and maybe a colon and a count; \
        for passwords themselves use --format plain\n";
    assert_eq!(build(&["--from", "-", "--format", "sha1"], "hunter2\n"), (Some(1), no_hash.to_owned()));
    assert_eq!(
        build(&["--from", "-"], "\n"),
        (Some(1), "rotunda: there is no password on the list\n".to_owned())
    );
    let missing = "rotunda: opening nowhere: No such file or directory (os error 2)\n";
    assert_eq!(build(&["--from", "nowhere"], ""), (Some(1), missing.to_owned()));
    for misused in [&["--from", "-", "--bits", "7"][..], &["--from", "-", "--format", "md5"], &[]] {
        assert_eq!(build(misused, "").0, Some(2), "{misused:?}");
    }
    assert!(!place.path("made").exists());
    let too_long = format!("fine\n{}\n", "x".repeat(5_000));
    let made = place.run(&["password-list", "build", "--from", "-", "--to", "made"], &too_long);
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(
        said.ends_with(", lines left out 1 (too long for a password)\n")
            && said.starts_with("made: entries 1, "),
        "{said}"
    );
}
