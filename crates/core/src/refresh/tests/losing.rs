//! A store that may lose its last writes on any day: the session's row is rebuilt, or stands some generations back.

use super::{Case, LATER, NOW_9, W, token};
use crate::model::{LateRetry, Lineage, TokenHash};
use crate::refresh::{Decision as D, DeviceShown};

/// Nothing is known of the family: its row was lost as a whole.
fn rebuilt(generation: u32) -> Case {
    let nothing = Lineage::first(TokenHash([0; 32]), 1);
    // No token hashes to zeros.
    token(generation, LATER).losing().forged().but(|case| case.facts.session.lineage = nothing)
}

/// The session has just moved on from generation 8, which was newer than the store.
fn moved_on(generation: u32, after: i64) -> Case {
    token(generation, after).losing().but(|case| {
        case.facts.session.lineage.before_hash = None;
        case.facts.session.lineage.previous_salt = None;
        case.facts.session.lineage.retry_hashes = [None; 4];
    })
}

#[test]
fn a_token_newer_than_the_store_goes_on_beside_its_device_and_nowhere_else() {
    use DeviceShown::{Absent, Different, Same};
    for ahead in [|| token(10, LATER), || token(NOW_9, LATER).forged(), || token(200, 1)] {
        assert_eq!(ahead().decision(), D::AheadRefused, "a store that loses nothing");
        assert_eq!(ahead().losing().decision(), D::Ahead);
        assert_eq!(ahead().losing().under(LateRetry::Never).decision(), D::Ahead);
        let seen = [Same, Absent, Different].map(|device| ahead().losing().shows(device).decision());
        assert_eq!(seen, [D::Ahead, D::Unproven, D::AheadRefused]);
        let new = [Same, Absent, Different].map(|d| ahead().losing().shows(d).never_shown().decision());
        assert_eq!(new, [D::Ahead, D::AheadRefused, D::AheadRefused]);
    }
}

#[test]
fn a_rebuilt_row_takes_any_token_of_its_device_and_no_token_without_it_ends_anything() {
    use DeviceShown::{Absent, Different, Same};
    for generation in [0, 1, 2, 9, 200] {
        assert_eq!(rebuilt(generation).shows(Same).decision(), D::Ahead, "generation {generation}");
        for shown_before in [true, false] {
            let thief = |device| {
                rebuilt(generation).shows(device).but(|c| c.facts.session.device_shown = shown_before)
            };
            let absent = if shown_before { D::Unproven } else { D::AheadRefused };
            assert_eq!(thief(Absent).decision(), absent, "generation {generation}");
            assert_eq!(thief(Different).decision(), D::AheadRefused, "generation {generation}");
        }
    }
}

/// An older token than the row's is never believed: a used token is a used token.
#[test]
fn an_older_token_is_reuse_on_such_a_store_too() {
    for generation in [8, 7, 6, 0] {
        for after in [W, LATER] {
            assert_eq!(token(generation, after).losing().decision(), D::Reuse, "generation {generation}");
        }
    }
    assert_eq!(token(6, 1).losing().decision(), D::Reuse, "nothing was lost: the row knows what was before");
    assert_eq!(token(8, 1).losing().forged().decision(), D::Reuse);
    assert_eq!(token(9, LATER).losing().decision(), D::Rotate);
}

/// What was under way when the row was lost arrives inside the window, and is no evidence of anything.
#[test]
fn what_was_left_behind_is_stale_inside_the_window() {
    use DeviceShown::{Absent, Same};
    for left in [|after| moved_on(7, after), |after| moved_on(8, after).forged(), |after| moved_on(0, after)]
    {
        assert_eq!(left(W - 1).decision(), D::Stale);
        assert_eq!(left(W - 1).under(LateRetry::Never).decision(), D::Stale, "a window is a window");
        assert_eq!(left(W).decision(), D::Reuse, "the window is over");
        assert_eq!(left(0).window(0).decision(), D::Reuse, "strict is strict");
        assert_eq!(left(1).but(|c| c.facts.may_lose_writes = false).decision(), D::Reuse);
        let new = [Same, Absent].map(|device| left(1).shows(device).never_shown().decision());
        assert_eq!(new, [D::Stale, D::Reuse], "only beside the device's secret");
    }
    assert_eq!(moved_on(8, 1).decision(), D::Replay);
    assert_eq!(moved_on(9, 1).decision(), D::Debounce);
    let first = moved_on(0, 1).forged().but(|c| c.facts.session.lineage.generation = 1);
    assert_eq!(first.decision(), D::Reuse, "a first rotation has nothing before it");
}
