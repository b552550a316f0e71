//! What a failure means: later, or never. The table is in the documentation of the crate.

use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Code;
use rotunda_core::outside::MailFailure;

use super::SmtpServer;

/// Where in a conversation it happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Greeting,
    StartTls,
    SignIn,
    From,
    To,
    Data,
    Letter,
}

impl Step {
    fn what(self) -> &'static str {
        match self {
            Self::Greeting => "our greeting",
            Self::StartTls => "STARTTLS",
            Self::SignIn => "our sign-in",
            Self::From => "our address (MAIL FROM)",
            Self::To => "the recipient (RCPT TO)",
            Self::Data => "DATA",
            Self::Letter => "the letter",
        }
    }

    /// What an operator may mend, where the server refuses us.
    fn advice(self) -> &'static str {
        match self {
            Self::SignIn => "look at user name and password in [mail] url",
            Self::From => "look at [mail] from",
            Self::Greeting | Self::StartTls => "look at [mail] url",
            Self::To | Self::Data | Self::Letter => {
                "look at [mail] url, at [mail] from and at what the server lets it send"
            }
        }
    }
}

/// Whom a refusal for good concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Concerns {
    Us,
    Recipient,
}

/// Why a letter was not taken.
#[derive(Debug)]
pub(super) struct Trouble {
    step: Step,
    /// The server's code, if it said anything.
    code: Option<u16>,
    /// Its words, or the system's.
    words: String,
}

impl Trouble {
    /// From what lettre says.
    pub(super) fn of(step: Step, error: &Error) -> Self {
        let code = error.status().map(u16::from);
        let source = std::error::Error::source(error).map(ToString::to_string);
        let words = match code {
            Some(_) => source.unwrap_or_default(),
            None => error.to_string(),
        };
        Self { step, code, words }
    }

    /// The server's answer is none to this step.
    pub(super) fn odd(step: Step, code: Code) -> Self {
        Self { step, code: None, words: format!("it answered {code}, which is no answer to that") }
    }

    /// The server said nothing for so long.
    pub(super) fn silent(step: Step, span: Duration) -> Self {
        Self { step, code: None, words: format!("it said nothing for {} s", span.as_secs()) }
    }

    /// Everything together took too long.
    pub(super) fn slow(span: Duration) -> Self {
        let words = format!("it did not take the letter within {} s", span.as_secs());
        Self { step: Step::Letter, code: None, words }
    }

    /// Whether the next letter can go on in the same conversation: the server has answered, and has not hung up (421).
    pub(super) fn leaves_conversation(&self) -> bool {
        self.code.is_some_and(|code| code != 421)
    }

    /// What it means.
    pub(super) fn failure(&self, server: &SmtpServer) -> MailFailure {
        let (step, words) = (self.step.what(), &self.words);
        let Some(code) = self.code else {
            return MailFailure::Later(format!("the mail server {server}, at {step}: {words}"));
        };
        let said = format!("{server} said {code} to {step}: {words}");
        match (code, concerns(self.step, code, words)) {
            (500.., Concerns::Recipient) => MailFailure::Never(said),
            (500.., Concerns::Us) => MailFailure::Later(format!(
                "THE MAIL SERVER REFUSES US, and letters wait until that is mended ({}): {said}",
                self.step.advice()
            )),
            _ => MailFailure::Later(said),
        }
    }
}

/// Whom a code of 500 or more concerns.
fn concerns(step: Step, code: u16, words: &str) -> Concerns {
    match step {
        Step::Greeting | Step::StartTls | Step::SignIn | Step::From | Step::Data => return Concerns::Us,
        Step::To | Step::Letter => {}
    }
    match class(words) {
        // RFC 3463: 1 address, 2 mailbox, 4 way, 6 content; 3 system, 5 protocol, 7 policy. RFC 7293: 7.17 and 7.18.
        Some((1, 7 | 8)) => Concerns::Us,
        Some((7, 17 | 18)) => Concerns::Recipient,
        Some((1 | 2 | 4 | 6, _)) => Concerns::Recipient,
        Some((3 | 5 | 7, _)) => Concerns::Us,
        _ => {
            let words = words.to_ascii_lowercase();
            let about_us = ["relay", "authenticat", "sender"].iter().any(|word| words.contains(word));
            let code_is = matches!(code, 500 | 502..=504 | 521 | 530 | 534 | 535 | 538 | 555);
            if about_us || code_is { Concerns::Us } else { Concerns::Recipient }
        }
    }
}

/// Subject and detail of an enhanced status code (RFC 2034), `5.1.1`: the first word of what a server says.
fn class(words: &str) -> Option<(u16, u16)> {
    let mut numbers = words.split_whitespace().next()?.split('.');
    let (Some("5"), Some(subject), Some(detail), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    Some((subject.parse().ok()?, detail.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: bool = false;
    const NEVER: bool = true;

    #[test]
    fn what_concerns_us_waits_and_what_concerns_the_recipient_ends() {
        let table = [
            (Step::Greeting, 554, "no SMTP service here", LATER),
            (Step::Greeting, 421, "4.3.0 busy", LATER),
            (Step::StartTls, 502, "not implemented", LATER),
            (Step::SignIn, 535, "5.7.8 authentication failed", LATER),
            (Step::SignIn, 534, "5.7.9 application password needed", LATER),
            (Step::SignIn, 454, "4.7.0 try again", LATER),
            (Step::From, 530, "5.7.0 authentication required", LATER),
            (Step::From, 550, "5.7.1 relaying denied", LATER),
            (Step::From, 553, "5.7.1 sender address rejected: not owned by user", LATER),
            (Step::From, 554, "go away", LATER),
            (Step::To, 450, "4.2.0 greylisted", LATER),
            (Step::To, 452, "4.2.2 mailbox full", LATER),
            (Step::To, 550, "5.1.1 no such user", NEVER),
            (Step::To, 550, "no such user here", NEVER),
            (Step::To, 551, "user not local", NEVER),
            (Step::To, 552, "5.2.2 over quota", NEVER),
            (Step::To, 553, "mailbox name not allowed", NEVER),
            (Step::To, 501, "5.1.3 bad recipient address syntax", NEVER),
            (Step::To, 554, "delivery error: this user has no such account", NEVER),
            (Step::To, 554, "5.7.1 <a@b.example>: Relay access denied", LATER),
            (Step::To, 550, "relay not permitted", LATER),
            (Step::To, 550, "5.7.17 mailbox owner has changed", NEVER),
            (Step::To, 530, "must issue a STARTTLS command first", LATER),
            (Step::To, 550, "5.1.8 sender's domain not found", LATER),
            (Step::To, 556, "5.1.10 domain takes no mail", NEVER),
            (Step::To, 503, "bad sequence of commands", LATER),
            (Step::Data, 554, "no valid recipients", LATER),
            (Step::Letter, 554, "5.6.0 message refused", NEVER),
            (Step::Letter, 550, "5.7.26 unauthenticated mail is not accepted", LATER),
            (Step::Letter, 552, "5.3.4 too big", LATER),
            (Step::Letter, 451, "4.3.0 disk full", LATER),
        ];
        let server = SmtpServer::parse("smtps://mail.example.com").unwrap();
        for (step, code, words, never) in table {
            let trouble = Trouble { step, code: Some(code), words: words.to_owned() };
            let failure = trouble.failure(&server);
            assert_eq!(matches!(failure, MailFailure::Never(_)), never, "{step:?} {code} {words}: {failure}");
            let loud = failure.to_string().contains("REFUSES US");
            assert_eq!(loud, code >= 500 && !never, "{failure}");
            assert!(
                failure.to_string().contains(words) && failure.to_string().contains("mail.example.com:465")
            );
        }
        let silent = Trouble::silent(Step::Data, Duration::from_secs(30)).failure(&server);
        let said = "the mail server mail.example.com:465, at DATA: it said nothing for 30 s";
        assert_eq!(silent, MailFailure::Later(said.to_owned()));
    }
}
