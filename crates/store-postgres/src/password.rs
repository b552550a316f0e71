//! A stronger hash of the same password.

use rotunda_core::model::{PasswordHash, UserId};

use crate::db::{Db, Param, Result};
use crate::rows;

/// One guarded statement: where the row has changed while it waited for it, the guard is asked again of the new one.
pub(crate) const REHASH: &str = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";

pub(crate) async fn rehash(
    db: &Db<'_>,
    user: UserId,
    from: &PasswordHash,
    to: &PasswordHash,
) -> Result<bool> {
    let guarded: [Param<'_>; 3] = [&to.expose(), &rows::uuid(user.as_bytes()), &from.expose()];
    Ok(db.execute(REHASH, &guarded).await? > 0)
}
