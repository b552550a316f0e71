//! Requests that may come twice: what creates something creates it once, and answers the same again.
//!
//! 1. A request brings a key of its caller's choice. The store notes that it is being answered ([`Desk::once`]): of two that
//!    come at once, one goes on. The note is found by a digest of who asks and the key, so that nobody meets another's.
//! 2. Its answer is kept for [`KEEP`], sealed, because there may be a secret in it. It is given again to whoever asks the same
//!    with the same key. The same key with another request is a mistake, and refused.
//! 3. Where nothing came of it, the note is dropped ([`Unanswered::came_to_nothing`]), and the same key may be used again. A
//!    note whose server has died counts for [`LOST`].

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use super::Desk;
use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::outside::random;
use crate::store::{AnswerBegun, AnswerKey, KeptAnswer};

/// For how long an answer is given again.
pub const KEEP: Duration = Duration::from_secs(24 * 3600);
/// How long an answer may take before its server is taken for dead.
pub const LOST: Duration = Duration::from_secs(60);
/// The longest key.
pub const MOST_KEY_BYTES: usize = 255;
/// The longest answer that is kept; a longer one is given once.
pub const MOST_BODY_BYTES: usize = 64 * 1024;

/// What to do with a request.
pub enum Once<'a> {
    /// Answer it, then say what became of it.
    Answer(Unanswered<'a>),
    /// It was answered, with this.
    Again(Answer),
}

/// An answer that was given before.
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body.
    pub body: Zeroizing<Vec<u8>>,
}

/// A request that is being answered.
#[must_use = "until it is said what became of it, nobody else can ask the same"]
pub struct Unanswered<'a> {
    rotunda: &'a Rotunda,
    key: AnswerKey,
}

impl<'a> Desk<'a> {
    /// Notes that a request is being answered. `request` is all that tells it from another: method, path and body.
    ///
    /// # Errors
    /// [`Denied::Unfit`] for a key that is none, or came with another request; [`Denied::InTheWay`] while the first of two is
    /// being answered; a failure when the store does not answer.
    pub async fn once(&self, key: &str, request: &[u8]) -> Result<Once<'a>, Error> {
        if !(1..=MOST_KEY_BYTES).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let why = "An Idempotency-Key has 1 to 255 visible ASCII characters.";
            return Err(Denied::Unfit(why.to_owned()).into());
        }
        let actor = self.operator.actor().to_string();
        let key = AnswerKey {
            key: digest(&[b"rotunda answer key", actor.as_bytes(), key.as_bytes()]),
            request: digest(&[b"rotunda answer request", request]),
        };
        let now = self.now();
        match self.rotunda.store.begin_answer(key, now, now.minus(LOST)).await? {
            AnswerBegun::New => Ok(Once::Answer(Unanswered { rotunda: self.rotunda, key })),
            AnswerBegun::Again(KeptAnswer { status, body }) => {
                let body = self.rotunda.keys.open_secret(&label(&key), &body);
                let body = body.map_err(|e| Failure::broken("reading an answer that was given", e))?;
                Ok(Once::Again(Answer { status, body }))
            }
            AnswerBegun::UnderWay => {
                let why = "A request with this Idempotency-Key is being answered. Ask again in a moment.";
                Err(Denied::InTheWay(why.to_owned()).into())
            }
            AnswerBegun::Another => {
                let why = "This Idempotency-Key came with another request before. Choose a new one.";
                Err(Denied::Unfit(why.to_owned()).into())
            }
        }
    }
}

impl Unanswered<'_> {
    /// Keeps the answer. One of more than [`MOST_BODY_BYTES`] is not kept, and the same key may be used again.
    ///
    /// # Errors
    /// When the store does not answer, or no randomness is there: the request was carried out all the same.
    pub async fn answered(self, status: u16, body: &[u8]) -> Result<(), Failure> {
        if body.len() > MOST_BODY_BYTES {
            return self.came_to_nothing().await;
        }
        let nonce = random(&*self.rotunda.entropy)?;
        let body = self.rotunda.keys.seal_secret(&label(&self.key), body, nonce);
        let body = body.map_err(|e| Failure::broken("keeping an answer", e))?;
        self.rotunda.store.finish_answer(self.key, KeptAnswer { status, body }).await
    }

    /// Forgets that the request was begun.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn came_to_nothing(self) -> Result<(), Failure> {
        self.rotunda.store.drop_answer(self.key).await
    }
}

/// Each part with its length before it, so that no two are read alike.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// An answer opens for the request that it was given to, and for no other.
fn label(key: &AnswerKey) -> String {
    let mut label = "answer ".to_owned();
    for byte in key.key.iter().chain(&key.request) {
        let _ = write!(label, "{byte:02x}");
    }
    label
}
