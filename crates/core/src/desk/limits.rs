//! Limits, as operators see them, and lift one that somebody has run into ([`crate::limits`]).
//!
//! What is lifted is how often somebody has tried so far. The limit stays. Where each server counts for itself, it is lifted on
//! the one that is asked.

use std::net::IpAddr;

use super::Desk;
use crate::failure::{Error, Failure};
use crate::limits::{AddressBlock, BucketKey, Limits};
use crate::model::{AdminPermission, Device, EventKind, Handle, User, UserId};
use crate::sessions::MOST_LISTED;

/// Whose tries are forgotten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lift {
    /// All at the account of a user.
    User(UserId),
    /// All from an address, and whatever shares its block.
    Address(IpAddr),
}

impl Desk<'_> {
    /// How often who may try what.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`](crate::denied::Denied::PermissionMissing).
    pub fn limits(&self) -> Result<&Limits, Error> {
        self.require(AdminPermission::LimitsRead)?;
        Ok(&self.rotunda.policy.limits)
    }

    /// Forgets how often somebody has tried.
    ///
    /// # Errors
    /// [`Denied`](crate::denied::Denied) with `PermissionMissing`, `ReauthenticationNeeded`, and for a user `NotFound` or
    /// `AboveCaller`; a failure when the store or the keeper of the buckets does not answer.
    pub async fn lift_limits(&self, whose: Lift) -> Result<(), Error> {
        self.require(AdminPermission::LimitsWrite)?;
        self.proved_lately()?;
        let (user, about, buckets) = match whose {
            Lift::User(id) => {
                let user = self.within_reach(id).await?;
                let buckets = self.buckets_of(&user).await?;
                (Some(user), None, buckets)
            }
            Lift::Address(address) => {
                let address = address.to_canonical();
                (None, Some(address.to_string()), buckets_from(address.into()).to_vec())
            }
        };
        for bucket in buckets {
            self.rotunda.scratch.forget(bucket).await?;
        }
        let event = self.event(EventKind::LimitLifted, user.as_ref(), about);
        Ok(self.rotunda.store.post(Vec::new(), vec![event]).await?)
    }

    async fn buckets_of(&self, user: &User) -> Result<Vec<BucketKey>, Failure> {
        let (store, id) = (&self.rotunda.store, user.id);
        let handles = [
            Some(Handle::Email(user.email.clone())),
            user.username.clone().map(Handle::Username),
            user.subject.clone().map(Handle::Subject),
        ];
        let mut buckets: Vec<_> = handles.iter().flatten().map(BucketKey::login_by_handle).collect();
        buckets.extend([
            BucketKey::forgot_by_account(&user.email),
            BucketKey::verify_by_account(&user.email),
            BucketKey::email_change_by_account(id),
        ]);
        let sessions = store.sessions_of(id, self.now(), MOST_LISTED).await?;
        let mut devices: Vec<_> = sessions.iter().map(|session| session.device_id).collect();
        devices.extend(store.devices_of(id, Device::MOST).await?.iter().map(|device| device.id));
        for device in devices {
            buckets.extend([BucketKey::login_by_device(id, device), BucketKey::reauthentication(id, device)]);
        }
        buckets.extend(sessions.iter().map(|session| BucketKey::refresh_by_session(session.id)));
        Ok(buckets)
    }
}

fn buckets_from(block: AddressBlock) -> [BucketKey; 5] {
    [
        BucketKey::login_by_address(block),
        BucketKey::register_by_address(block),
        BucketKey::forgot_by_address(block),
        BucketKey::code_by_address(block),
        BucketKey::client_by_address(block),
    ]
}
