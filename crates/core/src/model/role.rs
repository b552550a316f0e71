//! Roles: named sets of permissions, and what one user may have of them.
//!
//! 1. A permission is a word of the field `scope` of an access token (RFC 6749 §3.3, RFC 9068 §2.2.3). What it permits is for
//!    whoever asks for it to say: Rotunda asks for its own ([`super::AdminPermission`]), services for theirs.
//! 2. A role is a name and the permissions that come with it. Users hold roles; what they may do is all of it together.
//! 3. What a token says of both travels with each request: so a user has [`Role::MOST_HELD`] roles at most, and their names
//!    and permissions together [`Role::MOST_BYTES_HELD`] bytes.

use std::collections::BTreeSet;
use std::fmt;

use super::{AdminPermission, MOST_SCOPE_CHARS, UnixMillis, is_scope};

/// What somebody may do: 1 to 64 characters of a scope token (RFC 6749 §3.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Permission(String);

impl Permission {
    /// Takes a word that fits the rules above.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() <= MOST_SCOPE_CHARS && is_scope(text)).then(|| Self(text.to_owned()))
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<AdminPermission> for Permission {
    fn from(own: AdminPermission) -> Self {
        Self(own.as_str().to_owned())
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a role: 1 to 64 of `a-z 0-9 . _ -`, as access tokens have it in `roles` (RFC 9068 §2.2.3.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RoleName(String);

impl RoleName {
    /// Takes a name that fits the rules above.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The built-in role with every permission of Rotunda's own. It is always there and never changes.
    #[must_use]
    pub fn admin() -> Self {
        Self("admin".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A named set of permissions. The built-in one ([`RoleName::admin`]) is in no store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Role {
    /// What it is called.
    pub name: RoleName,
    /// What it permits; [`Role::MOST_PERMISSIONS`] at most.
    pub permissions: BTreeSet<Permission>,
    /// What it is for, for people: at most [`Role::DESCRIPTION_CHARS`] characters.
    pub description: Option<String>,
    /// Grows with each change; the first is 1.
    pub version: u64,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it was changed last.
    pub changed_at: UnixMillis,
}

impl Role {
    /// How many roles a user may hold.
    pub const MOST_HELD: usize = 20;
    /// How many bytes their names and their permissions may have together, each once.
    pub const MOST_BYTES_HELD: usize = 1024;
    /// How many permissions a role may have.
    pub const MOST_PERMISSIONS: usize = 64;
    /// How many characters a description may have.
    pub const DESCRIPTION_CHARS: usize = 256;
    /// How many roles there may be.
    pub const MOST: usize = 1_000;
}
