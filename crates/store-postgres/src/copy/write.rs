//! Parts of the store, written.

use futures_util::future::try_join_all;
use rotunda_core::model::{
    Account, Delivery, Device, FeedPlace, Link, QueuedLetter, RecordedEvent, Revocation, Session,
};
use rotunda_core::store::Batch;

use super::{read, whole};
use crate::db::{Db, Error, Param, Result};
use crate::{letters, links, login, register, rows};

pub(crate) const ADD_DEVICE: &str = "\
    INSERT INTO device (id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const TRIED: &str =
    "UPDATE letter SET attempts = $1, next_attempt_at = $2, last_error = $3 WHERE id = $4";
pub(crate) const ADD_EVENT: &str = "\
    INSERT INTO outbox (seq, at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about, hash, \
        salt) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
pub(crate) const ADD_REVOCATION: &str =
    "INSERT INTO revocation (seq, at_ms, kind, subject, ep, ending) VALUES ($1, $2, $3, $4, $5, $6)";
pub(crate) const ADD_DELIVERY: &str = "\
    INSERT INTO webhook_delivery (webhook_id, seq, created_at, attempts, next_attempt_at, last_error) \
    VALUES ($1, $2, $3, $4, $5, $6)";

pub(super) async fn part(db: &Db<'_>, batch: &Batch) -> Result<()> {
    let last = read::last_key(db, batch.part()).await?;
    match batch.clone().after(last.as_ref()) {
        Batch::Users(rows) => try_join_all(rows.iter().map(|row| add_user(db, row))).await.map(drop),
        Batch::Sessions(rows) => try_join_all(rows.iter().map(|row| add_session(db, row))).await.map(drop),
        Batch::Devices(rows) => try_join_all(rows.iter().map(|row| add_device(db, row))).await.map(drop),
        Batch::Links(rows) => try_join_all(rows.iter().map(|row| add_link(db, row))).await.map(drop),
        Batch::Letters(rows) => try_join_all(rows.iter().map(|row| add_letter(db, row))).await.map(drop),
        Batch::Events(rows) => try_join_all(rows.iter().map(|row| add_event(db, row))).await.map(drop),
        Batch::Revocations(rows) => {
            try_join_all(rows.iter().map(|row| add_revocation(db, row))).await.map(drop)
        }
        Batch::Deliveries(rows) => try_join_all(rows.iter().map(|row| add_delivery(db, row))).await.map(drop),
        whole => whole::replace(db, whole).await,
    }
}

async fn add_user(db: &Db<'_>, account: &Account) -> Result<()> {
    match register::insert(db, account).await? {
        true => Ok(()),
        false => Err(Error::Row(format!("the id or a name of the user {} is taken", account.user.id))),
    }
}

async fn add_session(db: &Db<'_>, session: &Session) -> Result<()> {
    login::insert_row(db, session, Some(session.revision)).await
}

async fn add_device(db: &Db<'_>, device: &Device) -> Result<()> {
    let row: [Param<'_>; 7] = [
        &rows::uuid(device.id.as_bytes()),
        &rows::uuid(device.user_id.as_bytes()),
        &device.hash.0.as_slice(),
        &device.first_seen_at.0,
        &device.last_seen_at.0,
        &rows::address(&device.caller),
        &device.caller.user_agent,
    ];
    db.execute(ADD_DEVICE, &row).await.map(drop)
}

async fn add_link(db: &Db<'_>, link: &Link) -> Result<()> {
    match links::insert(db, link).await? {
        true => Ok(()),
        false => Err(Error::Row(format!("the link {} is of a user who is not there", link.id))),
    }
}

async fn add_letter(db: &Db<'_>, waiting: &QueuedLetter) -> Result<()> {
    let QueuedLetter { letter, attempts, next_attempt_at, last_error } = waiting;
    letters::insert(db, letter).await?;
    let tried: [Param<'_>; 4] =
        [&i64::from(*attempts), &next_attempt_at.0, last_error, &rows::uuid(letter.id.as_bytes())];
    db.execute(TRIED, &tried).await.map(drop)
}

async fn add_event(db: &Db<'_>, RecordedEvent { seq, event, link }: &RecordedEvent) -> Result<()> {
    let row: [Param<'_>; 13] = [
        &rows::stored(*seq),
        &event.at.0,
        &event.kind.as_str(),
        &event.kind.ending().map(|ending| ending.as_str()),
        &event.user_id.map(|id| rows::uuid(id.as_bytes())),
        &event.session_id.map(|id| rows::uuid(id.as_bytes())),
        &rows::address(&event.caller),
        &event.caller.user_agent,
        &rows::actor(&event.caller),
        &event.caller.reason,
        &event.about,
        &link.as_ref().map(|link| &link.hash[..]),
        &link.as_ref().and_then(|link| link.salt.as_ref()).map(|salt| &salt[..]),
    ];
    db.execute(ADD_EVENT, &row).await.map(drop)
}

async fn add_revocation(db: &Db<'_>, (place, entry): &(FeedPlace, Revocation)) -> Result<()> {
    let (kind, subject, ep, ending) = rows::revoked(&entry.what);
    let row: [Param<'_>; 6] = [&rows::stored(*place), &entry.at.0, &kind, &subject, &ep, &ending];
    db.execute(ADD_REVOCATION, &row).await.map(drop)
}

async fn add_delivery(db: &Db<'_>, delivery: &Delivery) -> Result<()> {
    let Delivery { webhook, seq, created_at, attempts, next_attempt_at, last_error } = delivery;
    let row: [Param<'_>; 6] = [
        &rows::uuid(webhook.as_bytes()),
        &rows::stored(*seq),
        &created_at.0,
        &i64::from(*attempts),
        &next_attempt_at.map(|at| at.0),
        last_error,
    ];
    db.execute(ADD_DELIVERY, &row).await.map(drop)
}
