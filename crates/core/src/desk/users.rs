//! Users, as operators find and see them. How they come, change and go stands in the modules below.

mod add;
mod edit;
mod leave;

pub use add::{CreateUser, Invite};
pub use edit::EditUser;

use aws_lc_rs::digest::{Context, SHA256};
use base64ct::{Base64UrlUnpadded, Encoding};

use super::{Desk, MOST_ROWS};
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{AdminPermission, User, UserId, UserState};
use crate::operate::Who;
use crate::store::{Counting, Page, UserPlace, UserSearch};

impl Desk<'_> {
    /// Users: by id, or by the beginning of what they are called; at most `limit`, and never more than [`MOST_ROWS`].
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`]; a failure when the store does not answer.
    pub async fn search_users(
        &self,
        by: UserSearch,
        after: Option<UserPlace>,
        limit: u32,
    ) -> Result<Page<User, UserPlace>, Error> {
        self.require(AdminPermission::UsersRead)?;
        Ok(self.rotunda.store.search_users(by, after, limit.clamp(1, MOST_ROWS)).await?)
    }

    /// How many there are, up to [`COUNTS_TO`](crate::store::COUNTS_TO) where that is so.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], which one depends on what is counted; a failure when the store does not answer.
    pub async fn count(&self, what: Counting) -> Result<u64, Error> {
        self.require(match what {
            Counting::Users(_) | Counting::AllUsers => AdminPermission::UsersRead,
            Counting::SessionsOf(_) | Counting::LiveSessions => AdminPermission::SessionsRead,
            Counting::Letters => AdminPermission::OverviewRead,
            Counting::Deliveries | Counting::DeadDeliveries => AdminPermission::WebhooksRead,
        })?;
        Ok(self.rotunda.store.count(what, self.now()).await?)
    }

    /// One user.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::NotFound`]; a failure when the store does not answer.
    pub async fn user(&self, id: UserId) -> Result<User, Error> {
        self.find_user(&Who::Id(id)).await
    }

    /// Refuses where a user is no longer of that version ([`version_of`]): for what cannot be undone. They may be changed in the
    /// moment after this.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`] without `users.write`; [`Denied::NotFound`], [`Denied::ChangedMeanwhile`]; a failure when
    /// the store does not answer.
    pub async fn still(&self, id: UserId, version: &str) -> Result<(), Error> {
        self.require(AdminPermission::UsersWrite)?;
        let account = self.rotunda.store.account_of(id).await?.ok_or(Denied::NotFound)?;
        match version_of(&account.user) == version {
            true => Ok(()),
            false => Err(Denied::ChangedMeanwhile.into()),
        }
    }

    /// The user with this id, address, user name, or id in the system that they came from.
    ///
    /// # Errors
    /// As [`Desk::user`].
    pub async fn find_user(&self, who: &Who) -> Result<User, Error> {
        self.require(AdminPermission::UsersRead)?;
        let store = &self.rotunda.store;
        let account = match who {
            Who::Id(id) => store.account_of(*id).await?,
            Who::Handle(handle) => store.account(handle).await?,
        };
        Ok(account.ok_or(Denied::NotFound)?.user)
    }

    /// A user whom something is done to: there, and within the operator's reach.
    pub(super) async fn within_reach(&self, id: UserId) -> Result<User, Error> {
        let account = self.rotunda.store.account_of(id).await?.ok_or(Denied::NotFound)?;
        self.reaches(&account.user)?;
        Ok(account.user)
    }

    /// Refuses what nobody may do to themselves.
    pub(super) fn not_to_oneself(&self, id: UserId) -> Result<(), Denied> {
        if self.operator.user() == Some(id) { Err(Denied::NotToYourself) } else { Ok(()) }
    }
}

/// Which version of a user this is: 22 characters that change with whatever changes of them.
#[must_use]
pub fn version_of(user: &User) -> String {
    let mut context = Context::new(&SHA256);
    // Each with its length before it, so that no two users are written alike.
    let mut add = |field: &[u8]| {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field);
    };
    add(user.id.as_bytes());
    let optional = [
        user.subject.as_ref().map(|it| it.as_str()),
        Some(user.email.as_str()),
        user.username.as_ref().map(|it| it.as_str()),
        user.name.as_deref(),
    ];
    for field in optional {
        add(&[u8::from(field.is_some())]);
        add(field.unwrap_or_default().as_bytes());
    }
    add(&[u8::from(user.email_verified), u8::from(user.state == UserState::Disabled)]);
    add(&user.ep.to_be_bytes());
    add(&user.ce.to_be_bytes());
    add(&user.created_at.0.to_be_bytes());
    user.roles.iter().for_each(|role| add(role.as_str().as_bytes()));
    let digest = context.finish();
    Base64UrlUnpadded::encode_string(digest.as_ref().get(..16).unwrap_or_default())
}
