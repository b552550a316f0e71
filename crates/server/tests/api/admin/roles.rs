//! Roles: added, changed by one after the other, removed.

use http::Method;
use serde_json::{Value, json};

use super::{Operator, at, each};
use crate::support::{Answer, App, Ask, get};

/// Only if there is none.
async fn add(operator: &Operator<'_>, name: &str, body: &Value) -> Answer {
    operator
        .ask(Ask::new(Method::PUT, &at(&format!("roles/{name}"))).with("if-none-match", "*").json(body))
        .await
}

#[tokio::test]
async fn a_roles_day() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let built_in = root.get("roles").await;
    assert_eq!(each(&built_in, "name"), ["admin"]);
    assert_eq!(built_in.json["items"][0]["permissions"].as_array().unwrap().len(), 17);

    let wanted = json!({"permissions": ["users.read", "tickets.write"], "description": "Helps"});
    let added = add(&root, "support", &wanted).await;
    assert_eq!((added.status, added.header("etag")), (201, Some("\"1\"")), "{}", added.told());
    assert_eq!(added.json["permissions"], json!(["tickets.write", "users.read"]));
    add(&root, "support", &wanted).await.problem(409, "conflict");
    add(&root, "admin", &wanted).await.problem(409, "conflict");
    add(&root, "Support", &wanted).await.problem(400, "invalid_request");
    add(&root, "x", &json!({"permissions": ["two words"]})).await.problem(400, "invalid_request");
    add(&root, "x", &json!({"permissions": [], "permission": []})).await.problem(400, "invalid_request");

    let less = json!({"permissions": ["tickets.write"]});
    let changed = root.change(Method::PUT, "roles/support", "\"1\"", &less).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2\"")), "{}", changed.told());
    root.change(Method::PUT, "roles/support", "\"1\"", &less).await.problem(412, "precondition_failed");
    root.change(Method::PUT, "roles/support", "\"x\"", &less).await.problem(412, "precondition_failed");
    root.change(Method::PUT, "roles/support", "*", &less).await.problem(428, "precondition_required");
    root.change(Method::PUT, "roles/nobody", "\"1\"", &less).await.problem(404, "not_found");
    let neither = Ask::new(Method::PUT, &at("roles/support")).json(&less);
    root.ask(neither.clone()).await.problem(428, "precondition_required");
    let both = neither.with("if-match", "\"2\"").with("if-none-match", "*");
    root.ask(both).await.problem(400, "invalid_request");
    assert_eq!(root.get("roles/support").await.json, changed.json);

    root.change(
        Method::PUT,
        &format!("users/{}/roles", root.user),
        "*",
        &json!({"roles": ["admin", "support"]}),
    )
    .await;
    root.change(Method::DELETE, "roles/support", "*", &json!({})).await.problem(409, "conflict");
    root.change(Method::PUT, &format!("users/{}/roles", root.user), "*", &json!({"roles": ["admin"]})).await;
    root.change(Method::DELETE, "roles/support", "\"1\"", &json!({}))
        .await
        .problem(412, "precondition_failed");
    root.delete("roles/support").await.problem(428, "precondition_required");
    root.change(Method::DELETE, "roles/support", "\"2\"", &json!({})).await.no_content(&[]);
    root.get("roles/support").await.problem(404, "not_found");
    root.change(Method::DELETE, "roles/admin", "*", &json!({})).await.problem(409, "conflict");

    // The feed says so, and the log says who.
    let feed = Operator::service(&app, "reader", &["revocations.read"]).await.ask(get("/revocations")).await;
    let entries = feed.json["entries"].as_array().unwrap();
    assert!(
        entries.iter().any(|entry| entry["type"] == "role" && entry["role"] == "support"),
        "{}",
        feed.told()
    );
    let log = root.get("audit?kind=role.changed").await;
    assert_eq!(each(&log, "about"), ["support -users.read"]);
    assert_eq!(each(&log, "actor"), [format!("user:{}", root.user)]);
}

#[tokio::test]
async fn nobody_makes_a_role_of_what_they_do_not_have() {
    let app = App::new().await;
    super::role(&app, "keeper", &["roles.read", "roles.write"]).await;
    super::role(&app, "clerk", &["users.read"]).await;
    let keeper = Operator::with_roles(&app, "keeper@example.com", &["keeper"]).await;
    // What services ask for is for their operators to give.
    assert_eq!(add(&keeper, "tickets", &json!({"permissions": ["tickets.write"]})).await.status, 201);
    add(&keeper, "mine", &json!({"permissions": ["users.read"]})).await.problem(403, "access_denied");
    let taken = json!({"permissions": []});
    keeper.change(Method::PUT, "roles/clerk", "\"1\"", &taken).await.problem(403, "access_denied");
    let own = format!("users/{}/roles", keeper.user);
    keeper.change(Method::PUT, &own, "*", &json!({"roles": ["admin"]})).await.problem(403, "access_denied");
}
