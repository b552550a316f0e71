//! What makes the journal of events an audit log: each event is chained to the one before it, and the end of the chain is
//! signed.

use super::UnixMillis;

/// What chains an event to the one before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChainLink {
    /// Two halves of 16 bytes: what its hash begins with, which rests on the event before it and on what this one says; and
    /// the commitment to address and user agent, which stays when they are forgotten.
    pub hash: [u8; 32],
    /// What the address and the user agent are mixed with in the commitment, so that they can be forgotten with the user and the
    /// chain stays whole; `None` once they are, and where there is neither.
    pub salt: Option<[u8; 16]>,
}

/// A signed place in the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditMark {
    /// The place of the event in the journal.
    pub seq: u64,
    /// The whole hash of that event.
    pub hash: [u8; 32],
    /// When it was signed.
    pub at: UnixMillis,
    /// The master key that the signing key is derived from.
    pub key_id: u8,
    /// The signature (Ed25519, RFC 8032).
    pub signature: Vec<u8>,
}
