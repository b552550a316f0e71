//! Clients and their secrets, each shown once.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Operator, at, each, role};
use crate::support::{App, delete, post, text};

#[tokio::test]
async fn a_clients_day() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    assert_eq!(each(&root.get("clients").await, "id"), ["native", "web"]);
    let new = json!({"id": "reports", "kind": "service", "scopes": ["revocations.read"]});
    let added = root.post("clients", &new).await;
    assert_eq!(added.status, 201, "{}", added.told());
    let secret = text(&added.json["client_secret"]);
    let token = |secret: &str| {
        post("/oauth/token").form(&[("grant_type", "client_credentials")]).basic("reports", secret)
    };
    assert_eq!(app.send(token(&secret)).await.status, 200);
    let listed = root.get("clients").await;
    assert_eq!(each(&listed, "id"), ["native", "reports", "web"]);
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(&secret), "never to be seen again");
    root.post("clients", &new).await.problem(409, "conflict");
    root.post("clients", &json!({"id": "web", "kind": "web"})).await.problem(409, "conflict");
    for wrong in
        [json!({"id": "x"}), json!({"id": "x", "kind": "robot"}), json!({"id": "a b", "kind": "web"})]
    {
        root.post("clients", &wrong).await.problem(400, "invalid_request");
    }

    let rotated = root.post("clients/reports/secret", &json!({"keep_old_seconds": 60})).await;
    assert_eq!(rotated.status, 201, "{}", rotated.told());
    assert_eq!(app.send(token(&text(&rotated.json["client_secret"]))).await.status, 200);
    assert_eq!(app.send(token(&secret)).await.status, 200);
    app.wait(Duration::from_secs(61));
    app.send(token(&secret)).await.client_refused(true);
    root.post("clients/reports/secret", &json!({"keep_old_seconds": 7_776_001}))
        .await
        .problem(400, "invalid_request");
    root.post("clients/nobody/secret", &json!({})).await.problem(404, "not_found");

    root.ask(delete(&at("clients/reports?reason=Replaced"))).await.no_content(&[]);
    root.delete("clients/reports").await.problem(404, "not_found");
    let log = root.get("audit?kind=client.removed").await;
    assert_eq!((each(&log, "about"), each(&log, "reason")), (vec!["reports"], vec!["Replaced"]));
}

/// To have the secret of a service is to have its scopes.
#[tokio::test]
async fn nobody_gets_a_services_permissions_by_its_secret() {
    let app = App::new().await;
    role(&app, "clients", &["clients.read", "clients.write"]).await;
    let keeper = Operator::with_roles(&app, "keeper@example.com", &["clients"]).await;
    Operator::service(&app, "robot", &["users.write"]).await;
    let new = json!({"id": "mine", "kind": "service", "scopes": ["users.read"]});
    keeper.post("clients", &new).await.problem(403, "access_denied");
    keeper.post("clients/robot/secret", &json!({})).await.problem(403, "access_denied");
    keeper.change(Method::DELETE, "clients/robot", "*", &json!({})).await.problem(403, "access_denied");
}
