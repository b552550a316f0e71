//! Links from letters.

use std::time::Duration;

use rotunda_core::model::{
    Link, LinkHash, LinkId, LinkPurpose, PasswordHash, PendingUser, SessionId, UserId, Username,
};

use super::Columns;
use crate::db::Result;

/// The columns of [`link`], in its order.
macro_rules! link_columns {
    () => {
        "id, purpose, hash, user_id, ep, email, session_id, newcomer_username, newcomer_name, \
         newcomer_password_hash, created_at, life_ms, expires_at"
    };
}

pub(crate) use link_columns;

/// From [`link_columns`].
pub(crate) fn link(row: &mut Columns<'_>) -> Result<Link> {
    Ok(Link {
        id: row.id(LinkId::from_bytes)?,
        purpose: row.parse(LinkPurpose::parse)?,
        hash: LinkHash(row.bytes()?),
        user_id: row.some_id(UserId::from_bytes)?,
        ep: row.number()?,
        email: row.email()?,
        session_id: row.some_id(SessionId::from_bytes)?,
        newcomer: newcomer(row)?,
        created_at: row.time()?,
        life: Duration::from_millis(row.number()?),
        expires_at: row.time()?,
    })
}

fn newcomer(row: &mut Columns<'_>) -> Result<Option<PendingUser>> {
    let username = row.parse_some(Username::parse)?;
    let name = row.take()?;
    let password = row.take::<Option<_>>()?.map(PasswordHash::new);
    Ok(password.map(|password| PendingUser { username, name, password }))
}
