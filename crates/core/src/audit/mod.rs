//! The audit log: the journal of events as a chain that is signed, so that nobody changes it unseen.
//!
//! 1. Events are written by whatever they tell of, in its transaction ([`crate::store::Journal`]). A second later they are
//!    chained, in the order of their places (`chain.rs`): the hash of each rests on the one before it (`canonical.rs`).
//! 2. The end of the chain, the *head*, is signed at every step with a key that is derived from the master key (`mark.rs`).
//!    Hashes alone would keep nobody from writing the tail anew; whoever has the database alone cannot sign.
//! 3. With every hour, and every thousand events, the head is also kept as a *checkpoint*, and goes into the log of the
//!    process: outside of the database it tells of a database that was put back as a whole.
//! 4. What is older than events are kept is forgotten up to a checkpoint, and that place is signed as the *floor*: where the
//!    chain begins from then on (`forget.rs`). Where events were written is no matter: only the beginning moves.
//! 5. Address and user agent are in the chain by a commitment. They, and the salt of the commitment, are forgotten with their
//!    user, and the chain stays whole.
//! 6. Whoever verifies walks from floor to head, page by page, and computes all of it anew (`verify.rs`, the rule in `walk.rs`);
//!    of an export without a database (`export.rs`).
//!
//! The bytes are described in `docs/reference/audit.md`, the reasons in `docs/decisions/0020-audit-chain.md`.

mod canonical;
mod chain;
mod export;
mod finding;
mod floor;
mod forget;
mod mark;
mod reading;
#[cfg(test)]
mod tests;
mod verify;
mod walk;

pub use chain::Chained;
pub use export::{AuditExport, BadLine, ExportCheck, MarkLine};
pub use finding::{Fault, Finding};
pub use mark::MarkFault;
pub use verify::Verified;
