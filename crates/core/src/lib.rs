//! The rules of Rotunda.
//!
//! Here is what happens at a login, a refresh, a logout; how it reaches a client stands in `crates/server`, where it
//! is kept in the `store-*` crates. Nothing here knows a socket, a clock, SQL, HTTP or a runtime: time, randomness,
//! password hashing and the store come in through the ports in [`outside`] and [`store`].
//!
//! Each verb that a user does is a folder, and each is a method of [`Rotunda`]:
//!
//! | verb | folder | what it does |
//! |---|---|---|
//! | register | [`register`] | a new user, signed in at once |
//! | login | [`login`] | a password becomes a session |
//! | refresh | [`refresh`] | a refresh token becomes the next one: the heart |
//! | bearer | [`bearer`] | an access token becomes "who is this?" |
//! | gateway | [`gateway`] | a bearer token or a page key becomes what a gateway tells the service behind it |
//! | sessions | [`sessions`] | a user's devices, the end of one of them, and of all others |
//! | events | [`events`] | what happened to a user, and the story of a theft, for the user |
//! | logout | [`logout`] | the end of this session, or of all |
//! | password | [`password`] | a new password, changed or reset, and the end of everything that the old one opened |
//! | verify | [`verify`] | an address is shown to be theirs; after a registration, a user comes to be |
//! | email | [`email`] | another address |
//! | report | [`report`] | "this was not me" |
//! | reauthenticate | [`reauthenticate`] | the password once more, for what is sensitive |
//! | delete, export | [`delete`], [`export`] | the end of an account, and its data for its owner |
//! | post | [`post`] | letters leave the queue |
//! | import | [`import`] | a user of another system becomes ours, id and password kept |
//! | signing | [`signing`] | signing keys are rotated and revoked |
//! | revocations | [`revocations`] | what services have to hear of at once |
//! | clients | [`clients`] | clients authenticate; the operator adds and removes them |
//! | client credentials | [`client_credentials`] | a service gets an access token of its own |
//! | revoke, introspect | [`revoke_token`], [`introspect`] | a token is ended, or asked about, by a client |
//! | operate | [`operate`] | what the operator does: add, list, disable, revoke, explain |
//! | desk | [`desk`] | what operators do by the admin API and the console, each with the permission that it takes |
//! | webhooks | [`webhooks`] | other people's servers are told of what happens |
//! | audit | [`audit`] | what happened is chained and signed, verified, exported and forgotten |
//! | copy | [`copy`] | a whole store into an empty one |
//! | janitor | [`janitor`] | writes down what has expired, forgets what is long over |
//!
//! How often any of it may be tried stands in [`limits`]; what is counted of it, in [`counts`].

pub mod audit;
pub mod bearer;
pub mod client_credentials;
pub mod clients;
pub mod copy;
pub mod counts;
pub mod delete;
pub mod denied;
pub mod desk;
pub mod email;
pub mod events;
pub mod export;
pub mod failure;
pub mod gateway;
mod grant;
pub mod import;
pub mod introspect;
pub mod janitor;
pub mod keys;
pub mod limits;
pub mod link;
pub mod login;
pub mod logout;
pub mod model;
pub mod operate;
pub mod outside;
pub mod password;
pub mod policy;
pub mod post;
pub mod reauthenticate;
pub mod refresh;
pub mod register;
pub mod report;
pub mod reseal;
pub mod revocations;
pub mod revoke_token;
pub mod sessions;
mod shelf;
pub mod signing;
mod start;
pub mod store;
mod tallies;
pub mod verify;
pub mod webhooks;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

pub use grant::Grant;
pub use shelf::KeyInfo;
pub use start::StartError;

use counts::Counters;
use desk::overview::Around;
use keys::MasterKeys;
use model::UnixMillis;
use outside::{Clock, Courier, Entropy, KnownPasswords, Mailer, PasswordHasher};
use policy::Policy;
use shelf::Shelf;
use store::{Scratch, Store};
use tallies::Tallies;

/// Everything outside the rules that the rules need.
#[derive(Clone)]
pub struct Outside {
    /// What must survive.
    pub store: Arc<dyn Store>,
    /// What may vanish.
    pub scratch: Arc<dyn Scratch>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Letters.
    pub mailer: Arc<dyn Mailer>,
    /// The passwords that nobody may choose.
    pub known_passwords: Arc<dyn KnownPasswords>,
    /// Messages to other people's servers.
    pub courier: Arc<dyn Courier>,
}

/// A running Rotunda: its methods are what users and operators do. Made by [`Rotunda::start`].
pub struct Rotunda {
    store: Arc<dyn Store>,
    scratch: Arc<dyn Scratch>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    hasher: Arc<dyn PasswordHasher>,
    mailer: Arc<dyn Mailer>,
    known: Arc<dyn KnownPasswords>,
    courier: Arc<dyn Courier>,
    keys: MasterKeys,
    shelf: RwLock<Arc<Shelf>>,
    policy: Policy,
    /// Whether this process has had a signing key of the configured algorithm made.
    algorithm_settled: AtomicBool,
    /// For how long entries of the revocation feed count, as the store said last.
    keep_millis: AtomicU64,
    /// How far the audit log has been at most.
    audit_seen: AtomicU64,
    /// When the store was last seen to take writes.
    seen_ready: AtomicI64,
    /// What was counted for the console.
    tallies: Tallies,
    /// What else was counted.
    counters: Counters,
    /// What is slow to count, as it was when somebody last looked.
    around: RwLock<Option<Around>>,
}

impl Rotunda {
    /// The operator's decisions.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How long it is since some moment, for measuring how long something took ([`Clock::elapsed`]).
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// So many random bytes.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], failure::Failure> {
        outside::random(&*self.entropy)
    }

    /// Answers when requests can be served: there is a key to sign with, and the store takes writes. Asks it once a second at most, so that whoever asks
    /// all the time does not keep it busy.
    ///
    /// # Errors
    /// [`failure::Failure`] with what is missing.
    pub async fn ready(&self) -> Result<(), failure::Failure> {
        const FRESH: Duration = Duration::from_secs(1);
        let now = self.clock.now();
        self.shelf().signer(now)?;
        let seen = self.seen_ready.load(Ordering::Relaxed);
        if now.distance(UnixMillis(seen)) < FRESH {
            return Ok(());
        }
        self.store.ready().await?;
        self.seen_ready.store(now.0, Ordering::Relaxed);
        Ok(())
    }
}
