//! Users and their accounts.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{PasswordHash, RoleName, UnixMillis, UserId};

/// An e-mail address, kept as it was written and looked up in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Email {
    written: String,
    key: String,
}

impl Email {
    /// Takes what looks like an address: one `@` with something on both sides, a dot-free or dotted host, at most
    /// 254 bytes (RFC 5321 §4.5.3.1), no white space or control characters. Whether it exists only a mail can tell.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, host) = text.rsplit_once('@')?;
        let fits = text.len() <= 254
            && (1..=64).contains(&local.len())
            && !host.is_empty()
            && !host.starts_with('.')
            && !host.ends_with('.')
            && !host.contains("..")
            // One way of writing a host, so that whoever counts letters to an address counts them all: a name beyond ASCII is
            // written as DNS has it (`xn--…`, RFC 5890).
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
            && !text.chars().any(|c| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'))
            && !local.contains('@')
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c));
        fits.then(|| Self { written: text.to_owned(), key: text.to_lowercase() })
    }

    /// As the user wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The form that is unique and looked up.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// A user name: 2 to 64 of `A-Z a-z 0-9 . _ -`, kept as written, unique whatever the case. Having no `@`, it can
/// never be mistaken for an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Username {
    written: String,
    key: String,
}

impl Username {
    /// Takes a name that fits the rules above.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (2..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        fits.then(|| Self { written: text.to_owned(), key: text.to_ascii_lowercase() })
    }

    /// As the user wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The form that is unique and looked up.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The id that a user had in another system, kept as it was because others know them by it: 1 to 255 visible ASCII
/// characters without a space. With a colon among them it is a URI (RFC 7519 §2, `StringOrURI`). Never what a [`UserId`]
/// is written as, so that no user is taken for another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Subject(String);

impl Subject {
    /// Takes an id that fits the rules above.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic())
            && text.split_once(':').is_none_or(|(scheme, _)| is_scheme(scheme) && has_uri_letters(text))
            && !UserId::from_str(text).is_ok_and(|id| id.to_string() == text);
        fits.then(|| Self(text.to_owned()))
    }

    /// As the other system wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// RFC 3986 §2.
fn has_uri_letters(text: &str) -> bool {
    !text.bytes().any(|b| b"\"<>\\^`{|}".contains(&b))
}

/// What a user is looked up by. Users type the first two; the third is for operators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Handle {
    /// Their address.
    Email(Email),
    /// Their user name.
    Username(Username),
    /// Their id in the system that they came from.
    Subject(Subject),
}

/// Whether a user may sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserState {
    /// They may.
    Active,
    /// An operator said no; every session ended in the same transaction.
    Disabled,
}

/// A user, as everybody but the password check sees them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// Who they are, for ever.
    pub id: UserId,
    /// Their id in the system that they came from, where it was no [`UserId`].
    pub subject: Option<Subject>,
    /// Their address.
    pub email: Email,
    /// Their user name, where they chose one.
    pub username: Option<Username>,
    /// The name they go by; free text of at most [`User::NAME_CHARS`] characters.
    pub name: Option<String>,
    /// Whether the address was shown to be theirs.
    pub email_verified: bool,
    /// Whether they may sign in.
    pub state: UserState,
    /// The auth epoch: raised whenever all sessions of the user end; in every access token. From 0 on; of a user who was
    /// imported, from the time of the import on, in seconds.
    pub ep: u64,
    /// The claims epoch: raised whenever their roles change; in every access token that has roles, or had. From 0 on.
    pub ce: u64,
    /// The roles that they hold; at most [`Role::MOST_HELD`](super::Role::MOST_HELD).
    pub roles: BTreeSet<RoleName>,
    /// When the account was made.
    pub created_at: UnixMillis,
}

impl User {
    /// The most characters a display name may have.
    pub const NAME_CHARS: usize = 128;

    /// What others know them by: `sub` of access tokens, and the id that is shown. The id that they came with, or else
    /// their [`UserId`].
    #[must_use]
    pub fn sub(&self) -> String {
        self.subject.as_ref().map_or_else(|| self.id.to_string(), |subject| subject.as_str().to_owned())
    }

    /// Takes a display name: trimmed, 1 to [`User::NAME_CHARS`] characters, none of them a control character.
    #[must_use]
    pub fn parse_name(text: &str) -> Option<String> {
        let text = text.trim();
        let fits =
            (1..=Self::NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned())
    }
}

/// A user together with the hash of their password.
#[derive(Clone)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The stored hash.
    pub password: PasswordHash,
}
