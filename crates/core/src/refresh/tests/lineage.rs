//! Where a family stands after a rotation.

use super::{ROTATED, retry_hash, session, token_hash};
use crate::model::{Lineage, Salt, UnixMillis};
use crate::refresh::{Step, Successor};

const NOW: UnixMillis = UnixMillis(ROTATED + 60_000);

fn step(generation: u32, hash: u32, keys: [Option<u32>; 4]) -> Step {
    Step { generation, hash: token_hash(hash), key_id: 2, retry: keys.map(|key| key.map(retry_hash)) }
}

/// From a session at generation 9 that remembers the keys 8, 7, 6, 5; the successor hashes to `[10; 32]`.
fn after(step: &Step) -> Lineage {
    let successor = Successor { hash: token_hash(10), salt: Salt([9; 32]), key_id: 3 };
    step.rotate(&session().lineage, successor, NOW)
}

#[test]
fn an_ordinary_rotation_moves_everything_up_by_one() {
    let wanted = Lineage {
        generation: 10,
        current_hash: token_hash(10),
        previous_hash: Some(token_hash(9)),
        before_hash: Some(token_hash(8)),
        salt: Some(Salt([9; 32])),
        previous_salt: Some(Salt([8; 32])),
        key_id: 3,
        previous_key_id: 2,
        rotated_at: Some(NOW),
        retry_hashes: [9, 8, 7, 6].map(|key| Some(retry_hash(key))),
    };
    assert_eq!(after(&step(9, 9, [Some(9), Some(8), Some(7), Some(6)])), wanted);
    assert_eq!(after(&step(9, 9, [Some(9), None, None, None])), wanted, "older keys change nothing");
    let without = [None, Some(8), Some(7), Some(6)].map(|key| key.map(retry_hash));
    for old in [None, Some(8), Some(5)] {
        let lineage = after(&step(9, 9, [old, None, None, None]));
        let wanted = Lineage { retry_hashes: without, ..wanted.clone() };
        assert_eq!(lineage, wanted, "no key, and a key that has counted already: {old:?}");
    }
}

/// The store's own history is of a branch that the client has left, also where only the last token is another one.
#[test]
fn an_ahead_move_knows_what_was_presented_alone() {
    for (generation, hash) in [(12, 12), (9, 12)] {
        let wanted = Lineage {
            generation: generation + 1,
            current_hash: token_hash(10),
            previous_hash: Some(token_hash(hash)),
            before_hash: None,
            salt: Some(Salt([9; 32])),
            previous_salt: None,
            key_id: 3,
            previous_key_id: 2,
            rotated_at: Some(NOW),
            retry_hashes: [Some(12), Some(8), None, None].map(|key| key.map(retry_hash)),
        };
        assert_eq!(
            after(&step(generation, hash, [Some(12), Some(8), None, None])),
            wanted,
            "from {generation}"
        );
    }
}
