//! A whole service that checks Rotunda's access tokens by itself and knows within a blink when a session ends.
//!
//! | variable | what |
//! |---|---|
//! | `ROTUNDA_ISSUER` | the server's public URL, as in `iss` |
//! | `ROTUNDA_URL` | where the server is reached from here; the issuer unless set |
//! | `AUDIENCE` | whom tokens must be for, as in `aud`; the issuer unless set |
//! | `CLIENT_ID`, `CLIENT_SECRET` | from `rotunda client add NAME --kind service --scope revocations.read`; without them the feed is not followed |
//! | `LISTEN` | address and port; `127.0.0.1:0`, a free one, unless set |
//!
//! ```text
//! ROTUNDA_ISSUER=http://localhost:8080 cargo run -p rotunda-verify --example service --features axum
//! ```
//!
//! It prints `listening on http://ADDRESS` once it does. `GET /` says who calls, `GET /reports` needs the scope
//! `reports.read`, and `GET /health` needs nothing.

use std::env::{self, VarError};
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use rotunda_verify::{AccessToken, ServiceCredentials, Verifier, WhenStale};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let issuer = env::var("ROTUNDA_ISSUER").map_err(|_| "set ROTUNDA_ISSUER to the server's public URL")?;
    let audience = or("AUDIENCE", &issuer)?;
    let server = or("ROTUNDA_URL", &issuer)?;
    let mut builder = Verifier::builder(issuer).server(server).audience(audience).cache(10_000);
    if let Ok(client_id) = env::var("CLIENT_ID") {
        let credentials = ServiceCredentials::new(client_id, env::var("CLIENT_SECRET")?);
        builder =
            builder.follow(credentials).when_stale(WhenStale::Refuse { after: Duration::from_secs(30) });
    }
    let verifier = builder.build()?;

    let health = verifier.clone();
    let app = Router::new()
        .route("/reports", get(reports).layer(verifier.layer().require_scope("reports.read")))
        .route("/", get(who_am_i).layer(verifier.layer()))
        .route("/health", get(async move || Json(health.health())));

    let listener = TcpListener::bind(or("LISTEN", "127.0.0.1:0")?).await?;
    println!("listening on http://{}", listener.local_addr()?);
    // Requests before this are answered with 503, so a load balancer can see on `/health` when it is `ready`.
    axum::serve(listener, app).await?;
    Ok(())
}

async fn who_am_i(token: AccessToken) -> Json<Value> {
    Json(json!({
        "user": token.user(),
        "service": token.service(),
        "session": token.sid(),
        "roles": token.roles().collect::<Vec<_>>(),
        "scopes": token.scopes().collect::<Vec<_>>(),
        "expires": token.expires(),
    }))
}

async fn reports(token: AccessToken) -> String {
    format!("reports for {}\n", token.user().or(token.service()).unwrap_or("nobody"))
}

/// The variable, or what stands in for it.
fn or(name: &str, otherwise: &str) -> Result<String, VarError> {
    match env::var(name) {
        Err(VarError::NotPresent) => Ok(otherwise.to_owned()),
        value => value,
    }
}
