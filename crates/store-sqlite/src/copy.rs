//! The whole store, part by part: to be copied, or copied into.
//!
//! Tables are walked by their primary keys. Places of events and revocations are copied as they are, and with them the
//! counters of `AUTOINCREMENT`, so that none is ever given twice. Parts of a handful of rows are in `copy/whole.rs`.

pub(crate) mod whole;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Delivery, Device, FeedId, FeedPlace, QueuedLetter, RecordedEvent, Revocation};
use rotunda_core::store::{Batch, Begun, Copying, Key, Part};
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use crate::rows::{
    self, Columns, delivery_columns, device_columns, letter_columns, link_columns, outbox_columns,
    session_columns, user_columns,
};
use crate::{SqliteStore, letters, links, login, register};

pub(crate) const USERS: &str =
    concat!("SELECT ", user_columns!(), ", user.password_hash FROM user WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(crate) const SESSIONS: &str =
    concat!("SELECT ", session_columns!(), " FROM session WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(crate) const DEVICES: &str = concat!(
    "SELECT ",
    device_columns!(),
    " FROM device WHERE (user_id, hash) > (?1, ?2) ORDER BY user_id, hash LIMIT ?3"
);
pub(crate) const LINKS: &str =
    concat!("SELECT ", link_columns!(), " FROM link WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(crate) const LETTERS: &str =
    concat!("SELECT ", letter_columns!(), " FROM letter WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(crate) const EVENTS: &str =
    concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2");
pub(crate) const REVOCATIONS: &str =
    "SELECT seq, at_ms, kind, subject, ep, ending FROM revocation WHERE seq > ?1 ORDER BY seq LIMIT ?2";
pub(crate) const DELIVERIES: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM webhook_delivery WHERE (webhook_id, seq) > (?1, ?2) ORDER BY webhook_id, seq LIMIT ?3"
);

pub(crate) const ADD_DEVICE: &str = "\
    INSERT INTO device (id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const TRIED: &str =
    "UPDATE letter SET attempts = ?1, next_attempt_at = ?2, last_error = ?3 WHERE id = ?4";
pub(crate) const ADD_EVENT: &str = "\
    INSERT INTO outbox (seq, at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about, \
        hash, salt) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
pub(crate) const ADD_REVOCATION: &str =
    "INSERT INTO revocation (seq, at_ms, kind, subject, ep, ending) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) const ADD_DELIVERY: &str = "\
    INSERT INTO webhook_delivery (webhook_id, seq, created_at, attempts, next_attempt_at, last_error) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) const LAST_USER: &str = "SELECT max(id) FROM user";
pub(crate) const LAST_SESSION: &str = "SELECT max(id) FROM session";
pub(crate) const LAST_DEVICE: &str =
    "SELECT user_id, hash FROM device ORDER BY user_id DESC, hash DESC LIMIT 1";
pub(crate) const LAST_LINK: &str = "SELECT max(id) FROM link";
pub(crate) const LAST_LETTER: &str = "SELECT max(id) FROM letter";
pub(crate) const LAST_EVENT: &str = "SELECT max(seq) FROM outbox";
pub(crate) const LAST_REVOCATION: &str = "SELECT max(seq) FROM revocation";
pub(crate) const LAST_DELIVERY: &str =
    "SELECT webhook_id, seq FROM webhook_delivery ORDER BY webhook_id DESC, seq DESC LIMIT 1";

pub(crate) const UNFINISHED: &str = "SELECT value FROM meta WHERE name = 'copy_of'";
pub(crate) const FINISHED: &str = "DELETE FROM meta WHERE name = 'copy_of'";
pub(crate) const ANYTHING: &str = "\
    SELECT EXISTS (SELECT 1 FROM user) OR EXISTS (SELECT 1 FROM session) OR EXISTS (SELECT 1 FROM device) \
        OR EXISTS (SELECT 1 FROM link) OR EXISTS (SELECT 1 FROM letter) OR EXISTS (SELECT 1 FROM sqlite_sequence WHERE seq > 0) \
        OR EXISTS (SELECT 1 FROM feed_keep) OR EXISTS (SELECT 1 FROM signing_key) OR EXISTS (SELECT 1 FROM key_check) \
        OR EXISTS (SELECT 1 FROM client) OR EXISTS (SELECT 1 FROM role) OR EXISTS (SELECT 1 FROM webhook) \
        OR EXISTS (SELECT 1 FROM webhook_delivery) OR EXISTS (SELECT 1 FROM audit_mark) OR EXISTS (SELECT 1 FROM tally)";

#[async_trait]
impl Copying for SqliteStore {
    async fn read_part(&self, part: Part, after: Option<Key>, limit: u32) -> Result<Batch, Failure> {
        self.read("reading a part of the store", move |db| read(db, part, after.as_ref(), limit)).await
    }

    async fn write_part(&self, batch: Batch) -> Result<(), Failure> {
        self.write("writing a part of the store", move |db| write(db, batch)).await
    }

    async fn last_key(&self, part: Part) -> Result<Option<Key>, Failure> {
        self.read("looking for the end of a part", move |db| last_key(db, part)).await
    }

    async fn about_how_many(&self, part: Part) -> Result<u64, Failure> {
        self.read("counting rows", move |db| count(db, part)).await
    }

    async fn begin_copy(&self, of: FeedId) -> Result<Begun, Failure> {
        self.write("beginning a copy", move |db| begin(db, of)).await
    }

    async fn unfinished_copy(&self) -> Result<Option<FeedId>, Failure> {
        self.read("looking for an unfinished copy", unfinished).await
    }

    async fn end_copy(&self) -> Result<(), Failure> {
        self.write("ending a copy", |db| db.prepare_cached(FINISHED)?.execute([]).map(drop)).await
    }
}

/// For whoever wants to live on this database.
pub(crate) fn refuse_unfinished(db: &Connection) -> std::result::Result<(), Box<dyn std::error::Error>> {
    match unfinished(db)? {
        Some(_) => {
            Err("this is a copy that was never finished: run `rotunda store copy` again, or remove it".into())
        }
        None => Ok(()),
    }
}

fn unfinished(db: &Connection) -> Result<Option<FeedId>> {
    let id = |row: &Row<'_>| row.get(0).map(i64::cast_unsigned).map(FeedId);
    db.prepare_cached(UNFINISHED)?.query_row([], id).optional()
}

fn begin(db: &Connection, of: FeedId) -> Result<Begun> {
    match unfinished(db)? {
        Some(marked) if marked == of => return Ok(Begun::Again),
        Some(_) => return Ok(Begun::OfAnother),
        None => {}
    }
    if db.prepare_cached(ANYTHING)?.query_row([], |row| row.get(0))? {
        return Ok(Begun::NotEmpty);
    }
    db.prepare_cached(whole::NUMBER)?.execute(params!["copy_of", of.0.cast_signed()])?;
    Ok(Begun::Anew)
}

fn read(db: &Connection, part: Part, after: Option<&Key>, limit: u32) -> Result<Batch> {
    // Every id comes after the empty one, and every place after 0.
    let (id, hash, place) = match after {
        Some(Key::Id(id)) => (&id[..], &[][..], 0),
        Some(Key::Device(user, hash)) => (&user[..], &hash[..], 0),
        Some(Key::Place(place)) => (&[][..], &[][..], rows::stored(*place)),
        Some(Key::Delivery(webhook, place)) => (&webhook[..], &[][..], rows::stored(*place)),
        Some(Key::Name(_)) | None => (&[][..], &[][..], 0),
    };
    let (ids, places) = (params![id, limit], params![place, limit]);
    Ok(match part {
        Part::Users => Batch::Users(list(db, USERS, ids, |row| rows::account(&mut Columns::of(row)))?),
        Part::Sessions => {
            Batch::Sessions(list(db, SESSIONS, ids, |row| rows::session(&mut Columns::of(row)))?)
        }
        Part::Devices => Batch::Devices(list(db, DEVICES, params![id, hash, limit], |row| {
            rows::device(&mut Columns::of(row))
        })?),
        Part::Links => Batch::Links(list(db, LINKS, ids, |row| rows::link(&mut Columns::of(row)))?),
        Part::Letters => {
            Batch::Letters(list(db, LETTERS, ids, |row| rows::queued_letter(&mut Columns::of(row)))?)
        }
        Part::Events => Batch::Events(list(db, EVENTS, places, rows::recorded_event)?),
        Part::Revocations => Batch::Revocations(list(db, REVOCATIONS, places, rows::revocation)?),
        Part::Deliveries => {
            Batch::Deliveries(list(db, DELIVERIES, params![id, place, limit], rows::delivery)?)
        }
        whole => return whole::read(db, whole),
    })
}

fn list<T>(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    row: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(params, row)?.collect()
}

fn write(db: &Connection, batch: Batch) -> Result<()> {
    let last = last_key(db, batch.part())?;
    match batch.after(last.as_ref()) {
        Batch::Users(rows) => rows.iter().try_for_each(|row| register::insert(db, row)),
        Batch::Sessions(rows) => {
            rows.iter().try_for_each(|row| login::insert_row(db, row, Some(row.revision)))
        }
        Batch::Devices(rows) => rows.iter().try_for_each(|row| add_device(db, row)),
        Batch::Links(rows) => rows.iter().try_for_each(|row| links::insert(db, row)),
        Batch::Letters(rows) => rows.iter().try_for_each(|row| add_letter(db, row)),
        Batch::Events(rows) => rows.iter().try_for_each(|row| add_event(db, row)),
        Batch::Revocations(rows) => rows.iter().try_for_each(|row| add_revocation(db, row)),
        Batch::Deliveries(rows) => rows.iter().try_for_each(|row| add_delivery(db, row)),
        whole => whole::write(db, whole),
    }
}

fn add_device(db: &Connection, device: &Device) -> Result<()> {
    db.prepare_cached(ADD_DEVICE)?
        .execute(params![
            device.id.as_bytes(),
            device.user_id.as_bytes(),
            device.hash.0,
            device.first_seen_at.0,
            device.last_seen_at.0,
            rows::address(&device.caller),
            device.caller.user_agent,
        ])
        .map(drop)
}

fn add_letter(db: &Connection, waiting: &QueuedLetter) -> Result<()> {
    letters::insert(db, &waiting.letter)?;
    let QueuedLetter { letter, attempts, next_attempt_at, last_error } = waiting;
    db.prepare_cached(TRIED)?
        .execute(params![attempts, next_attempt_at.0, last_error, letter.id.as_bytes()])
        .map(drop)
}

fn add_event(db: &Connection, RecordedEvent { seq, event, link }: &RecordedEvent) -> Result<()> {
    db.prepare_cached(ADD_EVENT)?
        .execute(params![
            rows::stored(*seq),
            event.at.0,
            event.kind.as_str(),
            event.kind.ending().map(|ending| ending.as_str()),
            event.user_id.as_ref().map(|id| id.as_bytes()),
            event.session_id.as_ref().map(|id| id.as_bytes()),
            rows::address(&event.caller),
            event.caller.user_agent,
            rows::actor(&event.caller),
            event.caller.reason,
            event.about,
            link.as_ref().map(|link| link.hash),
            link.as_ref().and_then(|link| link.salt),
        ])
        .map(drop)
}

fn add_delivery(db: &Connection, delivery: &Delivery) -> Result<()> {
    let Delivery { webhook, seq, created_at, attempts, next_attempt_at, last_error } = delivery;
    let next_attempt_at = next_attempt_at.map(|at| at.0);
    let row =
        params![webhook.as_bytes(), rows::stored(*seq), created_at.0, attempts, next_attempt_at, last_error];
    db.prepare_cached(ADD_DELIVERY)?.execute(row).map(drop)
}

fn add_revocation(db: &Connection, (place, entry): &(FeedPlace, Revocation)) -> Result<()> {
    let (kind, subject, ep, ending) = rows::revoked(&entry.what);
    let row = params![rows::stored(*place), entry.at.0, kind, subject, ep, ending];
    db.prepare_cached(ADD_REVOCATION)?.execute(row).map(drop)
}

fn last_key(db: &Connection, part: Part) -> Result<Option<Key>> {
    let id = |sql| last(db, sql).map(|id: Option<[u8; 16]>| id.map(Key::Id));
    let place =
        |sql| last(db, sql).map(|place: Option<i64>| place.map(|place| Key::Place(place.cast_unsigned())));
    match part {
        Part::Users => id(LAST_USER),
        Part::Sessions => id(LAST_SESSION),
        Part::Devices => {
            let key = |row: &Row<'_>| Ok(Key::Device(row.get(0)?, row.get(1)?));
            db.prepare_cached(LAST_DEVICE)?.query_row([], key).optional()
        }
        Part::Links => id(LAST_LINK),
        Part::Letters => id(LAST_LETTER),
        Part::Events => place(LAST_EVENT),
        Part::Revocations => place(LAST_REVOCATION),
        Part::Deliveries => {
            let key = |row: &Row<'_>| Ok(Key::Delivery(row.get(0)?, row.get(1).map(i64::cast_unsigned)?));
            db.prepare_cached(LAST_DELIVERY)?.query_row([], key).optional()
        }
        _whole => Ok(None),
    }
}

fn last<T: FromSql>(db: &Connection, sql: &str) -> Result<Option<T>> {
    db.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

fn count(db: &Connection, part: Part) -> Result<u64> {
    let table = match part {
        Part::Users => "user",
        Part::Sessions => "session",
        Part::Devices => "device",
        Part::Links => "link",
        Part::Letters => "letter",
        Part::Events => "outbox",
        Part::Revocations => "revocation",
        Part::Keeps => "feed_keep",
        Part::SigningKeys => "signing_key",
        Part::KeyChecks => "key_check",
        Part::Clients => "client",
        Part::Deliveries => "webhook_delivery",
        Part::Roles => "role",
        Part::Webhooks => "webhook",
        Part::Marks => "audit_mark",
        Part::Tallies => "tally",
        Part::Numbers => return Ok(1),
    };
    db.prepare_cached(&format!("SELECT count(*) FROM {table}"))?
        .query_row([], |row| row.get(0).map(i64::cast_unsigned))
}
