//! Events, with what chains them.

use rotunda_core::model::{Caller, ChainLink, Event, EventKind, RecordedEvent, SessionId, UserId};
use rusqlite::{Result, Row};

use super::Columns;

/// The columns of [`recorded_event`], in its order.
macro_rules! outbox_columns {
    () => {
        "seq, at_ms, kind, ending, user_id, session_id, address, user_agent, actor, reason, about, hash, salt"
    };
}
pub(crate) use outbox_columns;

/// From [`outbox_columns`].
pub(crate) fn recorded_event(row: &Row<'_>) -> Result<RecordedEvent> {
    let mut row = Columns::of(row);
    let seq = row.number()?;
    let at = row.time()?;
    let name: String = row.take()?;
    let kind = row.parse(|ending: Option<String>| EventKind::parse(&name, ending.as_deref()))?;
    let (user_id, session_id) = (row.some_id(UserId::from_bytes)?, row.some_id(SessionId::from_bytes)?);
    let seen = row.caller()?;
    let actor = row.parse_some(|text: String| text.parse().ok())?;
    let caller = Caller { actor, reason: row.take()?, ..seen };
    let about = row.take()?;
    let (hash, salt) = (row.take::<Option<_>>()?, row.take()?);
    let link = hash.map(|hash| ChainLink { hash, salt });
    Ok(RecordedEvent { seq, event: Event { kind, at, user_id, session_id, about, caller }, link })
}
