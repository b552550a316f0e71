//! Each fault is noticed by the case that is there for it, and for the right reason.
//!
//! On one thread, where tasks take turns in a known order: a race that is lost here is lost every time.

use std::sync::Arc;

use rotunda_testkit::{Layered, contract};

use crate::broken::{BrokenStore, Fault};

macro_rules! noticed {
    ($($fault:ident by $case:ident: $says:literal)*) => {
        $(mod $case {
            use super::{Arc, BrokenStore, Fault, Layered, contract};

            #[tokio::test]
            #[should_panic(expected = $says)]
            async fn notices() {
                contract::$case(Arc::new(Layered(BrokenStore::with(Fault::$fault)))).await;
            }
        })*
    };
}

noticed! {
    RotateIgnoresGeneration by a_rotation_needs_the_generation_that_was_decided_on: "this rotation does not go through"
    RotateIgnoresHash by a_rotation_needs_the_hash_that_was_decided_on: "this rotation does not go through"
    RotateIgnoresExpiry by a_session_rotates_until_its_idle_expiry_and_not_at_it: "this rotation does not go through"
    RotateIgnoresEnding by an_ended_session_does_not_rotate: "this rotation does not go through"
    RotateChecksThenWrites by a_rotation_happens_once_however_many_ask: "all rotated generation 0"
    RotateForgetsDevice by a_device_once_shown_stays_shown: "after generation 3"
    RefusedRotationWritesEvent by a_session_rotates_until_its_absolute_expiry_and_not_at_it: "nothing changes"
    EndIgnoresGeneration by an_end_needs_the_generation_that_was_decided_on: "it stands at another generation"
    SecondEndingOverwrites by the_first_ending_stays: "assertion failed: !store.end"
    EndAllForgetsEpoch by the_end_of_all_raises_the_epoch_where_nothing_is_left_to_end: "left: 0"
    EndAllReadsThenWrites by no_refresh_slips_past_the_end_of_all: "a session lives under epoch 0"
    LoginIgnoresState by a_login_needs_an_active_user: "this login does not go through"
    LoginIgnoresEpoch by a_login_needs_the_epoch_that_was_read: "this login does not go through"
    LoginIgnoresPassword by a_login_needs_the_password_hash_that_was_read: "this login does not go through"
    RefusedLoginReplaces by a_login_needs_a_user: "no event, and the other session lives"
    AmendIgnoresHash by a_password_change_needs_the_hash_that_was_read: "not as it was read"
    SecondsInsteadOfMillis by every_field_of_a_session_survives: "UnixMillis(253402300799000)"
    UsersOutOfOrder by users_come_in_id_order_and_page_by_page: "left == right"
    ExpireEndsTheLiving by what_lives_does_not_expire: "left: 1"
    ExpireIgnoresLimit by expiry_takes_no_more_than_asked_and_reaches_all: "left: [7, 0, 0, 0]"
    ForgetsTheLiving by a_live_session_is_never_forgotten: "it has no ending"
    NotesEverything by a_note_repeated_is_written_once: "the first, as it was"
    ReusesPlaces by a_place_in_the_journal_is_never_reused: "comes after"
    LastSigningKeyWins by the_first_signing_key_wins_however_many_come: "one wins"
    LastKeyCheckWins by the_first_check_of_a_master_key_stays: "the one on record is answered"
}
