//! What the document shows can be sent as it stands.

use http::Method;
use serde_json::Value;

use super::{Operator, add_user, role};
use crate::support::lists::FOR_OPERATORS;
use crate::support::{ADA, App, Ask, DOCUMENT};

fn example(operation: &'static Value) -> Option<(&'static str, &'static Value)> {
    let (kind, content) = operation["requestBody"]["content"].as_object()?.iter().next()?;
    let schema = match content["schema"]["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#'))?,
        None => &content["schema"],
    };
    [&content["example"], &schema["example"]]
        .into_iter()
        .find(|it| it.is_object())
        .map(|it| (kind.as_str(), it))
}

#[tokio::test]
async fn every_example_of_a_request_of_operators_can_be_sent() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    role(&app, "support", &["users.read"]).await;
    let ada = add_user(&root, ADA).await;
    let mut sent = 0;
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if !path.starts_with(FOR_OPERATORS) || operation["requestBody"].is_null() {
                continue;
            }
            let (kind, body) = example(operation).unwrap_or_else(|| panic!("{method} {path} has no example"));
            // A user there is; of the rest the examples say what it would be called.
            let concrete = path.replace("/users/{id}", &format!("/users/{ada}"));
            let concrete =
                concrete.replace("{id}", "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21").replace("{name}", "example");
            let method: Method = method.to_uppercase().parse().unwrap();
            let condition = if path.contains("{name}") { "if-none-match" } else { "if-match" };
            let ask = Ask::new(method, &concrete.replace("{kid}", "x")).with(condition, "*");
            let answer = root.ask(ask.with("content-type", kind).body(body.to_string().as_bytes())).await;
            let is_there = !path.contains("/webhooks/{id}")
                && !path.contains("/clients/{id}")
                && !path.contains("{kid}");
            assert!(if is_there { answer.status < 300 } else { answer.status == 404 }, "{}", answer.told());
            sent += 1;
        }
    }
    assert_eq!(sent, 19);
}
