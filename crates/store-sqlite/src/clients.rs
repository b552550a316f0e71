//! Clients that were added while running, with their secrets.

use rotunda_core::model::{ClientId, Event, KeptClientSecret, RegisteredClient};
use rusqlite::{Connection, Result, params};

use crate::{journal, keys, rows};

/// One statement, hence one moment: a row for each secret, and one for a client without any.
pub(crate) const LIST: &str = "\
    SELECT client.id, client.kind, client.scopes, client.created_at, \
        client_secret.hash, client_secret.created_at, client_secret.ends_at \
    FROM client LEFT JOIN client_secret ON client_secret.client_id = client.id \
    ORDER BY client.id, client_secret.place";
pub(crate) const ADD: &str = "\
    INSERT INTO client (id, kind, scopes, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING";
pub(crate) const THERE: &str = "SELECT 1 FROM client WHERE id = ?1";
pub(crate) const SECRETS: &str =
    "SELECT hash, created_at, ends_at FROM client_secret WHERE client_id = ?1 ORDER BY place";
pub(crate) const ADD_SECRET: &str =
    "INSERT INTO client_secret (client_id, place, hash, created_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(crate) const REMOVE_SECRETS: &str = "DELETE FROM client_secret WHERE client_id = ?1";
pub(crate) const REMOVE: &str = "DELETE FROM client WHERE id = ?1";

pub(crate) fn clients(db: &Connection) -> Result<Vec<RegisteredClient>> {
    let mut statement = db.prepare_cached(LIST)?;
    let mut rows = statement.query([])?;
    let mut clients: Vec<RegisteredClient> = Vec::new();
    while let Some(row) = rows.next()? {
        let Some((client, secret)) = rows::client(row)? else { continue };
        match clients.last_mut().filter(|last| last.id == client.id) {
            Some(last) => last.secrets.extend(secret),
            None => clients.push(RegisteredClient { secrets: secret.into_iter().collect(), ..client }),
        }
    }
    Ok(clients)
}

pub(crate) fn add(db: &Connection, client: &RegisteredClient, event: &Event) -> Result<bool> {
    let row = params![client.id.0, client.kind.as_str(), rows::json(&client.scopes)?, client.created_at.0];
    if db.prepare_cached(ADD)?.execute(row)? == 0 {
        return Ok(false);
    }
    add_secrets(db, &client.id, &client.secrets)?;
    changed(db, event)
}

pub(crate) fn change_secrets(
    db: &Connection,
    id: &ClientId,
    (from, to): (&[KeptClientSecret], &[KeptClientSecret]),
    event: &Event,
) -> Result<bool> {
    let there = db.prepare_cached(THERE)?.exists(params![id.0])?;
    if !there || secrets(db, id)? != from {
        return Ok(false);
    }
    db.prepare_cached(REMOVE_SECRETS)?.execute(params![id.0])?;
    add_secrets(db, id, to)?;
    changed(db, event)
}

pub(crate) fn remove(db: &Connection, id: &ClientId, event: &Event) -> Result<bool> {
    db.prepare_cached(REMOVE_SECRETS)?.execute(params![id.0])?;
    if db.prepare_cached(REMOVE)?.execute(params![id.0])? == 0 {
        return Ok(false);
    }
    changed(db, event)
}

fn secrets(db: &Connection, id: &ClientId) -> Result<Vec<KeptClientSecret>> {
    db.prepare_cached(SECRETS)?.query_map(params![id.0], rows::client_secret)?.collect()
}

pub(crate) fn add_secrets(db: &Connection, id: &ClientId, secrets: &[KeptClientSecret]) -> Result<()> {
    let mut statement = db.prepare_cached(ADD_SECRET)?;
    for (place, secret) in (0_i64..).zip(secrets) {
        let ends_at = secret.ends_at.map(|at| at.0);
        statement.execute(params![id.0, place, secret.hash.0, secret.created_at.0, ends_at])?;
    }
    Ok(())
}

fn changed(db: &Connection, event: &Event) -> Result<bool> {
    journal::record(db, event)?;
    keys::shelf_changed(db)?;
    Ok(true)
}
