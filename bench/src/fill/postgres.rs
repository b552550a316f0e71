//! Into PostgreSQL, by `COPY` through `psql`: a million sessions in a minute or two. The rows are those that a sign-in writes; the
//! tokens in them are made by core with the server's own keys.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use rotunda_core::model::{Session, UnixMillis};
use rotunda_grounds::postgres::binary;

use crate::moment::time_of_day;
use crate::seed::{self, Seed};

const USERS: &str =
    "COPY users (id, email, email_key, email_verified, state, ep, password_hash, created_at) FROM STDIN";
const SESSIONS: &str = "\
    COPY session (id, user_id, client_id, device_id, device_hash, device_shown, remember, generation, current_hash, key_id, \
    previous_key_id, retry_hashes, created_at, auth_time, amr, idle_ms, idle_expires_at, absolute_expires_at, ep, status, \
    last_ip, last_user_agent) FROM STDIN";
const DEVICES: &str =
    "COPY device (id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent) FROM STDIN";

/// Fills the database at `url`, whose tables exist; then gathers statistics and writes what is dirty to the disk, so that the
/// measurement does not pay for the filling.
///
/// # Errors
/// When `psql` is not there, or PostgreSQL does not take a row.
pub fn postgres(seed: &Seed, url: &str, sessions: u64) -> anyhow::Result<()> {
    let now = time_of_day();
    let last = seed::user_of(sessions.saturating_sub(1));
    let users = (0..=last).filter(|user| !seed::sessions_of(*user, sessions).is_empty());
    copy(url, USERS, users.map(|user| user_row(user, now)))?;
    copy(url, SESSIONS, (0..sessions).map(|n| session_row(&seed.session(n, now)?)))?;
    copy(url, DEVICES, (0..sessions).map(|n| device_row(&seed.session(n, now)?)))?;
    for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
        super::sql(url, statement)?;
    }
    Ok(())
}

fn copy(
    url: &str,
    statement: &str,
    rows: impl Iterator<Item = anyhow::Result<String>>,
) -> anyhow::Result<()> {
    let mut psql = Command::new(binary("psql"))
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement, url])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("starting psql")?;
    let mut input = BufWriter::with_capacity(1 << 20, psql.stdin.take().context("psql takes nothing")?);
    for row in rows {
        input.write_all(row?.as_bytes()).context("psql has ended")?;
    }
    drop(input.into_inner().context("psql has ended")?);
    ensure!(psql.wait()?.success(), "psql failed at: {statement}");
    Ok(())
}

fn user_row(user: u64, now: UnixMillis) -> anyhow::Result<String> {
    let account = seed::account(user, now)?;
    let (id, email) = (account.user.id, account.user.email);
    Ok(format!(
        "{id}\t{}\t{}\tt\tactive\t0\t{}\t{}\n",
        email.as_str(),
        email.key(),
        account.password.expose(),
        now.0
    ))
}

fn session_row(session: &Session) -> anyhow::Result<String> {
    let Session { id, user_id, client_id, device_id, lineage, created_at, auth_time, .. } = session;
    let amr = serde_json::to_string(&session.amr)?;
    let (device, hash) = (hex(&session.device_hash.0), hex(&lineage.current_hash.0));
    let (key, retry) = (lineage.key_id, hex(&[0; 64]));
    Ok(format!(
        "{id}\t{user_id}\t{}\t{device_id}\t{device}\tf\tt\t0\t{hash}\t{key}\t{key}\t{retry}\t{}\t{}\t{amr}\t{}\t{}\t{}\t0\t\
         live\t{}\t{}\n",
        client_id.0,
        created_at.0,
        auth_time.0,
        session.idle.as_millis(),
        session.idle_expires_at.0,
        session.absolute_expires_at.0,
        std::net::Ipv4Addr::LOCALHOST,
        seed::USER_AGENT,
    ))
}

fn device_row(session: &Session) -> anyhow::Result<String> {
    let Session { user_id, device_id, created_at, .. } = session;
    let (hash, at) = (hex(&session.device_hash.0), created_at.0);
    let address = std::net::Ipv4Addr::LOCALHOST;
    Ok(format!("{device_id}\t{user_id}\t{hash}\t{at}\t{at}\t{address}\t{}\n", seed::USER_AGENT))
}

/// Bytes as `COPY` reads them.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2 + 3);
    text.push_str("\\\\x");
    for byte in bytes {
        // Into memory, which takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
