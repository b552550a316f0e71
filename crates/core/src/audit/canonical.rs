//! The bytes of an event, as they are hashed (SHA-256, FIPS 180-4).
//!
//! 1. Numbers have 8 bytes, big-endian. A text has its length before it, 4 bytes, big-endian; an absent one is `FF FF FF FF`.
//!    So no two different events look the same.
//! 2. The commitment is over the salt, the address and the user agent; the first half of its hash counts. It is enough that
//!    nobody finds another caller for a given one. Where there is neither address nor user agent, it is zeros, without a salt.
//! 3. An event's hash is over the hash of the event before it, over all else that the event says, and over the commitment.
//! 4. With the event, the first half of its hash is stored, so that a change is found where it was made, and the commitment, so
//!    that it is there when address, user agent and salt are not any more. The whole hash is computed by whoever walks, and
//!    stands in signed places only.

use aws_lc_rs::digest::{SHA256, digest};

use crate::model::{Caller, ChainLink, Event};

/// The hash before the first event there ever was.
pub(super) const START: [u8; 32] = [0; 32];

const OF_EVENT: &[u8] = b"rotunda audit event v1\0";
const OF_CALLER: &[u8] = b"rotunda audit caller v1\0";

/// Half a hash.
pub(super) type Half = [u8; 16];

/// The commitment where there is neither address nor user agent.
pub(super) const NOWHERE: Half = [0; 16];

/// Whether there is nothing to commit to.
pub(super) fn is_nowhere(caller: &Caller) -> bool {
    caller.address.is_none() && caller.user_agent.is_none()
}

/// From where something was asked for, so that it can be compared and not read.
pub(super) fn commitment(salt: &[u8; 16], caller: &Caller) -> Half {
    let mut bytes = [OF_CALLER, salt].concat();
    text(&mut bytes, caller.address.map(|address| address.to_string()).as_deref());
    text(&mut bytes, caller.user_agent.as_deref());
    first_half(&sha256(&bytes))
}

/// The hash of an event that comes after the one with the hash `before`.
pub(super) fn hash(before: &[u8; 32], seq: u64, event: &Event, commitment: &Half) -> [u8; 32] {
    sha256(&bytes(before, seq, event, commitment))
}

/// What is hashed.
pub(super) fn bytes(before: &[u8; 32], seq: u64, event: &Event, commitment: &Half) -> Vec<u8> {
    let Event { kind, at, user_id, session_id, about, caller } = event;
    let Caller { address: _, user_agent: _, actor, reason } = caller;
    let mut bytes = [OF_EVENT, before, &seq.to_be_bytes(), &at.0.to_be_bytes()].concat();
    text(&mut bytes, Some(kind.as_str()));
    text(&mut bytes, kind.ending().map(|ending| ending.as_str()));
    text(&mut bytes, user_id.map(|id| id.to_string()).as_deref());
    text(&mut bytes, session_id.map(|id| id.to_string()).as_deref());
    text(&mut bytes, about.as_deref());
    text(&mut bytes, actor.as_ref().map(ToString::to_string).as_deref());
    text(&mut bytes, reason.as_deref());
    bytes.extend_from_slice(commitment);
    bytes
}

/// What is stored with an event: the first half of its hash, and the commitment.
pub(super) fn link(hash: &[u8; 32], commitment: &Half, salt: Option<[u8; 16]>) -> ChainLink {
    let mut stored = [0; 32];
    stored[..16].copy_from_slice(&hash[..16]);
    stored[16..].copy_from_slice(commitment);
    ChainLink { hash: stored, salt }
}

/// What [`link`] has put together.
pub(super) fn halves(link: &ChainLink) -> (Half, Half) {
    let mut commitment = [0; 16];
    commitment.copy_from_slice(&link.hash[16..]);
    (first_half(&link.hash), commitment)
}

/// The first half of a hash.
pub(super) fn first_half(hash: &[u8; 32]) -> Half {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

fn text(bytes: &mut Vec<u8>, text: Option<&str>) {
    // Texts are bounded where they are made; one of 4 GiB is none.
    let length = text.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX - 1));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
