//! Parts of the store, read.

use std::time::Duration;

use rotunda_core::keys::KeyCheck;
use rotunda_core::model::{AuditMark, FeedId, RegisteredClient, Tally, UnixMillis};
use rotunda_core::store::{Batch, KeptMark, Key, Numbers, Part};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::db::{Db, Error, Param, Result};
use crate::rows::{
    self, Columns, delivery_columns, device_columns, letter_columns, link_columns, mark_columns,
    outbox_columns, session_columns, user_columns,
};
use crate::{clients, keys, roles, tallies, webhooks};

/// From which id on, whether that one too, and how many.
macro_rules! by_id {
    ($columns:expr, $table:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $table,
            " WHERE ",
            $table,
            ".id >= $1 AND ($2 OR ",
            $table,
            ".id > $1) ORDER BY ",
            $table,
            ".id LIMIT $3"
        )
    };
}

pub(crate) const USERS: &str = by_id!(concat!(user_columns!(), ", users.password_hash"), "users");
pub(crate) const SESSIONS: &str = by_id!(session_columns!(), "session");
pub(crate) const LINKS: &str = by_id!(link_columns!(), "link");
pub(crate) const LETTERS: &str = by_id!(letter_columns!(), "letter");
pub(crate) const DEVICES: &str = concat!(
    "SELECT ",
    device_columns!(),
    " FROM device WHERE (user_id, hash) > ($1, $2) ORDER BY user_id, hash LIMIT $3"
);
pub(crate) const EVENTS: &str =
    concat!("SELECT ", outbox_columns!(), " FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2");
pub(crate) const REVOCATIONS: &str =
    "SELECT seq, at_ms, kind, subject, ep, ending FROM revocation WHERE seq > $1 ORDER BY seq LIMIT $2";
pub(crate) const DELIVERIES: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM webhook_delivery WHERE (webhook_id, seq) > ($1, $2) ORDER BY webhook_id, seq LIMIT $3"
);
/// By the names of what they are kept as.
pub(crate) const MARKS: &str =
    concat!("SELECT kept, ", mark_columns!(), " FROM audit_mark ORDER BY kept COLLATE \"C\", seq");
pub(crate) const HOW_MANY_TALLIES: &str = "SELECT count(*) FROM tally";
pub(crate) const KEEPS: &str = "SELECT keep_ms, seen_at FROM feed_keep ORDER BY keep_ms";
pub(crate) const CHECKS: &str = "SELECT key_id, value FROM key_check ORDER BY key_id";
pub(crate) const HOW_MANY_CLIENTS: &str = "SELECT count(*) FROM client";
pub(crate) const NUMBERS: &str = "\
    SELECT feed_id.value, outbox.value, feed.value, greatest(shelf.value, (SELECT count(*) FROM signing_key)), ahead.value, \
        coalesce((SELECT value FROM meta WHERE name = 'revision'), 0), \
        (SELECT value FROM meta WHERE name = 'everyone_below'), (SELECT value FROM meta WHERE name = 'everyone_at'), \
        (SELECT value FROM meta WHERE name = 'first_admin_at') \
    FROM meta AS feed_id JOIN meta AS outbox ON outbox.name = 'outbox' JOIN meta AS feed ON feed.name = 'feed' \
        JOIN meta AS shelf ON shelf.name = 'shelf' LEFT JOIN meta AS ahead ON ahead.name = 'accept_ahead_until' \
    WHERE feed_id.name = 'feed_id'";

pub(crate) const LAST_USER: &str = "SELECT id FROM users ORDER BY id DESC LIMIT 1";
pub(crate) const LAST_SESSION: &str = "SELECT id FROM session ORDER BY id DESC LIMIT 1";
pub(crate) const LAST_DEVICE: &str =
    "SELECT user_id, hash FROM device ORDER BY user_id DESC, hash DESC LIMIT 1";
pub(crate) const LAST_LINK: &str = "SELECT id FROM link ORDER BY id DESC LIMIT 1";
pub(crate) const LAST_LETTER: &str = "SELECT id FROM letter ORDER BY id DESC LIMIT 1";
pub(crate) const LAST_DELIVERY: &str =
    "SELECT webhook_id, seq FROM webhook_delivery ORDER BY webhook_id DESC, seq DESC LIMIT 1";
pub(crate) const LAST_EVENT: &str = "SELECT seq FROM outbox WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
pub(crate) const LAST_REVOCATION: &str =
    "SELECT seq FROM revocation WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1";

/// What the planner thinks; -1 where it has never looked.
const ESTIMATE: &str = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1)";

/// Tables that the planner thinks have more rows than this are not counted.
const COUNTED: i64 = 100_000;

pub(super) async fn part(db: &Db<'_>, part: Part, after: Option<&Key>, limit: u32) -> Result<Batch> {
    let limit = i64::from(limit);
    let (id, place) = match after {
        Some(Key::Id(id)) => (rows::uuid(id), 0),
        Some(Key::Place(place)) => (Uuid::nil(), rows::stored(*place)),
        _ => (Uuid::nil(), 0),
    };
    let is_first = after.is_none();
    let (by_id, by_place): ([Param<'_>; 3], [Param<'_>; 2]) = ([&id, &is_first, &limit], [&place, &limit]);
    Ok(match part {
        Part::Users => Batch::Users(list(db, USERS, &by_id, rows::account).await?),
        Part::Sessions => Batch::Sessions(list(db, SESSIONS, &by_id, rows::session).await?),
        Part::Devices => {
            // Every hash comes after the empty one.
            let (user, hash) = match after {
                Some(Key::Device(user, hash)) => (rows::uuid(user), &hash[..]),
                _ => (Uuid::nil(), &[][..]),
            };
            Batch::Devices(list(db, DEVICES, &[&user, &hash, &limit], rows::device).await?)
        }
        Part::Links => Batch::Links(list(db, LINKS, &by_id, rows::link).await?),
        Part::Letters => Batch::Letters(list(db, LETTERS, &by_id, rows::queued_letter).await?),
        Part::Events => Batch::Events(
            db.rows(EVENTS, &by_place).await?.iter().map(rows::recorded_event).collect::<Result<_>>()?,
        ),
        Part::Revocations => Batch::Revocations(list(db, REVOCATIONS, &by_place, rows::revocation).await?),
        Part::Deliveries => {
            let (webhook, seq) = match after {
                Some(Key::Delivery(webhook, seq)) => (rows::uuid(webhook), rows::stored(*seq)),
                _ => (Uuid::nil(), -1),
            };
            Batch::Deliveries(list(db, DELIVERIES, &[&webhook, &seq, &limit], rows::delivery).await?)
        }
        Part::Keeps => Batch::Keeps(
            list(db, KEEPS, &[], |row| Ok((Duration::from_millis(row.number()?), row.time()?))).await?,
        ),
        Part::SigningKeys => Batch::SigningKeys(keys::signing_keys(db).await?),
        Part::KeyChecks => {
            Batch::KeyChecks(list(db, CHECKS, &[], |row| Ok((row.key_id()?, KeyCheck(row.bytes()?)))).await?)
        }
        Part::Clients => Batch::Clients(all_clients(db).await?),
        Part::Roles => Batch::Roles(roles::list(db).await?),
        Part::Webhooks => Batch::Webhooks(webhooks::webhooks(db).await?),
        Part::Marks => Batch::Marks(list(db, MARKS, &[], mark).await?),
        Part::Tallies => Batch::Tallies(all_tallies(db).await?),
        Part::Numbers => Batch::Numbers(list(db, NUMBERS, &[], numbers).await?),
    })
}

async fn list<T>(
    db: &Db<'_>,
    sql: &'static str,
    params: &[Param<'_>],
    row: impl Fn(&mut Columns<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    db.rows(sql, params).await?.iter().map(|found| row(&mut Columns::of(found))).collect()
}

/// By their ids as bytes, whatever the order of the database's language; and those of a kind that this version does not know,
/// too: it does not copy a store without them.
async fn all_clients(db: &Db<'_>) -> Result<Vec<RegisteredClient>> {
    let mut known = clients::clients(db).await?;
    known.sort_by(|one, other| one.id.cmp(&other.id));
    let all = db.row(HOW_MANY_CLIENTS, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).number())?;
    match all == known.len() as u64 {
        true => Ok(known),
        false => Err(Error::Row("there is a client of a kind that this version does not know".to_owned())),
    }
}

/// As they come, those that this version does not know too: it does not copy a store without them.
async fn all_tallies(db: &Db<'_>) -> Result<Vec<(UnixMillis, Tally, u64)>> {
    let known = tallies::tallies(db, UnixMillis(i64::MIN)).await?;
    let all = db.row(HOW_MANY_TALLIES, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).number())?;
    match all == known.len() as u64 {
        true => Ok(known),
        false => Err(Error::Row("there are figures of a kind that this version does not know".to_owned())),
    }
}

fn mark(row: &mut Columns<'_>) -> Result<(KeptMark, AuditMark)> {
    let kept = row.parse(|kept: &str| {
        [KeptMark::Floor, KeptMark::Head, KeptMark::Checkpoint].into_iter().find(|it| it.as_str() == kept)
    })?;
    Ok((kept, rows::audit_mark(row)?))
}

fn numbers(row: &mut Columns<'_>) -> Result<Numbers> {
    Ok(Numbers {
        feed: FeedId(row.take().map(i64::cast_unsigned)?),
        last_event: row.number()?,
        last_revocation: row.number()?,
        shelf_version: row.number()?,
        accept_ahead_until: row.some_time()?,
        revision: row.number()?,
        everyone: rows::everyone(row)?,
        first_admin_at: row.some_time()?,
    })
}

pub(super) async fn last_key(db: &Db<'_>, part: Part) -> Result<Option<Key>> {
    let (sql, key): (_, fn(&Row) -> Result<Key>) = match part {
        Part::Users => (LAST_USER, id),
        Part::Sessions => (LAST_SESSION, id),
        Part::Devices => (LAST_DEVICE, device),
        Part::Links => (LAST_LINK, id),
        Part::Letters => (LAST_LETTER, id),
        Part::Events => (LAST_EVENT, place),
        Part::Revocations => (LAST_REVOCATION, place),
        Part::Deliveries => (LAST_DELIVERY, delivery),
        Part::Keeps
        | Part::SigningKeys
        | Part::KeyChecks
        | Part::Clients
        | Part::Roles
        | Part::Webhooks
        | Part::Marks
        | Part::Tallies
        | Part::Numbers => return Ok(None),
    };
    db.row(sql, &[]).await?.map(|row| key(&row)).transpose()
}

fn id(row: &Row) -> Result<Key> {
    Columns::of(row).id(Key::Id)
}

fn place(row: &Row) -> Result<Key> {
    Columns::of(row).number().map(Key::Place)
}

fn device(row: &Row) -> Result<Key> {
    let mut row = Columns::of(row);
    Ok(Key::Device(row.id(|id| id)?, row.bytes()?))
}

fn delivery(row: &Row) -> Result<Key> {
    let mut row = Columns::of(row);
    Ok(Key::Delivery(row.id(|id| id)?, row.number()?))
}

/// Counted where that is quick.
pub(super) async fn about_how_many(db: &Db<'_>, part: Part) -> Result<u64> {
    let (table, count) = match part {
        Part::Users => ("users", "SELECT count(*) FROM users"),
        Part::Sessions => ("session", "SELECT count(*) FROM session"),
        Part::Devices => ("device", "SELECT count(*) FROM device"),
        Part::Links => ("link", "SELECT count(*) FROM link"),
        Part::Letters => ("letter", "SELECT count(*) FROM letter"),
        Part::Events => ("outbox", "SELECT count(*) FROM outbox"),
        Part::Revocations => ("revocation", "SELECT count(*) FROM revocation"),
        Part::Keeps => ("feed_keep", "SELECT count(*) FROM feed_keep"),
        Part::SigningKeys => ("signing_key", "SELECT count(*) FROM signing_key"),
        Part::KeyChecks => ("key_check", "SELECT count(*) FROM key_check"),
        Part::Clients => ("client", HOW_MANY_CLIENTS),
        Part::Deliveries => ("webhook_delivery", "SELECT count(*) FROM webhook_delivery"),
        Part::Roles => ("role", "SELECT count(*) FROM role"),
        Part::Webhooks => ("webhook", "SELECT count(*) FROM webhook"),
        Part::Marks => ("audit_mark", "SELECT count(*) FROM audit_mark"),
        Part::Tallies => ("tally", HOW_MANY_TALLIES),
        Part::Numbers => return Ok(1),
    };
    let estimate = db.row(ESTIMATE, &[&table]).await?;
    let estimate = estimate.map_or(Ok(-1), |row| Columns::of(&row).take::<i64>())?;
    if estimate > COUNTED {
        return Ok(estimate.unsigned_abs());
    }
    db.row(count, &[]).await?.map_or(Ok(0), |row| Columns::of(&row).number())
}
