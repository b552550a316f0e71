//! Every route of the admin API × everybody who could ask, by the one table (`ADMIN_ROUTES`).
//!
//! The table says who is let through. What is let through is then refused once more, or not, by the desk itself, which knows
//! nothing of routes: so a route whose entry names another permission than its verb takes fails here as well.

use std::collections::BTreeSet;

use http::Method;
use rotunda_core::model::AdminPermission;
use rotunda_server::{ADMIN_ROUTES, AdminRoute};
use serde_json::{Value, json};

use crate::admin::{Operator, role};
use crate::support::lists::FOR_OPERATORS;
use crate::support::{ADA, App, Ask, DOCUMENT, PASSWORD, Phone, text};

const NOBODY: &str = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21";

/// What to ask of a route, and what it answers whoever may. Each `n` is asked once.
fn probe(route: &AdminRoute, n: usize) -> (Ask, u16) {
    let path =
        route.path.replace("{id}", NOBODY).replace("{name}", &format!("role-{n}")).replace("{kid}", "x");
    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
    let ask = |query: &str| Ask::new(method.clone(), &format!("{path}{query}"));
    let (plain, any) = (ask(""), ask("").with("if-match", "*"));
    let user = json!({"email": format!("user{n}@example.com"), "password": PASSWORD});
    match (route.method, route.path.trim_start_matches(FOR_OPERATORS)) {
        ("GET", "audit" | "audit/export" | "clients" | "keys" | "limits" | "me" | "overview") => (plain, 200),
        ("GET", "roles" | "sessions" | "users" | "users/{id}/sessions" | "webhooks") => (plain, 200),
        ("GET", "roles/{name}" | "sessions/{id}" | "users/{id}") => (plain, 404),
        ("GET", "webhooks/{id}" | "webhooks/{id}/deliveries") => (plain, 404),
        ("POST", "clients") => (plain.json(&json!({"id": format!("client-{n}"), "kind": "service"})), 201),
        ("POST", "clients/{id}/secret" | "keys/{kid}/revoke") => (plain.json(&json!({})), 404),
        // One is on its way already.
        ("POST", "keys/rotate") => (plain, 200),
        ("POST", "limits/lift") => (plain.json(&json!({"address": "192.0.2.1"})), 204),
        ("POST", "users") => (plain.json(&user), 201),
        ("POST", "users/invite") => (plain.json(&json!({"email": format!("guest{n}@example.com")})), 201),
        ("POST", "users/import") => {
            let line = json!({"email": format!("old{n}@example.com")}).to_string();
            (plain.with("content-type", "application/jsonl").body(line.as_bytes()), 200)
        }
        ("POST", "users/{id}/act") => (plain.json(&json!({"reason": "x"})), 404),
        ("POST", "users/{id}/disable" | "users/{id}/enable") => (plain, 404),
        ("POST", "webhooks") => (plain.json(&json!({"url": "https://hooks.example.com"})), 201),
        ("POST", "webhooks/{id}/replay" | "webhooks/{id}/secret" | "webhooks/{id}/test") => (plain, 404),
        ("PUT", "roles/{name}") => {
            (plain.with("if-none-match", "*").json(&json!({"permissions": ["tickets.read"]})), 201)
        }
        ("PUT", "users/{id}/roles") => (any.json(&json!({"roles": []})), 404),
        ("PATCH", "users/{id}" | "webhooks/{id}") => (any.json(&json!({})), 404),
        ("DELETE", "sessions") => (ask("?dry_run=true"), 200),
        ("DELETE", "clients/{id}" | "sessions/{id}" | "users/{id}/sessions") => (plain, 404),
        ("DELETE", "roles/{name}" | "users/{id}" | "webhooks/{id}") => (any, 404),
        other => panic!("nobody walks {other:?}: say what to ask of it, and what it answers"),
    }
}

/// Everybody who could ask, each with what they may.
async fn everybody(app: &App) -> Vec<(String, Operator<'_>, Vec<AdminPermission>)> {
    let mut all = vec![
        (
            "a user without roles".to_owned(),
            Operator::with_roles(app, "none@example.com", &[]).await,
            Vec::new(),
        ),
        ("an admin".to_owned(), Operator::admin(app).await, AdminPermission::ALL.to_vec()),
    ];
    role(app, "elsewhere", &["tickets.read", "admin", "users"]).await;
    let elsewhere = Operator::with_roles(app, "elsewhere@example.com", &["elsewhere"]).await;
    all.push(("a role of another service's permissions".to_owned(), elsewhere, Vec::new()));
    for permission in AdminPermission::ALL {
        let name = permission.as_str();
        role(app, name, &[name]).await;
        let holder = Operator::with_roles(app, &format!("{name}@example.com"), &[name]).await;
        all.push((format!("a role with {name}"), holder, vec![*permission]));
    }
    let scopes: Vec<_> = AdminPermission::ALL.iter().map(|permission| permission.as_str()).collect();
    let with = Operator::service(app, "with", &scopes).await;
    all.push(("a service with the scopes".to_owned(), with, AdminPermission::ALL.to_vec()));
    let without = Operator::service(app, "without", &["revocations.read"]).await;
    all.push(("a service without".to_owned(), without, Vec::new()));
    all
}

#[tokio::test]
async fn every_route_lets_through_whom_the_table_names_and_nobody_else() {
    let app = App::new().await;
    let everybody = everybody(&app).await;
    let admin = everybody.iter().find(|(who, _, _)| who == "an admin").unwrap().1.clone();
    assert_eq!(admin.post("keys/rotate", &json!({})).await.status, 201);
    let mut walked = 0;
    for route in ADMIN_ROUTES {
        for (who, operator, may) in &everybody {
            walked += 1;
            let (ask, status) = probe(route, walked);
            let answer = operator.ask(ask).await;
            match route.permissions().find(|permission| !may.contains(permission)) {
                Some(missing) => answer.lacks(missing.as_str()),
                // Only a user can act for one.
                None if route.permission == Some(AdminPermission::UsersAct) && operator.user.is_empty() => {
                    answer.problem(400, "invalid_request")
                }
                None => assert_eq!(answer.status, status, "{who}: {}", answer.told()),
            }
        }
    }
    assert_eq!(walked, ADMIN_ROUTES.len() * (AdminPermission::ALL.len() + 5));
}

#[tokio::test]
async fn nobody_gets_in_without_a_token_of_their_own() {
    let app = App::new().await;
    let admin = Operator::admin(&app).await;
    let ada = text(&Phone::new(&app, "ada").register(ADA, PASSWORD).await.json["user"]["id"]);
    let body = json!({"reason": "Ticket 7", "client_id": "native"});
    let acting = admin.post(&format!("users/{ada}/act"), &body).await;
    let acting = Operator { token: text(&acting.json["access_token"]), ..admin.clone() };
    for (n, route) in ADMIN_ROUTES.iter().enumerate() {
        let ask = || probe(route, n).0;
        app.send(ask()).await.challenged("token_missing", None);
        app.send(ask().cookies("rotunda_page=rp1_x; rotunda_refresh=rt1_x"))
            .await
            .challenged("token_missing", None);
        app.send(ask().basic("with", "secret")).await.challenged("token_missing", None);
        app.send(ask().bearer("rubbish")).await.challenged("token_unknown", None);
        acting.ask(ask()).await.error(403, "access_denied", Some("acting_for_another"), None, &[]);
    }
    // Somebody who is signed out, or let go, is nobody.
    admin.delete(&format!("users/{}/sessions", admin.user)).await;
    for (n, route) in ADMIN_ROUTES.iter().enumerate() {
        admin.ask(probe(route, n).0).await.challenged("session_ended", Some("revoked_by_admin"));
    }
}

/// Whatever a route takes of GET, it takes of HEAD; no other method is there for anybody, and no page may ask.
#[tokio::test]
async fn there_is_no_other_way_in() {
    let app = App::new().await;
    let nobody = Operator::with_roles(&app, "none@example.com", &[]).await;
    for (n, route) in ADMIN_ROUTES.iter().enumerate() {
        let path = probe(route, n).0.path;
        if route.method == "GET" && route.permission.is_some() {
            let answer = app
                .send_raw(
                    &Ask::new(Method::HEAD, &path),
                    Ask::new(Method::HEAD, &path).bearer(&nobody.token).to_request(),
                )
                .await;
            assert_eq!(answer.status, 403, "{}", answer.told());
        }
        let preflight = Ask::new(Method::OPTIONS, &path).on_page("https://app.example.com");
        let answer = app.send(preflight.with("access-control-request-method", route.method)).await;
        assert_eq!(answer.status, 405, "{}", answer.told());
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

/// A route that nobody has reviewed fails here, and so does an entry of the table that is no route.
#[test]
fn the_table_is_the_document() {
    let table: BTreeSet<_> =
        ADMIN_ROUTES.iter().map(|route| (route.method.to_lowercase(), route.path)).collect();
    assert_eq!(table.len(), ADMIN_ROUTES.len(), "a route stands in the table twice");
    let paths = DOCUMENT["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/admin/"));
    let found: BTreeSet<_> = paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.clone(), path.as_str()))
        })
        .collect();
    assert_eq!(found, table);
    for route in ADMIN_ROUTES {
        let operation = &DOCUMENT["paths"][route.path][route.method.to_lowercase()];
        let scopes: Vec<_> = route.permissions().map(AdminPermission::as_str).collect();
        let expected = json!([{"bearer": scopes}, {"service": scopes}]);
        assert_eq!(operation["security"], expected, "{route:?}");
        assert_eq!(operation["tags"], json!(["admin"]), "{route:?}");
        let told = |status: &str| !Value::is_null(&operation["responses"][status]);
        assert!(["401", "403", "503"].into_iter().all(told), "{route:?}");
    }
}
