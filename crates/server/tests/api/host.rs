//! A server on loopback serves this machine and answers to no other name: neither behind a proxy that nobody told it of,
//! nor to a page whose name was made to mean this machine (DNS rebinding).

use http::Method;
use http::header::HOST;
use serde_json::json;

use crate::support::{ADA, App, Ask, DOCUMENT, PASSWORD, Setup, get, post};

const HERE: [&str; 5] = ["localhost:8080", "localhost", "127.0.0.1:8080", "[::1]:8080", "auth.localhost:1"];
const ELSEWHERE: [&str; 7] = [
    "auth.example.com",
    "evil.example:8080",
    "localhost.evil.example:8080",
    "10.0.0.1:8080",
    "[2001:db8::1]:8080",
    "",
    "a b",
];

#[tokio::test]
async fn a_loopback_server_refuses_whatever_was_meant_for_another_host() {
    let app = App::new().await;
    for host in ELSEWHERE {
        for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let ask = Ask::new(method, &path.replace("{id}", "x")).with(HOST, host);
                app.send(ask).await.problem(421, "misdirected_request");
            }
        }
        app.send(get("/nothing").with(HOST, host)).await.problem(421, "misdirected_request");
        let page = Ask::new(Method::OPTIONS, "/auth/login").on_page("http://localhost:3000").with(HOST, host);
        assert_eq!(app.send(page).await.status, 421);
    }
    app.send(get("http://evil.example/healthz")).await.problem(421, "misdirected_request");
    assert!(app.memory.snapshot().accounts.is_empty());
}

#[tokio::test]
async fn it_says_how_to_tell_it_its_name() {
    let app = App::new().await;
    let answer = app.send(get("/healthz").with(HOST, "auth.example.com")).await;
    answer.problem(421, "misdirected_request");
    let told = answer.json["error_description"].as_str().unwrap();
    assert!(told.contains("public_url") && told.contains(&app.origin()), "{told}");
}

#[tokio::test]
async fn by_any_name_of_this_machine_it_answers() {
    let app = App::new().await;
    for (n, host) in HERE.into_iter().enumerate() {
        app.send(get("/healthz").with(HOST, host)).await.ok(&["status"]);
        let body =
            json!({"email": format!("user{n}@example.com"), "password": PASSWORD, "client_id": "native"});
        app.send(post("/auth/register").with(HOST, host).json(&body)).await.session_on_phone(201);
    }
}

/// What a proxy calls it is the proxy's business.
#[tokio::test]
async fn a_server_with_a_public_name_does_not_ask() {
    let app = Setup::at("https://auth.example.com").start().await;
    for host in ["auth.example.com", "10.0.0.7:8080", "rotunda:8080", "localhost:8080"] {
        app.send(get("/readyz").with(HOST, host)).await.ok(&["status"]);
    }
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    app.send(post("/auth/register").with(HOST, "10.0.0.7").json(&body)).await.session_on_phone(201);
}
