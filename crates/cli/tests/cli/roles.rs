//! The operator's day with roles, beside a running server, and how the first admin gets in.

use std::io::{BufRead, BufReader};
use std::process::Output;
use std::sync::Arc;

use rotunda_core::denied::Denied;
use rotunda_core::desk::Operator;
use rotunda_core::failure::Error;
use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::model::{Caller, Password, SecretText};
use rotunda_core::policy::Policy;
use rotunda_core::register::Newcomer;
use rotunda_core::store::UserSearch;
use rotunda_core::{Outside, Rotunda};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::fixtures::NOW;
use rotunda_testkit::{FixedClock, ListedPasswords, Mailbox, QuickHasher, SeededEntropy, SimpleScratch};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, login, refresh, register};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `roles`, `scope`, `ce` and `rv` of the access token in an answer.
fn claims(place: &Place, answer: &crate::support::Answer) -> Value {
    let claims = place.json(&["verify", &answer.text("/access_token")], "");
    json!([claims["roles"], claims["scope"], claims["ce"], claims["rv"]])
}

#[tokio::test]
async fn a_role_is_made_given_changed_and_taken_while_the_server_runs() {
    let place = Place::new("");
    let server = place.serve();
    let client = reqwest::Client::new();
    let url = &server.url;
    let ada = register(&client, url, "ada@example.com").await;
    let editor = place.json(
        &[
            "role",
            "add",
            "editor",
            "--permission",
            "b.write",
            "--permission",
            "a.read",
            "--description",
            "Writes",
        ],
        "",
    );
    assert_eq!(
        (&editor["role"], &editor["permissions"], &editor["description"], &editor["version"]),
        (&json!("editor"), &json!(["a.read", "b.write"]), &json!("Writes"), &json!(1))
    );
    let held = place.json(&["role", "grant", "ada@example.com", "editor", "--reason", "joins"], "");
    assert_eq!(held["roles"], json!(["editor"]));
    // This server reads roles anew each second; a token says what it has read.
    let mut ada = ada;
    let mut rounds = 0;
    while claims(&place, &ada) != json!([["editor"], "a.read b.write", 1, 1]) {
        ada = refresh(&client, url, &ada, &[]).await;
        assert_eq!(ada.status, 200, "nobody is signed out: {ada:?}");
        rounds += 1;
        assert!(rounds < 200, "{}", claims(&place, &ada));
    }
    let changed = place.json(&["role", "set", "editor", "--permission", "a.read"], "");
    assert_eq!(
        (&changed["permissions"], &changed["description"], &changed["version"]),
        (&json!(["a.read"]), &json!("Writes"), &json!(2)),
        "what is not said stays"
    );
    let described = place.json(&["role", "set", "editor", "--description", ""], "");
    assert_eq!((&described["permissions"], &described["description"]), (&json!(["a.read"]), &Value::Null));
    let kept = place.run(&["role", "remove", "editor"], "");
    assert!(kept.status.code() == Some(1) && said(&kept).contains("Somebody holds the role `editor`"));
    assert_eq!(place.json(&["role", "revoke", "ada@example.com", "editor"], "")["roles"], json!([]));
    assert_eq!(place.json(&["role", "set", "editor", "--no-permissions"], "")["permissions"], json!([]));
    assert_eq!(place.json(&["role", "show", "editor"], "")["version"], json!(4));
    let names = place.json(&["role", "list"], "");
    let names: Vec<_> = names.as_array().unwrap().iter().map(|it| (&it["role"], &it["built_in"])).collect();
    assert_eq!(names, [(&json!("admin"), &json!(true)), (&json!("editor"), &json!(false))]);
    assert_eq!(place.json(&["role", "remove", "editor"], ""), json!({"role": "editor", "removed": true}));
    drop(login(&client, url, "ada@example.com").await);
}

#[test]
fn what_cannot_be_is_refused_with_what_to_do() {
    let place = Place::new("");
    // The first command of all may be this one.
    let added = place.run(&["role", "add", "editor", "--permission", "a"], "");
    assert_eq!(String::from_utf8_lossy(&added.stdout), "added editor; it permits: a\n", "{}", said(&added));
    let ada = place.run(&["user", "add", "ada@example.com"], PASSWORD);
    assert!(ada.status.success(), "{}", said(&ada));
    for (arguments, expected) in [
        (&["add", "editor"][..], "There is a role `editor` already."),
        (&["add", "admin"], "The role `admin` is built in"),
        (&["add", "A"], "The name of a role has 1 to 64"),
        (&["add", "b", "--permission", "a b"], "`a b` is no permission"),
        (&["add", "b", "--reason", ""], "Say why"),
        (&["show", "nothing"], "There is nothing of that id here."),
        (&["show", "A"], "\"A\" is no role's name"),
        (&["set", "nothing", "--no-permissions"], "There is nothing of that id here."),
        (&["remove", "admin"], "The role `admin` is built in"),
        (&["grant", "ada@example.com", "nothing"], "There is no role `nothing`. `rotunda role list` shows"),
        (&["grant", "nobody@example.com", "editor"], "There is nothing of that id here."),
    ] {
        let output = place.run(&[&["role"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
    for arguments in [&["set", "editor"][..], &["grant", "ada@example.com"], &["add"]] {
        assert_eq!(place.run(&[&["role"], arguments].concat(), "").status.code(), Some(2), "{arguments:?}");
    }
}

/// The rest of what a server said at its start, up to a line that begins with that.
fn told(place: &Place, until: &str) -> Vec<String> {
    let mut server = place.serve();
    let mut lines = Vec::new();
    for line in BufReader::new(&mut server.stdout).lines() {
        let line = line.unwrap();
        let is_last = line.trim_start().starts_with(until);
        lines.push(line);
        if is_last {
            break;
        }
    }
    lines
}

#[test]
fn a_server_says_how_to_become_the_first_admin_until_there_has_been_one() {
    let place = Place::new("");
    let first = told(&place, "rotunda role grant ADDRESS admin");
    let address = format!("  http://localhost:{}/admin/first#ra1_", place.port);
    let line = first.iter().find(|line| line.starts_with(&address)).expect("the address is told");
    let again = told(&place, "rotunda role grant ADDRESS admin");
    assert!(again.contains(line), "the same after each start");
    assert!(place.run(&["user", "add", "ada@example.com"], PASSWORD).status.success());
    let granted = place.run(&["role", "grant", "ada@example.com", "admin"], "");
    let text = String::from_utf8_lossy(&granted.stdout).into_owned();
    assert_eq!(text, "ada@example.com holds admin; running sessions have it at their next refresh\n");
    let log = place.read("server.log");
    assert!(!log.contains("ra1_"), "the log has no token");
    let later = told(&place, "curl http");
    assert!(!later.iter().any(|line| line.contains("ra1_") || line.contains("no admin yet")), "{later:?}");
}

/// A server of its own on that database, but for the time, the randomness and the cost of passwords.
async fn server(place: &Place, seed: u64) -> Rotunda {
    let store = SqliteStore::open(&place.path("rotunda.db"), NOW).unwrap();
    let outside = Outside {
        store: Arc::new(store),
        scratch: Arc::new(SimpleScratch::default()),
        clock: Arc::new(FixedClock::at(NOW.0)),
        entropy: Arc::new(SeededEntropy::new(seed)),
        hasher: Arc::new(QuickHasher::default()),
        mailer: Arc::new(Mailbox::default()),
        known_passwords: Arc::new(ListedPasswords::default()),
        courier: Arc::new(rotunda_testkit::Receivers::default()),
    };
    let keys = MasterKeys::new([(1, MasterKey::from_bytes([1; 32]))]).unwrap();
    Rotunda::start(outside, keys, Policy::new("https://auth.example")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_the_first_admins_token_at_two_servers_one_gets_in() {
    let place = Place::new("");
    let servers = [Arc::new(server(&place, 1).await), Arc::new(server(&place, 2).await)];
    let token = servers[0].first_admin_token().await.unwrap().unwrap();
    assert_eq!(servers[1].first_admin_token().await.unwrap().unwrap().expose(), token.expose());
    let claims = (0..16).map(|n| {
        let (server, token) = (Arc::clone(&servers[n % 2]), SecretText::new(token.expose().to_owned()));
        let newcomer = Newcomer {
            email: format!("root{n}@example.com"),
            password: Password::new(PASSWORD.to_owned()),
            username: None,
            name: None,
        };
        tokio::spawn(async move { server.claim_first_admin(&token, &newcomer, &Caller::default()).await })
    });
    let claims: Vec<_> = claims.collect();
    let mut admins = Vec::new();
    for claim in claims {
        match claim.await.unwrap() {
            Ok(user) => admins.push(user),
            Err(Error::Denied(Denied::InTheWay(_))) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(admins.len(), 1);
    let desk = servers[0].desk(Operator::command_line());
    assert_eq!(desk.search_users(UserSearch::default(), None, 100).await.unwrap().rows, admins);
}
