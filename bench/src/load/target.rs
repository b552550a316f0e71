//! What a server is asked, and where its tokens are: one description for Rotunda, the floor and the peers.
//!
//! A description is JSON, such as `bench/peers/NAME/target.json`:
//!
//! ```json
//! {
//!   "name": "tutorial", "version": "express 5.3.0",
//!   "users": {"name": "user{n}@example.org", "password": "correct horse battery staple"},
//!   "login": {
//!     "method": "POST", "path": "/login", "headers": {"content-type": "application/json"},
//!     "body": "{\"email\":\"{user}\",\"password\":\"{password}\"}"
//!   },
//!   "refresh": {"method": "POST", "path": "/refresh"},
//!   "take": {"cookie": "refresh_token"},
//!   "give": {"cookie": "refresh_token"}
//! }
//! ```
//!
//! 1. `{n}` is the number of a user, from 0. In path, headers and body `{user}` and `{password}` stand for those of the client's
//!    user, `{token}` for its refresh token (percent-encoded in a form), `{access}` for its access token, `{secret}` for the
//!    secret of a client that asks about tokens, `{nonce}` for 24 digits that a client never sends again.
//! 2. `take` says where a reply has the next refresh token: in a cookie, or at a place of its JSON (RFC 6901).
//! 3. `give` says where a refresh shows it: in a cookie, or in its body, where `{token}` is.
//! 4. `seed` in place of `login`: `run seed COUNT PORT` beside the description prints first tokens, one a line.
//! 5. `rotates` is false where a refresh may bring the token that it was shown.
//! 6. `register` makes a user, where that can be asked for; `keep` names cookies of the login that each refresh sends as well;
//!    `access` is where the login's access token is, for `verify` and `introspect`.

use std::collections::BTreeMap;

use anyhow::ensure;
use serde::Deserialize;
use serde_json::Value;

use super::reply::Reply;
use super::request::Request;

/// A description.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is called in tables.
    pub name: String,
    /// What was measured, with versions.
    pub version: String,
    /// Who signs in; absent where no password is asked for.
    pub users: Option<Users>,
    /// Whether first tokens come from a program.
    #[serde(default)]
    pub seed: bool,
    /// Makes a user.
    pub register: Option<Call>,
    /// Signs a user in.
    pub login: Option<Call>,
    /// Rotates.
    pub refresh: Call,
    /// Asks whether an access token is good.
    pub verify: Option<Call>,
    /// Asks what is known of an access token.
    pub introspect: Option<Call>,
    /// Where a reply has the refresh token.
    pub take: Place,
    /// Where a refresh has it.
    pub give: Give,
    /// More cookies that go back with a refresh.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Where a reply to a login has the access token.
    pub access: Option<Place>,
    /// Whether each refresh brings another token.
    #[serde(default = "yes")]
    pub rotates: bool,
}

fn yes() -> bool {
    true
}

/// Users of one password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// With `{n}` in it.
    pub name: String,
    /// Of all of them.
    pub password: String,
}

/// A request.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// `POST`, or another.
    pub method: String,
    /// From `/` on.
    pub path: String,
    /// Beside those that every request has.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// May be empty.
    #[serde(default)]
    pub body: String,
}

/// Where a reply has a token.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// In the cookie of that name.
    Cookie(String),
    /// At a JSON pointer, `/tokens/refresh`.
    Json(String),
}

/// Where a request has a token.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Give {
    /// In the cookie of that name.
    Cookie(String),
    /// In the body, where this is in it.
    Body(String),
}

impl Target {
    /// Reads a description.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let target: Self = serde_json::from_str(text)?;
        let name = &target.name;
        for call in [&target.refresh].into_iter().chain(&target.login).chain(&target.register) {
            ensure!(call.path.starts_with('/'), "{name}: the path {:?} does not begin with /", call.path);
        }
        ensure!(target.login.is_some() != target.seed, "{name}: say either login or seed");
        let known = [("{user}", ""), ("{password}", ""), ("{access}", "")];
        let refresh = Request::of(&target.refreshing("").with(&known), "localhost")?;
        ensure!(refresh.shows_token(), "{name}: no refresh shows its token; put {{token}} where it belongs");
        Ok(target)
    }

    /// The call that refreshes, with the token where `give` says; `cookies` are sent as well, `a=1; b=2`.
    #[must_use]
    pub fn refreshing(&self, cookies: &str) -> Call {
        let mut call = self.refresh.clone();
        let ours = match &self.give {
            Give::Cookie(name) => Some(format!("{name}={{token}}")),
            Give::Body(_) => None,
        };
        let kept = Some(cookies).filter(|cookies| !cookies.is_empty()).map(str::to_owned);
        let jar: Vec<String> = ours.into_iter().chain(kept).collect();
        if !jar.is_empty() {
            call.headers.insert("cookie".to_owned(), jar.join("; "));
        }
        call
    }
}

impl Users {
    /// Name and password of user `n`, for [`Call::with`].
    #[must_use]
    pub fn of(&self, n: u64) -> [(&'static str, String); 2] {
        [("{user}", self.name.replace("{n}", &n.to_string())), ("{password}", self.password.clone())]
    }
}

impl Call {
    /// The same with values for some of the names in braces.
    #[must_use]
    pub fn with<V: AsRef<str>>(&self, values: &[(&str, V)]) -> Self {
        let put = |text: &String| {
            values.iter().fold(text.clone(), |text, (name, value)| text.replace(name, value.as_ref()))
        };
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), put(value))).collect();
        Self { method: self.method.clone(), path: put(&self.path), headers, body: put(&self.body) }
    }
}

impl Place {
    /// What a reply has there.
    #[must_use]
    pub fn find(&self, reply: &Reply<'_>) -> Option<String> {
        match self {
            Self::Cookie(name) => reply.cookie(name).map(str::to_owned),
            Self::Json(pointer) => {
                let body: Value = serde_json::from_slice(&reply.body).ok()?;
                body.pointer(pointer)?.as_str().map(str::to_owned)
            }
        }
    }
}
