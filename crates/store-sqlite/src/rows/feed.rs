//! Entries of the revocation feed.

use rotunda_core::model::{FeedPlace, Revocation, Revoked, RoleName, UnixMillis};
use rusqlite::{Result, Row};

use super::{Columns, stored};

/// From `seq, at_ms, kind, subject, ep, ending`.
pub(crate) fn revocation(row: &Row<'_>) -> Result<(FeedPlace, Revocation)> {
    let mut row = Columns::of(row);
    let (place, at): (FeedPlace, UnixMillis) = (row.number()?, row.time()?);
    let kind: String = row.take()?;
    let what = match kind.as_str() {
        "session" => {
            let id = row.parse(|sid: String| sid.parse().ok())?;
            row.take::<Option<i64>>()?;
            Revoked::Session { id, ending: row.ending()? }
        }
        "user" => Revoked::User { sub: row.take()?, ep: row.number()?, ending: row.ending()? },
        "token" => Revoked::Token { jti: row.take()? },
        "key" => Revoked::Key { kid: row.take()? },
        "everyone" => {
            row.take::<String>()?;
            Revoked::Everyone { rv: row.number()? }
        }
        "claims" => Revoked::Claims { sub: row.take()?, ce: row.number()? },
        "role" => {
            Revoked::Role { name: row.parse(|name: String| RoleName::parse(&name))?, rv: row.number()? }
        }
        _ => return Err(row.senseless(2)),
    };
    Ok((place, Revocation { what, at }))
}

/// What is stored of an entry: `kind, subject, ep, ending`.
pub(crate) fn revoked(what: &Revoked) -> (&'static str, String, Option<i64>, Option<&'static str>) {
    match what {
        Revoked::Session { id, ending } => ("session", id.to_string(), None, Some(ending.as_str())),
        Revoked::User { sub, ep, ending } => ("user", sub.clone(), Some(stored(*ep)), Some(ending.as_str())),
        Revoked::Token { jti } => ("token", jti.clone(), None, None),
        Revoked::Key { kid } => ("key", kid.clone(), None, None),
        Revoked::Everyone { rv } => ("everyone", String::new(), Some(stored(*rv)), None),
        Revoked::Claims { sub, ce } => ("claims", sub.clone(), Some(stored(*ce)), None),
        Revoked::Role { name, rv } => ("role", name.as_str().to_owned(), Some(stored(*rv)), None),
    }
}
