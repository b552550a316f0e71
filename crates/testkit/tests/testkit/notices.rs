//! Each fault is noticed by the case that is there for it, and for the right reason.
//!
//! On one thread, where tasks take turns in a known order: a race that is lost here is lost every time.

use std::sync::Arc;

use rotunda_testkit::{Layered, contract};

use crate::broken::{BrokenStore, Fault};
use crate::unkept::{Miss, UnkeptStore};
use crate::unruly::{Slip, UnrulyStore};
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
    SecondEndingOverwrites by whoever_is_signed_out_with_everyone_ends_once_however_many_write_it: "right: 20"
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
    ResealIgnoresWhatWasRead by a_key_is_sealed_anew_as_it_was_read_or_not_at_all: "it was sealed anew meanwhile"
    VersionStands by the_version_grows_with_each_change_of_keys_and_clients: "comes after"
    VersionGrowsByItself by the_version_stands_while_keys_and_clients_do: "other changes"
    ClientLosesSecrets by every_field_of_a_client_survives: "left"
    ClientsOutOfOrder by clients_come_by_id: "left"
    LastClientWins by the_id_of_a_client_is_given_once_however_many_ask: "one wins"
    SecretsIgnoreWhatWasRead by secrets_change_from_those_that_were_read: "these are not its secrets"
    SecretsIgnoreWhatWasRead by secrets_change_once_however_many_ask: "one wins"
    RemovedTwice by a_removed_client_is_gone_and_its_sessions_stay: "there is none"
}

noticed! {
    UnrulyStore, Slip;
    RoleLosesDescription by every_field_of_a_role_survives_and_they_come_by_name: "description: None"
    RoleIgnoresVersion by a_role_is_written_from_the_version_that_was_read: "there is none"
    RoleIgnoresVersion by a_role_is_written_once_however_many_ask: "one wins"
    RoleIsNotTold by a_change_of_a_role_is_told_and_raises_revision_and_shelf: "told with the new revision"
    HeldRoleIsRemoved by a_role_is_removed_as_it_was_read_when_nobody_holds_it: "right: Held"
    RemovalReadsThenWrites by nobody_comes_to_hold_a_role_that_goes: "either it goes or it is held"
    SetsIgnoreLimit by sets_of_roles_come_once_each_and_no_more_than_asked: "no more than asked"
    BellIsBroken by whoever_waits_is_woken_by_other_roles_and_everyones_end: "a role wakes all who wait"
    EveryEditIsTold by an_edit_makes_what_it_names_and_nothing_else: "nothing is told"
    EditIgnoresReading by an_edit_needs_the_user_as_they_were_read: "from User"
    EditTakesFromOthers by what_belongs_to_somebody_else_is_not_taken_by_an_edit: "right: EmailTaken"
    EditTakesFromOthers by one_address_is_taken_once_however_many_edit: "one wins"
    EditIgnoresReading by of_many_edits_from_one_reading_one_is_made: "one wins"
    OtherRolesAreNotTold by other_roles_raise_the_claims_epoch_and_are_told: "what: Claims"
    AnyRoleIsHeld by a_role_that_is_not_there_cannot_be_held: "right: Changed"
    FirstAdminMoves by there_has_been_an_admin_from_the_first_one_on: "after step 3"
    EveryAdminIsTheFirst by the_first_admin_is_registered_once: "right: AdminThere"
    EveryAdminIsTheFirst by the_first_admin_is_one_however_many_ask: "one wins"
    AddedAdminIsNone by whoever_is_added_as_an_admin_is_one: "there has been one"
    NewUserHoldsNothing by roles_and_claims_epoch_of_a_new_user_survive: "roles: {}"
    ActingIsLost by who_acts_in_a_session_survives: "acting: None"
    ReasonIsLost by an_event_tells_who_asked_and_why_and_what_about: "reason: None"
    EndForgetsWhatAbout by an_ending_tells_who_asked_and_what_about: "of one session"
    EveryoneIsNotTold by the_end_of_everyone_is_told_by_the_facts_and_the_feed: "one entry for all of them"
    SignedOutAreListed by who_was_signed_out_with_everyone_is_on_no_list_of_the_living: "not among the user's"
    EndingsOfEveryoneAreTold by the_endings_of_everyone_are_written_once_and_no_more_than_asked: "told of everyone already"
    EveryoneComesFirst by whatever_ended_first_is_the_ending: "right: 5"
    EveryoneStaysOut by sessions_that_begin_after_everyones_end_live: "left: Some((RevokedByAdmin"
    GivenRevisionIsKept by a_session_begins_with_the_revision_of_the_store: "whatever was given"
    OthersCatchTheSignedOut by the_end_of_the_others_leaves_out_who_was_signed_out_with_everyone: "right: Ended { ending: RevokedByAdmin"
    RevisionIsReadThenWritten by a_revision_is_given_once_however_many_ask: "each once"
    DeletionKeepsTheSalt by who_a_deleted_user_was_is_forgotten_and_the_chain_stays: "the salt goes"
}

noticed! {
    UnkeptStore, Miss;
    LinksAreLost by a_chain_links_events_and_moves_its_head: "and nothing else has changed"
    SaltIsWrittenAnyway by who_was_deleted_before_the_chaining_leaves_no_salt: "is not written again"
    SaltIsWrittenAnyway by an_event_from_nowhere_gets_no_salt: "without anything that it was mixed with"
    ChainIgnoresReading by a_chain_needs_the_head_that_was_read: "there is none"
    ChainIgnoresReading by a_chain_needs_events_that_are_there_and_unchained: "of [1, 2, 3, 4]"
    ChainIgnoresReading by of_those_who_chain_at_once_one_does: "one wins"
    EveryHeadIsKept by checkpoints_are_kept_where_it_is_said: "left: [AuditMark { seq: 1"
    FloorTakesItsCheckpoint by the_floor_rises_and_takes_what_is_below_along: "the one at the floor stays"
    FloorIgnoresReading by the_floor_rises_from_where_it_was_read: "there is none"
    PageDropsTheLast by users_are_found_by_whatever_is_given: "1 at once"
    PageDropsTheLast by sessions_are_found_by_whatever_is_given: "at once: found"
    PageDropsTheLast by events_are_found_by_whatever_is_given: "at once"
    EmptyPageIsTheLast by what_is_rare_among_many_users_and_sessions_is_found: "left: []"
    EmptyPageIsTheLast by what_is_rare_among_many_events_is_found: "it and no other: []"
    CountsWhatIsOver by what_there_is_is_counted: "nor one whose time is up"
    CountsOn by a_count_of_deliveries_stops_where_it_is_said: "that is: more"
    WebhookLosesFilters by every_field_of_a_webhook_survives_and_they_come_by_id: "these and no others"
    WebhookIgnoresVersion by a_webhook_is_changed_from_the_version_that_was_read: "there is none"
    WebhookIgnoresVersion by a_webhook_is_changed_once_however_many_ask: "one wins"
    WebhookTakesGivenPlace by a_webhook_begins_behind_what_has_happened: "and before what comes"
    RemovalLeavesDeliveries by a_removed_webhook_takes_what_was_on_its_way_along: "none is left"
    RemovalLeavesDeliveries by what_a_removed_webhook_leaves_is_found_by_nobody_and_forgotten_in_batches: "none is listed"
    EnqueueIgnoresPlace by what_is_to_be_told_is_put_on_its_way_with_the_place: "it is elsewhere"
    EnqueueIgnoresVersion by what_was_decided_on_another_version_is_not_put_on_its_way: "it is off"
    EnqueueIgnoresCrowds by a_place_stays_while_too_many_wait: "so many wait"
    EnqueueIgnoresPlace by a_place_moves_once_however_many_ask: "one wins"
    ClaimCountsNothing by a_claimed_delivery_is_put_off: "as it is now"
    ClaimPutsNothingOff by a_delivery_is_claimed_once_however_many_ask: "each once"
    NothingIsGivenUp by a_delivery_arrives_or_fails_or_is_given_up: "next_attempt_at: Some(UnixMillis(9223372036854775807))"
    TheLivingAreReplayed by what_was_given_up_is_made_again: "it lives"
    TheLivingAreForgotten by the_dead_are_forgotten_and_no_more_than_asked: "right: 1"
    FiguresOverwrite by figures_of_an_hour_add_up: "from that hour on"
    FiguresAreReadThenWritten by figures_add_up_however_many_add: "right: [(UnixMillis"
    FiguresIgnoreLimit by old_figures_are_forgotten_and_no_more_than_asked: "right: 3"
    AnswersAreNotKept by an_answer_is_given_again: "AnswerBegun::Again(answer(1))"
    NothingIsLost by an_answer_that_was_lost_is_begun_again: "AnswerBegun::New"
    NothingIsDropped by an_answer_that_is_dropped_was_never_begun: "AnswerBegun::New"
    BeginsReadThenWrite by a_request_is_answered_by_one_however_many_begin: "in round 1"
    AnswersIgnoreLimit by old_answers_are_forgotten_and_no_more_than_asked: "right: 2"
}
