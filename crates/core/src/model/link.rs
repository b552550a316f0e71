//! Links: what a letter carries, and what whoever opens the letter may do once.
//!
//! 1. A link is good for one purpose, once, until it expires. It belongs to one address and, where there is one, to one
//!    user at one auth epoch: whatever ends all of a user's sessions also voids the links from before.
//! 2. The store keeps a keyed hash of its secret. The secret itself is derived from a master key whenever the letter is
//!    sent (`crate::link`), so that neither the table of links nor the queue of letters opens anything.
//! 3. Its life begins when its letter is sent: a mail server that is down for an hour costs no link.

use std::time::Duration;

use super::{Email, LinkHash, LinkId, PasswordHash, SessionId, UnixMillis, UserId, Username};

macro_rules! link_purposes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal, $byte:literal;)*) => {
        /// What a link may be used for: a closed list.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum LinkPurpose {
            $($(#[$doc])* $name,)*
        }

        impl LinkPurpose {
            /// Every purpose, for documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// How it is stored.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }

            /// From its stored name; `None` for what this version does not know.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|purpose| purpose.as_str() == name)
            }

            /// How a token names it.
            #[must_use]
            pub fn byte(self) -> u8 {
                match self {
                    $(Self::$name => $byte,)*
                }
            }
        }
    };
}

link_purposes! {
    /// Makes the account of somebody who has registered, once they show that the address is theirs.
    Register = "register", 1;
    /// Shows that the address of a user who is there already is theirs.
    VerifyEmail = "verify_email", 2;
    /// Shows that the new address of a user is theirs, and makes it the one.
    ChangeEmail = "change_email", 3;
    /// Sets a new password in place of a forgotten one.
    ResetPassword = "reset_password", 4;
    /// "This was not me": ends every session and voids the password.
    Report = "report", 5;
}

/// One link.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id; names it and opens nothing.
    pub id: LinkId,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// What the server keeps of its secret.
    pub hash: LinkHash,
    /// Whose it is; `None` for somebody who registers, and for nobody (see [`super::Letter::to`]).
    pub user_id: Option<UserId>,
    /// The user's auth epoch when it was made; it is void when that has moved. Not asked for a report.
    pub ep: u64,
    /// The address that its letter goes to; for a change of address, the new one.
    pub email: Option<Email>,
    /// The session that did what a report is about, or that asked for another address.
    pub session_id: Option<SessionId>,
    /// Who registers.
    pub newcomer: Option<PendingUser>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// How long it is good once its letter was sent.
    pub life: Duration,
    /// Until when it is good; moved to `life` from then when its letter is sent.
    pub expires_at: UnixMillis,
}

impl Link {
    /// Whether its letter went to this address, however either is written.
    #[must_use]
    pub fn is_to(&self, email: &Email) -> bool {
        self.email.as_ref().is_some_and(|to| to.key() == email.key())
    }
}

/// A user to be, who has not shown yet that the address is theirs. Nobody can sign in as them, and neither their address
/// nor their user name is taken.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingUser {
    /// Their user name, where they want one.
    pub username: Option<Username>,
    /// The name they go by.
    pub name: Option<String>,
    /// The hash of the password that they chose; it is asked for again with the link.
    pub password: PasswordHash,
}
