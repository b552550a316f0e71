//! Signing keys, as operators see and change them ([`crate::signing`]).

use super::Desk;
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::AdminPermission;
use crate::shelf::KeyInfo;
use crate::signing::Rotated;

impl Desk<'_> {
    /// All signing keys and what each is for, oldest first.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; a failure when the store does not answer.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, Error> {
        self.require(AdminPermission::KeysRead)?;
        Ok(self.rotunda.signing_keys().await?)
    }

    /// Adds a key that takes over when everybody knows it, unless one is on its way. Nobody is signed out.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::ReauthenticationNeeded`]; a failure when the store does not answer.
    pub async fn rotate_keys(&self) -> Result<Rotated, Error> {
        self.may_manage_keys()?;
        Ok(self.rotunda.rotate_keys(&self.operator.caller()).await?)
    }

    /// Revokes a signing key at once.
    ///
    /// # Errors
    /// As [`Desk::rotate_keys`], and [`Denied::NotFound`] when there is no such key or it is revoked already.
    pub async fn revoke_key(&self, kid: &str) -> Result<(), Error> {
        self.may_manage_keys()?;
        self.rotunda.revoke_key(kid, &self.operator.caller()).await
    }

    fn may_manage_keys(&self) -> Result<(), Denied> {
        self.require(AdminPermission::KeysManage)?;
        self.proved_lately()
    }
}
