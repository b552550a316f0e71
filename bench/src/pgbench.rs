//! The bare rotation, by PostgreSQL's own load generator: what a refresh is measured against.
//!
//! The same `UPDATE` as a refresh makes, guarded by the row's key and state, one row a transaction, prepared, on rows that were
//! filled in the same way; no HTTP, no reading before it, no signature. pgbench knows no generation to ask for, so it asks for
//! any; the hashes are digits instead of bytes, and as long.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use rotunda_grounds::postgres::binary;

use crate::seed::{FIRST, SESSION_PREFIX, USER_AGENT};

/// pgbench on one database.
pub(crate) struct Pgbench {
    url: String,
    script: PathBuf,
    clients: u64,
}

impl Pgbench {
    /// Writes its script into a folder.
    pub(crate) fn new(
        folder: &std::path::Path,
        url: String,
        clients: u64,
        sessions: u64,
    ) -> anyhow::Result<Self> {
        let script = folder.join("rotation.sql");
        std::fs::write(&script, rotation(sessions))?;
        Ok(Self { url, script, clients })
    }

    /// Runs it, and answers how many rotations it made a second, without the time it took to connect, and how many in all.
    pub(crate) fn run(&self, span: Duration) -> anyhow::Result<(f64, f64)> {
        let output = Command::new(binary("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={}", self.clients))
            .arg(format!("--time={}", span.as_secs()))
            .arg("--file")
            .arg(&self.script)
            .arg(&self.url)
            .output()
            .context("starting pgbench, of Debian's postgresql-contrib")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let told = |what: &str| {
            text.lines().find_map(|line| line.strip_prefix(what)?.split(' ').next()?.parse().ok())
        };
        match (told("tps = "), told("number of transactions actually processed: ")) {
            (Some(rate), Some(count)) if output.status.success() => Ok((rate, count)),
            _ => bail!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

fn rotation(sessions: u64) -> String {
    let last = FIRST + sessions.max(1) - 1;
    format!(
        "\\set n random({FIRST}, {last})\n\
         \\set a random(1000000000000000, 9999999999999999)\n\
         \\set b random(1000000000000000, 9999999999999999)\n\
         \\set now 1900000000000 + random(1, 1000000)\n\
         UPDATE session SET generation = generation + 1, current_hash = (:a::text || :b::text)::bytea, \
         previous_hash = current_hash, before_hash = previous_hash, salt = (:b::text || :a::text)::bytea, \
         previous_salt = salt, key_id = 1, previous_key_id = key_id, rotated_at_ms = :now, \
         retry_hashes = (:a::text || :b::text)::bytea || substr(retry_hashes, 1, 32), \
         idle_expires_at = least(:now + 2592000000, absolute_expires_at), device_shown = true, \
         last_ip = '127.0.0.1', last_user_agent = '{USER_AGENT}' \
         WHERE id = ('{SESSION_PREFIX}' || :n::text)::uuid AND generation >= 0 AND status = 'live' \
         AND idle_expires_at > 0 AND absolute_expires_at > 0;\n"
    )
}
