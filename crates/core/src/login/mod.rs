//! A login: a password becomes a session.
//!
//! 1. Find the client, which has authenticated where it must ([`crate::clients`]), then the account and whether it knows the
//!    device. Has there been too much of this from here, or at this account ([`crate::limits`])? *From here* is asked only
//!    where no client has authenticated: all users of one that has come from the address of its server, which looks after its
//!    own front door. No account, or one without a password, costs the same as a wrong password and gets the same answer.
//! 2. Check the password. Only whoever knows it learns that the account is disabled.
//! 3. A device that the account does not know gets a secret, and the user is told of it.
//! 4. Begin a session and store it, only if the user is still as they were read: a login that races a change of
//!    password, a disabling or a sign-out everywhere starts again at 1.
//!    How many sessions there may be is asked in the same transaction.
//! 5. A browser that held a session before leaves it behind: that one ends in the same transaction (ASVS 5.0, 7.2.4).
//! 6. A hash made with yesterday's parameters, or by another system, is replaced while the password is at hand.

pub(crate) mod begin;
mod new_device;
pub mod room;

use crate::Rotunda;
use crate::bearer::Bearer;
use crate::clients::ClientProof;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::limits::{BucketKey, Quota};
use crate::model::{
    Account, Caller, ClientId, DeviceSecret, Ending, Event, EventKind, Handle, PageKey, Password, Tally,
    UnixMillis, User, UserState,
};
use crate::refresh::QUIET;
use crate::store::{EndingOne, LoggedIn, LoggingIn};
use begin::{Device, signed_in};

/// How often a login is begun anew because the user was changed meanwhile.
const ROUNDS: usize = 4;

/// What somebody who wants to sign in sends.
#[derive(Clone)]
pub struct Login {
    /// Who they say they are; `None` when it cannot be anybody (no such form of address or name).
    pub handle: Option<Handle>,
    /// Their password.
    pub password: Password,
    /// The client they use.
    pub client_id: Option<ClientId>,
    /// That the client has authenticated, where it has.
    pub proof: Option<ClientProof>,
    /// Whether a browser keeps its cookies when it is closed.
    pub remember: bool,
    /// The device secret that the client has from before.
    pub device: Option<DeviceSecret>,
    /// The page cookie of the session that this browser holds so far.
    pub page: Option<PageKey>,
    /// From where.
    pub caller: Caller,
}

impl Rotunda {
    /// Signs a user in with a password.
    ///
    /// # Errors
    /// [`Denied`] with `credentials_invalid`, `user_disabled`, or [`Denied::ClientUnknown`], [`Denied::ClientRefused`],
    /// [`Denied::ClientMayNot`]; [`Failure`] when the store or
    /// the password pool does not answer.
    pub async fn login(&self, login: &Login) -> Result<Grant, Error> {
        let granted = self.sign_in(login).await;
        self.tallies.count_outcome(&granted, Tally::SignIns, Tally::SignInsRefused);
        granted
    }

    async fn sign_in(&self, login: &Login) -> Result<Grant, Error> {
        let client = &*self.client_signing_in(login.client_id.as_ref(), login.proof.as_ref()).await?;
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let (account, known) = self.prove(login, now).await?;
            let user = &account.user;
            let is_known = known.is_some();
            let device = known.map_or_else(|| self.new_device(now), Ok)?;
            let begun = self.begin(user, client, device, (login.remember, &login.caller), now)?;
            let grant = self.grant_begun(&begun, user, client, now)?;
            let session = begun.session.id;
            let logging_in = LoggingIn {
                event: signed_in(&begun.session, &login.caller),
                session: begun.session,
                password: account.password.clone(),
                replaces: self.left_behind(login.page.as_ref(), &login.caller, now).await?,
                caps: self.caps(client),
                post: self
                    .tell_of_new_device(user, (session, client.kind), is_known, (&login.caller, now))
                    .await?,
            };
            match self.store.login(logging_in).await? {
                LoggedIn::Done => return Ok(grant),
                LoggedIn::Full => return Err(Denied::TooManySessions.into()),
                LoggedIn::Changed => {}
            }
        }
        Err(Failure::overload("signing in a user who is being changed").into())
    }

    /// The account whose password was given, and the device if the account was signed in on it before.
    async fn prove(&self, login: &Login, now: UnixMillis) -> Result<(Account, Option<Device>), Error> {
        let bucket = BucketKey::login_by_address;
        let per_address = self.policy.limits.login_per_address;
        let has_own_address = login.proof.is_none();
        // Without a device secret, nothing is looked up for whoever has tried too often already.
        if has_own_address && login.device.is_none() {
            self.limit_address(bucket, per_address, &login.caller, now).await?;
        }
        let account = match &login.handle {
            Some(handle) => self.store.account(handle).await?,
            None => None,
        };
        let user = account.as_ref().map(|account| &account.user);
        let device = self.recognise(user, login.device.as_ref()).await?;
        // A device that the account knows is not slowed by strangers behind the same address either.
        if has_own_address && login.device.is_some() && device.is_none() {
            self.limit_address(bucket, per_address, &login.caller, now).await?;
        }
        let counts_address = has_own_address && device.is_none();
        let bounded = self.bounded_by(login, user, device.as_ref());
        if let Some((key, quota)) = bounded {
            self.limit(key, quota, now).await?;
        }
        let hash = account.as_ref().and_then(|a| a.password.clone().usable());
        let verdict = self.hasher.verify(login.password.clone(), hash).await?;
        let Some(mut account) = account.filter(|_| verdict.right) else {
            // Written down alike for a wrong password and for nobody: the same work, the same time.
            let event = sign_in_failed(&login.caller, now);
            self.store.note(event, now.minus(QUIET)).await?;
            return Err(Denied::CredentialsInvalid.into());
        };
        if account.user.state == UserState::Disabled {
            let event = Event { user_id: Some(account.user.id), ..sign_in_failed(&login.caller, now) };
            self.store.note(event, now.minus(QUIET)).await?;
            return Err(Denied::UserDisabled.into());
        }
        // Whoever knows the password has not guessed.
        if counts_address {
            self.give_back_address(bucket, per_address, &login.caller, now).await;
        }
        if let Some((key, quota)) = bounded {
            self.give_back(key, quota, now).await;
        }
        if verdict.outdated {
            // A pool that is full just now does not keep the user out: the next login will do.
            if let Ok(fresh) = self.hasher.hash(login.password.clone()).await
                && self.store.rehash(account.user.id, account.password.clone(), fresh.clone()).await?
            {
                account.password = fresh;
            }
        }
        Ok((account, device))
    }

    /// Which bucket bounds the guesses: strangers who type the same share one, whether or not there is such an account; each
    /// device that the account knows has its own, so that strangers cannot lock out whoever has such a device.
    fn bounded_by(
        &self,
        login: &Login,
        user: Option<&User>,
        device: Option<&Device>,
    ) -> Option<(BucketKey, Quota)> {
        let limits = &self.policy.limits;
        match (user, device) {
            (Some(user), Some(device)) => {
                Some((BucketKey::login_by_device(user.id, device.id), limits.login_per_device))
            }
            _ => login
                .handle
                .as_ref()
                .map(|handle| (BucketKey::login_by_handle(handle), limits.login_per_account)),
        }
    }

    /// Checks the password of whoever is signed in, for whatever asks for it again. Whoever guesses leaves a trace.
    pub(crate) async fn prove_again(
        &self,
        bearer: &Bearer,
        password: &Password,
        caller: &Caller,
    ) -> Result<Account, Error> {
        let (user, session) = (bearer.facts.user.id, bearer.facts.session.id);
        let (key, quota) = (
            BucketKey::reauthentication(user, bearer.facts.session.device_id),
            self.policy.limits.reauthenticate,
        );
        let now = self.clock.now();
        self.limit(key, quota, now).await?;
        let account = self.store.account_of(user).await?;
        let hash = account.as_ref().and_then(|a| a.password.clone().usable());
        let verdict = self.hasher.verify(password.clone(), hash).await?;
        if let Some(account) = account.filter(|_| verdict.right) {
            self.give_back(key, quota, now).await;
            return Ok(account);
        }
        let event = Event { user_id: Some(user), session_id: Some(session), ..sign_in_failed(caller, now) };
        self.store.note(event, now.minus(QUIET)).await?;
        Err(Denied::CredentialsInvalid.into())
    }

    /// The ending of the session that this browser held until now.
    pub(crate) async fn left_behind(
        &self,
        page: Option<&PageKey>,
        caller: &Caller,
        now: UnixMillis,
    ) -> Result<Option<EndingOne>, Failure> {
        let Some(page) = page else { return Ok(None) };
        let facts = self.store.facts_of_page(page.hash()).await?;
        Ok(facts.filter(|f| f.ending_at(now).is_none()).map(|facts| EndingOne {
            about: None,
            id: facts.session.id,
            at_generation: None,
            ending: Ending::LoggedOut,
            at: now,
            caller: facts.session.caller(caller),
            post: Vec::new(),
        }))
    }
}

/// A failed sign-in, without saying whether there is such an account. Which one was tried is left to the log of the
/// reverse proxy: an audit log that holds mistyped addresses holds mistyped passwords too.
pub(crate) fn sign_in_failed(caller: &Caller, at: UnixMillis) -> Event {
    Event {
        about: None,
        kind: EventKind::SignInFailed,
        at,
        user_id: None,
        session_id: None,
        caller: caller.clone(),
    }
}
