//! The port to the chain of the audit log. What is hashed and signed is the core's to say (`crate::audit`).
//!
//! 1. Events are written by whatever they tell of, and chained a moment later, in the order of their places.
//! 2. The *head* is the signed end of the chain, the *floor* its signed beginning: what came before it was forgotten because
//!    of its age.
//! 3. Each write names the mark that it was decided on, so that of two servers one chains.

use async_trait::async_trait;

use crate::failure::Failure;
use crate::model::{AuditMark, ChainLink, UnixMillis};

/// The chain.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Floor and head.
    async fn audit_ends(&self) -> Result<AuditEnds, Failure>;

    /// Links the events after the head, in their order, and moves the head, if it still is where it was read. A checkpoint is
    /// kept with it where there is one. There may be no events: then the head is signed anew where it is. An event
    /// that has neither address nor user agent gets no salt: its user was deleted since it was read.
    async fn chain(&self, chaining: Chaining) -> Result<bool, Failure>;

    /// Checkpoints after a place, oldest first, at most `limit`.
    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<AuditMark>, Failure>;

    /// Deletes the events up to the new floor and moves the floor there, if it still is where it was read; with them go
    /// checkpoints before it. Answers how many events; `None` where the floor was another.
    async fn forget_events(&self, from: Option<AuditMark>, floor: AuditMark) -> Result<Option<u32>, Failure>;
}

/// The two ends of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditEnds {
    /// The last event that was forgotten.
    pub floor: Option<AuditMark>,
    /// The last event that was chained.
    pub head: Option<AuditMark>,
}

/// More of the chain.
#[derive(Clone)]
pub struct Chaining {
    /// The head that this was decided on.
    pub from: Option<AuditMark>,
    /// The places of the events, and their links.
    pub links: Vec<(u64, ChainLink)>,
    /// The head from now on.
    pub head: AuditMark,
    /// The same place as a checkpoint, to be kept. It is signed as one: a head that is left behind could be put back.
    pub checkpoint: Option<AuditMark>,
    /// Now.
    pub now: UnixMillis,
}

/// What a mark is kept as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum KeptMark {
    /// Where the chain begins.
    Floor,
    /// Where it ends.
    Head,
    /// A place between.
    Checkpoint,
}

impl KeptMark {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Head => "head",
            Self::Checkpoint => "checkpoint",
        }
    }
}
