//! An account changes: password, address, or whether the address is theirs.
//!
//! 1. The right must still be there: a session of theirs that has not ended, or a link of theirs that was not used.
//! 2. The account must still be as it was read. The transaction sees to it that nobody changes either of them between
//!    these questions and the writes.
//! 3. A new address must not belong to somebody else. This is asked last: who has no right is not told.
//! 4. The account changes, sessions end, the link goes, the new session begins; then events and letters.

use rotunda_core::model::{Account, Email};
use rotunda_core::store::{Amended, Amending, Ends, Right};
use rusqlite::{Connection, Result, params};

use crate::everyone::not_signed_out;
use crate::{devices, feed, journal, letters, links, login, logout, rows, users};

/// One that was signed out with everyone gives no right to begin another.
pub(crate) const SESSION_LIVES: &str = concat!(
    "SELECT 1 FROM session WHERE id = ?1 AND user_id = ?2 AND status = 'live' AND ",
    not_signed_out!()
);
pub(crate) const AS_READ: &str = "\
    SELECT 1 FROM user \
    WHERE id = ?1 AND state = 'active' AND ep = ?2 AND password_hash = ?3 AND email_key = ?4";
pub(crate) const EMAIL_TAKEN: &str = "SELECT 1 FROM user WHERE email_key = ?1 AND id <> ?2";
/// Another address is not theirs until that is shown.
pub(crate) const AMEND: &str = "\
    UPDATE user SET password_hash = coalesce(?2, password_hash), email = coalesce(?3, email), \
        email_key = coalesce(?4, email_key), email_verified = ?5 OR (?3 IS NULL AND email_verified), ep = ep + ?6 \
    WHERE id = ?1";

pub(crate) fn amend(db: &Connection, amending: &Amending) -> Result<Amended> {
    let user = amending.account.user.id;
    let right = match amending.right {
        Right::Session(id) => {
            db.prepare_cached(SESSION_LIVES)?.exists(params![id.as_bytes(), user.as_bytes()])?
        }
        Right::Link(id) => links::is_theirs(db, id, user)?,
    };
    if !right || !is_as_read(db, &amending.account)? {
        return Ok(Amended::Changed);
    }
    if let Some(email) = &amending.email
        && db.prepare_cached(EMAIL_TAKEN)?.exists(params![email.key(), user.as_bytes()])?
    {
        return Ok(Amended::EmailTaken);
    }
    write(db, amending)?;
    match &amending.ends {
        Ends::Nothing => {}
        Ends::One(end) => {
            // A session that somebody else has had, and has left meanwhile, leaves its device with them all the same.
            if !logout::end(db, end)? && devices::is_copied(end.ending) {
                devices::forget_of(db, end.id)?;
            }
        }
        Ends::All { ending, at } => {
            logout::end_live_of(db, user, *ending, *at, &amending.caller)?;
            let now = users::account_of(db, user)?;
            now.map_or(Ok(()), |now| feed::user_ended(db, &now.user, *ending, *at))?;
        }
        Ends::Others { than, at } => logout::end_others(db, user, (*than, *at), &amending.caller)?,
    }
    if let Right::Link(id) = amending.right {
        if amending.email.is_some() {
            links::use_up_later_reports(db, id)?;
        }
        links::use_up(db, id)?;
    }
    amending.session.iter().try_for_each(|session| login::insert(db, session))?;
    amending.events.iter().try_for_each(|event| journal::record(db, event))?;
    letters::post_all(db, &amending.post)?;
    Ok(Amended::Done)
}

fn is_as_read(db: &Connection, Account { user, password }: &Account) -> Result<bool> {
    db.prepare_cached(AS_READ)?.exists(params![
        user.id.as_bytes(),
        rows::stored(user.ep),
        password.expose(),
        user.email.key(),
    ])
}

fn write(db: &Connection, amending: &Amending) -> Result<()> {
    let raises = matches!(amending.ends, Ends::All { .. });
    db.prepare_cached(AMEND)?
        .execute(params![
            amending.account.user.id.as_bytes(),
            amending.password.as_ref().map(|hash| hash.expose()),
            amending.email.as_ref().map(Email::as_str),
            amending.email.as_ref().map(Email::key),
            amending.verified,
            raises,
        ])
        .map(drop)
}
