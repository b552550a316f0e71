//! Letters that wait.

use rotunda_core::model::{
    Letter, LetterId, LetterKind, LetterLink, LinkId, LinkPurpose, QueuedLetter, UserId,
};

use super::Columns;
use crate::db::Result;

/// The columns of [`queued_letter`], in its order.
macro_rules! letter_columns {
    () => {
        "id, kind, recipient, user_id, name, at_ms, address, user_agent, other, link_id, link_purpose, link_key_id, \
         expires_at, attempts, next_attempt_at, last_error"
    };
}

pub(crate) use letter_columns;

/// From [`letter_columns`].
pub(crate) fn queued_letter(row: &mut Columns<'_>) -> Result<QueuedLetter> {
    let letter = Letter {
        id: row.id(LetterId::from_bytes)?,
        kind: row.parse(LetterKind::parse)?,
        to: row.email()?,
        user_id: row.some_id(UserId::from_bytes)?,
        name: row.take()?,
        at: row.time()?,
        caller: row.caller()?,
        other: row.email()?,
        link: letter_link(row)?,
        expires_at: row.time()?,
    };
    Ok(QueuedLetter {
        letter,
        attempts: row.small_number()?,
        next_attempt_at: row.time()?,
        last_error: row.take()?,
    })
}

fn letter_link(row: &mut Columns<'_>) -> Result<Option<LetterLink>> {
    let Some(id) = row.some_id(LinkId::from_bytes)? else {
        row.skip(2);
        return Ok(None);
    };
    Ok(Some(LetterLink { id, purpose: row.parse(LinkPurpose::parse)?, key_id: row.key_id()? }))
}
