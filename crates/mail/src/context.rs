//! What a template may speak of.
//!
//! | variable | what | in which letters |
//! |---|---|---|
//! | `site`, `public_url` | the service | all |
//! | `email` | where the letter goes | all |
//! | `at` | when it happened, `2026-11-21 15:04 UTC` | all |
//! | `device` | from which device, "Firefox on Linux" | all |
//! | `address` | from which network address | where it is known |
//! | `link` | the whole URL | those that carry one |
//! | `name` | what the reader calls themselves | those to somebody whose address this is for certain |
//! | `other` | another address that it tells of | likewise |
//! | `newcomer` | whether there is no account yet | all |
//!
//! What is not there is `none`: a template asks first, `{% if name %}`; printing it is an error.
//!
//! A stranger can have a letter sent to anybody, by giving their address. Nothing that the stranger chose may be in
//! such a letter, or it is they who write it, in our name.

use jiff::Timestamp;
use minijinja::{Value, context};
use rotunda_core::model::{Email, Letter, LetterKind, SecretText, UnixMillis, device_label};

use crate::plain;
use crate::sender::House;

/// For one letter.
pub(crate) fn of(letter: &Letter, to: &Email, link: Option<&SecretText>, house: &House) -> Value {
    let known = is_to_its_user(letter.kind) && letter.user_id.is_some();
    let name = letter.name.as_deref().filter(|_| known).and_then(plain::name);
    let other = letter.other.as_ref().filter(|_| known).map(|other| plain::address(other.as_str()));
    let device = device_label(letter.caller.user_agent.as_deref());
    context! {
        site => house.site(),
        public_url => house.public_url(),
        email => plain::address(to.as_str()),
        at => minute(letter.at),
        device => plain::name(&device).unwrap_or_else(|| device_label(None)),
        address => letter.address().map(|address| address.to_string()),
        link => link.map(SecretText::expose),
        name => name,
        other => other,
        newcomer => letter.user_id.is_none(),
    }
}

/// For tries: everything there that such a letter can have, or nothing of it.
pub(crate) fn sample(kind: LetterKind, full: bool, house: &House) -> Value {
    let known = full && is_to_its_user(kind);
    context! {
        site => house.site(),
        public_url => house.public_url(),
        email => "ada@example.com",
        at => minute(UnixMillis(1_795_273_440_000)),
        device => "Firefox on Linux",
        address => full.then_some("192.0.2.7"),
        link => full.then_some("https://auth.example.com/link#a-sample"),
        name => known.then_some("Ada"),
        other => known.then_some("new@example.com"),
        newcomer => !full,
    }
}

/// Whether whoever reads it has shown that the address is theirs, so that what is in the account is theirs too.
fn is_to_its_user(kind: LetterKind) -> bool {
    match kind {
        LetterKind::VerifyEmail
        | LetterKind::AlreadyRegistered
        | LetterKind::ConfirmEmail
        | LetterKind::Invited
        | LetterKind::EmailInUse => false,
        LetterKind::ResetPassword
        | LetterKind::EmailChangeAsked
        | LetterKind::EmailChanged
        | LetterKind::EmailChangedTo
        | LetterKind::NewDevice
        | LetterKind::PasswordChanged
        | LetterKind::PasswordReset
        | LetterKind::TheftFound
        | LetterKind::ReportTaken
        | LetterKind::AccountDeleted
        | LetterKind::Test => true,
    }
}

fn minute(at: UnixMillis) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => "a time that is not known".to_owned(),
    }
}
