//! What adds something can be asked twice and is done once.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Operator, at, role};
use crate::support::{ADA, Answer, App, PASSWORD, post};

async fn ask(operator: &Operator<'_>, path: &str, key: &str, body: &Value) -> Answer {
    operator.ask(post(&at(path)).with("idempotency-key", key).json(body)).await
}

/// The very same answer, secret and all.
#[tokio::test]
async fn the_same_request_gets_the_same_answer_byte_for_byte() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let webhook = json!({"url": "https://hooks.example.com/in"});
    for (n, (path, body)) in [
        ("users", json!({"email": ADA, "password": PASSWORD})),
        ("users/invite", json!({"email": "joan@example.com"})),
        ("clients", json!({"id": "reports", "kind": "service"})),
        ("clients/reports/secret", json!({})),
        ("webhooks", webhook),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{n}");
        let first = ask(&root, path, &key, &body).await;
        assert_eq!(first.status, 201, "{}", first.told());
        app.news().await;
        app.wait(Duration::from_secs(60));
        let again = ask(&root, path, &key, &body).await;
        assert_eq!(
            (again.status, &again.bytes, &again.headers),
            (201, &first.bytes, &first.headers),
            "{path}"
        );
        assert_eq!(app.news().await, [""; 0], "{path}");
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_operator() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    role(&app, "users", &["users.read", "users.write"]).await;
    let clerk = Operator::with_roles(&app, "clerk@example.com", &["users"]).await;
    let (ada, bob) = (
        json!({"email": ADA, "password": PASSWORD}),
        json!({"email": "bob@example.com", "password": PASSWORD}),
    );
    assert_eq!(ask(&root, "users", "k", &ada).await.status, 201);
    // Another body, another route.
    ask(&root, "users", "k", &bob).await.problem(400, "invalid_request");
    ask(&root, "users/invite", "k", &ada).await.problem(400, "invalid_request");
    // Somebody else's key is another one, and shows nothing of what was answered before.
    ask(&clerk, "users", "k", &ada).await.problem(409, "email_taken");
    assert_eq!(ask(&clerk, "users", "k", &bob).await.status, 201, "what was refused has done nothing");
    for wrong in ["", "two words", &"x".repeat(256)] {
        ask(&root, "users", wrong, &bob).await.problem(400, "invalid_request");
    }
    let twice = post(&at("users")).with("idempotency-key", "a").with("idempotency-key", "b").json(&bob);
    root.ask(twice).await.problem(400, "invalid_request");
    // Without one, each is a request of its own.
    root.post("users", &ada).await.problem(409, "email_taken");
}

/// Whoever has lost the permission since does not get the answer again.
#[tokio::test]
async fn an_answer_is_given_again_only_to_those_who_still_may_ask() {
    let app = App::new().await;
    role(&app, "clients", &["clients.write"]).await;
    let keeper = Operator::with_roles(&app, "keeper@example.com", &["clients"]).await;
    let body = json!({"id": "reports", "kind": "service"});
    assert_eq!(ask(&keeper, "clients", "k", &body).await.status, 201);
    let root = Operator::admin(&app).await;
    let path = format!("users/{}/roles", keeper.user);
    assert_eq!(root.change(http::Method::PUT, &path, "*", &json!({"roles": []})).await.status, 200);
    assert_eq!(ask(&keeper, "clients", "k", &body).await.status, 403);
}
