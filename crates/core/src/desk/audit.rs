//! The audit log at the desk: searched, and exported.

use super::Desk;
use crate::audit::AuditExport;
use crate::failure::Error;
use crate::model::{AdminPermission, EventKind, RecordedEvent, UnixMillis};
use crate::store::{EventSearch, Page};

/// How many events a page has at most.
const MOST_LISTED: u32 = 200;

impl Desk<'_> {
    /// Events, the newest first, those before a place where one is given; at most `limit`, and no more than 200. A page may be
    /// shorter, even empty, and still say where to go on.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`](crate::denied::Denied) without `audit.read`; a failure when the store does not answer.
    pub async fn search_events(
        &self,
        by: EventSearch,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<RecordedEvent, u64>, Error> {
        self.require(AdminPermission::AuditRead)?;
        Ok(self.rotunda.store.search_events(by, before, limit.clamp(1, MOST_LISTED)).await?)
    }

    /// The log as JSON Lines, of what was chained until now: all of it, or of the events from one moment until before another.
    /// That somebody takes it along is an event.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`](crate::denied::Denied) without `audit.read`; a failure when the store does not answer, or
    /// when the head of the log is not what this server has signed.
    pub async fn export(
        &self,
        from: Option<UnixMillis>,
        until: Option<UnixMillis>,
    ) -> Result<AuditExport, Error> {
        self.require(AdminPermission::AuditRead)?;
        let export = self.rotunda.export_audit(from, until).await?;
        let event = self.event(EventKind::AuditExported, None, range(from, until));
        self.rotunda.store.post(Vec::new(), vec![event]).await?;
        Ok(export)
    }
}

/// What was asked for, in milliseconds since 1970.
fn range(from: Option<UnixMillis>, until: Option<UnixMillis>) -> Option<String> {
    let told = |at: Option<UnixMillis>| at.map_or_else(String::new, |at| at.0.to_string());
    (from.is_some() || until.is_some()).then(|| format!("{}..{}", told(from), told(until)))
}
