//! Somebody with an app on a phone: tokens in bodies, retry keys of its own, no cookies.

use serde_json::{Value, json};

use super::{Answer, App, Ask, delete, get, post};

/// The `n`th retry key that the phone of this name makes; random bits would do, but tests repeat themselves.
pub(crate) fn retry_key(of: &str, n: u32) -> String {
    format!("{of}-retry-key-{n:012}")
}

/// A phone. Its clone is what a thief has who copied everything.
#[derive(Clone)]
pub(crate) struct Phone<'a> {
    app: &'a App,
    name: &'static str,
    pub(crate) refresh_token: String,
    pub(crate) device_secret: String,
    pub(crate) access_token: String,
    pub(crate) session: String,
    generation: u64,
    /// Those of the last few generations, oldest first.
    retry_keys: Vec<String>,
    made: u32,
}

impl<'a> Phone<'a> {
    pub(crate) fn new(app: &'a App, name: &'static str) -> Self {
        Self {
            app,
            name,
            refresh_token: String::new(),
            device_secret: String::new(),
            access_token: String::new(),
            session: String::new(),
            generation: 0,
            retry_keys: Vec::new(),
            made: 0,
        }
    }

    /// The copy goes on under its own name, and makes keys of its own.
    pub(crate) fn stolen_by(&self, name: &'static str) -> Self {
        Self { name, ..self.clone() }
    }

    pub(crate) async fn register(&mut self, email: &str, password: &str) -> Answer {
        self.sign_in("/auth/register", json!({"email": email, "password": password, "client_id": "native"}))
            .await
    }

    pub(crate) async fn login(&mut self, email: &str, password: &str) -> Answer {
        let mut body = json!({"email": email, "password": password, "client_id": "native"});
        if !self.device_secret.is_empty() {
            body["device_secret"] = Value::from(self.device_secret.as_str());
        }
        self.sign_in("/auth/login", body).await
    }

    /// Follows the link of a registration.
    pub(crate) async fn verify(&mut self, token: &str, password: &str) -> Answer {
        let body = json!({"token": token, "password": password, "client_id": "native"});
        self.sign_in("/auth/email/verify", body).await
    }

    /// Follows the link for a new password, and shows the device secret that it has from before.
    pub(crate) async fn reset(&mut self, token: &str, new: &str) -> Answer {
        let mut body = json!({"token": token, "new_password": new, "client_id": "native"});
        if !self.device_secret.is_empty() {
            body["device_secret"] = Value::from(self.device_secret.as_str());
        }
        self.sign_in("/auth/password/reset", body).await
    }

    /// Enters the password once more.
    pub(crate) async fn reauthenticate(&mut self, password: &str) -> Answer {
        self.ask(post("/auth/reauthenticate").json(&json!({"password": password}))).await
    }

    pub(crate) async fn change_email(&mut self, email: &str) -> Answer {
        self.ask(post("/auth/email/change").json(&json!({"email": email}))).await
    }

    pub(crate) async fn export(&mut self) -> Answer {
        self.ask(get("/auth/me/export")).await
    }

    pub(crate) async fn delete_me(&mut self) -> Answer {
        self.ask(delete("/auth/me")).await
    }

    /// Asks for something with its access token.
    pub(crate) async fn ask(&mut self, ask: Ask) -> Answer {
        let answer = self.app.send(self.dress(ask).bearer(&self.access_token)).await;
        self.receive(&answer);
        answer
    }

    async fn sign_in(&mut self, path: &str, body: Value) -> Answer {
        let answer = self.app.send(self.dress(post(path)).json(&body)).await;
        self.receive(&answer);
        answer
    }

    pub(crate) async fn refresh(&mut self) -> Answer {
        let answer = self.app.send(self.refreshing()).await;
        self.receive(&answer);
        answer
    }

    /// The server answers and the phone never hears it.
    pub(crate) async fn refresh_and_lose_the_answer(&self) -> Answer {
        self.app.send(self.refreshing()).await
    }

    pub(crate) async fn me(&self) -> Answer {
        self.app.send(self.dress(get("/auth/me")).bearer(&self.access_token)).await
    }

    /// The refresh that it would send now.
    pub(crate) fn refreshing(&self) -> Ask {
        let mut body = json!({"refresh_token": self.refresh_token});
        if !self.device_secret.is_empty() {
            body["device_secret"] = Value::from(self.device_secret.as_str());
        }
        if !self.retry_keys.is_empty() {
            body["retry_keys"] = Value::from(self.retry_keys.clone());
        }
        self.dress(post("/auth/refresh")).json(&body)
    }

    /// A new generation asks for a new retry key, made before the first attempt to leave it; the last four are kept.
    pub(crate) fn receive(&mut self, answer: &Answer) {
        let Some(token) = answer.json["access_token"].as_str() else { return };
        token.clone_into(&mut self.access_token);
        let text = |field: &str| answer.json[field].as_str().map(str::to_owned);
        self.refresh_token = text("refresh_token").unwrap();
        self.device_secret = text("device_secret").unwrap_or_else(|| self.device_secret.clone());
        let session = answer.json["session"]["id"].as_str().unwrap();
        let generation = answer.json["session"]["generation"].as_u64().unwrap();
        if session != self.session {
            self.retry_keys.clear();
        }
        if session != self.session || generation > self.generation {
            self.made += 1;
            self.retry_keys.push(retry_key(self.name, self.made));
            self.retry_keys = self.retry_keys.split_off(self.retry_keys.len().saturating_sub(4));
        }
        session.clone_into(&mut self.session);
        self.generation = generation;
    }

    pub(crate) fn dress(&self, ask: Ask) -> Ask {
        ask.user_agent("Rotary/2.1 (iPhone; iOS 18.3)").peer("198.51.100.23:40000")
    }
}
