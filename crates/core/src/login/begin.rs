//! The beginning of a session: the same for a login, a registration and a change of password.

use std::time::Duration;

use crate::Rotunda;
use crate::failure::Failure;
use crate::grant::Grant;
use crate::model::{
    Caller, Client, ClientKind, DeviceHash, DeviceId, DeviceSecret, Event, EventKind, Lineage, PageKey,
    Session, SessionId, Standing, TokenSecret, UnixMillis, User, UserId,
};
use crate::outside::random;
use crate::policy::Policy;
use crate::refresh::RefreshToken;

/// The device that a session begins on.
pub(crate) struct Device {
    /// As the user knows it.
    pub id: DeviceId,
    /// What the server keeps of its secret.
    pub hash: DeviceHash,
    /// The secret itself.
    pub secret: DeviceSecret,
}

/// A session that has begun but is not stored yet.
pub(crate) struct Begun {
    /// The row.
    pub session: Session,
    /// The first token of its family.
    pub token: RefreshToken,
    /// The key of its page cookie; browsers only.
    pub page_key: Option<PageKey>,
    /// The device secret.
    pub device_secret: DeviceSecret,
}

impl Rotunda {
    /// A device that was never seen before.
    pub(crate) fn new_device(&self, now: UnixMillis) -> Result<Device, Failure> {
        let secret = DeviceSecret::from_bytes(random(&*self.entropy)?);
        let id = DeviceId::new(now, random(&*self.entropy)?);
        Ok(Device { id, hash: secret.hash(), secret })
    }

    /// The device that this user has signed in on before with the secret that was shown. A secret that this user never
    /// had is not taken over: somebody else may have put it there. Without a user it takes as long and finds none.
    pub(crate) async fn recognise(
        &self,
        user: Option<&User>,
        shown: Option<&DeviceSecret>,
    ) -> Result<Option<Device>, Failure> {
        let Some(secret) = shown else { return Ok(None) };
        let nobody = || UserId::from_bytes([0; 16]);
        let (user, hash) = (user.map_or_else(nobody, |user| user.id), secret.hash());
        let known = self.store.device_of(user, hash).await?;
        Ok(known.map(|id| Device { id, hash, secret: secret.clone() }))
    }

    /// A new session of `user` on `device`, with everything in it decided and nothing stored.
    pub(crate) fn begin(
        &self,
        user: &User,
        client: &Client,
        device: Device,
        (remember, caller): (bool, &Caller),
        now: UnixMillis,
    ) -> Result<Begun, Failure> {
        let id = SessionId::new(now, random(&*self.entropy)?);
        let secret = TokenSecret::from_bytes(random(&*self.entropy)?);
        let token = RefreshToken::first(&self.keys, id, secret);
        let (token, hash) = token
            .and_then(|token| token.hash(&self.keys).map(|hash| (token, hash)))
            .ok_or_else(|| Failure::broken("making a refresh token", "the current master key is missing"))?;
        let page_key = match client.kind {
            ClientKind::Web => Some(PageKey::from_bytes(random(&*self.entropy)?)),
            ClientKind::Native | ClientKind::Confidential | ClientKind::Service => None,
        };
        let capped = |life: Duration| if remember { life } else { life.min(Policy::UNREMEMBERED) };
        let (idle, absolute_expires_at) = (capped(client.idle), now.plus(capped(client.absolute)));
        let session = Session {
            // The store sets its own; this is what that is, unless it was raised a moment ago.
            revision: self.shelf().revision,
            acting: None,
            id,
            user_id: user.id,
            client_id: client.id.clone(),
            device_id: device.id,
            device_hash: device.hash,
            device_shown: false,
            page_hash: page_key.as_ref().map(PageKey::hash),
            remember,
            lineage: Lineage::first(hash, self.keys.current_id()),
            created_at: now,
            auth_time: now,
            amr: vec!["pwd".to_owned()],
            idle,
            idle_expires_at: now.plus(idle).min(absolute_expires_at),
            absolute_expires_at,
            ep: user.ep,
            standing: Standing::Live,
            last_address: caller.address,
            last_user_agent: caller.user_agent.clone(),
        };
        Ok(Begun { session, token, page_key, device_secret: device.secret })
    }

    /// The answer to whoever began the session.
    pub(crate) fn grant_begun(
        &self,
        begun: &Begun,
        user: &User,
        client: &Client,
        now: UnixMillis,
    ) -> Result<Grant, Failure> {
        let device = Some(begun.device_secret.clone());
        let mut grant = self.grant(&begun.session, user, client, &begun.token, device, now)?;
        grant.page_key.clone_from(&begun.page_key);
        Ok(grant)
    }
}

/// The event of a session that begins.
pub(crate) fn signed_in(session: &Session, caller: &Caller) -> Event {
    Event {
        about: None,
        kind: EventKind::SignedIn,
        at: session.created_at,
        user_id: Some(session.user_id),
        session_id: Some(session.id),
        caller: caller.clone(),
    }
}
