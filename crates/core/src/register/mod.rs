//! A registration: a new user.
//!
//! 1. Has there been too much of this from here ([`crate::limits`])? That is not asked of a client that has authenticated: all
//!    its users come from the address of its server, which looks after its own front door. Is registration on? Where it is
//!    off it says so, whoever asks.
//! 2. Check the form of everything; a refusal says how to do better.
//! 3. Hash the password. Then, as the operator has chosen:
//!    - *unverified*: add user and session in one transaction. That an address is taken cannot be hidden: somebody who
//!      may register at once must learn that they cannot.
//!    - *verified*: write a letter with a link, and no user. The link holds what was typed, the password as its hash, until
//!      the link is followed ([`crate::verify`]). The owner of an address that is taken gets a letter that says so; whoever
//!      registers sees no difference, in the answer or its time (ASVS 5.0, 6.3.8). That a *user name* is taken is
//!      told: people choose it to be seen.

use crate::Rotunda;
use crate::clients::ClientProof;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::limits::BucketKey;
use crate::login::begin::signed_in;
use crate::model::{
    Account, Caller, ClientId, Email, Event, EventKind, Handle, LetterKind, Link, LinkPurpose, PageKey,
    Password, PendingUser, Tally, UnixMillis, User, UserId, UserState, Username,
};
use crate::outside::random;
use crate::password::acceptable::UserWords;
use crate::policy::Registration;
use crate::post::letters::Occasion;
use crate::store::{Posting, Registered, Registering};

/// What somebody who wants an account sends.
#[derive(Clone)]
pub struct Register {
    /// Who they will be.
    pub newcomer: Newcomer,
    /// The client they use.
    pub client_id: Option<ClientId>,
    /// That the client has authenticated, where it has.
    pub proof: Option<ClientProof>,
    /// The page cookie of the session that this browser holds so far.
    pub page: Option<PageKey>,
    /// From where.
    pub caller: Caller,
}

/// What came of a registration.
pub enum Outcome {
    /// There is a new user, and they are signed in.
    SignedIn(Box<Grant>),
    /// A letter is on its way to the address, whoever has it.
    LetterSent,
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
    /// Adds a user and signs them in, or writes them a letter first.
    ///
    /// # Errors
    /// [`Denied`] tells what to change; [`Failure`] when the store or the password pool does not answer.
    pub async fn register(&self, register: &Register) -> Result<Outcome, Error> {
        let (bucket, quota) = (BucketKey::register_by_address, self.policy.limits.register_per_address);
        if register.proof.is_none() {
            self.limit_address(bucket, quota, &register.caller, self.clock.now()).await?;
        }
        match self.policy.registration {
            Registration::Off => Err(Denied::RegistrationOff.into()),
            Registration::Unverified => Ok(Outcome::SignedIn(Box::new(self.sign_up(register).await?))),
            Registration::Verified => self.write_to_newcomer(register).await.map(|()| Outcome::LetterSent),
        }
    }

    /// Adds a user and signs them in at once.
    async fn sign_up(&self, register: &Register) -> Result<Grant, Error> {
        let client = &*self.client_signing_in(register.client_id.as_ref(), register.proof.as_ref()).await?;
        let account = self.new_account(&register.newcomer).await?;
        let (user, now) = (&account.user, account.user.created_at);
        let device = self.new_device(now)?;
        let begun = self.begin(user, client, device, (true, &register.caller), now)?;
        let grant = self.grant_begun(&begun, user, client, now)?;
        let registering = Registering {
            first_admin: false,
            events: vec![registered(user, &register.caller), signed_in(&begun.session, &register.caller)],
            session: Some(begun.session),
            uses: None,
            replaces: self.left_behind(register.page.as_ref(), &register.caller, now).await?,
            account,
        };
        taken(self.store.register(registering).await?)?;
        self.tallies.count(Tally::SignIns);
        Ok(grant)
    }

    /// Writes the letter that makes them a user once they follow its link.
    async fn write_to_newcomer(&self, register: &Register) -> Result<(), Error> {
        self.client_signing_in(register.client_id.as_ref(), register.proof.as_ref()).await?;
        let Account { user, password } = self.new_account(&register.newcomer).await?;
        if let Some(username) = &user.username
            && self.store.account(&Handle::Username(username.clone())).await?.is_some()
        {
            return Err(Denied::UsernameTaken.into());
        }
        let per_account = self.policy.limits.forgot_per_account;
        self.limit(BucketKey::forgot_by_account(&user.email), per_account, user.created_at).await?;
        let owner = self.store.account(&Handle::Email(user.email.clone())).await?.map(|account| account.user);
        let (caller, now) = (&register.caller, user.created_at);
        let posting = match &owner {
            None => {
                let occasion = Occasion { user: None, caller, now };
                let (kind, purpose) = (LetterKind::VerifyEmail, LinkPurpose::Register);
                self.awaited(kind, purpose, Some(&user.email), occasion)?
            }
            Some(owner) => {
                let occasion = Occasion { user: Some(owner), caller, now };
                let (kind, purpose) = (LetterKind::AlreadyRegistered, LinkPurpose::ResetPassword);
                // A user who may not sign in gets no link for a new password.
                let to = Some(&owner.email).filter(|_| owner.state == UserState::Active);
                self.awaited(kind, purpose, to, occasion)?
            }
        };
        // Beside a link for a new password, what was typed here means nothing. It is written all the same: both cases are one
        // write of one size.
        let newcomer = PendingUser { username: user.username, name: user.name, password };
        let link = posting.link.map(|link| Link { newcomer: Some(newcomer), ..link });
        let posting = Posting { link, ..posting };
        let (kind, caller) = (EventKind::RegistrationAsked, caller.clone());
        let user_id = owner.map(|owner| owner.id);
        let event = Event { about: None, kind, at: now, user_id, session_id: None, caller };
        Ok(self.store.post(vec![posting], vec![event]).await?)
    }

    /// An account as typed, checked, its password hashed; nobody has stored it yet.
    pub(crate) async fn new_account(&self, newcomer: &Newcomer) -> Result<Account, Error> {
        let email = Email::parse(&newcomer.email).ok_or(Denied::EmailInvalid)?;
        let username = refine(newcomer.username.as_deref(), Username::parse, Denied::UsernameInvalid)?;
        let name = refine(newcomer.name.as_deref(), User::parse_name, Denied::NameInvalid)?;
        let words = UserWords::of(&email, username.as_ref(), name.as_deref());
        self.check_new_password(&newcomer.password, &words)?;
        let password = self.hasher.hash(newcomer.password.clone()).await?;
        let now = self.clock.now();
        let user = self.new_user((email, username, name), now)?;
        Ok(Account { user, password })
    }

    /// A user of now, whom nobody has stored yet.
    pub(crate) fn new_user(
        &self,
        (email, username, name): (Email, Option<Username>, Option<String>),
        now: UnixMillis,
    ) -> Result<User, Failure> {
        Ok(User {
            ce: 0,
            roles: std::collections::BTreeSet::new(),
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

/// What the store's answer is to whoever wants an account.
pub(crate) fn taken(registered: Registered) -> Result<(), Error> {
    match registered {
        Registered::Done => Ok(()),
        Registered::EmailTaken => Err(Denied::EmailTaken.into()),
        Registered::UsernameTaken => Err(Denied::UsernameTaken.into()),
        // It was made from 74 random bits a moment ago.
        Registered::IdTaken => Err(Failure::broken("adding a user", "the new id is taken").into()),
        Registered::LinkGone => Err(Denied::LinkInvalid.into()),
        Registered::AdminThere => Err(Failure::broken("adding a user", "nobody asked for an admin").into()),
    }
}

/// The event of a user who came to be.
pub(crate) fn registered(user: &User, caller: &Caller) -> Event {
    Event {
        about: None,
        kind: EventKind::UserRegistered,
        at: user.created_at,
        user_id: Some(user.id),
        session_id: None,
        caller: caller.clone(),
    }
}
