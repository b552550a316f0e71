//! The port to what the operators' desk needs besides: figures by the hour, and answers that are given twice.

use async_trait::async_trait;

use crate::failure::Failure;
use crate::model::{Sealed, Tally, UnixMillis};

/// Figures, and answers to requests that may come twice.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Adds to the figures of the hour that begins at `hour`.
    async fn add_tallies(&self, hour: UnixMillis, more: Vec<(Tally, u64)>) -> Result<(), Failure>;

    /// The figures of the hours from `from` on, oldest first; hours without any are left out.
    async fn tallies(&self, from: UnixMillis) -> Result<Vec<(UnixMillis, Tally, u64)>, Failure>;

    /// Deletes at most `limit` figures of hours before `before`. Answers how many.
    async fn forget_tallies(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure>;

    /// Notes that a request with this key is being answered from `now` on, unless one was. A note without an answer from before
    /// `lost` counts as none: whoever made it is gone.
    async fn begin_answer(
        &self,
        key: AnswerKey,
        now: UnixMillis,
        lost: UnixMillis,
    ) -> Result<AnswerBegun, Failure>;

    /// Keeps the answer of a request that was begun.
    async fn finish_answer(&self, key: AnswerKey, answer: KeptAnswer) -> Result<(), Failure>;

    /// Forgets that a request was begun, because nothing came of it.
    async fn drop_answer(&self, key: AnswerKey) -> Result<(), Failure>;

    /// Deletes at most `limit` notes from before `before`. Answers how many.
    async fn forget_answers(&self, before: UnixMillis, limit: u32) -> Result<u32, Failure>;
}

/// Which request this is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AnswerKey {
    /// A digest of who asks and of the key that came with the request.
    pub key: [u8; 32],
    /// A digest of what is asked.
    pub request: [u8; 32],
}

/// An answer that may be given again.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Its body, sealed: there may be a secret in it.
    pub body: Sealed,
}

/// Whether a request is to be answered.
#[derive(Clone, PartialEq, Eq)]
pub enum AnswerBegun {
    /// Yes, and nobody else does.
    New,
    /// It was answered with this.
    Again(KeptAnswer),
    /// Somebody is about to.
    UnderWay,
    /// The key came with another request before.
    Another,
}
