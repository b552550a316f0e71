//! PostgreSQL: its rows, and what its log tells of transactions in each other's way.

use anyhow::Context;
use rotunda_grounds::Postgres;

use crate::check::database::{Row, Rows};

/// Reads it. It was shut down and started in between perhaps; nobody else is there any more.
pub(super) fn read(postgres: &Postgres) -> anyhow::Result<Rows> {
    let mut rows = Rows::default();
    for line in postgres.sql("SELECT id, generation, coalesce(ended, '') FROM session").lines() {
        let [id, generation, ended] = fields(line)?;
        let ended = Some(ended.to_owned()).filter(|ended| !ended.is_empty());
        let row = Row { generation: Some(generation.parse()?), ended, events: Vec::new() };
        rows.sessions.insert(id.to_owned(), row);
    }
    rows.count = postgres.sql("SELECT count(*) FROM session").trim().parse()?;
    for line in
        postgres.sql("SELECT session_id, ending FROM outbox WHERE kind = 'session.ended' ORDER BY id").lines()
    {
        let [id, ending] = fields(line)?;
        if let Some(session) = rows.sessions.get_mut(id) {
            session.events.push(ending.to_owned());
        }
    }
    for line in postgres.sql("SELECT kind, count(*) FROM outbox GROUP BY kind").lines() {
        let [kind, count] = fields(line)?;
        rows.kinds.insert(kind.to_owned(), count.parse()?);
    }
    Ok(rows)
}

/// A line as psql prints it.
fn fields<const N: usize>(line: &str) -> anyhow::Result<[&str; N]> {
    let fields: Vec<&str> = line.split('|').collect();
    fields.try_into().ok().with_context(|| format!("psql answers {line:?}"))
}

pub(super) fn conflicts(postgres: &Postgres) -> Vec<String> {
    const TOLD: [&str; 2] = ["deadlock detected", "could not serialize"];
    let log = postgres.log();
    log.lines().filter(|line| TOLD.iter().any(|told| line.contains(told))).map(str::to_owned).collect()
}
