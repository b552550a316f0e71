//! A copy of the database, looked through: whether it is whole, what is in it, and which release and which master keys it
//! takes. It is opened as what cannot be written to, and nothing in it is believed.

use std::collections::BTreeSet;
use std::path::Path;

use rotunda_core::failure::Failure;
use rotunda_core::keys::KeyCheck;
use rotunda_core::model::{SessionId, UnixMillis, UserId};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::{connection, copy, fault, schema};

const LOOKING: &str = "looking through the copy";

pub(crate) const MOMENT: &str = "SELECT value FROM meta WHERE name = ?1";
pub(crate) const USERS: &str = "SELECT count(*) FROM user";
pub(crate) const SESSIONS: &str = "SELECT count(*) FROM session WHERE status = 'live'";
pub(crate) const LAST_EVENT: &str = "SELECT seq, at_ms, kind FROM outbox ORDER BY seq DESC LIMIT 1";
pub(crate) const EVENT: &str = "SELECT at_ms, kind FROM outbox WHERE seq = ?1";
pub(crate) const SEALED_UNDER: &str = "SELECT DISTINCT master_id FROM signing_key";
pub(crate) const WEBHOOKS_UNDER: &str = "SELECT DISTINCT key_id FROM webhook";
/// Under the key that their next refresh takes; the one before that is for late retries only.
pub(crate) const SESSIONS_UNDER: &str =
    "SELECT key_id, count(*) FROM session WHERE status = 'live' GROUP BY key_id ORDER BY key_id";
/// Those of a kind and those of it with an ending, apart. By the places, and not by the index of kinds.
pub(crate) const SINCE: &str = "\
    SELECT kind, ending, count(*) FROM outbox NOT INDEXED WHERE seq > ?1 AND at_ms > ?2 \
    GROUP BY kind, ending ORDER BY kind, ending";
/// What somebody has to do again by hand: what kept somebody out comes first, then sessions that an operator or a theft has ended (not
/// each of those that ended because everyone was signed out), then what else operators did, and what users did for
/// themselves in the end, because there is so much of it.
pub(crate) const TO_REDO: &str = "\
    SELECT at_ms, kind, ending, user_id, session_id, about FROM outbox NOT INDEXED \
    WHERE seq > ?1 AND at_ms > ?2 AND (kind IN ( \
        'everyone.signed_out', 'key.revoked', 'user.disabled', 'user.deleted', 'user.reported', \
        'user.enabled', 'user.invited', 'user.edited', 'user.roles_changed', 'user.first_admin', \
        'client.added', 'client.secret_changed', 'client.removed', 'role.added', 'role.changed', 'role.removed', \
        'webhook.added', 'webhook.changed', 'webhook.removed', \
        'user.password_changed', 'user.password_reset', 'user.email_changed') \
        OR kind = 'session.ended' AND (ending = 'reused' OR ending = 'revoked_by_admin' AND actor IS NOT NULL)) \
    ORDER BY CASE \
        WHEN kind IN ('everyone.signed_out', 'key.revoked', 'user.disabled', 'user.deleted', 'user.reported') THEN 1 \
        WHEN kind = 'session.ended' THEN 2 \
        WHEN actor IS NULL AND kind IN ('user.password_changed', 'user.password_reset', 'user.email_changed') THEN 4 \
        ELSE 3 END, seq \
    LIMIT ?3";

/// The migration from which on events say what they are about, and who did it.
const ABOUT: i64 = 10;
/// How many lines of what has to be done again are told.
const LINES: u16 = 200;

/// What is in a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inspected {
    /// The newest migration that it has.
    pub schema: i64,
    /// When the database was made: it tells one from another.
    pub made_at: Option<UnixMillis>,
    /// When the copy was taken, where Rotunda took it.
    pub taken_at: Option<UnixMillis>,
    /// The last event, when it happened, and its kind.
    pub last_event: Option<(u64, UnixMillis, String)>,
    /// How many users there are.
    pub users: u64,
    /// How many sessions had not ended, or nobody had written that down.
    pub live_sessions: u64,
    /// What tells whether a master key is the right one.
    pub checks: Vec<(u8, KeyCheck)>,
    /// The master keys that signing keys are sealed under.
    pub sealed_under: BTreeSet<u8>,
    /// The master keys that secrets of webhooks are sealed under.
    pub webhooks_under: BTreeSet<u8>,
    /// The master keys that refresh tokens of live sessions were made under, and of how many.
    pub sessions_under: Vec<(u8, u64)>,
}

/// What has happened in one database since the backup of it, or of what it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Since {
    /// The backup's last event is not in it: one of the two goes on from another restore. It is counted by time then.
    pub parted: bool,
    /// What has happened, and how often: `session.ended (logged_out)`.
    pub counts: Vec<(String, u64)>,
    /// What somebody has to do again by hand, the most important first, then the oldest; no more than can be read.
    pub to_redo: Vec<ToRedo>,
    /// Whether there is more of it than that.
    pub to_redo_cut: bool,
}

/// One of those events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToRedo {
    /// When it happened.
    pub at: UnixMillis,
    /// Its kind.
    pub kind: String,
    /// How a session ended.
    pub ending: Option<String>,
    /// To whom.
    pub user: Option<UserId>,
    /// To which session.
    pub session: Option<SessionId>,
    /// What it is about: a key, a client, a role.
    pub about: Option<String>,
}

impl Inspected {
    /// As of when it is.
    #[must_use]
    pub fn as_of(&self) -> Option<UnixMillis> {
        self.taken_at.or(self.last_event.as_ref().map(|(_, at, _)| *at))
    }
}

/// Looks through a file that nobody uses.
pub(crate) fn inspect(path: &Path) -> std::result::Result<Inspected, Failure> {
    let at = |e: &dyn std::fmt::Display| fault::at(LOOKING, path, e);
    let db = connection::for_looking(path).map_err(|e| at(&e))?;
    let found = integrity(&db).map_err(|e| at(&e))?;
    if found != ["ok"] {
        return Err(at(&format!("it is damaged: {}", found.join("; "))));
    }
    let inspected = read(&db).map_err(|e| at(&format!("it is no database of Rotunda: {e}")))?;
    copy::refuse_unfinished(&db).map_err(|e| at(&e))?;
    Ok(inspected)
}

/// The first of what is wrong.
fn integrity(db: &Connection) -> Result<Vec<String>> {
    db.prepare("PRAGMA integrity_check(3)")?.query_map([], |row| row.get(0))?.collect()
}

/// What a database says of itself.
pub(crate) fn read(db: &Connection) -> Result<Inspected> {
    let moment = |name: &str| -> Result<Option<UnixMillis>> {
        db.query_row(MOMENT, [name], |row| row.get(0).map(UnixMillis)).optional()
    };
    let count = |sql| db.query_row(sql, [], |row| row.get::<_, i64>(0).map(i64::cast_unsigned));
    let event =
        |row: &Row<'_>| Ok((row.get::<_, i64>(0)?.cast_unsigned(), UnixMillis(row.get(1)?), row.get(2)?));
    let counted = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
    let check = |row: &Row<'_>| Ok((row.get(0)?, KeyCheck(row.get(1)?)));
    Ok(Inspected {
        schema: schema::version(db)?,
        made_at: moment("created_at")?,
        taken_at: moment("backup_at")?,
        last_event: db.query_row(LAST_EVENT, [], event).optional()?,
        users: count(USERS)?,
        live_sessions: count(SESSIONS)?,
        checks: db.prepare(copy::whole::CHECKS)?.query_map([], check)?.collect::<Result<_>>()?,
        sealed_under: db.prepare(SEALED_UNDER)?.query_map([], |row| row.get(0))?.collect::<Result<_>>()?,
        webhooks_under: webhooks_under(db)?,
        sessions_under: db.prepare(SESSIONS_UNDER)?.query_map([], counted)?.collect::<Result<_>>()?,
    })
}

/// Earlier releases have no webhooks.
fn webhooks_under(db: &Connection) -> Result<BTreeSet<u8>> {
    const ANY: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'webhook')";
    match db.query_row(ANY, [], |row| row.get(0))? {
        true => db.prepare(WEBHOOKS_UNDER)?.query_map([], |row| row.get(0))?.collect(),
        false => Ok(BTreeSet::new()),
    }
}

/// What has happened in this database since the backup.
pub(crate) fn since(db: &Connection, schema: i64, backup: &Inspected) -> Result<Since> {
    let (parted, place, at) = match &backup.last_event {
        None => (false, 0, i64::MIN),
        Some((seq, at, kind)) => {
            let place = i64::try_from(*seq).unwrap_or(i64::MAX);
            let same = |row: &Row<'_>| Ok(row.get::<_, i64>(0)? == at.0 && row.get::<_, String>(1)? == *kind);
            match db.query_row(EVENT, [place], same).optional()? {
                Some(true) => (false, place, i64::MIN),
                // Places are given again after a restore: these are other events.
                Some(false) | None => (true, 0, backup.as_of().unwrap_or(*at).0),
            }
        }
    };
    let counted = |row: &Row<'_>| {
        let (kind, ending): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let what = ending.map_or_else(|| kind.clone(), |ending| format!("{kind} ({ending})"));
        Ok((what, row.get::<_, i64>(2)?.cast_unsigned()))
    };
    let line = |row: &Row<'_>| {
        let (user, session): (Option<[u8; 16]>, Option<[u8; 16]>) = (row.get(3)?, row.get(4)?);
        Ok(ToRedo {
            at: UnixMillis(row.get(0)?),
            kind: row.get(1)?,
            ending: row.get(2)?,
            user: user.map(UserId::from_bytes),
            session: session.map(SessionId::from_bytes),
            about: row.get(5)?,
        })
    };
    // One more than is told, to see whether there is more.
    let mut to_redo: Vec<ToRedo> = match schema >= ABOUT {
        true => {
            db.prepare(TO_REDO)?.query_map(params![place, at, LINES + 1], line)?.collect::<Result<_>>()?
        }
        false => Vec::new(),
    };
    let to_redo_cut = to_redo.len() > usize::from(LINES);
    to_redo.truncate(usize::from(LINES));
    let counts = db.prepare(SINCE)?.query_map([place, at], counted)?.collect::<Result<_>>()?;
    Ok(Since { parted, counts, to_redo, to_redo_cut })
}
