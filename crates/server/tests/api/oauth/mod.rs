//! The standard endpoints, as the shop's server, a service that prints reports, and Ada's phone use them.

mod clients;
mod introspect;
mod metadata;
mod refresh;
mod revoke;
mod service;
mod sign_in;

use rotunda_core::clients::NewClient;
use rotunda_core::model::{Caller, ClientId, ClientKind};
use serde_json::{Value, json};

use crate::support::{ADA, Answer, App, Ask, PASSWORD, post};

/// A client that was added, and its secret.
#[derive(Clone)]
struct Client {
    id: &'static str,
    secret: String,
}

impl Client {
    async fn add(app: &App, id: &'static str, kind: ClientKind, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let added = app
            .rotunda
            .add_client(&NewClient { id: id.to_owned(), kind: Some(kind), scopes }, &Caller::default())
            .await;
        Self { id, secret: added.unwrap().secret.unwrap().expose_text() }
    }

    /// The server of a shop, which signs its users in.
    async fn shop(app: &App) -> Self {
        Self::add(app, "shop", ClientKind::Confidential, &[]).await
    }

    /// A service with two scopes.
    async fn reports(app: &App) -> Self {
        Self::add(app, "reports", ClientKind::Service, &["revocations.read", "reports.print"]).await
    }

    fn id(&self) -> ClientId {
        ClientId(self.id.to_owned())
    }

    /// The same with another secret.
    fn with(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    /// Asks as this client, by HTTP Basic.
    fn asks(&self, ask: Ask) -> Ask {
        ask.basic(self.id, &self.secret)
    }

    /// A form to one of the endpoints, as this client.
    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Ask {
        self.asks(post(path).form(fields))
    }

    /// Signs Ada in through the shop's own form.
    async fn signs_in(&self, app: &App) -> Session {
        let body = json!({"email": ADA, "password": PASSWORD});
        let answer = app.send(self.asks(post("/auth/login").json(&body))).await;
        answer.session_on_phone(200);
        Session::of(&answer)
    }

    /// The service's own token.
    async fn token(&self, app: &App) -> String {
        let answer = app.send(self.form("/oauth/token", &[("grant_type", "client_credentials")])).await;
        crate::support::text(&answer.json["access_token"])
    }

    async fn introspects(&self, app: &App, token: &str) -> Answer {
        app.send(self.form("/oauth/introspect", &[("token", token)])).await
    }
}

/// What a session answer gave.
#[derive(Clone)]
struct Session {
    id: String,
    user: String,
    access_token: String,
    refresh_token: String,
    device_secret: String,
}

impl Session {
    fn of(answer: &Answer) -> Self {
        let text = |pointer: &str| answer.json.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        Self {
            id: text("/session/id"),
            user: text("/user/id"),
            access_token: text("/access_token"),
            refresh_token: text("/refresh_token"),
            device_secret: text("/device_secret"),
        }
    }

    /// The form of a refresh.
    fn refreshing(&self) -> Vec<(&str, &str)> {
        vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", &self.refresh_token),
            ("device_secret", &self.device_secret),
        ]
    }
}

/// Ada's account.
async fn ada_has_an_account(app: &App) {
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": "native"});
    app.send(post("/auth/register").json(&body)).await.session_on_phone(201);
    app.news().await;
}

/// What an access token says, read without checking it.
fn claims(token: &str) -> Value {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(payload).unwrap()).unwrap()
}
