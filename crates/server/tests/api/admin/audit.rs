//! The audit log: searched, exported, and told of those who ask for more than they may.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Operator, add_user, each, page_by_page, role};
use crate::support::{ADA, App, PASSWORD, Phone, text};

#[tokio::test]
async fn events_are_found_by_each_of_what_is_known_of_them() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let mut ada = Phone::new(&app, "ada");
    let user = text(&ada.register(ADA, PASSWORD).await.json["user"]["id"]);
    app.wait(Duration::from_secs(600));
    root.post(&format!("users/{user}/disable"), &json!({"reason": "Asked for it"})).await;
    let kinds = async |by: &str| page_by_page(&root, &format!("audit?{by}"), "kind").await.0;
    let of_ada = ["user.epoch_raised", "user.disabled", "session.ended", "user.signed_in", "user.registered"];
    let mut found = kinds(&format!("user={user}")).await;
    found.sort_unstable();
    let mut expected = of_ada;
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(kinds(&format!("session={}", ada.session)).await, ["session.ended", "user.signed_in"]);
    assert_eq!(kinds(&format!("user={user}&kind=session.ended")).await, ["session.ended"]);
    let by_root = root.get(&format!("audit?actor=user:{}", root.user)).await;
    assert!(each(&by_root, "kind").contains(&"user.disabled"));
    assert!(each(&by_root, "reason").iter().all(|reason| *reason == "Asked for it"));
    assert_eq!(kinds("actor=command_line").await, ["user.roles_changed"]);
    let later = kinds(&format!("user={user}&from=2026-01-01T00:05:00Z")).await;
    let earlier = kinds(&format!("user={user}&until=2026-01-01T00:05:00Z")).await;
    assert_eq!((later.len(), earlier.len()), (3, 2));
    assert_eq!(kinds("address=192.0.2.9&kind=user.disabled").await, ["user.disabled"]);
    assert_eq!(kinds("address=203.0.113.1").await, [""; 0]);
    for wrong in ["user=x", "actor=me", "from=x", "address=x", "after=aTp4", "limit=0", "who=x"] {
        root.get(&format!("audit?{wrong}")).await.problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn an_export_can_be_checked_without_us() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    add_user(&root, ADA).await;
    while app.rotunda.chain_audit().await.unwrap().is_full {}
    let export = root.get("audit/export?reason=Yearly").await;
    export.has(
        200,
        &[
            ("cache-control", "no-store"),
            ("content-disposition", "attachment; filename=\"audit.jsonl\""),
            ("content-type", "application/jsonl"),
        ],
        &[],
    );
    let text = String::from_utf8(export.bytes.clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert!(kinds.contains(&"user.registered") && kinds.contains(&"user.roles_changed"), "{text}");
    assert!(text.ends_with('\n'));
    let log = root.get("audit?kind=audit.exported").await;
    assert_eq!(each(&log, "reason"), ["Yearly"]);
    root.get("audit/export?from=yesterday").await.problem(400, "invalid_request");
}

/// Once a minute for each, however often they ask.
#[tokio::test]
async fn whoever_asks_for_more_than_they_may_leaves_a_trace() {
    let app = App::new().await;
    role(&app, "clerk", &["users.read"]).await;
    let clerk = Operator::with_roles(&app, "clerk@example.com", &["clerk"]).await;
    let robot = Operator::service(&app, "robot", &["users.read"]).await;
    app.news().await;
    for _ in 0..3 {
        clerk.get("audit").await.lacks("audit.read");
    }
    assert_eq!(app.news().await, ["admin.refused"]);
    app.wait(Duration::from_secs(61));
    clerk.get("keys").await;
    robot.get("keys").await;
    assert_eq!(app.news().await, ["admin.refused"; 2]);
    let root = Operator::admin(&app).await;
    let log = root.get("audit?kind=admin.refused").await;
    assert_eq!(each(&log, "about"), ["keys.read", "keys.read", "audit.read"]);
    let clerk = format!("user:{}", clerk.user);
    assert_eq!(each(&log, "actor"), ["client:robot", &clerk, &clerk]);
}
