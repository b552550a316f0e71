//! The parts of a handful of rows: read at once, and replaced as a whole.

use std::time::Duration;

use rotunda_core::keys::KeyCheck;
use rotunda_core::model::{AuditMark, FeedId, RegisteredClient, Tally, UnixMillis};
use rotunda_core::store::{Batch, KeptMark, Numbers, Part};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row, params};

use super::{count, list};
use crate::rows::{self, Columns, mark_columns};
use crate::{audit, clients, everyone, feed, keys, refresh, roles, tallies, webhooks};

pub(crate) const KEEPS: &str = "SELECT keep_ms, seen_at FROM feed_keep ORDER BY keep_ms";
pub(crate) const CHECKS: &str = "SELECT key_id, value FROM key_check ORDER BY key_id";
pub(crate) const MARKS: &str =
    concat!("SELECT ", mark_columns!(), ", kept FROM audit_mark ORDER BY kept, seq");
pub(crate) const TALLIES: &str = "SELECT hour, name, count FROM tally ORDER BY hour, name";
/// Keys that are older than the shelf came without a version of it.
pub(crate) const NUMBERS: &str = "\
    SELECT (SELECT value FROM meta WHERE name = 'everyone_below'), \
        (SELECT value FROM meta WHERE name = 'everyone_at'), \
        (SELECT value FROM meta WHERE name = 'feed'), \
        coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0), \
        coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revocation'), 0), \
        max((SELECT value FROM meta WHERE name = 'shelf'), (SELECT count(*) FROM signing_key)), \
        (SELECT value FROM meta WHERE name = 'accept_ahead_until'), \
        coalesce((SELECT value FROM meta WHERE name = 'revision'), 0), \
        (SELECT value FROM meta WHERE name = 'first_admin_at')";

pub(crate) const NO_KEEPS: &str = "DELETE FROM feed_keep";
pub(crate) const NO_KEYS: &str = "DELETE FROM signing_key";
pub(crate) const NO_CHECKS: &str = "DELETE FROM key_check";
pub(crate) const NO_SECRETS: &str = "DELETE FROM client_secret";
pub(crate) const NO_CLIENTS: &str = "DELETE FROM client";
pub(crate) const NO_ROLES: &str = "DELETE FROM role";
pub(crate) const NO_WEBHOOKS: &str = "DELETE FROM webhook";
pub(crate) const NO_MARKS: &str = "DELETE FROM audit_mark";
pub(crate) const NO_TALLIES: &str = "DELETE FROM tally";
pub(crate) const NO_NUMBERS: &str =
    "DELETE FROM meta WHERE name IN ('everyone_below', 'everyone_at', 'revision', 'first_admin_at')";
pub(crate) const NO_COUNTERS: &str = "DELETE FROM sqlite_sequence WHERE name IN ('outbox', 'revocation')";
pub(crate) const COUNTER: &str = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
pub(crate) const NUMBER: &str = "\
    INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// A part that is not paged.
pub(super) fn read(db: &Connection, part: Part) -> Result<Batch> {
    Ok(match part {
        Part::Keeps => Batch::Keeps(list(db, KEEPS, [], |row| {
            Ok((Duration::from_millis(row.get::<_, i64>(0)?.unsigned_abs()), UnixMillis(row.get(1)?)))
        })?),
        Part::SigningKeys => Batch::SigningKeys(keys::signing_keys(db)?),
        Part::KeyChecks => {
            Batch::KeyChecks(list(db, CHECKS, [], |row| Ok((row.get(0)?, KeyCheck(row.get(1)?))))?)
        }
        Part::Clients => Batch::Clients(all_clients(db)?),
        Part::Roles => Batch::Roles(roles::list(db)?),
        Part::Webhooks => Batch::Webhooks(webhooks::webhooks(db)?),
        Part::Marks => Batch::Marks(list(db, MARKS, [], mark)?),
        Part::Tallies => Batch::Tallies(list(db, TALLIES, [], tally)?),
        _ => Batch::Numbers(list(db, NUMBERS, [], numbers)?),
    })
}

/// Those of a kind that this version does not know, too: it does not copy a store without them.
fn all_clients(db: &Connection) -> Result<Vec<RegisteredClient>> {
    let known = clients::clients(db)?;
    match count(db, Part::Clients)? == known.len() as u64 {
        true => Ok(known),
        false => Err(unknown(1, "there is a client of a kind that this version does not know")),
    }
}

fn mark(row: &Row<'_>) -> Result<(KeptMark, AuditMark)> {
    let kept: String = row.get("kept")?;
    let all = [KeptMark::Floor, KeptMark::Head, KeptMark::Checkpoint];
    let kept = all.into_iter().find(|known| known.as_str() == kept);
    let kept = kept.ok_or_else(|| unknown(5, "a mark is kept as what this version does not know"))?;
    Ok((kept, rows::mark(&mut Columns::of(row))?))
}

fn tally(row: &Row<'_>) -> Result<(UnixMillis, Tally, u64)> {
    let (hour, tally, count) = rows::tally(row)?;
    let tally = tally.ok_or_else(|| unknown(1, "there is a figure that this version does not know"))?;
    Ok((hour, tally, count))
}

fn unknown(column: usize, what: &'static str) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, what.into())
}

fn numbers(row: &Row<'_>) -> Result<Numbers> {
    let number = |column| row.get(column).map(i64::cast_unsigned);
    Ok(Numbers {
        everyone: rows::everyone(&mut Columns::of(row))?,
        feed: FeedId(number(2)?),
        last_event: number(3)?,
        last_revocation: number(4)?,
        shelf_version: number(5)?,
        accept_ahead_until: row.get::<_, Option<_>>(6)?.map(UnixMillis),
        revision: number(7)?,
        first_admin_at: row.get::<_, Option<_>>(8)?.map(UnixMillis),
    })
}

/// Replaces a part that is not paged.
pub(super) fn write(db: &Connection, batch: Batch) -> Result<()> {
    let clear = |sql| db.prepare_cached(sql)?.execute([]).map(drop);
    match batch {
        Batch::Keeps(rows) => {
            clear(NO_KEEPS)?;
            let mut add = db.prepare_cached(feed::NOTE_KEEP)?;
            rows.iter()
                .try_for_each(|(keep, seen)| add.execute(params![rows::millis(*keep), seen.0]).map(drop))
        }
        Batch::SigningKeys(rows) => {
            clear(NO_KEYS)?;
            rows.iter().try_for_each(|key| keys::insert(db, key))
        }
        Batch::KeyChecks(rows) => {
            clear(NO_CHECKS)?;
            rows.into_iter().try_for_each(|(id, check)| keys::check(db, id, check).map(drop))
        }
        Batch::Clients(rows) => {
            clear(NO_SECRETS)?;
            clear(NO_CLIENTS)?;
            rows.iter().try_for_each(|row| add_client(db, row))
        }
        Batch::Roles(rows) => {
            clear(NO_ROLES)?;
            rows.iter().try_for_each(|role| roles::insert(db, role))
        }
        Batch::Webhooks(rows) => {
            clear(NO_WEBHOOKS)?;
            rows.iter().try_for_each(|webhook| webhooks::insert(db, webhook, webhook.place))
        }
        Batch::Marks(rows) => {
            clear(NO_MARKS)?;
            rows.iter().try_for_each(|(kept, mark)| audit::insert(db, *kept, mark))
        }
        Batch::Tallies(rows) => {
            clear(NO_TALLIES)?;
            rows.iter().try_for_each(|(hour, tally, count)| tallies::add(db, *hour, &[(*tally, *count)]))
        }
        Batch::Numbers(rows) => rows.iter().try_for_each(|row| set_numbers(db, row)),
        _ => Ok(()),
    }
}

fn add_client(db: &Connection, client: &RegisteredClient) -> Result<()> {
    let row = params![client.id.0, client.kind.as_str(), rows::json(&client.scopes)?, client.created_at.0];
    db.prepare_cached(clients::ADD)?.execute(row)?;
    clients::add_secrets(db, &client.id, &client.secrets)
}

fn set_numbers(db: &Connection, numbers: &Numbers) -> Result<()> {
    db.prepare_cached(NO_NUMBERS)?.execute([])?;
    let mut set = db.prepare_cached(NUMBER)?;
    set.execute(params!["feed", numbers.feed.0.cast_signed()])?;
    set.execute(params!["shelf", rows::stored(numbers.shelf_version)])?;
    set.execute(params!["revision", rows::stored(numbers.revision)])?;
    numbers.everyone.map_or(Ok(()), |everyone| everyone::set(db, everyone))?;
    numbers.first_admin_at.map_or(Ok(()), |at| roles::has_admin(db, at))?;
    db.prepare_cached(refresh::ACCEPT_NO_MORE)?.execute([])?;
    if let Some(until) = numbers.accept_ahead_until {
        db.prepare_cached(refresh::ACCEPT_AHEAD)?.execute(params![until.0])?;
    }
    db.prepare_cached(NO_COUNTERS)?.execute([])?;
    let mut count = db.prepare_cached(COUNTER)?;
    count.execute(params!["outbox", rows::stored(numbers.last_event)])?;
    count.execute(params!["revocation", rows::stored(numbers.last_revocation)]).map(drop)
}
