//! A registration: a new user, signed in at once.
//!
//! 1. Is registration on? Where it is off it says so, whoever asks.
//! 2. Check the form of everything; a refusal says how to do better.
//! 3. Hash the password, then add user and session in one transaction. That an address is taken cannot be hidden
//!    without mail: somebody who may register at once must learn that they cannot.

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::login::begin::signed_in;
use crate::model::{
    Account, Caller, ClientId, Email, Event, EventKind, PageKey, Password, UnixMillis, User, UserId,
    UserState, Username,
};
use crate::outside::random;
use crate::policy::Registration;
use crate::store::{Registered, Registering};

/// What somebody who wants an account sends.
#[derive(Clone)]
pub struct Register {
    /// Who they will be.
    pub newcomer: Newcomer,
    /// The client they use.
    pub client_id: Option<ClientId>,
    /// The page cookie of the session that this browser holds so far.
    pub page: Option<PageKey>,
    /// From where.
    pub caller: Caller,
}

/// A user to be, as typed.
#[derive(Clone)]
pub struct Newcomer {
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: Password,
    /// Their user name, where they want one.
    pub username: Option<String>,
    /// The name they go by.
    pub name: Option<String>,
}

impl Rotunda {
    /// Adds a user and signs them in.
    ///
    /// # Errors
    /// [`Denied`] tells what to change; [`Failure`] when the store or the password pool does not answer.
    pub async fn register(&self, register: &Register) -> Result<Grant, Error> {
        if self.policy.registration == Registration::Off {
            return Err(Denied::RegistrationOff.into());
        }
        let client = self.policy.client(register.client_id.as_ref())?;
        let account = self.new_account(&register.newcomer).await?;
        let (user, now) = (&account.user, account.user.created_at);
        let device = self.new_device(now)?;
        let begun = self.begin(user, client, device, (true, &register.caller), now)?;
        let grant = self.grant_begun(&begun, user, client, now)?;
        let registering = Registering {
            events: vec![registered(user, &register.caller), signed_in(&begun.session, &register.caller)],
            session: Some(begun.session),
            replaces: self.left_behind(register.page.as_ref(), &register.caller, now).await?,
            account,
        };
        taken(self.store.register(registering).await?)?;
        Ok(grant)
    }

    /// Adds a user without signing them in: what an operator does, whether registration is on or off.
    ///
    /// # Errors
    /// As [`Rotunda::register`].
    pub async fn add_user(&self, newcomer: &Newcomer) -> Result<User, Error> {
        let account = self.new_account(newcomer).await?;
        let user = account.user.clone();
        let events = vec![registered(&user, &Caller::default())];
        taken(self.store.register(Registering { account, session: None, replaces: None, events }).await?)?;
        Ok(user)
    }

    async fn new_account(&self, newcomer: &Newcomer) -> Result<Account, Error> {
        let email = Email::parse(&newcomer.email).ok_or(Denied::EmailInvalid)?;
        let username = refine(newcomer.username.as_deref(), Username::parse, Denied::UsernameInvalid)?;
        let name = refine(newcomer.name.as_deref(), User::parse_name, Denied::NameInvalid)?;
        self.policy.check_new_password(&newcomer.password)?;
        let password = self.hasher.hash(newcomer.password.clone()).await?;
        let now = self.clock.now();
        let user = self.new_user((email, username, name), now)?;
        Ok(Account { user, password })
    }

    fn new_user(
        &self,
        (email, username, name): (Email, Option<Username>, Option<String>),
        now: UnixMillis,
    ) -> Result<User, Failure> {
        Ok(User {
            id: UserId::new(now, random(&*self.entropy)?),
            subject: None,
            email,
            username,
            name,
            email_verified: false,
            state: UserState::Active,
            ep: 0,
            created_at: now,
        })
    }
}

/// An optional text, refined; what was given and does not fit is refused, never dropped.
pub(crate) fn refine<T>(
    text: Option<&str>,
    parse: fn(&str) -> Option<T>,
    denied: Denied,
) -> Result<Option<T>, Denied> {
    text.map(|text| parse(text).ok_or(denied)).transpose()
}

fn taken(registered: Registered) -> Result<(), Error> {
    match registered {
        Registered::Done => Ok(()),
        Registered::EmailTaken => Err(Denied::EmailTaken.into()),
        Registered::UsernameTaken => Err(Denied::UsernameTaken.into()),
        // It was made from 74 random bits a moment ago.
        Registered::IdTaken => Err(Failure::broken("adding a user", "the new id is taken").into()),
    }
}

fn registered(user: &User, caller: &Caller) -> Event {
    Event {
        kind: EventKind::UserRegistered,
        at: user.created_at,
        user_id: Some(user.id),
        session_id: None,
        caller: caller.clone(),
    }
}
