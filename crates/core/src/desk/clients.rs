//! Clients, as operators see and change them ([`crate::clients`]).

use std::time::Duration;

use super::Desk;
use crate::clients::{AddedClient, ClientError, ClientInfo, NewClient, RotatedSecret};
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{AdminPermission, ClientId, Permission};

/// For how long the old secrets of a client may stay good: one that has to be replaced has no business being good for longer.
pub const LONGEST_KEEP_OLD: Duration = Duration::from_secs(90 * 24 * 3600);

impl Desk<'_> {
    /// All clients by name.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; a failure when the store does not answer.
    pub async fn clients(&self) -> Result<Vec<ClientInfo>, Error> {
        self.require(AdminPermission::ClientsRead)?;
        Ok(self.rotunda.clients().await?)
    }

    /// Adds a client, with a secret where its kind has one.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::ReauthenticationNeeded`]; [`Denied::AboveCaller`] for a scope that is a
    /// permission of Rotunda's own which the operator has not; [`Denied::InTheWay`], [`Denied::Unfit`]; a failure when the store
    /// does not answer.
    pub async fn add_client(&self, new: &NewClient) -> Result<AddedClient, Error> {
        self.may_change_clients()?;
        self.reaches_scopes(&new.scopes)?;
        let added = self.rotunda.add_client(new, &self.operator.caller()).await;
        added.map_err(told)
    }

    /// Gives a client another secret. Those before it stay good for `keep_old`, [`LONGEST_KEEP_OLD`] at most.
    ///
    /// # Errors
    /// As [`Desk::add_client`], and [`Denied::NotFound`]. To have the secret of a service is to have its scopes.
    pub async fn rotate_client_secret(
        &self,
        id: &ClientId,
        keep_old: Duration,
    ) -> Result<RotatedSecret, Error> {
        self.may_change_clients()?;
        if keep_old > LONGEST_KEEP_OLD {
            return Err(Denied::Unfit("Old secrets stay good for 90 days at most.".to_owned()).into());
        }
        self.reaches_client(id).await?;
        let rotated = self.rotunda.rotate_client_secret(id, keep_old, &self.operator.caller()).await;
        rotated.map_err(told)
    }

    /// Removes a client that was added.
    ///
    /// # Errors
    /// As [`Desk::rotate_client_secret`].
    pub async fn remove_client(&self, id: &ClientId) -> Result<(), Error> {
        self.may_change_clients()?;
        self.reaches_client(id).await?;
        self.rotunda.remove_client(id, &self.operator.caller()).await.map_err(told)
    }

    fn may_change_clients(&self) -> Result<(), Denied> {
        self.require(AdminPermission::ClientsWrite)?;
        self.proved_lately()
    }

    async fn reaches_client(&self, id: &ClientId) -> Result<(), Error> {
        let clients = self.rotunda.store.clients().await?;
        let client = clients.iter().find(|client| client.id == *id).ok_or(Denied::NotFound)?;
        Ok(self.reaches_scopes(&client.scopes)?)
    }

    fn reaches_scopes(&self, scopes: &[String]) -> Result<(), Denied> {
        self.operator.reaches(&scopes.iter().filter_map(|scope| Permission::parse(scope)).collect())
    }
}

fn told(error: ClientError) -> Error {
    match error {
        ClientError::Failure(failure) => failure.into(),
        ClientError::Unknown(_) => Denied::NotFound.into(),
        taken @ (ClientError::Taken(_) | ClientError::BuiltIn(_) | ClientError::Configured { .. }) => {
            Denied::InTheWay(sentence(&taken)).into()
        }
        unfit => Denied::Unfit(sentence(&unfit)).into(),
    }
}

/// What the command line says behind its own name, said alone.
fn sentence(error: &ClientError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first: String = chars.next().iter().flat_map(|first| first.to_uppercase()).collect();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
