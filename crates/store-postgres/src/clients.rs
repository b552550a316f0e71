//! Clients that were added while running, with their secrets. Their changes come one after the other (`keys.rs`).

use rotunda_core::model::{ClientId, Event, KeptClientSecret, RegisteredClient};

use crate::db::{Db, Param, Result};
use crate::{journal, keys, rows};

/// One statement, hence one moment: a row for each secret, and one for a client without any. By the bytes of the id, whatever
/// language the database sorts in.
pub(crate) const LIST: &str = "\
    SELECT client.id, client.kind, client.scopes, client.created_at, \
        client_secret.hash, client_secret.created_at, client_secret.ends_at \
    FROM client LEFT JOIN client_secret ON client_secret.client_id = client.id \
    ORDER BY client.id COLLATE \"C\", client_secret.place";
pub(crate) const ADD: &str = "\
    INSERT INTO client (id, kind, scopes, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
pub(crate) const THERE: &str = "SELECT 1 FROM client WHERE id = $1";
pub(crate) const SECRETS: &str =
    "SELECT hash, created_at, ends_at FROM client_secret WHERE client_id = $1 ORDER BY place";
pub(crate) const ADD_SECRET: &str =
    "INSERT INTO client_secret (client_id, place, hash, created_at, ends_at) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const REMOVE_SECRETS: &str = "DELETE FROM client_secret WHERE client_id = $1";
pub(crate) const REMOVE: &str = "DELETE FROM client WHERE id = $1";

pub(crate) async fn clients(db: &Db<'_>) -> Result<Vec<RegisteredClient>> {
    let mut clients: Vec<RegisteredClient> = Vec::new();
    for row in &db.rows(LIST, &[]).await? {
        let Some((client, secret)) = rows::client(row)? else { continue };
        match clients.last_mut().filter(|last| last.id == client.id) {
            Some(last) => last.secrets.extend(secret),
            None => clients.push(RegisteredClient { secrets: secret.into_iter().collect(), ..client }),
        }
    }
    Ok(clients)
}

pub(crate) async fn add(db: &Db<'_>, client: &RegisteredClient, event: &Event) -> Result<bool> {
    keys::hold_shelf(db).await?;
    let scopes = rows::json(&client.scopes)?;
    let row: [Param<'_>; 4] = [&client.id.0, &client.kind.as_str(), &scopes, &client.created_at.0];
    if db.execute(ADD, &row).await? == 0 {
        return Ok(false);
    }
    add_secrets(db, &client.id, &client.secrets).await?;
    changed(db, event).await
}

pub(crate) async fn change_secrets(
    db: &Db<'_>,
    id: &ClientId,
    (from, to): (&[KeptClientSecret], &[KeptClientSecret]),
    event: &Event,
) -> Result<bool> {
    keys::hold_shelf(db).await?;
    let there = db.exists(THERE, &[&id.0]).await?;
    if !there || secrets(db, id).await? != from {
        return Ok(false);
    }
    db.execute(REMOVE_SECRETS, &[&id.0]).await?;
    add_secrets(db, id, to).await?;
    changed(db, event).await
}

pub(crate) async fn remove(db: &Db<'_>, id: &ClientId, event: &Event) -> Result<bool> {
    keys::hold_shelf(db).await?;
    db.execute(REMOVE_SECRETS, &[&id.0]).await?;
    if db.execute(REMOVE, &[&id.0]).await? == 0 {
        return Ok(false);
    }
    changed(db, event).await
}

async fn secrets(db: &Db<'_>, id: &ClientId) -> Result<Vec<KeptClientSecret>> {
    db.rows(SECRETS, &[&id.0]).await?.iter().map(rows::client_secret).collect()
}

pub(crate) async fn add_secrets(db: &Db<'_>, id: &ClientId, secrets: &[KeptClientSecret]) -> Result<()> {
    for (place, secret) in (0_i64..).zip(secrets) {
        let ends_at = secret.ends_at.map(|at| at.0);
        let hash = secret.hash.0.as_slice();
        db.execute(ADD_SECRET, &[&id.0, &place, &hash, &secret.created_at.0, &ends_at]).await?;
    }
    Ok(())
}

async fn changed(db: &Db<'_>, event: &Event) -> Result<bool> {
    journal::record(db, event).await?;
    keys::shelf_changed(db).await?;
    Ok(true)
}
