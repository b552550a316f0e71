//! The world outside the rules, as ports: time, randomness, password hashing and the lists of known passwords come in
//! as arguments.
//!
//! `crates/outside` has the real ones, `crates/testkit` the ones that tests hold in their hand.

use std::time::Duration;

use async_trait::async_trait;

use crate::failure::Failure;
use crate::model::{Letter, Password, PasswordHash, SecretText, UnixMillis};

/// Tells the time. The only source of it: `clippy.toml` bans the others.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UnixMillis;

    /// How long it is since some moment that is the same one for as long as the process lives: for measuring how long something
    /// took, and for nothing that is decided. It never goes back where the system has such a clock; here it is [`Clock::now`].
    fn elapsed(&self) -> Duration {
        UnixMillis(0).until(self.now())
    }
}

/// Gives unpredictable bytes. The only source of them: `clippy.toml` bans the others.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// When the system has no randomness to give; nothing may go on without.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Failure>;
}

/// A fixed number of random bytes.
///
/// # Errors
/// As [`Entropy::fill`].
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// What a password check found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PasswordVerdict {
    /// The password is the right one.
    pub right: bool,
    /// The stored hash was made with other parameters than today's: make a new one while the password is at hand.
    pub outdated: bool,
}

/// Hashes and checks passwords, on threads of its own and never more at once than the machine can bear.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password with today's parameters and a fresh salt.
    ///
    /// # Errors
    /// [`Failure::is_overload`] when too many are waiting already.
    async fn hash(&self, password: Password) -> Result<PasswordHash, Failure>;

    /// Checks a password. Without a hash (there is no such account) it does the same work and says no.
    ///
    /// # Errors
    /// [`Failure::is_overload`] when too many are waiting already; anything else when the stored hash is unreadable.
    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, Failure>;

    /// Reads the hash that another system has made of somebody's password, so that it can be checked here. Computes nothing.
    ///
    /// # Errors
    /// What is wrong with it, for people, and nothing of what is in it.
    fn read_foreign(&self, text: &str) -> Result<PasswordHash, String>;
}

/// Puts letters into words and hands them to a mail server, or to whatever stands in for one.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one letter to its [`Letter::to`]; without one there is nothing to do. `link` is the whole URL of the link
    /// that it carries, for [`Letter::link`].
    ///
    /// # Errors
    /// [`MailFailure`] says whether another attempt is worth it.
    async fn send(&self, letter: &Letter, link: Option<&SecretText>) -> Result<(), MailFailure>;
}

/// Why a letter was not sent. What it says goes into the queue and the log, where operators read it: never a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MailFailure {
    /// Not now: the server is away, busy or full. Another attempt may go through.
    #[error("not now: {0}")]
    Later(String),
    /// Never: the server refuses this letter or this address for good.
    #[error("refused for good: {0}")]
    Never(String),
}

/// From where a password is known to those who try passwords.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KnownPassword {
    /// It is one of the most common ones, or hardly more than one of them.
    Common,
    /// It was lost in a breach somewhere.
    Breached,
}

/// Knows the passwords that attackers try first. Asked when a password is set, never when one is tried.
pub trait KnownPasswords: Send + Sync {
    /// Whether this password is on a list, and on which; [`KnownPassword::Common`] where it is on both. In memory and in
    /// microseconds, for any text. May now and then say yes to a password that is on no list, as filters do, and never no
    /// to one that is.
    fn find(&self, password: &Password) -> Option<KnownPassword>;
}

/// A message to somebody else's server.
#[derive(Clone)]
pub struct Parcel {
    /// Where to.
    pub url: String,
    /// Headers that it needs besides what goes with every message.
    pub headers: Vec<(&'static str, String)>,
    /// What it says: JSON.
    pub body: Vec<u8>,
}

/// Why a message did not arrive. What it says goes into the queue and the log, where operators read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotDelivered {
    /// In words: at what it failed, and what the other side said.
    pub why: String,
    /// How long to wait at least, where the other side has said so.
    pub not_before: Option<Duration>,
}

/// Takes messages to other people's servers: to those that may be connected to, in bounded time.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Whether messages could be taken there: what can be told of an address without asking anybody.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    fn check(&self, url: &str) -> Result<(), String>;

    /// Takes a message. It has arrived when the other side says 2xx.
    ///
    /// # Errors
    /// [`NotDelivered`]; another attempt may go through.
    async fn deliver(&self, parcel: Parcel) -> Result<(), NotDelivered>;
}
