//! Acting for a user: an operator sees and does what the user can, for a short while and never behind their back.
//!
//! 1. Only a user with the permission can, with a password that was entered a moment ago, and says why. Not for themselves, not for
//!    somebody who is disabled, and not for another operator: whoever has any permission of Rotunda's own.
//! 2. They get a session of their own for that user: [`LIFE`] long whatever happens, on a device of its own, beside all caps. It
//!    says who acts ([`crate::model::Session::acting`]), and so do its access tokens (`act`, RFC 8693 §4.1). Nobody has entered
//!    the user's password in it: `amr` is empty and `auth_time` is 1970, so that no service takes it for a fresh one.
//! 3. What is the user's alone is refused in it ([`Denied::ActingForAnother`]): password and address, to prove again who they
//!    are, to delete or take along the account, to end their other sessions, and the desk.
//! 4. Whoever is disabled, deleted, or has lost the permission acts no longer: the session is refused here at once, by its
//!    tokens and by its page cookie, and ends with its next refresh. Services learn of it when its access token runs out.
//! 5. It leaves a trace on both sides: the user finds in their own events that somebody acted for them, and the session in
//!    their list, which they can end; the audit log finds by the operator what they did, and why they said they did it.

use std::time::Duration;

use super::Desk;
use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::login::begin::Begun;
use crate::model::{
    Account, AdminPermission, Client, ClientId, ClientKind, Event, EventKind, Permission, Session,
    UnixMillis, User, UserId, UserState,
};
use crate::store::{LoggedIn, LoggingIn};

/// How long somebody acts for a user at most; no refresh makes it longer.
pub const LIFE: Duration = Duration::from_secs(15 * 60);

/// How often it is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;

impl Desk<'_> {
    /// Begins to act for a user. `client` is a public one, the built-in `web` where none is named.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`], [`Denied::ReauthenticationNeeded`], [`Denied::NotToYourself`], [`Denied::NotFound`],
    /// [`Denied::ClientUnknown`], [`Denied::ClientMayNot`]; [`Denied::Unfit`] for an operator who is no user, or does not say
    /// why, and for a user for whom nobody acts; a failure when the store does not answer.
    pub async fn act_for(&self, id: UserId, client: Option<ClientId>) -> Result<Grant, Error> {
        self.require(AdminPermission::UsersAct)?;
        let acting = self.operator.user().ok_or_else(|| unfit("Only a user can act for another one."))?;
        self.proved_lately()?;
        if self.operator.caller().reason.is_none() {
            return Err(unfit("Say why you act for this user: they and the audit log are told.").into());
        }
        self.not_to_oneself(id)?;
        let client = &*self.rotunda.client(client.as_ref()).await?;
        if !matches!(client.kind, ClientKind::Web | ClientKind::Native) {
            return Err(Denied::ClientMayNot.into());
        }
        for _ in 0..ROUNDS {
            let account = self.rotunda.store.account_of(id).await?.ok_or(Denied::NotFound)?;
            self.may_be_acted_for(&account.user)?;
            if let Some(grant) = self.act_once(account, acting, client).await? {
                return Ok(grant);
            }
        }
        Err(Failure::overload("acting for a user who is being changed").into())
    }

    fn may_be_acted_for(&self, user: &User) -> Result<(), Denied> {
        if user.state == UserState::Disabled {
            return Err(unfit("This user is disabled: nobody can do anything as them."));
        }
        let permissions = self.rotunda.permissions_of(user);
        if permissions.iter().any(|it| AdminPermission::parse(it.as_str()).is_some()) {
            return Err(unfit("This user is an operator, and nobody acts for one."));
        }
        Ok(())
    }

    /// One round; `None` when the user was changed meanwhile.
    async fn act_once(
        &self,
        Account { user, password }: Account,
        acting: UserId,
        client: &Client,
    ) -> Result<Option<Grant>, Error> {
        let (now, caller) = (self.now(), self.operator.caller());
        let device = self.rotunda.new_device(now)?;
        let begun = self.rotunda.begin(&user, client, device, (false, &caller), now)?;
        let begun = Begun { session: acted(begun.session, acting, now), ..begun };
        let grant = self.rotunda.grant_begun(&begun, &user, client, now)?;
        let session = begun.session.id;
        let event = self.event(EventKind::ActedFor, Some(&user), Some(session.to_string()));
        let logging_in = LoggingIn {
            event: Event { session_id: Some(session), ..event },
            session: begun.session,
            password,
            replaces: None,
            caps: Vec::new(),
            post: Vec::new(),
        };
        let begun = self.rotunda.store.login(logging_in).await?;
        Ok(Some(grant).filter(|_| begun == LoggedIn::Done))
    }
}

impl Rotunda {
    /// Step 4, where somebody acts in this session.
    pub(crate) async fn may_go_on_acting(&self, session: &Session) -> Result<bool, Failure> {
        let Some(acting) = session.acting else { return Ok(true) };
        let account = self.store.account_of(acting).await?;
        let user = account.map(|account| account.user).filter(|user| user.state == UserState::Active);
        let act = Permission::from(AdminPermission::UsersAct);
        Ok(user.is_some_and(|user| self.permissions_of(&user).contains(&act)))
    }
}

/// Step 2.
fn acted(session: Session, acting: UserId, now: UnixMillis) -> Session {
    let ends = now.plus(LIFE);
    Session {
        acting: Some(acting),
        amr: Vec::new(),
        auth_time: UnixMillis(0),
        idle: LIFE,
        idle_expires_at: ends,
        absolute_expires_at: ends,
        ..session
    }
}

fn unfit(why: &str) -> Denied {
    Denied::Unfit(why.to_owned())
}
