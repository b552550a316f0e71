//! The calls that clients make, on the wire and through the proxy.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::history::{By, Call, Ending};
use crate::http::{self, Exchanged, Message};
use crate::moment::now;
use crate::pocket::{Ready, key_text};
use crate::reply::Reply;
use crate::world::{Kind, Pending, Session, User, World};

/// What a client sees of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Reply(Reply),
    /// It broke off: a browser has its cookies all the same.
    Partial(Reply),
    /// None in time, or none at all.
    Nothing,
}

impl Seen {
    pub(crate) fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Reply(reply) => Some(reply),
            Self::Partial(_) | Self::Nothing => None,
        }
    }
}

impl World {
    /// Sends a call through the proxy, and gives up when patience ends: the connection closes, and whatever comes later
    /// is not seen.
    async fn call(&self, pending: &Arc<Pending>, request: Request<'_>, patience: Duration) -> Seen {
        let body = if request.body.is_null() { String::new() } else { request.body.to_string() };
        let mut headers = request.headers;
        headers.push(("x-torture", pending.op.to_string()));
        if pending.kind == Kind::Web {
            headers.push(("origin", self.place.origin()));
        }
        let bytes = http::request(request.method, request.path, &headers, &body);
        if let Some(session) = &pending.session {
            session.note(format!("op {:<7} {:?} calls {:?}", pending.op, pending.by, pending.call));
        }
        let exchanged = tokio::time::timeout(patience, self.to_proxy.exchange(&bytes)).await;
        let seen = match exchanged {
            Ok(Exchanged::Answer(message)) => see(&message),
            Ok(Exchanged::NotSent | Exchanged::Broken) | Err(_) => Seen::Nothing,
        };
        self.take_call(pending.op);
        if let Some(session) = &pending.session {
            session.note(format!("op {:<7} sees {}", pending.op, told(&seen)));
        }
        seen
    }

    /// `POST /auth/refresh`.
    pub(crate) async fn refresh(&self, by: By, kind: Kind, ready: &Ready, patience: Duration) -> Seen {
        let session = self.session(&ready.session);
        let mut body = json!({});
        let keys: Vec<String> =
            ready.refresh.keys.iter().filter(|key| **key != 0).map(|k| key_text(*k)).collect();
        if !keys.is_empty() {
            body["retry_keys"] = json!(keys);
        }
        let mut headers = Vec::new();
        match kind {
            Kind::Native => {
                body["refresh_token"] = json!(ready.token);
                if let Some(secret) = &ready.secret {
                    body["device_secret"] = json!(secret);
                }
            }
            Kind::Web => {
                let (refresh, secret) = (Some(ready.token.as_str()), ready.secret.as_deref());
                headers.push(("cookie", cookies(refresh, secret, ready.page.as_deref())));
            }
        }
        let pending = self.pending(by, Call::Refresh(ready.refresh), session.as_ref(), None, kind);
        self.stats.refreshes.add(1);
        let racing = session.as_ref().map(|session| Racing::begin(self, session));
        let sent = now();
        let seen = self
            .call(&pending, Request { method: "POST", path: "/auth/refresh", headers, body }, patience)
            .await;
        if matches!(seen, Seen::Reply(_)) {
            self.stats.client_latency.add(now().since(sent));
        }
        drop(racing);
        seen
    }

    /// `GET /auth/me`.
    pub(crate) async fn me(
        &self,
        by: By,
        kind: Kind,
        session: &Arc<Session>,
        access: &str,
        patience: Duration,
    ) -> Seen {
        let pending = self.pending(by, Call::Me, Some(session), None, kind);
        let headers = vec![("authorization", format!("Bearer {access}"))];
        let request = Request { method: "GET", path: "/auth/me", headers, body: Value::Null };
        self.call(&pending, request, patience).await
    }

    /// `POST /auth/register` or `POST /auth/login`. With a page cookie, the session of that cookie ends.
    pub(crate) async fn sign_in(
        &self,
        user: &Arc<User>,
        kind: Kind,
        how: SignIn<'_>,
        patience: Duration,
    ) -> Seen {
        let client = if kind == Kind::Web { "web" } else { "native" };
        let mut body = json!({"email": user.email, "password": how.password, "client_id": client});
        let mut headers = Vec::new();
        if let Some(secret) = how.secret {
            match kind {
                Kind::Native => body["device_secret"] = json!(secret),
                Kind::Web => {
                    headers.push(("cookie", cookies(None, Some(secret), how.leaves.map(|(_, page)| page))))
                }
            }
        }
        let call = if how.leaves.is_some() { Call::End(Ending::Relogin) } else { Call::Begin };
        let leaves = how.leaves.map(|(session, _)| session);
        let pending = self.pending(By::Owner(0), call, leaves, Some(user), kind);
        let path = if how.register { "/auth/register" } else { "/auth/login" };
        self.call(&pending, Request { method: "POST", path, headers, body }, patience).await
    }

    /// What ends a session, or all of a user's.
    pub(crate) async fn end(
        &self,
        kind: Kind,
        session: &Arc<Session>,
        ending: Ending,
        request: Request<'_>,
    ) -> Seen {
        let user = ending.is_of_user().then_some(&session.user);
        let pending = self.pending(By::Owner(0), Call::End(ending), Some(session), user, kind);
        self.call(&pending, request, Duration::from_secs(8)).await
    }
}

/// A request, as a client thinks of it.
pub(crate) struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: Vec<(&'a str, String)>,
    pub body: Value,
}

/// How to sign in.
#[derive(Clone, Copy)]
pub(crate) struct SignIn<'a> {
    pub register: bool,
    pub password: &'a str,
    /// The device secret of before.
    pub secret: Option<&'a str>,
    /// The session that this browser leaves behind, and its page cookie.
    pub leaves: Option<(&'a Arc<Session>, &'a str)>,
}

pub(crate) fn cookies(refresh: Option<&str>, device: Option<&str>, page: Option<&str>) -> String {
    let jar = [("rotunda_refresh", refresh), ("rotunda_device", device), ("rotunda_page", page)];
    let pairs = jar.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}")));
    pairs.collect::<Vec<_>>().join("; ")
}

fn see(message: &Message) -> Seen {
    let reply = Reply::of(message);
    if message.complete { Seen::Reply(reply) } else { Seen::Partial(reply) }
}

fn told(seen: &Seen) -> String {
    match seen {
        Seen::Nothing => "nothing".to_owned(),
        Seen::Reply(reply) | Seen::Partial(reply) => {
            let whole = if matches!(seen, Seen::Reply(_)) { "" } else { ", broken off" };
            let reason = reply.reason.map_or("", crate::history::Reason::as_str);
            format!("{} {reason} g{:?}{whole}", reply.status, reply.generation)
        }
    }
}

/// Counts refreshes of one session that overlap.
struct Racing<'a>(&'a Session);

impl<'a> Racing<'a> {
    fn begin(world: &World, session: &'a Session) -> Self {
        let mut record = session.record();
        match record.open {
            0 => record.lone = true,
            _ => {
                world.stats.racing.add(1 + u64::from(record.lone));
                record.lone = false;
            }
        }
        record.open += 1;
        Self(session)
    }
}

impl Drop for Racing<'_> {
    fn drop(&mut self) {
        self.0.record().open -= 1;
    }
}
