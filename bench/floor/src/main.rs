//! `rotunda-floor`: the least server that takes a cookie, rotates one row durably and answers with a signed token. For
//! measurements only: what Rotunda does beyond it is what the ratio of the two shows.
//!
//! A refresh:
//!
//! 1. `routes.rs`: the cookie is 48 bytes in base64url, the id of a session and a secret (`refresh_token.rs`). Whatever is
//!    not gets 401.
//! 2. The next token has the same id and 32 new random bytes. Of both tokens only their SHA-256 goes on.
//! 3. `writer.rs`: the rotation waits in a bounded queue for the one writer; a full one is 503 at once. The writer takes all
//!    that wait and begins one transaction.
//! 4. Each rotation is one `UPDATE`, of the row with that id if it has the old hash: the new hash, and the next generation.
//!    No such row is 401.
//! 5. Commit, with `synchronous=FULL` (`database.rs`). Only then is each request told, by a channel of its own.
//! 6. `access_token.rs`: an Ed25519 signature over an encoded header that is always the same, and over the claims that
//!    Rotunda writes for somebody without roles, byte for byte the same JSON.
//! 7. The answer: the access token and its life as JSON, the refresh token as a cookie.
//!
//! `POST /login` asks for no password: it makes a user and a session of theirs in the same way, by an `INSERT`.
//! `GET /jwks.json` publishes the key.
//!
//! What is the same as in Rotunda, so that it does not tell in the ratio: axum, tokio's threads, `TCP_NODELAY`, the allocator,
//! the release profile, SQLite and its settings for writing, aws-lc-rs, the size of an access token.
//!
//! What Rotunda does and this does not:
//!
//! 1. Users: no passwords and no Argon2, no roles, no user behind a session who could be disabled or changed.
//! 2. The rules of a refresh: no window and no retry keys (a lost answer is a lost session), no theft found (a used token is
//!    refused and ends nothing), no devices, no expiry of a session, no logout.
//! 3. The token: no tag, so each forgery asks the database; no key under the hash; no wiping of secrets in memory. The
//!    signing key lies in the database as it is, and never changes.
//! 4. What is written: no event, no audit, no address or browser of the caller, no feed of revocations, no janitor. A row
//!    has five columns and no index.
//! 5. The edge: no rate limits, no check of origins, no time limits and no bound on connections, no log, no figures, no
//!    orderly stop.
//! 6. Faults: a job that fails takes its group along; a database that was taken away is not noticed.

mod access_token;
mod database;
mod machine;
mod refresh_token;
mod routes;
mod writer;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use axum::Router;
use axum::serve::ListenerExt as _;
use clap::Parser;
use tokio::net::TcpListener;

use access_token::Signer;
use writer::Writer;

/// As in `crates/cli/src/main.rs`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The least server that rotates durably. The first line of its output is the address where it listens.
#[derive(Parser)]
#[command(name = "rotunda-floor")]
struct Args {
    /// Where to listen; port 0 is any that is free.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The folder of its database; made where there is none.
    #[arg(long)]
    data: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Args { listen, data } = Args::parse();
    let reading = || format!("opening the database in {}", data.display());
    let database = database::open(&data).with_context(reading)?;
    let key = database::signing_key(&database, Signer::generate()?).with_context(reading)?;
    let (signer, writer) = (Signer::new(&key)?, Writer::start(database)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(listen, routes::router(writer, signer)))
}

async fn serve(listen: SocketAddr, router: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let listener = listener.tap_io(|stream| {
        // Without it answers only come later.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}
