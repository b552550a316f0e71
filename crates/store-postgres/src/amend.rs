//! An account changes: password, address, or whether the address is theirs.
//!
//! 1. The user is held; the account must be as it was read. Whoever else changes it, begins a session of it or ends all of
//!    them holds it too, so that they come before all of this or after it. And whoever writes what refers to the user: a change
//!    of the address would wait for them later, when they may be waiting for a session that is held by then.
//! 2. Where a link gives the right, it is held, and with it all links of the user, since some of them may go too.
//! 3. Where a session gives the right, it must still be live, and not have ended with everyone's. It is held together with those that end, by id.
//! 4. A new address must not belong to somebody else. This is asked last: who has no right is not told. If somebody takes it
//!    between this and the write, the write says so, all of this comes to nothing, and is asked again.
//! 5. The account changes, sessions end, the link goes, the new session begins; then events and letters.

use rotunda_core::model::{Account, Email, SessionId, User};
use rotunda_core::store::{Amended, Amending, Ends, Right};

use crate::db::{Db, Param, Result};
use crate::rows::{self, Columns, user_columns};
use crate::{devices, everyone, feed, journal, letters, links, login, logout};

/// All the sessions of a user without an ending, or those among them that are named; nobody else changes them from now on.
pub(crate) const HOLD_LIVE: &str = "\
    SELECT id, revision FROM session WHERE user_id = $1 AND status = 'live' AND ($2 OR id = ANY($3)) \
    ORDER BY id FOR NO KEY UPDATE";
pub(crate) const AS_READ: &str = "\
    SELECT 1 FROM users \
    WHERE id = $1 AND state = 'active' AND ep = $2 AND password_hash = $3 AND email_key = $4 FOR UPDATE";
pub(crate) const EMAIL_TAKEN: &str = "SELECT 1 FROM users WHERE email_key = $1 AND id <> $2";
/// Another address is not theirs until that is shown.
pub(crate) const AMEND: &str = concat!(
    "UPDATE users SET password_hash = coalesce($2, password_hash), email = coalesce($3, email), \
         email_key = coalesce($4, email_key), email_verified = $5 OR ($3 IS NULL AND email_verified), ep = ep + $6 \
     WHERE id = $1 RETURNING ",
    user_columns!()
);

pub(crate) async fn amend(db: &Db<'_>, amending: &Amending) -> Result<Amended> {
    let user = amending.account.user.id;
    // What is read now is what a new session begins at: one that was signed out with everyone meanwhile begins none that is not.
    let since = everyone::revision(db).await?;
    if !is_as_read(db, &amending.account).await? {
        return Ok(Amended::Changed);
    }
    if let Right::Link(id) = amending.right
        && !links::hold_of(db, user).await?.contains(&id)
    {
        return Ok(Amended::Changed);
    }
    if !is_asked_by_the_living(db, amending).await? {
        return Ok(Amended::Changed);
    }
    if let Some(email) = &amending.email
        && db.exists(EMAIL_TAKEN, &[&email.key(), &rows::uuid(user.as_bytes())]).await?
    {
        return Ok(Amended::EmailTaken);
    }
    let Some(now) = write(db, amending).await? else { return Ok(Amended::Changed) };
    end(db, amending, &now).await?;
    if let Right::Link(id) = amending.right {
        if amending.email.is_some() {
            links::use_up_later_reports(db, id).await?;
        }
        links::use_up(db, id).await?;
    }
    if let Some(session) = &amending.session {
        login::insert(db, session, Some(since)).await?;
    }
    for event in &amending.events {
        journal::record(db, event).await?;
    }
    letters::post_all(db, &amending.post).await?;
    Ok(Amended::Done)
}

/// Holds the sessions of a user that have no ending on record: all of them, or those that are named. Answers which of them
/// live: not those that ended when everyone was signed out.
pub(crate) async fn hold_live(
    db: &Db<'_>,
    user: &User,
    named: Option<&[SessionId]>,
) -> Result<Vec<SessionId>> {
    if named.is_some_and(<[_]>::is_empty) {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = named.unwrap_or_default().iter().map(|id| rows::uuid(id.as_bytes())).collect();
    let which: [Param<'_>; 3] = [&rows::uuid(user.id.as_bytes()), &named.is_none(), &ids];
    let found = db.rows(HOLD_LIVE, &which).await?;
    let below = everyone::everyone(db).await?.map_or(0, |everyone| everyone.below);
    let mut live = Vec::new();
    for row in &found {
        let mut row = Columns::of(row);
        let (id, revision) = (row.id(SessionId::from_bytes)?, row.number()?);
        if revision >= below {
            live.push(id);
        }
    }
    Ok(live)
}

async fn is_as_read(db: &Db<'_>, Account { user, password }: &Account) -> Result<bool> {
    let read: [Param<'_>; 4] =
        [&rows::uuid(user.id.as_bytes()), &rows::stored(user.ep), &password.expose(), &user.email.key()];
    db.exists(AS_READ, &read).await
}

/// Whether the session lives that gives the right, if one does.
async fn is_asked_by_the_living(db: &Db<'_>, amending: &Amending) -> Result<bool> {
    let asking = match amending.right {
        Right::Session(id) => Some(id),
        Right::Link(_) => None,
    };
    let mut named: Vec<SessionId> = asking.into_iter().collect();
    if let Ends::One(end) = &amending.ends {
        named.push(end.id);
    }
    let all = matches!(amending.ends, Ends::All { .. } | Ends::Others { .. });
    let live = hold_live(db, &amending.account.user, (!all).then_some(&named)).await?;
    Ok(asking.is_none_or(|id| live.contains(&id)))
}

/// Answers the user as they are from now on.
async fn write(db: &Db<'_>, amending: &Amending) -> Result<Option<User>> {
    let raises = i64::from(matches!(amending.ends, Ends::All { .. }));
    let to: [Param<'_>; 6] = [
        &rows::uuid(amending.account.user.id.as_bytes()),
        &amending.password.as_ref().map(|hash| hash.expose()),
        &amending.email.as_ref().map(Email::as_str),
        &amending.email.as_ref().map(Email::key),
        &amending.verified,
        &raises,
    ];
    let changed = db.row(AMEND, &to).await?;
    changed.map(|row| rows::user(&mut Columns::of(&row))).transpose()
}

async fn end(db: &Db<'_>, amending: &Amending, now: &User) -> Result<()> {
    match &amending.ends {
        Ends::Nothing => Ok(()),
        Ends::One(end) => {
            // A session that somebody else has had, and has left meanwhile, leaves its device with them all the same.
            if !logout::end(db, end).await? && devices::is_copied(end.ending) {
                devices::forget_of(db, end.id).await?;
            }
            Ok(())
        }
        Ends::All { ending, at } => {
            logout::end_live_of(db, now.id, *ending, *at, &amending.caller).await?;
            feed::user_ended(db, now, *ending, *at).await
        }
        Ends::Others { than, at } => logout::end_others(db, now.id, (*than, *at), &amending.caller).await,
    }
}
