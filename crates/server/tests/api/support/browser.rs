//! Somebody with a browser: a page, a cookie jar, an access token in memory.

use http::Method;
use http::header::{HOST, SET_COOKIE};
use serde_json::{Value, json};
use url::Url;

use super::jar::Jar;
use super::{Answer, App, Ask, FIREFOX, delete, get, post};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// A browser. Its clone is what a thief has who copied it.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    app: &'a App,
    /// The origin of the page that it shows.
    page: String,
    user_agent: &'static str,
    address: &'static str,
    pub(crate) jar: Jar,
    /// What the page keeps in memory after its last session answer.
    pub(crate) access_token: String,
}

impl<'a> Browser<'a> {
    /// On a page of the server itself.
    pub(crate) fn new(app: &'a App) -> Self {
        Self {
            app,
            page: app.origin(),
            user_agent: FIREFOX,
            address: "203.0.113.7:50001",
            jar: Jar::default(),
            access_token: String::new(),
        }
    }

    /// The same browser on a page of another origin.
    pub(crate) fn on_page(mut self, origin: &str) -> Self {
        origin.clone_into(&mut self.page);
        self
    }

    /// The same browser on a page of the server as it is after a change of its configuration.
    pub(crate) fn served_by(self, app: &'a App) -> Self {
        Self { app, page: app.origin(), ..self }
    }

    /// Another browser somewhere else.
    pub(crate) fn named(mut self, user_agent: &'static str, address: &'static str) -> Self {
        self.user_agent = user_agent;
        self.address = address;
        self
    }

    pub(crate) async fn register(&mut self, email: &str, password: &str) -> Answer {
        self.post("/auth/register", &json!({"email": email, "password": password})).await
    }

    pub(crate) async fn login(&mut self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", &json!({"email": email, "password": password})).await
    }

    pub(crate) async fn refresh(&mut self) -> Answer {
        self.send(post("/auth/refresh")).await
    }

    pub(crate) async fn logout(&mut self) -> Answer {
        self.send(post("/auth/logout")).await
    }

    pub(crate) async fn me(&mut self) -> Answer {
        self.send(get("/auth/me").bearer(&self.access_token)).await
    }

    /// Follows the link of a registration.
    pub(crate) async fn verify(&mut self, token: &str, password: &str) -> Answer {
        self.post("/auth/email/verify", &json!({"token": token, "password": password})).await
    }

    /// Follows the link for a new password.
    pub(crate) async fn reset(&mut self, token: &str, new: &str) -> Answer {
        self.post("/auth/password/reset", &json!({"token": token, "new_password": new})).await
    }

    /// Enters the password once more.
    pub(crate) async fn reauthenticate(&mut self, password: &str) -> Answer {
        let ask = post("/auth/reauthenticate").json(&json!({"password": password}));
        self.send(ask.bearer(&self.access_token)).await
    }

    pub(crate) async fn change_email(&mut self, email: &str) -> Answer {
        let ask = post("/auth/email/change").json(&json!({"email": email}));
        self.send(ask.bearer(&self.access_token)).await
    }

    pub(crate) async fn export(&mut self) -> Answer {
        self.send(get("/auth/me/export").bearer(&self.access_token)).await
    }

    pub(crate) async fn delete_me(&mut self) -> Answer {
        self.send(delete("/auth/me").bearer(&self.access_token)).await
    }

    /// The user's list of devices.
    pub(crate) async fn sessions(&mut self) -> Vec<Value> {
        let answer = self.send(get("/auth/sessions").bearer(&self.access_token)).await;
        answer.ok(&["sessions"]);
        answer.json["sessions"].as_array().unwrap().clone()
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send(post(path).json(body)).await
    }

    /// Sends it as the page would: with cookies, `Origin` and the rest; believes the cookies that come back.
    pub(crate) async fn send(&mut self, ask: Ask) -> Answer {
        let answer = self.app.send(self.dress(ask)).await;
        self.receive(&answer);
        answer
    }

    /// Sends it and never sees the answer.
    pub(crate) async fn send_and_lose_the_answer(&mut self, ask: Ask) -> Answer {
        self.app.send(self.dress(ask)).await
    }

    pub(crate) fn receive(&mut self, answer: &Answer) {
        let from = self.url(&answer.path);
        for cookie in answer.headers.get_all(SET_COOKIE) {
            self.jar.take(&from, cookie.to_str().unwrap(), self.app.now());
        }
        if let Some(token) = answer.json["access_token"].as_str() {
            token.clone_into(&mut self.access_token);
        }
    }

    /// What a browser adds of its own accord.
    pub(crate) fn dress(&self, ask: Ask) -> Ask {
        let at_home = self.page == self.app.origin();
        let from_elsewhere = ask.method != Method::GET || !at_home;
        let ask = self.bare(ask).with(SEC_FETCH_SITE, if at_home { "same-origin" } else { "cross-site" });
        if from_elsewhere { ask.on_page(&self.page) } else { ask }
    }

    /// The same without a word about the page.
    pub(crate) fn bare(&self, ask: Ask) -> Ask {
        let to = self.url(&ask.path);
        let cookies = self.jar.header(&to, self.app.now());
        let ask = ask.with(HOST, to.authority()).user_agent(self.user_agent).peer(self.address);
        match cookies {
            Some(cookies) => ask.cookies(&cookies),
            None => ask,
        }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&self.app.origin()).unwrap().join(path).unwrap()
    }
}
