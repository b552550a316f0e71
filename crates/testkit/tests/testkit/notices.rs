//! Each fault is noticed by the case that is there for it, and for the right reason.
//!
//! On one thread, where tasks take turns in a known order: a race that is lost here is lost every time.

use std::sync::Arc;

use rotunda_testkit::{Layered, contract};

use crate::broken::{BrokenStore, Fault};
use crate::untold::{Lapse, UntoldStore};

macro_rules! noticed {
    ($store:ident, $faults:ident; $($fault:ident by $case:ident: $says:literal)*) => {
        $(mod $case {
            use super::{Arc, Layered, $faults, $store, contract};

            /// Time passes as soon as nothing else can happen, so nobody waits for what never comes.
            #[tokio::test(start_paused = true)]
            #[should_panic(expected = $says)]
            async fn notices() {
                contract::$case(Arc::new(Layered($store::with($faults::$fault)))).await;
            }
        })*
    };
}

noticed! {
    BrokenStore, Fault;
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

noticed! {
    UntoldStore, Lapse;
    EndIsNotTold by every_ending_but_an_expiry_is_told_once: "logged_out"
    RefusedEndIsTold by an_end_that_is_refused_tells_nothing: "nothing is told"
    EndIsNotTold by a_session_is_told_once_however_many_end_it: "left: []"
    ExpiryIsTold by an_ordinary_day_tells_nothing: "nobody's access token outlives its session"
    EvictionIsNotTold by sessions_that_make_room_or_are_replaced_are_told: "these and no others"
    EndAllTellsEachSession by the_end_of_all_is_told_by_the_epoch_alone: "one entry for all of them"
    AmendTellsTheEpochBefore by a_change_that_ends_all_is_told_by_the_epoch_alone: "ep: 0"
    EndOfOneInAChangeIsNotTold by a_change_that_ends_one_session_tells_of_that_one: "once"
    DeletionTellsTheId by a_user_is_told_by_the_subject_that_tokens_carry: "left: [Revocation { what: User { sub: \"019b"
    DeletionTellsTheEpochThatWas by a_deleted_user_is_told_by_the_epoch_after_theirs: "ep: 1, ending: UserDeleted"
    TokenIsToldTwice by a_token_is_revoked_once_however_many_ask: "told 20 times"
    AnyNameIsAToken by only_a_token_is_revoked_as_a_token: "!store.is_token_revoked"
    RestoreKeepsTheFeed by a_feed_keeps_its_id_until_a_restore_is_told: "a place may be given again"
    PageIgnoresLimit by entries_come_in_order_and_page_by_page: "no more than asked"
    PageDropsTheYoungest by young_entries_are_all_there_whatever_is_old: "left"
    PageSkipsToTheNewest by whoever_follows_misses_nothing: "the follower saw everything in time"
    PlacesAreReused by a_place_on_the_feed_is_never_reused: "an empty feed stands where it stood"
    AnyPlaceIsBelieved by a_place_that_was_never_given_is_no_place_to_go_on_after: "after 4"
    ForgetsTheYoung by old_entries_are_forgotten_and_no_more_than_asked: "at most 3"
    BellIsBroken by whoever_waits_is_woken_by_each_revocation: "an end wakes all who wait"
    BellIsBroken by what_nobody_waited_for_is_heard_by_who_comes_next: "it has happened since the last call"
    RefreshRings by nobody_is_woken_by_an_ordinary_day: "somebody was woken for nothing"
    KeyForgetsWhenItSigns by a_signing_key_survives_as_it_is: "these keys and no others"
    KeyIgnoresTheNewest by a_signing_key_needs_the_newest_one_that_was_read: "there is none"
    KeyIgnoresTheNewest by of_those_who_rotate_at_once_one_wins: "one wins"
    RevokedKeyIsGone by a_revoked_key_stays_and_is_told: "these keys and no others"
    RevocationIgnoresTheNewest by a_key_is_revoked_as_it_was_read_or_not_at_all: "another one is the newest"
    RevokedAgain by a_key_is_revoked_once_however_many_ask: "one wins"
    RevokedKeyIsToldAgain by a_forgotten_key_is_told_unless_it_was_revoked: "it is there as revoked"
    VersionStands by the_version_grows_with_each_change_of_keys_and_clients: "comes after"
    VersionGrowsByItself by the_version_stands_while_keys_and_clients_do: "other changes"
    ClientLosesSecrets by every_field_of_a_client_survives: "left"
    ClientsOutOfOrder by clients_come_by_id: "left"
    LastClientWins by the_id_of_a_client_is_given_once_however_many_ask: "one wins"
    SecretsIgnoreWhatWasRead by secrets_change_from_those_that_were_read: "these are not its secrets"
    SecretsIgnoreWhatWasRead by secrets_change_once_however_many_ask: "one wins"
    RemovedTwice by a_removed_client_is_gone_and_its_sessions_stay: "there is none"
}
