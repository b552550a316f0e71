//! An import: a user of another system becomes ours, with the id and the password that they have.
//!
//! 1. Check the form of everything but the password: its hash is all there is, and whoever hands it in has read it. A user
//!    who came without one has none until they set one by mail.
//! 2. The id is kept. A UUID becomes the user's [`UserId`]; where it is written in another way than ours, or is no UUID at
//!    all, it is kept beside as the [`Subject`], letter by letter, because tokens carry it in `sub`. None begins like that of
//!    a service ([`ClientId::SUBJECT`]).
//! 3. Add the user, if id, address and user name are free, and the event with them, in one transaction. Their auth epoch begins
//!    at the time of the import, above that of whoever had the id before and was deleted.
//! 4. Whoever is there already with the same id and the same address was imported before, and stays as they are. So an
//!    import that was interrupted is begun again from its start.

use std::str::FromStr;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::Failure;
use crate::model::{
    Account, Caller, ClientId, Email, Event, EventKind, Handle, PasswordHash, Subject, UnixMillis, User,
    UserId, UserState, Username,
};
use crate::outside::random;
use crate::register::refine;
use crate::store::{Registered, Registering};

/// A user as another system knew them.
#[derive(Clone)]
pub struct Arrival {
    /// Their id; a new one is made where there was none.
    pub id: Option<String>,
    /// Their address.
    pub email: String,
    /// Whether the other system saw that the address is theirs.
    pub email_verified: bool,
    /// Their user name.
    pub username: Option<String>,
    /// The name they go by.
    pub name: Option<String>,
    /// The hash of their password, already read and bounded; [`PasswordHash::none`] where there is none.
    pub password: PasswordHash,
    /// When their account was made; now, where that is not known.
    pub created_at: Option<UnixMillis>,
    /// Whether they may not sign in.
    pub disabled: bool,
}

/// What became of one user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Imported {
    /// They are here now.
    Added,
    /// They were here already, and stay as they are.
    AlreadyThere,
    /// They are not here, and nothing has changed.
    Refused(Refusal),
}

/// Why a user cannot be imported.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Something of what a registration would be refused for too.
    #[error(transparent)]
    Denied(Denied),
    /// That is no id.
    #[error("An id has 1 to 255 visible ASCII characters and no space; with a colon, it is a URI.")]
    IdInvalid,
    /// An id that a service could have.
    #[error(
        "An id that begins with \"{}\" is reserved for services, whose tokens have it in `sub`.",
        ClientId::SUBJECT
    )]
    IdReserved,
    /// The id is somebody's who has another address.
    #[error("There is a user with this id already, and with another address.")]
    IdTaken,
}

impl Rotunda {
    /// Reads the hash that another system has made of a password.
    ///
    /// # Errors
    /// What is wrong with it, for people, and nothing of what is in it.
    pub fn foreign_hash(&self, text: &str) -> Result<PasswordHash, String> {
        self.hasher.read_foreign(text)
    }

    /// Adds a user of another system. Signs nobody in, and asks nothing of the password.
    pub(crate) async fn import_user(&self, arrival: &Arrival, caller: &Caller) -> Result<Imported, Failure> {
        let account = match self.arrive(arrival)? {
            Ok(account) => account,
            Err(refusal) => return Ok(Imported::Refused(refusal)),
        };
        let event = Event {
            about: None,
            kind: EventKind::UserRegistered,
            at: self.clock.now(),
            user_id: Some(account.user.id),
            session_id: None,
            caller: caller.clone(),
        };
        let user = account.user.clone();
        let registering = Registering {
            first_admin: false,
            account,
            session: None,
            replaces: None,
            uses: None,
            events: vec![event],
        };
        let registered = self.store.register(registering).await?;
        self.became(arrival, &user, registered).await
    }

    /// What [`Rotunda::import_user`] would answer now; writes nothing.
    pub(crate) async fn check_import(&self, arrival: &Arrival) -> Result<Imported, Failure> {
        let user = match self.arrive(arrival)? {
            Ok(account) => account.user,
            Err(refusal) => return Ok(Imported::Refused(refusal)),
        };
        let is_there = async |handle| Ok(self.store.account(&handle).await?.is_some());
        let registered = if self.same_id(&user).await?.is_some() {
            Registered::IdTaken
        } else if is_there(Handle::Email(user.email.clone())).await? {
            Registered::EmailTaken
        } else if let Some(username) = user.username.clone()
            && is_there(Handle::Username(username)).await?
        {
            Registered::UsernameTaken
        } else {
            Registered::Done
        };
        self.became(arrival, &user, registered).await
    }

    /// Steps 1 and 2.
    fn arrive(&self, arrival: &Arrival) -> Result<Result<Account, Refusal>, Failure> {
        let now = self.clock.now();
        let created_at = arrival.created_at.unwrap_or(now);
        let new_id = UserId::new(created_at, random(&*self.entropy)?);
        let refined = || {
            let (id, subject) = arrival.id.as_deref().map_or(Ok((new_id, None)), |id| kept(id, new_id))?;
            let email = Email::parse(&arrival.email).ok_or(Refusal::Denied(Denied::EmailInvalid))?;
            let username = refine(arrival.username.as_deref(), Username::parse, Denied::UsernameInvalid);
            let name = refine(arrival.name.as_deref(), User::parse_name, Denied::NameInvalid);
            Ok(User {
                ce: first_epoch(now),
                roles: std::collections::BTreeSet::new(),
                id,
                subject,
                email,
                username: username.map_err(Refusal::Denied)?,
                name: name.map_err(Refusal::Denied)?,
                email_verified: arrival.email_verified,
                state: if arrival.disabled { UserState::Disabled } else { UserState::Active },
                ep: first_epoch(now),
                created_at,
            })
        };
        Ok(refined().map(|user| Account { user, password: arrival.password.clone() }))
    }

    /// Step 4.
    async fn became(
        &self,
        arrival: &Arrival,
        user: &User,
        registered: Registered,
    ) -> Result<Imported, Failure> {
        Ok(match registered {
            Registered::Done => Imported::Added,
            Registered::IdTaken => match self.same_id(user).await? {
                Some(there) if there.email.key() == user.email.key() => Imported::AlreadyThere,
                _ => Imported::Refused(Refusal::IdTaken),
            },
            // Without an id, a user is told by the address.
            Registered::EmailTaken if arrival.id.is_none() => Imported::AlreadyThere,
            Registered::EmailTaken => Imported::Refused(Refusal::Denied(Denied::EmailTaken)),
            Registered::UsernameTaken => Imported::Refused(Refusal::Denied(Denied::UsernameTaken)),
            Registered::LinkGone | Registered::AdminThere => {
                return Err(Failure::broken("importing a user", "a link or the first admin was missed"));
            }
        })
    }

    /// Whoever has the id of this user.
    async fn same_id(&self, user: &User) -> Result<Option<User>, Failure> {
        let mut there = self.store.account_of(user.id).await?;
        if let (None, Some(subject)) = (&there, &user.subject) {
            there = self.store.account(&Handle::Subject(subject.clone())).await?;
        }
        Ok(there.map(|account| account.user))
    }
}

/// Step 3. Not 0: whoever had this id before and was deleted is on the revocation feed, and every service refuses tokens of
/// that `sub` below the epoch given there. Epochs grow by one with each end of all sessions, far slower than seconds pass.
fn first_epoch(now: UnixMillis) -> u64 {
    u64::try_from(now.seconds()).unwrap_or(0)
}

/// Step 2: the id that a user goes by here, and the one that they came with where it is written in another way.
fn kept(id: &str, new_id: UserId) -> Result<(UserId, Option<Subject>), Refusal> {
    if id.starts_with(ClientId::SUBJECT) {
        return Err(Refusal::IdReserved);
    }
    match UserId::from_str(id) {
        Ok(uuid) if uuid.to_string() == id => Ok((uuid, None)),
        uuid => Ok((uuid.unwrap_or(new_id), Some(Subject::parse(id).ok_or(Refusal::IdInvalid)?))),
    }
}
