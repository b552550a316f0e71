//! The operator's day with clients, beside a running server.

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, Server, get, post, register};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What `curl -u NAME:SECRET URL/oauth/token -d grant_type=client_credentials` gets.
async fn token(client: &reqwest::Client, server: &Server, name: &str, secret: &str) -> (u16, Value) {
    let ask = client.post(format!("{}/oauth/token", server.url)).basic_auth(name, Some(secret));
    let form = ask.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("grant_type=client_credentials").send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

/// Asks until the answer has that status: what a command changes is known to the server a second later.
#[expect(clippy::disallowed_methods, reason = "a test that hangs says so")]
async fn soon(client: &reqwest::Client, server: &Server, (name, secret): (&str, &str), status: u16) {
    let begun = Instant::now();
    while token(client, server, name, secret).await.0 != status {
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} is not answered with {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_service_is_added_gets_a_token_and_changes_its_secret_while_the_server_runs() {
    let place = Place::new("[limits]\nenabled = false\n");
    let server = place.serve();
    let client = reqwest::Client::new();
    let added = place.json(
        &["client", "add", "reports", "--kind", "service", "--scope", "revocations.read", "--scope", "b"],
        "",
    );
    assert_eq!(
        (&added["client_id"], &added["kind"], &added["scopes"]),
        (&json!("reports"), &json!("service"), &json!(["b", "revocations.read"]))
    );
    let first = added["client_secret"].as_str().unwrap().to_owned();
    assert!(first.starts_with("rc1_") && first.len() == 47, "{first}");
    // The server looks for a client that it does not know.
    let (status, granted) = token(&client, &server, "reports", &first).await;
    assert_eq!((status, &granted["scope"]), (200, &json!("b revocations.read")), "{granted}");
    let feed =
        get(&client, &format!("{}/revocations", server.url), granted["access_token"].as_str().unwrap()).await;
    assert_eq!((feed.status, &feed.body["full"]), (200, &json!(true)));

    let rotated = place.json(&["client", "rotate-secret", "reports"], "");
    assert_eq!(rotated["old_secrets_until"].as_array().unwrap().len(), 1, "{rotated}");
    let second = rotated["client_secret"].as_str().unwrap().to_owned();
    soon(&client, &server, ("reports", &second), 200).await;
    assert_eq!(token(&client, &server, "reports", &first).await.0, 200, "the old one is good for a day");
    let listed = place.json(&["client", "list"], "");
    let reports = listed.as_array().unwrap().iter().find(|it| it["client_id"] == "reports").unwrap();
    assert_eq!((reports["secrets"].as_array().unwrap().len(), &reports["works"]), (2, &json!(true)));

    let rotated = place.json(&["client", "rotate-secret", "reports", "--keep-old", "1s"], "");
    let third = rotated["client_secret"].as_str().unwrap().to_owned();
    soon(&client, &server, ("reports", &third), 200).await;
    soon(&client, &server, ("reports", &second), 401).await;
    soon(&client, &server, ("reports", &first), 401).await;
    let rotated = place.run(&["client", "rotate-secret", "reports", "--keep-old", "0s"], "");
    assert!(String::from_utf8_lossy(&rotated.stdout).contains("No old secret is good any more."));
    soon(&client, &server, ("reports", &third), 401).await;

    assert_eq!(
        place.json(&["client", "remove", "reports"], ""),
        json!({"client_id": "reports", "removed": true})
    );
    let names = place.json(&["client", "list"], "");
    let names: Vec<_> =
        names.as_array().unwrap().iter().map(|it| it["client_id"].as_str().unwrap()).collect();
    assert_eq!(names, ["native", "web"]);
    // No secret is anywhere but where it was printed.
    drop(server);
    for secret in [&first, &second, &third] {
        for file in ["rotunda-data/rotunda.db", "server.log"] {
            assert!(!crate::support::holds(&place.path(file), secret.as_bytes()), "{file}");
        }
    }
}

#[tokio::test]
async fn a_configured_shop_is_told_to_get_a_secret_and_signs_users_in_with_it() {
    let place = Place::new("[clients.shop]\nkind = \"confidential\"\naccess_ttl = \"5m\"\n");
    let server = place.serve();
    let client = reqwest::Client::new();
    let log = place.read("server.log");
    assert!(log.contains("[clients.shop] is of kind") && log.contains("`rotunda client add shop`"), "{log}");
    register(&client, &server.url, "ada@example.com").await;
    let mut body = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "shop"});
    let login = format!("{}/auth/login", server.url);
    let refused = post(&client, &login, &body, &[]).await;
    assert_eq!((refused.status, refused.text("/error").as_str()), (401, "invalid_client"));
    let added = place.json(&["client", "add", "shop"], "");
    assert_eq!(added["kind"], json!("confidential"), "as the section says");
    body["client_secret"] = added["client_secret"].clone();
    let ada = post(&client, &login, &body, &[]).await;
    assert_eq!((ada.status, &ada.body["expires_in"]), (200, &json!(300)), "the section holds: {ada:?}");
    drop(server);
    let quiet = place.serve_logging_to("second.log");
    assert!(!place.read("second.log").contains("client add"));
    drop(quiet);
}

#[test]
fn what_cannot_be_a_client_is_refused_with_what_to_do() {
    let place = Place::new("[clients.kiosk]\nkind = \"native\"\n");
    let add = |arguments: &[&str]| place.run(&[&["client", "add"], arguments].concat(), "");
    // The first command of all may be this one.
    let shop = add(&["shop", "--kind", "confidential"]);
    assert!(shop.status.success(), "{}", said(&shop));
    let text = String::from_utf8_lossy(&shop.stdout).into_owned();
    assert!(text.starts_with("client_id      shop\nclient_secret  rc1_"), "{text}");
    let many: Vec<String> = (0..33).map(|n| format!("--scope=s{n}")).collect();
    let many: Vec<&str> =
        ["many", "--kind", "service"].into_iter().chain(many.iter().map(String::as_str)).collect();
    let long: Vec<String> = (0..16).map(|n| format!("--scope={n:064}")).collect();
    let long: Vec<&str> =
        ["long", "--kind", "service"].into_iter().chain(long.iter().map(String::as_str)).collect();
    for (arguments, expected) in [
        (&["shop", "--kind", "service"][..], "there is a client shop already"),
        (&["web", "--kind", "web"], "web is a built-in client"),
        (&["kiosk", "--kind", "service"], "the configuration has a client kiosk of kind \"native\""),
        (&["a b", "--kind", "web"], "\"a b\" is no name for a client"),
        (&["other"], "of what kind is other?"),
        (&["other", "--kind", "service", "--scope", "a b"], "\"a b\" is no scope"),
        (&["other", "--kind", "native", "--scope", "x"], "only a client of kind \"service\" has scopes"),
        (&many, "a client has at most 32 scopes"),
        (&long, "at most 1024 bytes in total, with a space between two; these have 1039"),
    ] {
        let output = add(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
    for (arguments, expected) in [
        (&["rotate-secret", "nobody"][..], "no client nobody was added"),
        (&["rotate-secret", "kiosk"], "no client kiosk was added"),
        (&["rotate-secret", "shop", "--keep-old", "91d"], "90 days at most"),
        (&["rotate-secret", "shop", "--keep-old", "soon"], "is not a duration"),
        (&["remove", "web"], "no client web was added"),
        (&["remove", "a b"], "is no client's name"),
    ] {
        let output = place.run(&[&["client"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
    assert!(add(&["kiosk"]).status.success(), "of the kind that the section says");
    let public = place.run(&["client", "rotate-secret", "kiosk"], "");
    assert!(said(&public).contains("kiosk is a public client"), "{}", said(&public));
    assert_eq!(add(&["other", "--kind", "robot"]).status.code(), Some(2));
    let table = place.run(&["client", "list"], "");
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    let row: Vec<_> =
        table.lines().find(|line| line.starts_with("shop")).unwrap().split_whitespace().collect();
    assert_eq!((row[1], row[2], row[4]), ("confidential", "1", "yes"), "{table}");
}

/// The old ones are told apart: how many there are, and until when.
#[test]
fn whoever_rotates_a_secret_or_removes_a_client_is_told_what_goes_on() {
    let place = Place::new("");
    place.json(&["client", "add", "shop", "--kind", "confidential"], "");
    let told = |arguments: &[&str]| {
        let output = place.run(&[&["client"], arguments].concat(), "");
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let first = told(&["rotate-secret", "shop", "--keep-old", "2h"]);
    assert!(first.contains("\n1 old secret is still good, until 2"), "{first}");
    for _ in 0..2 {
        let again = told(&["rotate-secret", "shop", "--keep-old", "1h"]);
        assert!(again.contains("\n2 old secrets are still good, until 2"), "{again}");
        assert!(again.contains(" and 2"), "{again}");
    }
    let removed = told(&["remove", "shop"]);
    assert!(
        removed.contains("Services that check tokens by themselves accept its access tokens"),
        "{removed}"
    );
}
