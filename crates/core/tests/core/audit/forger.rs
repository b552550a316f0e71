//! Somebody who has the database and `docs/reference/audit.md`, and not the master key: chains what they have written.

use aws_lc_rs::digest::{SHA256, digest};
use rotunda_core::model::ChainLink;
use rotunda_testkit::MemoryState;

/// Makes all hashes fit, and writes them into the marks.
pub(super) fn chain_anew(state: &mut MemoryState) {
    let mut hash = state.audit.floor.as_ref().map_or([0; 32], |floor| floor.hash);
    for recorded in &mut state.events {
        let (event, caller) = (&recorded.event, &recorded.event.caller);
        let known = recorded.link.clone().unwrap_or(ChainLink { hash: [0; 32], salt: None });
        let is_somewhere = caller.address.is_some() || caller.user_agent.is_some();
        let salt = known.salt.or(is_somewhere.then_some([7; 16]));
        let commitment = match salt {
            Some(salt) => {
                let mut bytes = [&b"rotunda audit caller v1\0"[..], &salt].concat();
                text(&mut bytes, caller.address.map(|address| address.to_string()));
                text(&mut bytes, caller.user_agent.clone());
                sha256(&bytes)[..16].to_vec()
            }
            None => known.hash[16..].to_vec(),
        };
        let mut bytes = [&b"rotunda audit event v1\0"[..], &hash].concat();
        bytes.extend_from_slice(&recorded.seq.to_be_bytes());
        bytes.extend_from_slice(&event.at.0.to_be_bytes());
        text(&mut bytes, Some(event.kind.as_str().to_owned()));
        text(&mut bytes, event.kind.ending().map(|ending| ending.as_str().to_owned()));
        text(&mut bytes, event.user_id.map(|id| id.to_string()));
        text(&mut bytes, event.session_id.map(|id| id.to_string()));
        text(&mut bytes, event.about.clone());
        text(&mut bytes, caller.actor.as_ref().map(ToString::to_string));
        text(&mut bytes, caller.reason.clone());
        bytes.extend_from_slice(&commitment);
        hash = sha256(&bytes);
        let stored = [&hash[..16], &commitment[..]].concat();
        recorded.link = Some(ChainLink { hash: stored.try_into().unwrap(), salt });
        if let Some(mark) = state.checkpoints.get_mut(&recorded.seq) {
            mark.hash = hash;
        }
    }
    if let (Some(head), Some(last)) = (&mut state.audit.head, state.events.last()) {
        (head.seq, head.hash) = (last.seq, hash);
    }
}

fn text(bytes: &mut Vec<u8>, text: Option<String>) {
    let length = text.as_ref().map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}
