//! The operator and the audit log: verified beside a running server, exported, compared with what was kept elsewhere.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Place, login, rotunda};

/// What the log says when everything that has happened is chained.
fn when_all_is_chained(place: &Place) -> Value {
    for _ in 0..200 {
        let verified = place.json(&["audit", "verify"], "");
        if verified["events"].as_u64() > Some(0) && verified["unchained"] == json!(0) {
            return verified;
        }
    }
    panic!("nothing was chained: {}", place.read("server.log"));
}

#[tokio::test]
async fn the_log_of_a_day_is_verified_exported_and_compared() {
    let place = Place::new("");
    let server = place.serve();
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    login(&reqwest::Client::new(), &server.url, "ada@example.com").await;
    let verified = when_all_is_chained(&place);
    assert_eq!((&verified["found"], &verified["findings"]), (&json!(0), &json!([])), "{verified}");

    let signed = place.run(&["audit", "checkpoint"], "");
    let line: Value = serde_json::from_slice(&signed.stdout).unwrap();
    assert_eq!((&line["mark"], &line["seq"]), (&json!("checkpoint"), &verified["to"]["seq"]));
    std::fs::write(place.path("kept.jsonl"), &signed.stdout).unwrap();
    let compared = place.run(&["audit", "verify", "--checkpoint", "kept.jsonl"], "");
    let said = String::from_utf8_lossy(&compared.stdout).into_owned();
    assert!(compared.status.success() && said.contains("are what was written"), "{said}");
    let beyond = line["seq"].as_u64().unwrap() + 100;
    let altered = String::from_utf8(signed.stdout)
        .unwrap()
        .replace(&format!("{},", line["seq"]), &format!("{beyond},"));
    std::fs::write(place.path("altered.jsonl"), altered).unwrap();
    let compared = place.run(&["audit", "verify", "--checkpoint", "altered.jsonl"], "");
    assert_eq!(compared.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&compared.stderr)
            .contains(&format!("at {beyond}: the checkpoint: its signature"))
    );

    let exported = place.run(&["audit", "export", "--out", "audit.jsonl"], "");
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let key = line["public_key"].as_str().unwrap();
    let verify = |file: &str| place.run(&["audit", "verify", "--file", file, "--key", key, "--json"], "");
    assert!(verify("audit.jsonl").status.success());
    let text = place.read("audit.jsonl");
    std::fs::write(place.path("edited.jsonl"), text.replacen("user.signed_in", "user.reported", 1)).unwrap();
    let edited = verify("edited.jsonl");
    let found: Value = serde_json::from_slice(&edited.stdout).unwrap();
    assert_eq!((edited.status.code(), &found["found"]), (Some(1), &json!(1)), "{found}");
    let piped = place.run(&["audit", "verify", "--file", "-", "--key", key], &text);
    assert!(piped.status.success(), "{}", String::from_utf8_lossy(&piped.stderr));

    let listed = place.json(&["audit", "list", "--kind", "audit.exported"], "");
    assert_eq!((&listed[0]["actor"], &listed[0]["kind"]), (&json!("command_line"), &json!("audit.exported")));
    let theirs = place.json(&["audit", "list", "--user", "ada@example.com", "--limit", "1"], "");
    assert_eq!((theirs.as_array().unwrap().len(), &theirs[0]["kind"]), (1, &json!("user.signed_in")));
    assert_eq!(place.json(&["audit", "list", "--until", "2020-01-01"], ""), json!([]));
    assert_eq!(server.stop(), Some(0));
    let log = place.read("server.log");
    assert!(log.contains("the audit log is signed up to here"), "{log}");
    let rest = place.json(&["audit", "verify"], "");
    assert_eq!(
        (&rest["unchained"], &rest["found"]),
        (&json!(0), &json!(0)),
        "what happened last was chained at the end"
    );
}

#[test]
fn what_cannot_be_verified_is_refused() {
    let place = Place::new("");
    place.json(&["user", "add", "ada@example.com"], PASSWORD);
    let said = |arguments: &[&str]| {
        let output = place.run(arguments, "no json");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["audit", "checkpoint"]).contains("nothing is chained yet"));
    assert!(said(&["audit", "verify", "--file", "-"]).contains("line 1"));
    assert!(said(&["audit", "verify", "--checkpoint", "nowhere.jsonl"]).contains("nowhere.jsonl"));
    assert!(said(&["audit", "list", "--actor", "somebody"]).contains("an actor is"));
    assert!(said(&["audit", "export", "--from", "soon"]).contains("neither a date"));
    let misused = rotunda().args(["audit", "verify", "--key", "x"]).output().unwrap();
    assert_eq!(misused.status.code(), Some(2));
}
