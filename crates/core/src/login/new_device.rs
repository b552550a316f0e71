//! The notice of a sign-in on a device that the user was never seen on.

use std::time::Duration;

use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{Caller, Client, ClientKind, Device, LetterKind, SessionId, UnixMillis, User};
use crate::store::{Cap, Posting};

/// An app that never shows its device secret looks new at each sign-in. Its user is told once in this time, as long as it
/// comes from the same address and calls itself the same. A browser keeps its cookies: of one, each time is told.
const ONCE_IN: Duration = Duration::from_secs(24 * 3600);
/// How many such letters a user gets in that time: whoever knows the password must not fill the mailbox with them.
const MOST: usize = 10;

impl Rotunda {
    /// The letter, where one is due.
    pub(super) async fn tell_of_new_device(
        &self,
        user: &User,
        (session, kind): (SessionId, ClientKind),
        is_known: bool,
        (caller, now): (&Caller, UnixMillis),
    ) -> Result<Vec<Posting>, Failure> {
        if is_known {
            return Ok(Vec::new());
        }
        let lately = |at: UnixMillis| at.distance(now) < ONCE_IN;
        let devices = self.store.devices_of(user.id, Device::MOST).await?;
        let alike = |device: &Device| device.caller == *caller && lately(device.last_seen_at);
        let told = devices.iter().filter(|device| lately(device.first_seen_at)).count();
        if told >= MOST || (kind != ClientKind::Web && devices.iter().any(alike)) {
            return Ok(Vec::new());
        }
        Ok(vec![self.notice(LetterKind::NewDevice, user, Some(session), (caller, now))?])
    }

    /// How many sessions there may be after a login with this client.
    pub(super) fn caps(&self, client: &Client) -> Vec<Cap> {
        let (policy, own) = (&self.policy, Some(client.id.clone()));
        let overall =
            policy.max_per_user.map(|most| Cap { client_id: None, most, when_full: policy.when_full });
        let of_client =
            client.max_per_user.map(|most| Cap { client_id: own, most, when_full: client.when_full });
        overall.into_iter().chain(of_client).collect()
    }
}
