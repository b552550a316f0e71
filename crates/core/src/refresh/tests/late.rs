//! What excuses a used token after the window, and what does when the store has lost its last writes.

use super::{Case, LATER, ROTATED, token};
use crate::model::{LateRetry, UnixMillis};
use crate::refresh::{Decision as D, DeviceShown};

#[test]
fn a_late_retry_needs_what_the_client_is_configured_to_ask_for() {
    use DeviceShown::{Absent, Same};
    use LateRetry::{Device, Key, Never};
    let cases: [(LateRetry, DeviceShown, &[u32], D); 17] = [
        (Key, Same, &[8], D::LateRetry),
        (Key, Absent, &[8], D::LateRetry),
        (Key, Same, &[5, 6, 7, 8], D::LateRetry),
        (Key, Same, &[8, 9], D::LateRetry),
        (Key, Same, &[], D::Reuse),
        (Key, Same, &[7], D::Reuse),
        (Key, Same, &[4, 5, 6, 7], D::Reuse),
        (Key, Absent, &[], D::Reuse),
        (Device, Same, &[], D::LateRetry),
        (Device, Same, &[7], D::LateRetry),
        (Device, Absent, &[], D::Reuse),
        (Device, Absent, &[7], D::Reuse),
        (Device, Absent, &[8], D::LateRetry),
        (Never, Same, &[], D::Reuse),
        (Never, Same, &[8], D::Reuse),
        (Never, Absent, &[8], D::Reuse),
        (Never, Same, &[5, 6, 7, 8], D::Reuse),
    ];
    for (late_retry, device, keys, wanted) in cases {
        let case = token(8, LATER).under(late_retry).shows(device).never_shown().keys(keys);
        assert_eq!(case.decision(), wanted, "{late_retry:?}, {device:?}, keys {keys:?}");
    }
}

#[test]
fn a_rotation_without_a_key_has_no_late_retry() {
    let keyless = |case: &mut Case| case.facts.session.lineage.retry_hashes[0] = None;
    assert_eq!(token(8, LATER).but(keyless).keys(&[8]).decision(), D::Reuse);
    assert_eq!(token(8, LATER).but(keyless).keys(&[]).decision(), D::Reuse);
}

#[test]
fn a_very_late_request_is_known_by_its_key_for_four_rotations() {
    for late_retry in [LateRetry::Key, LateRetry::Device] {
        let with_its_key = |g: u32| token(g, LATER).under(late_retry).keys(&[g]).decision();
        let answers = [8, 7, 6, 5, 4].map(with_its_key);
        assert_eq!(answers, [D::LateRetry, D::InFlight, D::Stale, D::Stale, D::Reuse], "{late_retry:?}");
    }
    // A token of the branch that a restore has cut off is not the previous one, but its key is known.
    assert_eq!(token(8, LATER).forged().keys(&[8]).decision(), D::Stale);
    assert_eq!(token(7, LATER).keys(&[8, 6, 5]).decision(), D::Reuse, "the keys of other rotations");
    assert_eq!(token(7, LATER).keys(&[7]).under(LateRetry::Never).decision(), D::Reuse);
}

#[test]
fn a_token_ahead_of_the_store_is_believed_in_time_and_from_its_device_alone() {
    use DeviceShown::{Absent, Different, Same};
    let until =
        |after: i64, case: Case| case.but(|c| c.facts.accept_ahead_until = Some(UnixMillis(ROTATED + after)));
    let newer = || token(10, LATER);
    let same_generation = || token(9, LATER).forged();
    for ahead in [newer, same_generation, || token(200, LATER)] {
        assert_eq!(ahead().decision(), D::AheadRefused, "nobody has said that it may be");
        assert_eq!(until(LATER + 1, ahead()).decision(), D::Ahead);
        assert_eq!(until(LATER, ahead()).decision(), D::AheadRefused, "the time is over");
        let seen = [Same, Absent, Different].map(|device| until(LATER + 1, ahead()).shows(device).decision());
        assert_eq!(seen, [D::Ahead, D::Unproven, D::AheadRefused]);
        let new = |device| until(LATER + 1, ahead()).shows(device).never_shown().decision();
        assert_eq!([Same, Absent, Different].map(new), [D::Ahead, D::AheadRefused, D::AheadRefused]);
    }
    // Inside the window a forged current token is no debounce, and a forged previous one no replay.
    assert_eq!(token(9, 1).forged().decision(), D::AheadRefused);
    assert_eq!(token(8, 1).forged().decision(), D::Reuse);
    assert_eq!(token(7, 1).forged().decision(), D::Reuse);
}

/// A store that lost its last writes has lost the keys of what was under way with them: a used token is no evidence.
#[test]
fn while_newer_tokens_are_believed_a_used_one_ends_nothing() {
    use DeviceShown::{Absent, Same};
    for generation in [8, 7, 6, 0] {
        let used = || token(generation, LATER);
        assert_eq!(used().believed().decision(), D::Stale, "generation {generation}");
        let over = used().but(|c| c.facts.accept_ahead_until = Some(c.now));
        assert_eq!(over.decision(), D::Reuse, "the time is over");
        assert_eq!(used().believed().under(LateRetry::Never).decision(), D::Reuse, "strict is strict");
        let seen = [Same, Absent].map(|device| used().believed().shows(device).never_shown().decision());
        assert_eq!(seen, [D::Stale, D::Reuse], "the right device secret is what is believed");
    }
    assert_eq!(token(8, LATER).keys(&[8]).believed().decision(), D::LateRetry, "what is excused anyway is");
    assert_eq!(token(9, LATER).believed().decision(), D::Rotate);
}

#[test]
fn a_client_that_believes_to_be_elsewhere_is_told_before_its_keys_are_judged() {
    for generation in [10, 9, 8, 7, 6, 0] {
        for after in [1, LATER] {
            let unsaid = token(generation, after).keys(&[generation]).decision();
            assert_eq!(token(generation, after).keys(&[generation]).believes(generation).decision(), unsaid);
            for other in [generation + 1, generation.wrapping_sub(1), u32::MAX] {
                let answer = token(generation, after).believes(other).decision();
                assert_eq!(answer, D::AnotherGeneration, "{generation}, not {other}, {after} ms after");
                let strict = || token(generation, after).under(LateRetry::Never);
                assert_eq!(strict().believes(other).decision(), strict().decision(), "where no key counts");
            }
        }
    }
}

/// It has seen its token as current itself, so whatever overtook it is younger.
#[test]
fn a_request_that_was_overtaken_is_not_late() {
    let of = |generation| token(generation, LATER).raced();
    let answers = [8, 7, 6, 0].map(|generation| of(generation).decision());
    assert_eq!(answers, [D::Replay, D::InFlight, D::Stale, D::Stale]);
    assert_eq!(of(9).decision(), D::Rotate, "the current token is current");
    assert_eq!(of(10).decision(), D::AheadRefused);
    for generation in [8, 7, 6] {
        assert_eq!(of(generation).window(0).decision(), D::Reuse, "without a window nobody is excused");
    }
}
