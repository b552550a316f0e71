//! Every word of every page, in each language. No template and no handler has one of its own.
//!
//! A language is one [`Texts`]: the compiler sees to it that none lacks a text. Texts with something in them are functions.
//! What went wrong is put into words by total functions, so that a new refusal asks for words in each language. Nothing here
//! is markup: templates escape all of it.

mod de;
mod en;

use rotunda_core::denied::Denied;
use rotunda_core::model::Ending;

pub(crate) use de::DE;
pub(crate) use en::EN;

use super::Trouble;

/// All texts of one language.
pub(crate) struct Texts {
    /// Before the title of a page that shows a form again.
    pub error: &'static str,
    /// Labels and hints of fields.
    pub fields: Fields,
    pub sign_in: SignIn,
    pub signed_in: SignedIn,
    pub register: Register,
    pub forgot: Forgot,
    pub sign_out: SignOut,
    pub links: Links,
    pub headings: Headings,
    pub demo: Demo,
    pub acting: Acting,
    /// What the way to the account page is called.
    pub to_account: &'static str,
    /// What the way to the sign-in is called.
    pub to_sign_in: &'static str,
    /// A `return_to` that is not one of its client's.
    pub return_refused: Notice,
    /// A refusal by the rules.
    pub denied: fn(&Denied) -> String,
    /// Whatever else went wrong.
    pub trouble: fn(Trouble) -> &'static str,
    /// Why a session ended, told to whoever held it.
    pub ended: fn(Ending) -> &'static str,
}

/// Above each page of an account, for an operator who acts for its user.
pub(crate) struct Acting {
    /// For whom, and for how long.
    pub lead: fn(&str) -> String,
    pub stop: &'static str,
}

/// What `/demo` says before its script has words of its own.
pub(crate) struct Demo {
    pub title: &'static str,
    pub lead: &'static str,
    /// Instead of everything else, where no script may run.
    pub no_script: &'static str,
}

/// A page that only tells something.
pub(crate) struct Notice {
    pub heading: &'static str,
    pub lines: &'static [&'static str],
}

/// Labels and hints of fields.
pub(crate) struct Fields {
    pub handle: &'static str,
    pub email: &'static str,
    pub password: &'static str,
    pub new_password: &'static str,
    /// How long a new password must be.
    pub least: fn(usize) -> String,
    pub remember: &'static str,
    /// Beneath `remember`.
    pub remember_hint: &'static str,
}

/// `/login`, for whoever is not signed in.
pub(crate) struct SignIn {
    pub heading: &'static str,
    pub button: &'static str,
    pub forgot: &'static str,
    /// Before the way to `/register`.
    pub no_account: &'static str,
    pub register: &'static str,
}

/// `/login`, for whoever is.
pub(crate) struct SignedIn {
    pub heading: &'static str,
    /// As whom.
    pub lead: fn(&str) -> String,
    pub go_on: &'static str,
    pub another: &'static str,
}

/// `/register`
pub(crate) struct Register {
    pub heading: &'static str,
    pub button: &'static str,
    /// Before the way to `/login`.
    pub have_account: &'static str,
    pub off: Notice,
    pub letter_sent: Notice,
}

/// `/forgot`
pub(crate) struct Forgot {
    pub heading: &'static str,
    pub lead: &'static str,
    pub button: &'static str,
    pub letter_sent: Notice,
}

/// `/logout`
pub(crate) struct SignOut {
    pub heading: &'static str,
    /// As whom they are signed in.
    pub lead: fn(&str) -> String,
    pub button: &'static str,
    pub stay: &'static str,
    pub done: Notice,
    pub nobody: Notice,
}

/// The pages that links in letters lead to.
pub(crate) struct Links {
    pub confirm: LinkWords,
    pub change: LinkWords,
    pub reset: LinkWords,
    pub report: LinkWords,
    /// A link that is not good, whatever is wrong with it.
    pub bad: Notice,
    /// In place of what a refusal says elsewhere: only a password was asked for.
    pub password_wrong: &'static str,
    /// The same: the user name was typed long ago.
    pub username_taken: &'static str,
}

/// A form for whoever holds a link.
pub(crate) struct LinkWords {
    pub heading: &'static str,
    /// Why they are asked, or what the button does.
    pub lead: &'static str,
    /// What else the button does.
    pub consequences: &'static [&'static str],
    pub button: &'static str,
    /// For whoever does not know what this is about.
    pub otherwise: &'static str,
    pub done: Notice,
}

/// Above what went wrong.
pub(crate) struct Headings {
    pub did_not_work: &'static str,
    pub not_now: &'static str,
    pub broken: &'static str,
    pub not_found: &'static str,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rotunda_core::password::acceptable::Predictable;

    use super::super::language::Language;
    use super::*;

    /// In each language, every refusal says something of its own, in a sentence, and no name of a program.
    #[test]
    fn every_refusal_has_words_in_each_language() {
        let some = [
            Denied::CredentialsInvalid,
            Denied::UserDisabled,
            Denied::RateLimited(Duration::from_millis(60_001)),
            Denied::RateLimited(Duration::ZERO),
            Denied::ReauthenticationNeeded(Duration::from_secs(300)),
            Denied::TooManySessions,
            Denied::LinkInvalid,
            Denied::EmailTaken,
            Denied::UsernameTaken,
            Denied::EmailInvalid,
            Denied::UsernameInvalid,
            Denied::NameInvalid,
            Denied::RegistrationOff,
            Denied::ClientUnknown,
            Denied::NotFound,
            Denied::PasswordTooShort { least: 12 },
            Denied::PasswordTooLong,
            Denied::PasswordCommon,
            Denied::PasswordBreached,
            Denied::PasswordPredictable(Predictable::User),
            Denied::PasswordPredictable(Predictable::Run),
        ];
        let mut told = Vec::new();
        for language in Language::ALL {
            let texts = language.texts();
            let sentences = some.iter().map(|denied| (texts.denied)(denied));
            told.extend(sentences.chain(Trouble::ALL.map(|trouble| (texts.trouble)(trouble).to_owned())));
            told.extend(Ending::ALL.iter().map(|ending| (texts.ended)(*ending).to_owned()));
        }
        for text in &told {
            assert!(text.len() > 20 && text.ends_with('.') && !text.contains(['<', '`', '_']), "{text}");
        }
        let count = told.len();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), count, "two of them say the same");
    }

    #[test]
    fn who_must_wait_is_told_how_long() {
        let told =
            |texts: &Texts, millis| (texts.denied)(&Denied::RateLimited(Duration::from_millis(millis)));
        assert_eq!(told(&EN, 1), "Too many attempts. Try again in 1 second.");
        assert_eq!(told(&EN, 60_001), "Too many attempts. Try again in 61 seconds.");
        assert_eq!(told(&DE, 1_000), "Zu viele Versuche. Versuchen Sie es in 1 Sekunde noch einmal.");
        assert_eq!(told(&DE, 2_000), "Zu viele Versuche. Versuchen Sie es in 2 Sekunden noch einmal.");
    }
}
