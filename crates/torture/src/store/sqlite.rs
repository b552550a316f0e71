//! The rows of a file of SQLite.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::check::database::{Row, Rows};

/// Reads it, without changing it.
pub(super) fn read(path: &Path) -> rusqlite::Result<Rows> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let mut rows =
        Rows { count: db.query_row("SELECT count(*) FROM session", [], |r| r.get(0))?, ..Rows::default() };
    let mut statement = db.prepare("SELECT id, generation, ended FROM session")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let new = Row { generation: Some(row.get(1)?), ended: row.get(2)?, events: Vec::new() };
        rows.sessions.insert(id(row.get(0)?), new);
    }
    let mut statement = db.prepare("SELECT session_id, ending FROM outbox WHERE kind = 'session.ended'")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        if let Some(session) = rows.sessions.get_mut(&id(row.get(0)?)) {
            session.events.push(row.get(1)?);
        }
    }
    let mut statement = db.prepare("SELECT kind, count(*) FROM outbox GROUP BY kind")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        rows.kinds.insert(row.get(0)?, row.get(1)?);
    }
    Ok(rows)
}

fn id(bytes: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(bytes).to_string()
}
