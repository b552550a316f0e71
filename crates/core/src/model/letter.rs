//! Letters: what Rotunda writes to its users, before any template has put it into words.
//!
//! A letter is stored with the change that it tells of, in the same transaction, and stays until the mail server has
//! taken it. It holds no secret: where it carries a link, the link's token is derived again when it is sent.

use std::net::IpAddr;

use super::{Caller, Email, LetterId, LinkId, LinkPurpose, UnixMillis, UserId};

macro_rules! letter_kinds {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// What a letter says: a closed list; its names are those of the templates.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum LetterKind {
            $($(#[$doc])* $name,)*
        }

        impl LetterKind {
            /// Every kind, for templates, documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name of its template, and how it is stored.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }

            /// From its stored name; `None` for what this version does not know.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
            }
        }
    };
}

letter_kinds! {
    /// To an address that was typed at a registration, or of a user who has not shown yet that it is theirs: here is the
    /// link that does. With a link.
    VerifyEmail = "verify_email",
    /// To the owner of an account whose address somebody has just registered with: you have one already, and here is a
    /// link for a new password in case you forgot. With a link.
    AlreadyRegistered = "already_registered",
    /// Somebody forgot their password: here is the link for a new one. With a link.
    ResetPassword = "reset_password",
    /// To the new address of a user who wants to change it: here is the link that does. With a link; `other` is the
    /// address so far.
    ConfirmEmail = "confirm_email",
    /// To an address that belongs to one user and that another one wants to change to: nothing has changed.
    EmailInUse = "email_in_use",
    /// To the address so far: a change was asked for. `other` is the new one. With a link ("this was not me").
    EmailChangeAsked = "email_change_asked",
    /// To the address so far: it was changed. `other` is the new one. With a link ("this was not me").
    EmailChanged = "email_changed",
    /// To the new address: it is the one now. `other` is the one before.
    EmailChangedTo = "email_changed_to",
    /// Somebody signed in on a device that this user was never seen on. With a link ("this was not me").
    NewDevice = "new_device",
    /// The password was changed by somebody who was signed in. With a link ("this was not me").
    PasswordChanged = "password_changed",
    /// The password was replaced through a link from a letter. With a link ("this was not me").
    PasswordReset = "password_reset",
    /// A used refresh token came back: somebody had a copy, and the session has ended. With a link ("this was not me").
    TheftFound = "theft_found",
    /// To a user whom an operator has added: here is the link for a first password. With a link.
    Invited = "invited",
    /// To a user who said "this was not me": every session has ended, the password is void, and here is the link for a new
    /// one. With a link.
    ReportTaken = "report_taken",
    /// The account and all that belonged to it are gone.
    AccountDeleted = "account_deleted",
    /// What an operator sends to see whether mail goes out.
    Test = "test",
}

/// One letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// Its id; the `Message-ID` is made of it, so that a letter that is sent twice is seen to be one.
    pub id: LetterId,
    /// What it says.
    pub kind: LetterKind,
    /// To whom. `None` goes to nobody: it is written so that asking about an address that nobody has takes as long as
    /// asking about one that somebody has.
    pub to: Option<Email>,
    /// Whose letter it is, where they are a user already.
    pub user_id: Option<UserId>,
    /// The name they go by.
    pub name: Option<String>,
    /// When it happened.
    pub at: UnixMillis,
    /// From where it was done.
    pub caller: Caller,
    /// The other address that the letter tells of.
    pub other: Option<Email>,
    /// The link that it carries.
    pub link: Option<LetterLink>,
    /// When it is not worth sending any more.
    pub expires_at: UnixMillis,
}

impl Letter {
    /// The network address that it happened from.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.caller.address
    }
}

/// What it takes to derive the token of a letter's link when it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LetterLink {
    /// The link.
    pub id: LinkId,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The master key under which it was made.
    pub key_id: u8,
}

/// A letter that waits to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueuedLetter {
    /// The letter.
    pub letter: Letter,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_attempt_at: UnixMillis,
    /// Why the last attempt failed, in the mail server's own words.
    pub last_error: Option<String>,
}

impl QueuedLetter {
    /// How much of what the mail server said is kept.
    pub const ERROR_BYTES: usize = 500;
}
