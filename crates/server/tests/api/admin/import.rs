//! Users of another system, a line each.

use serde_json::json;

use super::{Operator, at, each};
use crate::support::{ADA, Answer, App, PASSWORD, Phone, post};

async fn import(operator: &Operator<'_>, lines: &str) -> Answer {
    operator
        .ask(post(&at("users/import")).with("content-type", "application/jsonl").body(lines.as_bytes()))
        .await
}

#[tokio::test]
async fn users_bring_their_ids_and_their_passwords() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    Phone::new(&app, "other").register("other@example.com", PASSWORD).await.session_on_phone(201);
    let hash = app.store.account_of(root.user.parse().unwrap()).await.unwrap().unwrap().password;
    let lines = [
        json!({"id": "4711", "email": ADA, "email_verified": true, "password_hash": hash.expose()})
            .to_string(),
        String::new(),
        json!({"id": "4712", "email": "other@example.com"}).to_string(),
        json!({"email": "nobody"}).to_string(),
        json!({"email": "a@example.com", "password_hash": "md5$x"}).to_string(),
        json!({"email": "b@example.com", "admin": true}).to_string(),
        "[]".to_owned(),
        json!({"email": "c@example.com", "created_at": "2020-01-01T00:00:00Z", "disabled": true}).to_string(),
    ];
    let became = import(&root, &lines.join("\n")).await;
    assert_eq!(became.status, 200, "{}", became.told());
    let refused = became.json["refused"].as_array().unwrap();
    let at: Vec<_> = refused.iter().map(|row| row["line"].as_u64().unwrap()).collect();
    assert_eq!(at, [3, 4, 5, 6, 7], "{}", became.told());
    assert_eq!([&became.json["rows"], &became.json["added"], &became.json["already_there"]], [7, 2, 0]);
    assert!(!String::from_utf8_lossy(&became.bytes).contains("md5$x"), "no hash comes back");
    assert_eq!(each(&root.get("users?q=sub:4711").await, "email"), [ADA]);
    Phone::new(&app, "ada").login(ADA, PASSWORD).await.session_on_phone(200);
    assert_eq!(each(&root.get("users?q=c@").await, "created_at"), ["2020-01-01T00:00:00.000Z"]);

    let again = import(&root, &lines[0]).await;
    assert_eq!([&again.json["added"], &again.json["already_there"]], [0, 1]);
}

#[tokio::test]
async fn an_import_has_bounds() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let many: String = (0..1_001).map(|n| format!("{{\"email\":\"u{n}@example.com\"}}\n")).collect();
    import(&root, &many).await.problem(400, "invalid_request");
    assert_eq!(root.get("users").await.json["items"].as_array().unwrap().len(), 1, "all or none of it");
    let large = import(&root, &" ".repeat(1024 * 1024 + 1)).await;
    large.problem(413, "payload_too_large");
    assert!(large.json["error_description"].as_str().unwrap().contains("1024 KiB"));
    assert_eq!(import(&root, &" ".repeat(1024 * 1024)).await.status, 200);
    let form = post(&at("users/import")).form(&[("email", ADA)]);
    root.ask(form).await.problem(415, "unsupported_media_type");
}
