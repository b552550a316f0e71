//! Rotunda inside an application of one's own: its router merged with ours, and beside it the work that `rotunda serve` does.
//! `docs/guide/embedding.md` explains it, and a test runs it.
//!
//! | variable | what |
//! |---|---|
//! | `PORT` | where to listen on this machine; 8080 unless set |
//! | `DATA` | the folder for everything; `embedded-data` unless set |
//!
//! ```text
//! cargo run -p rotunda-server --example embedded
//! ```

use std::env;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rotunda_core::failure::{Error, Failure};
use rotunda_core::outside::{Clock, Entropy};
use rotunda_core::policy::{Policy, Registration};
use rotunda_core::{Outside, Rotunda};
use rotunda_mail::{House, Mail, Sender, Templates};
use rotunda_outside::{
    ArgonParameters, ArgonPool, MemoryScratch, PasswordLists, PoolSize, SystemClock, SystemEntropy,
    load_or_create,
};
use rotunda_server::serve::{Options, serve};
use rotunda_server::{Web, router};
use rotunda_store_sqlite::SqliteStore;
use rotunda_webhook::{HttpCourier, Patience, Reach};
use serde_json::json;
use tokio::net::TcpListener;

/// Why it did not start.
type Broken = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Broken> {
    let port = env::var("PORT").unwrap_or_else(|_| "8080".to_owned());
    let folder = env::var("DATA").unwrap_or_else(|_| "embedded-data".to_owned());
    let url = format!("http://localhost:{port}");
    // The port first: of two that are started by mistake, the second stops before it touches anything.
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let rotunda = Arc::new(open(Path::new(&folder), &url).await?);
    let app = application(&rotunda, &url)?;
    tokio::spawn(keep(Arc::clone(&rotunda)));
    println!("listening on {url}");
    serve(listener, app, Options::default(), stopped()).await;
    Ok(())
}

/// Our routes beside Rotunda's. What neither of the two has is answered by Rotunda.
fn application(rotunda: &Arc<Rotunda>, url: &str) -> Result<Router, Broken> {
    let ours: Router = Router::new().route("/hello", get(hello)).with_state(Arc::clone(rotunda));
    let web = Web::new(url, &[""; 0])?;
    Ok(ours.merge(router(Arc::clone(rotunda), web)))
}

/// For those who are signed in. The session is looked at too, so that one that has ended is refused at once.
async fn hello(State(rotunda): State<Arc<Rotunda>>, headers: HeaderMap) -> Response {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(token) = sent.and_then(|text| text.strip_prefix("Bearer ")) else { return refused(None) };
    match rotunda.bearer(token).await {
        Ok(bearer) => Json(json!({"hello": bearer.claims.sub})).into_response(),
        Err(Error::Denied(denied)) => refused(denied.reason()),
        // An outage is nobody's sign-out.
        Err(Error::Failure(_)) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// As RFC 6750 has it.
fn refused(reason: Option<&str>) -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
    let body = Json(json!({"error": "invalid_token", "reason": reason}));
    (StatusCode::UNAUTHORIZED, challenge, body).into_response()
}

/// The rules, and everything outside them that they need.
async fn open(folder: &Path, url: &str) -> Result<Rotunda, Broken> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    // Makes the folder, for this user only.
    let store = SqliteStore::open(&folder.join("rotunda.db"), clock.now())?;
    let keys = load_or_create(&folder.join("master.key"), &*entropy)?;
    let house = House::new("Example", url, "localhost", Sender::no_reply("localhost"))?;
    let mail = Mail::folder(house, Templates::builtin()?, Arc::clone(&clock), &folder.join("mail"))?;
    let pool = ArgonPool::start(ArgonParameters::default(), PoolSize::default(), Arc::clone(&entropy))?;
    let outside = Outside {
        store: Arc::new(store),
        scratch: Arc::new(MemoryScratch::new(&*entropy)?),
        hasher: Arc::new(pool),
        mailer: Arc::new(mail),
        known_passwords: Arc::new(PasswordLists::builtin()?),
        courier: Arc::new(HttpCourier::new(Reach::new(Vec::new()), Patience::default())?),
        clock,
        entropy,
    };
    let policy = Policy { registration: Registration::Unverified, ..Policy::new(url) };
    Ok(Rotunda::start(outside, keys, policy).await?)
}

/// What `rotunda serve` does beside answering. Whatever fails while the store is away is done in a later round.
async fn keep(rotunda: Arc<Rotunda>) {
    for round in 0_u64.. {
        tell("letters", rotunda.deliver().await);
        tell("the audit log", rotunda.chain_audit().await);
        tell("keys and clients", rotunda.look_at_shelf().await);
        for webhook in rotunda.all_webhooks().await.unwrap_or_default() {
            tell("a webhook", rotunda.tell_webhook(&webhook).await);
        }
        if round.is_multiple_of(60) {
            tell("the janitor", rotunda.sweep().await);
            tell("figures", rotunda.flush_tallies().await);
            tell("figures", rotunda.look_around().await);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn tell<T>(what: &str, done: Result<T, Failure>) {
    if let Err(failure) = done {
        eprintln!("{what}: {failure:?}");
    }
}

/// Done when somebody presses Ctrl-C.
async fn stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
