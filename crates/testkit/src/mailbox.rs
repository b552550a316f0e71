//! What takes letters in place of a mail server.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rotunda_core::model::{Letter, LetterKind, SecretText};
use rotunda_core::outside::{MailFailure, Mailer};

/// Keeps every letter, as core has it: no template, no SMTP. How letters read and travel is tested with real servers
/// elsewhere.
#[derive(Default)]
pub struct Mailbox {
    sent: Mutex<Vec<Sent>>,
    refusing: Mutex<Option<MailFailure>>,
}

/// A letter that was sent.
#[derive(Clone)]
pub struct Sent {
    /// The letter.
    pub letter: Letter,
    /// The whole URL of its link.
    pub url: Option<SecretText>,
}

impl Sent {
    /// The token of its link.
    ///
    /// # Panics
    /// When it carries none.
    #[must_use]
    pub fn token(&self) -> SecretText {
        let url = self.url.as_ref().expect("the letter carries a link").expose().to_owned();
        let (_, token) = url.split_once("?token=").expect("the link has a token");
        SecretText::new(token.to_owned())
    }
}

impl Mailbox {
    /// Fails from now on, or takes letters again.
    pub fn refuse(&self, failure: Option<MailFailure>) {
        *self.refusing.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// All letters since this was asked last.
    #[must_use]
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All letters since this was asked last, which are of these kinds, in any order.
    ///
    /// # Panics
    /// When they are of other kinds.
    #[must_use]
    pub fn take_all<const N: usize>(&self, kinds: [LetterKind; N]) -> [Sent; N] {
        let mut sent = self.take();
        let found: Vec<_> = sent.iter().map(|sent| sent.letter.kind).collect();
        assert_eq!(found.len(), N, "letters {found:?}, expected {kinds:?}");
        kinds.map(|kind| {
            let place = sent.iter().position(|sent| sent.letter.kind == kind);
            sent.remove(place.unwrap_or_else(|| panic!("letters {found:?}, expected {kinds:?}")))
        })
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, letter: &Letter, link: Option<&SecretText>) -> Result<(), MailFailure> {
        if let Some(failure) = self.refusing.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Err(failure);
        }
        let sent = Sent { letter: letter.clone(), url: link.cloned() };
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        Ok(())
    }
}
