//! An issuer in the hand: a real HTTP server on a free port of this machine, with keys, tokens and a feed that a test
//! changes, slows, cuts and counts.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rotunda_token::{Algorithm, Claims, KeySet, SigningKey};
use rotunda_verify::{Builder, ServiceCredentials, Verifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::support::{NOW, NOW_MS};

pub(crate) const AUDIENCE: &str = "https://reports.example";
/// With characters that a header would not carry as they are.
const CLIENT_ID: &str = "reports:1";
const SECRET: &str = "s€cret %+&";
/// `Basic base64("reports%3A1:s%E2%82%ACcret+%25%2B%26")`
const BASIC: &str = "Basic cmVwb3J0cyUzQTE6cyVFMiU4MiVBQ2NyZXQrJTI1JTJCJTI2";

/// What the test decides.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) jwks: String,
    pub(crate) etag: Option<String>,
    pub(crate) max_age: Option<String>,
    /// What the key endpoint answers instead.
    pub(crate) keys_status: Option<u16>,
    /// The key endpoint answers when this becomes true, with what it had when it was asked.
    pub(crate) hold_keys: Option<watch::Receiver<bool>>,
    /// How often a redirect was followed.
    pub(crate) followed: usize,
    pub(crate) key_requests: Vec<Option<String>>,
    pub(crate) token_requests: Vec<String>,
    pub(crate) expires_in: u64,
    pub(crate) token_status: Option<u16>,
    /// What each `/revocations` answers: the newest page, or 304 to its cursor.
    pub(crate) page: Value,
    /// What `/revocations` answers before that, one each.
    pub(crate) earlier: Vec<Value>,
    pub(crate) polls: Vec<(Option<String>, Option<String>)>,
    pub(crate) poll_status: Option<u16>,
    /// `/revocations` answers when this becomes true.
    pub(crate) hold_polls: Option<watch::Receiver<bool>>,
    pub(crate) date: Option<String>,
    pub(crate) stream_status: Option<u16>,
    /// The `since` and bearer of each stream that was opened.
    pub(crate) streams: Vec<(Option<String>, String)>,
    /// The open streams, for the test to write into.
    pub(crate) open: VecDeque<mpsc::Sender<Bytes>>,
}

#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let page = json!({"cursor": "c0", "full": true, "keep": 660, "as_of": NOW_MS, "entries": []});
        let world = World { page, expires_in: 600, ..World::default() };
        let issuer = Self { url, world: Arc::new(Mutex::new(world)) };
        let app = Router::new()
            .route("/.well-known/jwks.json", get(jwks))
            .route("/elsewhere", get(elsewhere))
            .route("/oauth/token", post(token))
            .route("/revocations", get(revocations_handler))
            .route("/revocations/stream", get(stream))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        issuer
    }

    pub(crate) async fn with_keys(keys: &[&SigningKey]) -> Self {
        let issuer = Self::start().await;
        issuer.publish(keys);
        issuer
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        let set = KeySet::from_signing_keys(keys.iter().copied());
        self.world().jwks = serde_json::to_string(&set.to_jwks()).unwrap();
    }

    pub(crate) fn key_fetches(&self) -> usize {
        self.world().key_requests.len()
    }

    pub(crate) fn builder(&self) -> Builder {
        Verifier::builder(&self.url).audience(AUDIENCE)
    }

    pub(crate) fn claims(&self) -> Claims {
        Claims {
            iss: self.url.clone(),
            sub: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be001".to_owned(),
            aud: vec![AUDIENCE.to_owned()],
            exp: NOW + 600,
            iat: NOW,
            nbf: None,
            jti: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be002".to_owned(),
            client_id: "web".to_owned(),
            sid: Some("019a7d3c-2b1e-7c40-9f00-5d2c1a7be003".to_owned()),
            auth_time: Some(NOW - 30),
            amr: vec!["pwd".to_owned()],
            ep: Some(3),
            ce: Some(2),
            rv: Some(7),
            roles: vec!["editor".to_owned()],
            scope: Some("reports.read notes".to_owned()),
            act: None,
        }
    }

    /// Writes events into the newest stream.
    pub(crate) async fn send(&self, text: &str) {
        let sender = self.world().open.back().unwrap().clone();
        sender.send(Bytes::copy_from_slice(text.as_bytes())).await.unwrap();
    }

    /// Ends every stream, by closing it.
    pub(crate) fn cut(&self) {
        self.world().open.clear();
    }
}

pub(crate) fn credentials() -> ServiceCredentials {
    ServiceCredentials::new(CLIENT_ID, SECRET)
}

pub(crate) fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap().0
}

pub(crate) fn revocations(cursor: &str, full: bool, as_of: i64, entries: Value) -> String {
    let page = json!({"cursor": cursor, "full": full, "keep": 660, "as_of": as_of, "entries": entries});
    format!("event: revocations\nid: {cursor}\ndata: {page}\n\n")
}

pub(crate) fn heartbeat(cursor: &str, as_of: i64) -> String {
    format!("event: heartbeat\ndata: {}\n\n", json!({"cursor": cursor, "as_of": as_of}))
}

fn text(headers: &HeaderMap, name: axum::http::HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned())
}

async fn jwks(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    let seen = text(&headers, IF_NONE_MATCH);
    let (jwks, hold) = {
        let mut world = issuer.world();
        world.key_requests.push(seen.clone());
        (world.jwks.clone(), world.hold_keys.clone())
    };
    if let Some(mut hold) = hold {
        hold.wait_for(|go| *go).await.unwrap();
    }
    let world = issuer.world();
    let mut response = match world.keys_status {
        Some(status) => (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")]).into_response(),
        None if seen.is_some() && seen == world.etag => StatusCode::NOT_MODIFIED.into_response(),
        None => jwks.into_response(),
    };
    for (name, value) in [(ETAG, &world.etag), (CACHE_CONTROL, &world.max_age)] {
        if let Some(value) = value {
            response.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
    }
    response
}

async fn elsewhere(State(issuer): State<Issuer>) -> String {
    let mut world = issuer.world();
    world.followed += 1;
    world.jwks.clone()
}

async fn token(State(issuer): State<Issuer>, headers: HeaderMap, body: String) -> Response {
    let mut world = issuer.world();
    world.token_requests.push(body);
    if let Some(status) = world.token_status {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if text(&headers, AUTHORIZATION).as_deref() != Some(BASIC) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let (access_token, expires_in) = (format!("service-{}", world.token_requests.len()), world.expires_in);
    let scope = "revocations.read";
    Json(json!({"access_token": access_token, "token_type": "Bearer", "expires_in": expires_in, "scope": scope}))
        .into_response()
}

#[derive(serde::Deserialize)]
struct Since {
    since: Option<String>,
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    text(headers, AUTHORIZATION)?.strip_prefix("Bearer service-").map(str::to_owned)
}

async fn revocations_page(issuer: &Issuer, since: Since, headers: &HeaderMap) -> Response {
    let seen = text(headers, IF_NONE_MATCH);
    let hold = {
        let mut world = issuer.world();
        world.polls.push((since.since, seen.clone()));
        world.hold_polls.clone()
    };
    if let Some(mut hold) = hold {
        hold.wait_for(|go| *go).await.unwrap();
    }
    let mut world = issuer.world();
    if bearer(headers).is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Some(status) = world.poll_status {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if !world.earlier.is_empty() {
        return Json(world.earlier.remove(0)).into_response();
    }
    let etag = format!("\"{}\"", world.page["cursor"].as_str().unwrap());
    let mut response = match seen.as_ref() == Some(&etag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Json(world.page.clone()).into_response(),
    };
    response.headers_mut().insert(ETAG, HeaderValue::from_str(&etag).unwrap());
    if let Some(date) = &world.date {
        response.headers_mut().insert(DATE, HeaderValue::from_str(date).unwrap());
    }
    response
}

async fn revocations_handler(
    State(issuer): State<Issuer>,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Response {
    revocations_page(&issuer, since, &headers).await
}

async fn stream(State(issuer): State<Issuer>, Query(since): Query<Since>, headers: HeaderMap) -> Response {
    let mut world = issuer.world();
    let bearer = bearer(&headers).unwrap_or_default();
    world.streams.push((since.since, bearer));
    if let Some(status) = world.stream_status {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    let (sender, mut receiver) = mpsc::channel::<Bytes>(64);
    world.open.push_back(sender);
    let pieces = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
    let pieces = futures_util::StreamExt::map(pieces, Ok::<_, Infallible>);
    let mut response = Body::from_stream(pieces).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    if let Some(date) = &world.date {
        response.headers_mut().insert(DATE, HeaderValue::from_str(date).unwrap());
    }
    response
}
