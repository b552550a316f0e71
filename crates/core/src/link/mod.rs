//! Whoever comes with a link from a letter.
//!
//! 1. Its token is authentic, or it is refused without asking the store ([`token`]).
//! 2. It is still in the store, has the hash that the token has, is for what it is used for, and has not expired.
//! 3. Using it up is part of the write that it gives the right to: of two who come with the same link, one wins.
//!
//! Whatever is wrong with a link, the answer is the same, [`Denied::LinkInvalid`], and nothing has changed. To look at a
//! link, as the page does that a mail scanner may open as well, uses nothing up.

pub mod token;

pub use token::LinkToken;

use crate::Rotunda;
use crate::clients::ClientProof;
use crate::denied::Denied;
use crate::failure::Error;
use crate::limits::BucketKey;
use crate::model::{
    Account, Caller, ClientId, DeviceSecret, Email, Event, EventKind, Link, LinkPurpose, PageKey, SecretText,
    UnixMillis, User, UserState,
};

/// Somebody who comes with a link and will be signed in by it.
#[derive(Clone)]
pub struct Arrival {
    /// The token of their link.
    pub token: SecretText,
    /// The client they use.
    pub client_id: Option<ClientId>,
    /// That the client has authenticated, where it has.
    pub proof: Option<ClientProof>,
    /// The device secret that the client has from before.
    pub device: Option<DeviceSecret>,
    /// The page cookie of the session that this browser holds so far.
    pub page: Option<PageKey>,
    /// From where.
    pub caller: Caller,
}

impl Arrival {
    pub(crate) fn event(&self, kind: EventKind, user: &User, at: UnixMillis) -> Event {
        Event { about: None, kind, at, user_id: Some(user.id), session_id: None, caller: self.caller.clone() }
    }
}

/// What whoever holds a link may know of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Looked {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The address that its letter went to, which tells its reader nothing new: for password managers, which file a password
    /// under a name.
    pub email: Option<Email>,
}

impl Rotunda {
    /// What a link is for, and to whom it was written, if it is good just now. Changes nothing.
    ///
    /// # Errors
    /// [`Denied::LinkInvalid`]; [`crate::failure::Failure`] when the store does not answer.
    pub async fn look_at_link(&self, token: &SecretText, caller: &Caller) -> Result<Looked, Error> {
        let link = self.good_link(token, LinkPurpose::ALL, caller).await?;
        if link.purpose != LinkPurpose::Register {
            self.account_of_link(&link).await?;
        }
        Ok(Looked { purpose: link.purpose, email: link.email })
    }

    /// The link that a token stands for, if it is good for one of these. Only those that are not good are counted against
    /// whoever comes with them.
    pub(crate) async fn good_link(
        &self,
        token: &SecretText,
        purposes: &[LinkPurpose],
        caller: &Caller,
    ) -> Result<Link, Error> {
        let (bucket, quota) = (BucketKey::code_by_address, self.policy.limits.codes_per_address);
        let now = self.clock.now();
        self.limit_address(bucket, quota, caller, now).await?;
        let link = self.find_link(token, purposes).await?;
        self.give_back_address(bucket, quota, caller, now).await;
        Ok(link)
    }

    async fn find_link(&self, token: &SecretText, purposes: &[LinkPurpose]) -> Result<Link, Error> {
        let token = LinkToken::parse(&self.keys, token.expose()).ok_or(Denied::LinkInvalid)?;
        let link = self.store.link(token.id).await?.ok_or(Denied::LinkInvalid)?;
        let is_ours = token.hash(&self.keys).is_some_and(|hash| hash == link.hash);
        let is_for_this = token.purpose == link.purpose && purposes.contains(&link.purpose);
        if is_ours && is_for_this && self.clock.now() < link.expires_at {
            Ok(link)
        } else {
            Err(Denied::LinkInvalid.into())
        }
    }

    /// Ends the session that the browser of whoever arrives held until now, of whichever user: its cookies go to the new one
    /// (ASVS 5.0, 7.2.4). After the new session has begun, and apart from it: nobody can reach the old one any more.
    /// A store that does not answer just then must not keep the new session from whoever has used up their link for it.
    pub(crate) async fn leave_behind(&self, arrival: &Arrival, now: UnixMillis) {
        if let Ok(Some(end)) = self.left_behind(arrival.page.as_ref(), &arrival.caller, now).await {
            let _ = self.store.end(end).await;
        }
    }

    /// The account that a link belongs to, if its user may still use it.
    pub(crate) async fn account_of_link(&self, link: &Link) -> Result<Account, Error> {
        let user = link.user_id.ok_or(Denied::LinkInvalid)?;
        let account = self.store.account_of(user).await?.ok_or(Denied::LinkInvalid)?;
        // A link for a report outlives the epoch: it is needed most after everything was changed.
        let is_current = link.purpose == LinkPurpose::Report || link.ep == account.user.ep;
        if account.user.state == UserState::Active && is_current {
            Ok(account)
        } else {
            Err(Denied::LinkInvalid.into())
        }
    }
}
