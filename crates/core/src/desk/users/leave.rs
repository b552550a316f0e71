//! Users whom an operator shuts out, lets in again, deletes, or hands their data.

use crate::denied::Denied;
use crate::desk::Desk;
use crate::export::UserData;
use crate::failure::Error;
use crate::model::{AdminPermission, Ending, EventKind, UserId, UserState};
use crate::store::EndingAll;

impl Desk<'_> {
    /// Disables a user: no sign-in, and every session ends at once. Answers how many there were.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotToYourself`], [`Denied::NotFound`], [`Denied::AboveCaller`]; a failure when
    /// the store does not answer.
    pub async fn disable_user(&self, id: UserId) -> Result<u64, Error> {
        self.require(AdminPermission::UsersWrite)?;
        self.not_to_oneself(id)?;
        let user = self.within_reach(id).await?;
        let ending = Ending::UserDisabled;
        let kinds = [EventKind::UserDisabled, EventKind::EpochRaised(ending)];
        let end = EndingAll {
            user_id: id,
            ending,
            at: self.now(),
            state: Some(UserState::Disabled),
            events: kinds.into_iter().map(|kind| self.event(kind, Some(&user), None)).collect(),
            caller: self.operator.caller(),
        };
        Ok(self.rotunda.store.end_all(end).await?.ok_or(Denied::NotFound)?)
    }

    /// Lets a disabled user in again; `false` when they were not disabled. Old sessions stay dead.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotFound`], [`Denied::AboveCaller`]; a failure when the store does not answer.
    pub async fn enable_user(&self, id: UserId) -> Result<bool, Error> {
        self.require(AdminPermission::UsersWrite)?;
        let user = self.within_reach(id).await?;
        let event = self.event(EventKind::UserEnabled, Some(&user), None);
        Ok(self.rotunda.store.enable(id, event).await?)
    }

    /// Deletes a user and everything that tells who they were ([`crate::delete`]). There is no way back.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::ReauthenticationNeeded`], [`Denied::NotToYourself`], [`Denied::NotFound`],
    /// [`Denied::AboveCaller`]; a failure when the store does not answer.
    pub async fn delete_user(&self, id: UserId) -> Result<(), Error> {
        self.require(AdminPermission::UsersWrite)?;
        self.proved_lately()?;
        self.not_to_oneself(id)?;
        let user = self.within_reach(id).await?;
        match self.rotunda.delete(&user, None, (&self.operator.caller(), self.now())).await? {
            true => Ok(()),
            false => Err(Denied::NotFound.into()),
        }
    }

    /// Everything that is kept about a user, for themselves ([`crate::export`]).
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]: of users, of sessions, and of what is written down; [`Denied::NotFound`],
    /// [`Denied::AboveCaller`]; a failure when the store does not answer.
    pub async fn export_user(&self, id: UserId) -> Result<UserData, Error> {
        let needed = [AdminPermission::UsersRead, AdminPermission::SessionsRead, AdminPermission::AuditRead];
        needed.into_iter().try_for_each(|permission| self.require(permission))?;
        let user = self.within_reach(id).await?;
        Ok(self.rotunda.export_for(user, &self.operator.caller()).await?)
    }
}
