//! Signing keys and clients.

use rotunda_core::keys::SealedSigningKey;
use rotunda_core::model::{ClientId, ClientKind, ClientSecretHash, KeptClientSecret, RegisteredClient};
use tokio_postgres::Row;

use super::Columns;
use crate::db::Result;

/// From `kid, algorithm, master_id, sealed, created_at, signs_from, revoked_at`.
pub(crate) fn signing_key(row: &Row) -> Result<SealedSigningKey> {
    let mut row = Columns::of(row);
    Ok(SealedSigningKey {
        kid: row.take()?,
        algorithm: row.take()?,
        master_id: row.key_id()?,
        sealed: row.take()?,
        created_at: row.time()?,
        signs_from: row.time()?,
        revoked_at: row.some_time()?,
    })
}

/// From `id, kind, scopes, created_at` and the columns of a secret, all empty where there is none. The client comes without
/// it. `None` for a kind of a newer release: this one does not know what to hold it to.
pub(crate) fn client(row: &Row) -> Result<Option<(RegisteredClient, Option<KeptClientSecret>)>> {
    let mut row = Columns::of(row);
    let (id, kind): (_, &str) = (ClientId(row.take()?), row.take()?);
    let Some(kind) = ClientKind::parse(kind) else { return Ok(None) };
    let client = RegisteredClient {
        id,
        kind,
        scopes: row.parse(|json: &str| serde_json::from_str(json).ok())?,
        secrets: Vec::new(),
        created_at: row.time()?,
    };
    let Some(hash) = row.some_bytes()?.map(ClientSecretHash) else { return Ok(Some((client, None))) };
    let secret = KeptClientSecret { hash, created_at: row.time()?, ends_at: row.some_time()? };
    Ok(Some((client, Some(secret))))
}

/// From `hash, created_at, ends_at`.
pub(crate) fn client_secret(row: &Row) -> Result<KeptClientSecret> {
    let mut row = Columns::of(row);
    let hash = ClientSecretHash(row.bytes()?);
    Ok(KeptClientSecret { hash, created_at: row.time()?, ends_at: row.some_time()? })
}
