//! The post: letters leave the queue, each once if all goes well and again if it does not.
//!
//! 1. A letter was written with the change that it tells of ([`letters`]); it waits in the store.
//! 2. [`Rotunda::deliver`] takes some that are due. The store puts their next attempt off at once, so that two servers
//!    never send the same letter, and that of a server that dies goes out later.
//! 3. The token of its link is derived now and goes nowhere but into the letter; the link's life begins now.
//! 4. Sent: the letter is deleted. Refused for good, or too old: it is deleted as well, and whoever called is told.
//!    Otherwise it waits, longer each time.
//!
//! A letter is not sent the moment it is written but when somebody comes by, as a batch: how long a request takes, and
//! the one after it, does not tell whether there was a letter to send.

pub mod letters;

use std::time::Duration;

use futures_util::future::join_all;

use crate::Rotunda;
use crate::failure::Failure;
use crate::link::LinkToken;
use crate::model::{
    Caller, Email, Letter, LetterId, LetterKind, LinkPurpose, QueuedLetter, SecretText, UnixMillis,
};
use crate::outside::MailFailure;
use letters::Occasion;

/// How many letters are under way at once.
const BATCH: u32 = 16;
/// How long an attempt may take, before another server takes the letter for lost.
const LEASE: Duration = Duration::from_secs(5 * 60);
/// How long a letter waits after its first failed attempt; twice as long after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// How long it waits at most.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 60);

/// What one round did.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// How many letters the mail server took.
    pub sent: u32,
    /// Those that it did not take.
    pub failed: Vec<Undelivered>,
    /// Whether there is likely more to do at once.
    pub is_full: bool,
}

/// A letter that was not taken. Says nothing of whom it was for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undelivered {
    /// Which.
    pub id: LetterId,
    /// What it would have said.
    pub kind: LetterKind,
    /// Why, in the mail server's words.
    pub why: String,
    /// When it is tried again; `None` never.
    pub again_at: Option<UnixMillis>,
}

/// What became of one letter.
enum Outcome {
    Sent,
    /// It goes to nobody.
    Dropped,
    Undelivered(Undelivered),
}

impl Rotunda {
    /// One round: sends what is due. Call it again at once while [`Delivered::is_full`], otherwise in a moment.
    ///
    /// # Errors
    /// When the store does not answer; nothing is lost by it.
    pub async fn deliver(&self) -> Result<Delivered, Failure> {
        let now = self.clock.now();
        let letters = self.store.claim_letters(now, now.plus(LEASE), BATCH).await?;
        let mut delivered = Delivered { is_full: letters.len() == BATCH as usize, ..Delivered::default() };
        for outcome in join_all(letters.iter().map(|queued| self.deliver_one(queued, now))).await {
            match outcome? {
                Outcome::Sent => delivered.sent = delivered.sent.saturating_add(1),
                Outcome::Dropped => {}
                Outcome::Undelivered(undelivered) => delivered.failed.push(undelivered),
            }
        }
        self.counters.posted(&delivered);
        Ok(delivered)
    }

    async fn deliver_one(&self, queued: &QueuedLetter, now: UnixMillis) -> Result<Outcome, Failure> {
        let letter = &queued.letter;
        let failure = match letter.to {
            None => {
                self.store.letter_done(letter.id).await?;
                return Ok(Outcome::Dropped);
            }
            Some(_) if letter.expires_at <= now => MailFailure::Never("it has waited too long".to_owned()),
            Some(_) => match self.hand_over(letter).await {
                Ok(()) => {
                    self.store.letter_done(letter.id).await?;
                    return Ok(Outcome::Sent);
                }
                Err(failure) => failure,
            },
        };
        let (why, again_at) = match failure {
            MailFailure::Never(why) => (why, None),
            MailFailure::Later(why) => (why, Some(now.plus(wait(queued.attempts)))),
        };
        match again_at {
            Some(at) => self.store.letter_failed(letter.id, at, why.clone()).await?,
            None => self.store.letter_done(letter.id).await?,
        }
        Ok(Outcome::Undelivered(Undelivered { id: letter.id, kind: letter.kind, why, again_at }))
    }

    async fn hand_over(&self, letter: &Letter) -> Result<(), MailFailure> {
        let url = self.url(letter)?;
        self.mailer.send(letter, url.as_ref()).await
    }

    /// The whole URL of a letter's link: built from `public_url` and from nothing that a request said.
    fn url(&self, letter: &Letter) -> Result<Option<SecretText>, MailFailure> {
        let Some(link) = letter.link else { return Ok(None) };
        let token = LinkToken::from(link).expose_text(&self.keys).ok_or_else(|| {
            let why = format!(
                "master key {} is missing, under which the link of this letter was made",
                link.key_id
            );
            MailFailure::Later(why)
        })?;
        let (base, page) = (&self.policy.public_url, page(link.purpose));
        Ok(Some(SecretText::new(format!("{base}{page}?token={}", token.expose()))))
    }

    /// Sends a letter to an address at once, past the queue, and answers what the mail server says.
    ///
    /// # Errors
    /// When there is no randomness for its id.
    pub async fn send_test_letter(&self, to: &Email) -> Result<Result<(), MailFailure>, Failure> {
        let occasion = Occasion { user: None, caller: &Caller::default(), now: self.clock.now() };
        let posting = self.told(LetterKind::Test, to, occasion)?;
        Ok(self.mailer.send(&posting.letter, None).await)
    }

    /// Letters that wait, the next one to be tried first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn waiting_letters(&self, limit: u32) -> Result<Vec<QueuedLetter>, Failure> {
        self.store.letters(limit).await
    }
}

/// The page that a link leads to.
#[must_use]
pub fn page(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Register | LinkPurpose::VerifyEmail | LinkPurpose::ChangeEmail => "/verify",
        LinkPurpose::ResetPassword => "/reset",
        LinkPurpose::Report => "/report",
    }
}

/// How long a letter waits after that many attempts.
fn wait(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_waits_longer_each_time_but_never_longer_than_ten_minutes() {
        let waits: Vec<u64> = (0..9).map(|attempts| wait(attempts).as_secs()).collect();
        assert_eq!(waits, [15, 15, 30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(wait(u32::MAX).as_secs(), 600);
    }
}
