//! The panic button: everyone is signed out.
//!
//! 1. A dry run says how many live sessions there are, and changes nothing. It takes the permission, and no password. Where there are
//!    so many that counting takes its time, it is the figure of the front page ([`super::overview`]), and where the store does not
//!    get to the end of it, none at all: nobody waits with the button because of a number.
//! 2. In earnest, one row of the store changes: the revision. Every session that began under a lower one has ended at that
//!    moment, of every user, the operator's own among them ([`crate::model::Everyone`]); one entry on the revocation feed says
//!    so to every service. Whoever signs in after that is signed in.
//! 3. That each of them has ended is written down later, a batch at a time, by the janitor ([`crate::janitor`]).

use super::Desk;
use crate::failure::Error;
use crate::model::{AdminPermission, EventKind};

impl Desk<'_> {
    /// Ends every session of every user, or says how many that would be. Answers how many live sessions there were just
    /// before; where there are more than [`COUNTS_TO`](crate::store::COUNTS_TO), at most two minutes before; `None` where they
    /// could not be counted.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`](crate::denied::Denied::PermissionMissing),
    /// [`Denied::ReauthenticationNeeded`](crate::denied::Denied::ReauthenticationNeeded); a failure when the store does not
    /// answer.
    pub async fn end_everyone(&self, dry_run: bool) -> Result<Option<u64>, Error> {
        self.require(AdminPermission::SessionsRevoke)?;
        if !dry_run {
            self.proved_lately()?;
        }
        let live = self.rotunda.live_sessions(self.now()).await.ok();
        if !dry_run {
            let event = self.event(EventKind::EveryoneSignedOut, None, live.map(|live| live.to_string()));
            self.rotunda.store.end_everyone(event.at, event).await?;
            self.rotunda.forget_around();
            // What this server signs from now on says so.
            self.rotunda.look_at_shelf().await?;
        }
        Ok(live)
    }
}
