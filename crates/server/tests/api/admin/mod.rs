//! The admin API, as operators and their programs use it: a day with each of the things that they look after.

mod audit;
mod clients;
mod examples;
mod import;
mod keys;
mod repeated;
mod roles;
mod sessions;
mod users;
mod webhooks;

use std::collections::BTreeSet;

use http::Method;
use rotunda_core::clients::NewClient;
use rotunda_core::desk::PutRole;
use rotunda_core::model::{Caller, ClientKind, RoleName};
use rotunda_testkit::CommandLine;
use serde_json::{Value, json};

use crate::support::{Answer, App, Ask, PASSWORD, Phone, delete, get, post, text};

/// Whoever asks with a token.
#[derive(Clone)]
pub(crate) struct Operator<'a> {
    pub(crate) app: &'a App,
    pub(crate) token: String,
    /// Their user; empty for a service.
    pub(crate) user: String,
    pub(crate) session: String,
}

impl<'a> Operator<'a> {
    /// A user with these roles, who has just entered their password.
    pub(crate) async fn with_roles(app: &'a App, email: &str, roles: &[&str]) -> Self {
        let mut phone = Phone::new(app, "operator");
        let answer = phone.register(email, PASSWORD).await;
        answer.session_on_phone(201);
        let user = text(&answer.json["user"]["id"]);
        let roles: BTreeSet<_> = roles.iter().map(|name| RoleName::parse(name).unwrap()).collect();
        app.rotunda.at_the_machine().hold_roles(user.parse().unwrap(), roles, None).await.unwrap();
        Self { app, token: phone.access_token, user, session: phone.session }
    }

    /// Somebody who may do all of it.
    pub(crate) async fn admin(app: &'a App) -> Self {
        Self::with_roles(app, "root@example.com", &["admin"]).await
    }

    /// A service with these scopes.
    pub(crate) async fn service(app: &'a App, id: &str, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let new = NewClient { id: id.to_owned(), kind: Some(ClientKind::Service), scopes };
        let added = app.rotunda.add_client(&new, &Caller::default()).await.unwrap();
        let secret = added.secret.unwrap().expose_text();
        let form = post("/oauth/token").form(&[("grant_type", "client_credentials")]);
        let answer = app.send(form.basic(id, &secret)).await;
        let token = text(&answer.json["access_token"]);
        Self { app, token, user: String::new(), session: String::new() }
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        self.app.send(ask.bearer(&self.token).peer("192.0.2.9:7000")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(get(&at(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(post(&at(path)).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(delete(&at(path))).await
    }

    /// A change of something that is taken for this version.
    pub(crate) async fn change(&self, method: Method, path: &str, version: &str, body: &Value) -> Answer {
        self.ask(Ask::new(method, &at(path)).with("if-match", version).json(body)).await
    }
}

/// Where it is.
pub(crate) fn at(path: &str) -> String {
    format!("/admin/api/{path}")
}

/// A role with these permissions.
pub(crate) async fn role(app: &App, name: &str, permissions: &[&str]) {
    let permissions = permissions.iter().map(|it| (*it).to_owned()).collect();
    let put = PutRole { name: name.to_owned(), permissions, description: None };
    app.rotunda.at_the_machine().put_role(put, None).await.unwrap();
}

/// A user without roles, as the operator adds them; their id.
async fn add_user(operator: &Operator<'_>, email: &str) -> String {
    let answer = operator.post("users", &json!({"email": email, "password": PASSWORD})).await;
    assert_eq!(answer.status, 201, "{}", answer.told());
    text(&answer.json["id"])
}

/// One field of each item of a list.
fn each<'a>(answer: &'a Answer, field: &str) -> Vec<&'a str> {
    assert_eq!(answer.status, 200, "{}", answer.told());
    answer.json["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

/// The same of a list that is asked for page by page, two items at a time, and how many pages there were.
async fn page_by_page(operator: &Operator<'_>, path: &str, field: &str) -> (Vec<String>, usize) {
    let (mut all, mut pages, mut after) = (Vec::new(), 0, String::new());
    loop {
        let and = if path.contains('?') { '&' } else { '?' };
        let answer = operator.get(&format!("{path}{and}limit=2{after}")).await;
        all.extend(each(&answer, field).into_iter().map(str::to_owned));
        pages += 1;
        match answer.json["next"].as_str() {
            Some(next) if pages < 50 => after = format!("&after={next}"),
            _ => return (all, pages),
        }
    }
}

/// What an access token says, read without checking it.
fn claims(token: &str) -> Value {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}
