//! Parts of a handful of rows, which are replaced as a whole.

use rotunda_core::keys::{KeyCheck, SealedSigningKey};
use rotunda_core::model::{RegisteredClient, Role, Tally, UnixMillis, Webhook};
use rotunda_core::store::{Batch, Numbers};

use crate::db::{Db, Param, Result};
use crate::{audit, clients, feed, keys, roles, rows, tallies, webhooks};

pub(crate) const ADD_KEY: &str = "\
    INSERT INTO signing_key (kid, place, algorithm, master_id, sealed, created_at, signs_from, revoked_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const NO_KEEPS: &str = "DELETE FROM feed_keep";
pub(crate) const NO_KEYS: &str = "DELETE FROM signing_key";
pub(crate) const NO_CHECKS: &str = "DELETE FROM key_check";
pub(crate) const NO_SECRETS: &str = "DELETE FROM client_secret";
pub(crate) const NO_CLIENTS: &str = "DELETE FROM client";
pub(crate) const NO_ROLES: &str = "DELETE FROM role";
pub(crate) const NO_WEBHOOKS: &str = "DELETE FROM webhook";
pub(crate) const NO_MARKS: &str = "DELETE FROM audit_mark";
pub(crate) const NO_TALLIES: &str = "DELETE FROM tally";
pub(crate) const NO_NUMBERS: &str = "\
    DELETE FROM meta WHERE name IN ('revision', 'everyone_below', 'everyone_at', 'first_admin_at', 'accept_ahead_until')";
pub(crate) const NUMBER: &str = "\
    INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(super) async fn replace(db: &Db<'_>, batch: Batch) -> Result<()> {
    match batch {
        Batch::Keeps(rows) => {
            db.execute(NO_KEEPS, &[]).await?;
            for (keep, seen_at) in rows {
                db.execute(feed::NOTE_KEEP, &[&rows::millis(keep), &seen_at.0]).await?;
            }
            Ok(())
        }
        Batch::SigningKeys(rows) => signing_keys(db, &rows).await,
        Batch::KeyChecks(rows) => key_checks(db, &rows).await,
        Batch::Clients(rows) => all_clients(db, &rows).await,
        Batch::Roles(rows) => all_roles(db, &rows).await,
        Batch::Webhooks(rows) => all_webhooks(db, &rows).await,
        Batch::Marks(rows) => {
            db.execute(NO_MARKS, &[]).await?;
            for (kept, mark) in &rows {
                audit::add(db, *kept, mark).await?;
            }
            Ok(())
        }
        Batch::Tallies(rows) => figures(db, rows).await,
        Batch::Numbers(rows) => {
            for numbers in &rows {
                set_numbers(db, numbers).await?;
            }
            Ok(())
        }
        // The others are paged.
        _ => Ok(()),
    }
}

async fn signing_keys(db: &Db<'_>, rows: &[SealedSigningKey]) -> Result<()> {
    db.execute(NO_KEYS, &[]).await?;
    for (place, key) in (1..).zip(rows) {
        add_key(db, place, key).await?;
    }
    Ok(())
}

async fn key_checks(db: &Db<'_>, rows: &[(u8, KeyCheck)]) -> Result<()> {
    db.execute(NO_CHECKS, &[]).await?;
    for (id, check) in rows {
        keys::check(db, *id, *check).await?;
    }
    Ok(())
}

async fn all_clients(db: &Db<'_>, rows: &[RegisteredClient]) -> Result<()> {
    db.execute(NO_SECRETS, &[]).await?;
    db.execute(NO_CLIENTS, &[]).await?;
    for client in rows {
        add_client(db, client).await?;
    }
    Ok(())
}

async fn all_roles(db: &Db<'_>, rows: &[Role]) -> Result<()> {
    db.execute(NO_ROLES, &[]).await?;
    for role in rows {
        roles::write(db, role, None).await?;
    }
    Ok(())
}

async fn all_webhooks(db: &Db<'_>, rows: &[Webhook]) -> Result<()> {
    db.execute(NO_WEBHOOKS, &[]).await?;
    for webhook in rows {
        webhooks::add(db, webhook).await?;
    }
    Ok(())
}

async fn figures(db: &Db<'_>, rows: Vec<(UnixMillis, Tally, u64)>) -> Result<()> {
    db.execute(NO_TALLIES, &[]).await?;
    for (hour, tally, count) in rows {
        tallies::add(db, hour, &[(tally, count)]).await?;
    }
    Ok(())
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
    db.execute(NO_NUMBERS, &[]).await?;
    for (name, value) in [
        ("feed_id", numbers.feed.0.cast_signed()),
        ("outbox", rows::stored(numbers.last_event)),
        ("feed", rows::stored(numbers.last_revocation)),
        ("shelf", rows::stored(numbers.shelf_version)),
        ("revision", rows::stored(numbers.revision)),
    ] {
        db.execute(NUMBER, &[&name, &value]).await?;
    }
    for (name, value) in [
        ("accept_ahead_until", numbers.accept_ahead_until.map(|at| at.0)),
        ("everyone_below", numbers.everyone.map(|everyone| rows::stored(everyone.below))),
        ("everyone_at", numbers.everyone.map(|everyone| everyone.at.0)),
        ("first_admin_at", numbers.first_admin_at.map(|at| at.0)),
    ] {
        if let Some(value) = value {
            db.execute(NUMBER, &[&name, &value]).await?;
        }
    }
    Ok(())
}
