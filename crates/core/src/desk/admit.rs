//! The door of the desk: whoever asks for more than they may leaves a trace.

use super::Desk;
use crate::failure::Error;
use crate::model::{AdminPermission, Event, EventKind};
use crate::refresh::QUIET;

impl Desk<'_> {
    /// Lets somebody through to what takes this permission. Of those who have it not, the audit log is told, at most once a
    /// minute for each: whoever repeats a refused request cannot fill the disk.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`](crate::denied::Denied); a failure when the store does not answer.
    pub async fn admit(&self, permission: AdminPermission) -> Result<(), Error> {
        let Err(denied) = self.require(permission) else { return Ok(()) };
        let event = Event {
            user_id: self.operator.user(),
            session_id: self.operator.session(),
            ..self.event(EventKind::AdminRefused, None, Some(permission.as_str().to_owned()))
        };
        let quiet_since = event.at.minus(QUIET);
        self.rotunda.store.note(event, quiet_since).await?;
        Err(denied.into())
    }
}
