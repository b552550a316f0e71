//! Parts of the store, written.

use futures_util::future::try_join_all;
use rotunda_core::keys::SealedSigningKey;
use rotunda_core::model::{
    Account, Device, FeedPlace, Link, QueuedLetter, RecordedEvent, RegisteredClient, Revocation, Session,
};
use rotunda_core::store::{Batch, Numbers};

use super::read;
use crate::db::{Db, Error, Param, Result};
use crate::{clients, feed, keys, letters, links, login, refresh, register, rows};

pub(crate) const ADD_DEVICE: &str = "\
    INSERT INTO device (id, user_id, hash, first_seen_at, last_seen_at, last_ip, last_user_agent) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const TRIED: &str =
    "UPDATE letter SET attempts = $1, next_attempt_at = $2, last_error = $3 WHERE id = $4";
pub(crate) const ADD_EVENT: &str = "\
    INSERT INTO outbox (seq, at_ms, kind, ending, user_id, session_id, address, user_agent) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const ADD_REVOCATION: &str =
    "INSERT INTO revocation (seq, at_ms, kind, subject, ep, ending) VALUES ($1, $2, $3, $4, $5, $6)";
pub(crate) const ADD_KEY: &str = "\
    INSERT INTO signing_key (kid, place, algorithm, master_id, sealed, created_at, signs_from, revoked_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const NO_KEEPS: &str = "DELETE FROM feed_keep";
pub(crate) const NO_KEYS: &str = "DELETE FROM signing_key";
pub(crate) const NO_CHECKS: &str = "DELETE FROM key_check";
pub(crate) const NO_SECRETS: &str = "DELETE FROM client_secret";
pub(crate) const NO_CLIENTS: &str = "DELETE FROM client";
pub(crate) const NUMBER: &str = "\
    INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

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
        Batch::Keeps(rows) => {
            db.execute(NO_KEEPS, &[]).await?;
            for (keep, seen_at) in rows {
                db.execute(feed::NOTE_KEEP, &[&rows::millis(keep), &seen_at.0]).await?;
            }
            Ok(())
        }
        Batch::SigningKeys(rows) => {
            db.execute(NO_KEYS, &[]).await?;
            for (place, key) in (1..).zip(&rows) {
                add_key(db, place, key).await?;
            }
            Ok(())
        }
        Batch::KeyChecks(rows) => {
            db.execute(NO_CHECKS, &[]).await?;
            for (id, check) in rows {
                keys::check(db, id, check).await?;
            }
            Ok(())
        }
        Batch::Clients(rows) => {
            db.execute(NO_SECRETS, &[]).await?;
            db.execute(NO_CLIENTS, &[]).await?;
            for client in &rows {
                add_client(db, client).await?;
            }
            Ok(())
        }
        Batch::Numbers(rows) => {
            for numbers in &rows {
                set_numbers(db, numbers).await?;
            }
            Ok(())
        }
    }
}

async fn add_user(db: &Db<'_>, account: &Account) -> Result<()> {
    match register::insert(db, account).await? {
        true => Ok(()),
        false => Err(Error::Row(format!("the id or a name of the user {} is taken", account.user.id))),
    }
}

async fn add_session(db: &Db<'_>, session: &Session) -> Result<()> {
    login::insert_row(db, session).await
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

async fn add_event(db: &Db<'_>, RecordedEvent { seq, event }: &RecordedEvent) -> Result<()> {
    let row: [Param<'_>; 8] = [
        &rows::stored(*seq),
        &event.at.0,
        &event.kind.as_str(),
        &event.kind.ending().map(|ending| ending.as_str()),
        &event.user_id.map(|id| rows::uuid(id.as_bytes())),
        &event.session_id.map(|id| rows::uuid(id.as_bytes())),
        &rows::address(&event.caller),
        &event.caller.user_agent,
    ];
    db.execute(ADD_EVENT, &row).await.map(drop)
}

async fn add_revocation(db: &Db<'_>, (place, entry): &(FeedPlace, Revocation)) -> Result<()> {
    let (kind, subject, ep, ending) = rows::revoked(&entry.what);
    let row: [Param<'_>; 6] = [&rows::stored(*place), &entry.at.0, &kind, &subject, &ep, &ending];
    db.execute(ADD_REVOCATION, &row).await.map(drop)
}

async fn add_key(db: &Db<'_>, place: i64, key: &SealedSigningKey) -> Result<()> {
    let SealedSigningKey { kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at } = key;
    let row: [Param<'_>; 8] = [
        kid,
        &place,
        algorithm,
        &i16::from(*master_id),
        sealed,
        &created_at.0,
        &signs_from.0,
        &revoked_at.map(|at| at.0),
    ];
    db.execute(ADD_KEY, &row).await.map(drop)
}

async fn add_client(db: &Db<'_>, client: &RegisteredClient) -> Result<()> {
    let scopes = rows::json(&client.scopes)?;
    let row: [Param<'_>; 4] = [&client.id.0, &client.kind.as_str(), &scopes, &client.created_at.0];
    db.execute(clients::ADD, &row).await?;
    clients::add_secrets(db, &client.id, &client.secrets).await
}

async fn set_numbers(db: &Db<'_>, numbers: &Numbers) -> Result<()> {
    db.tell();
    for (name, value) in [
        ("feed_id", numbers.feed.0.cast_signed()),
        ("outbox", rows::stored(numbers.last_event)),
        ("feed", rows::stored(numbers.last_revocation)),
        ("shelf", rows::stored(numbers.shelf_version)),
    ] {
        db.execute(NUMBER, &[&name, &value]).await?;
    }
    db.execute(refresh::ACCEPT_NO_MORE, &[]).await?;
    if let Some(until) = numbers.accept_ahead_until {
        db.execute(NUMBER, &[&"accept_ahead_until", &until.0]).await?;
    }
    Ok(())
}
