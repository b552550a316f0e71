//! Rate limits: how often somebody may try before they have to wait.
//!
//! 1. Each kind of try has a [`Quota`] in the operator's [`Limits`], and each one who tries has a bucket of it, named by
//!    a [`BucketKey`].
//! 2. A try takes one from its bucket ([`gcra`]). An empty bucket answers how long to wait, and the try is refused with
//!    [`Denied::RateLimited`] before anything else is done for it.
//! 3. The buckets are kept by a [`Scratch`](crate::store::Scratch). They may vanish at any time: then they are full.
//!
//! A password is guessed at from many addresses at once, so whatever is typed as an address or a user name has a bucket. Strangers who empty it
//! must not lock out its owner: a device that the account has been signed in on before has a bucket of its own.

mod bucket;
pub mod gcra;

use std::time::Duration;

pub use bucket::{AddressBlock, BucketKey};
pub use gcra::Quota;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{Caller, Handle, UnixMillis, User};

/// How often who may try what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Whether there are any limits.
    pub enabled: bool,
    /// Sign-ins from one address. Many people can share one.
    pub login_per_address: Quota,
    /// Sign-ins by one address or user name, from devices that its account has not been signed in on before: with the default,
    /// 48 guesses in any hour, from however many addresses. An account has two such names at most, so that they are fewer
    /// than 100.
    pub login_per_account: Quota,
    /// Sign-ins to one account from one device that it has been signed in on before.
    pub login_per_device: Quota,
    /// Passwords asked for again, of one account on one device.
    pub reauthenticate: Quota,
    /// Registrations from one address.
    pub register_per_address: Quota,
    /// Forgotten passwords, from one address.
    pub forgot_per_address: Quota,
    /// Forgotten passwords of one account: so many mails it gets.
    pub forgot_per_account: Quota,
    /// Codes out of links, from one address.
    pub codes_per_address: Quota,
    /// Refreshes of one session.
    pub refresh_per_session: Quota,
    /// Clients' secrets that were not good, from one address, whichever clients were named.
    pub client_per_address: Quota,
}

impl Default for Limits {
    /// What a public server should begin with: on.
    fn default() -> Self {
        const fn quota(burst: u32, seconds: u64) -> Quota {
            Quota::new(burst, Duration::from_secs(seconds))
        }
        Self {
            enabled: true,
            login_per_address: quota(60, 6),
            login_per_account: quota(8, 90),
            login_per_device: quota(10, 60),
            reauthenticate: quota(10, 60),
            register_per_address: quota(10, 60),
            forgot_per_address: quota(10, 60),
            forgot_per_account: quota(3, 600),
            codes_per_address: quota(30, 10),
            refresh_per_session: quota(60, 1),
            client_per_address: quota(30, 10),
        }
    }
}

impl Limits {
    /// No limits at all: for tests, and where something in front of the server limits already.
    #[must_use]
    pub fn off() -> Self {
        Self { enabled: false, ..Self::default() }
    }
}

impl Rotunda {
    /// Takes one from a bucket; nothing where limits are off.
    ///
    /// # Errors
    /// [`Denied::RateLimited`] with how long to wait; [`crate::failure::Failure`] when the buckets' keeper does not
    /// answer.
    pub(crate) async fn limit(&self, key: BucketKey, quota: Quota, now: UnixMillis) -> Result<(), Error> {
        if !self.policy.limits.enabled {
            return Ok(());
        }
        match self.scratch.take(key, quota, now).await? {
            None => Ok(()),
            Some(wait) => Err(Denied::RateLimited(wait).into()),
        }
    }

    /// The same for the bucket of the address that somebody calls from, where there is one.
    pub(crate) async fn limit_address(
        &self,
        bucket: fn(AddressBlock) -> BucketKey,
        quota: Quota,
        caller: &Caller,
        now: UnixMillis,
    ) -> Result<(), Error> {
        match caller.address {
            Some(address) => self.limit(bucket(address.into()), quota, now).await,
            None => Ok(()),
        }
    }

    /// Puts back what a try took, because it turned out to be none that has to be bounded. Bounds are no reason for an
    /// outage: if the buckets' keeper does not answer, one token is lost.
    pub(crate) async fn give_back(&self, key: BucketKey, quota: Quota, now: UnixMillis) {
        if self.policy.limits.enabled {
            let _ = self.scratch.give_back(key, quota, now).await;
        }
    }

    /// The same for the bucket of an address.
    pub(crate) async fn give_back_address(
        &self,
        bucket: fn(AddressBlock) -> BucketKey,
        quota: Quota,
        caller: &Caller,
        now: UnixMillis,
    ) {
        if let Some(address) = caller.address {
            self.give_back(bucket(address.into()), quota, now).await;
        }
    }

    /// Fills the buckets of strangers who try to sign in to an account: its owner has come in by another way.
    pub(crate) async fn forgive(&self, user: &User) {
        if !self.policy.limits.enabled {
            return;
        }
        let username = user.username.clone().map(Handle::Username);
        for handle in [Some(Handle::Email(user.email.clone())), username].into_iter().flatten() {
            let _ = self.scratch.forget(BucketKey::login_by_handle(&handle)).await;
        }
    }
}
