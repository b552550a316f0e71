//! Webhooks: added, changed, tried, and what was given up is made again.

use http::Method;
use rotunda_core::outside::NotDelivered;
use serde_json::json;

use super::{Operator, at, each};
use crate::support::{App, get, text};

#[tokio::test]
async fn a_webhooks_day() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let new =
        json!({"url": "https://hooks.example.com/in", "filters": ["session.ended"], "description": "Alarm"});
    let added = root.post("webhooks", &new).await;
    assert_eq!(added.status, 201, "{}", added.told());
    let (id, secret) = (text(&added.json["id"]), text(&added.json["secret"]));
    assert!(secret.starts_with("whsec_"), "{secret}");
    let path = format!("webhooks/{id}");
    let seen = root.get(&path).await;
    assert_eq!((seen.header("etag"), &seen.json["enabled"]), (Some("\"1\""), &json!(true)));
    assert!(!String::from_utf8_lossy(&seen.bytes).contains("whsec_"));
    assert_eq!(each(&root.get("webhooks").await, "id"), [id.as_str()]);
    for wrong in
        [json!({"url": "http://hooks.example.com"}), json!({"url": "https://x.example", "filters": ["?"]})]
    {
        root.post("webhooks", &wrong).await.problem(400, "invalid_request");
    }

    let off =
        root.change(Method::PATCH, &path, "\"1\"", &json!({"enabled": false, "description": null})).await;
    assert_eq!(
        (off.status, &off.json["enabled"], &off.json["description"]),
        (200, &json!(false), &json!(null))
    );
    root.change(Method::PATCH, &path, "\"1\"", &json!({"enabled": true}))
        .await
        .problem(412, "precondition_failed");
    root.ask(crate::support::Ask::new(Method::PATCH, &at(&path))).await.problem(428, "precondition_required");

    let tested = root.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(
        (tested.status, &tested.json),
        (200, &json!({"delivered": true, "error": null})),
        "{}",
        tested.told()
    );
    app.receivers.refuse(NotDelivered { why: "it answered 500".to_owned(), not_before: None });
    let tested = root.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(tested.json, json!({"delivered": false, "error": "it answered 500"}));

    let other = root.post(&format!("{path}/secret"), &json!({})).await;
    assert_ne!(text(&other.json["secret"]), secret);
    root.delete(&path).await.problem(428, "precondition_required");
    root.change(Method::DELETE, &path, "\"1\"", &json!({})).await.problem(412, "precondition_failed");
    root.change(Method::DELETE, &path, "\"3\"", &json!({})).await.no_content(&[]);
    for gone in [get(&at(&path)), get(&at(&format!("{path}/deliveries")))] {
        root.ask(gone).await.problem(404, "not_found");
    }
    root.post(&format!("{path}/replay"), &json!({})).await.problem(404, "not_found");
}
