//! The contract: what every store must do, case by case.
//!
//! A case is an async function that takes an empty store and panics where the store breaks its word. The list below
//! is the only one: [`contract_suite!`](crate::contract_suite) makes a test of each entry, and a case that is not on
//! it is dead code to the compiler.
//!
//! A store wires the suite in with one line in its tests; the guard is whatever must outlive the store, `()` if nothing:
//!
//! ```text
//! async fn store() -> (Arc<MyStore>, TempDir) { … }
//! rotunda_testkit::contract_suite!(store);
//! ```

mod accounts;
mod actors;
mod amend;
mod audit;
mod caps;
mod clients;
mod delete;
mod deliveries;
mod desk;
mod devices;
mod edit;
mod endings;
mod everyone;
mod feed;
mod follow;
mod janitor;
mod journal;
mod keys;
mod letters;
mod links;
mod login;
mod many;
mod others;
mod password;
mod races;
mod roles;
mod rotate;
mod round_trips;
mod scene;
mod search;
mod sessions;
pub mod skeletons;
mod webhooks;

use std::sync::Arc;

use rotunda_core::store::Store;

/// Hands the list of all cases to another macro, with what was given for it.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($then:path $(, $given:tt)*) => {
        $then! {
            [$($given)*]
            round_trips {
                every_field_of_a_user_survives
                every_field_of_a_session_survives
                every_step_of_a_lineage_survives
                every_kind_of_event_survives
                every_field_of_an_event_survives
                every_ending_survives
            }
            accounts {
                a_registered_user_is_found_by_id_address_and_name
                an_address_and_a_name_are_found_whatever_the_case
                nobody_is_found_where_nobody_is
                a_registration_brings_its_session_and_its_events
                a_registration_ends_the_session_it_replaces
                an_address_belongs_to_one_user_whatever_the_case
                a_username_belongs_to_one_user_whatever_the_case
                an_id_belongs_to_one_user
                a_subject_belongs_to_one_user_and_its_case_counts
                users_without_a_username_do_not_collide
                a_refused_registration_leaves_nothing_behind
                one_address_is_given_once_however_many_ask
                users_come_in_id_order_and_page_by_page
                a_rehash_changes_the_hash_and_nothing_else
                a_rehash_needs_the_hash_that_was_read
            }
            login {
                a_login_starts_a_session_and_writes_its_event
                a_login_needs_a_user
                a_login_needs_an_active_user
                a_login_needs_the_epoch_that_was_read
                a_login_needs_the_password_hash_that_was_read
                a_login_ends_the_session_it_replaces
                a_login_leaves_an_ended_session_as_it_was
                a_login_replaces_at_the_generation_that_was_decided_on
            }
            caps {
                a_full_cap_evicts_those_used_the_longest_ago
                a_cap_that_refuses_changes_nothing
                caps_count_per_client_and_over_all
                what_is_left_behind_or_expired_takes_no_room
                of_many_logins_at_once_no_more_than_the_cap_stay
                of_many_logins_at_once_the_others_are_refused
            }
            amend {
                a_change_makes_what_it_names_and_nothing_else
                a_change_needs_the_account_as_it_was_read
                a_change_needs_an_active_user
                an_address_of_somebody_else_is_not_taken
                one_address_is_taken_once_however_many_change_to_it
                a_change_can_end_one_session_and_begin_another
            }
            delete {
                a_deleted_user_leaves_only_what_happened
                a_deletion_needs_a_user_and_a_live_session_that_asks
                the_names_of_a_deleted_user_are_free
                nothing_slips_past_a_deletion
            }
            password {
                a_password_change_ends_all_sessions_and_starts_one
                a_password_change_needs_the_hash_that_was_read
                a_password_change_needs_the_epoch_that_was_read
                a_password_change_needs_a_user
                a_password_change_needs_a_live_session_that_asks
                a_password_change_leaves_others_alone
                a_password_changes_once_however_many_ask
            }
            rotate {
                a_rotation_moves_the_session_and_writes_nothing_else
                a_rotation_needs_the_generation_that_was_decided_on
                a_rotation_needs_the_hash_that_was_decided_on
                a_rotation_needs_a_session
                an_ended_session_does_not_rotate
                a_session_rotates_until_its_idle_expiry_and_not_at_it
                a_session_rotates_until_its_absolute_expiry_and_not_at_it
                a_rotation_happens_once_however_many_ask
                a_device_once_shown_stays_shown
                a_rotation_writes_its_event_once
                a_rotation_takes_the_caller_as_it_is
                a_rotation_can_skip_to_the_last_generation
                a_rotation_leaves_other_sessions_alone
                a_thousand_rotations_leave_one_session_and_no_events
            }
            endings {
                an_end_ends_the_session_and_writes_its_event
                the_first_ending_stays
                an_end_needs_the_generation_that_was_decided_on
                an_end_needs_a_session
                a_session_ends_once_however_many_ask
                the_end_of_all_ends_the_live_sessions_of_this_user_only
                the_end_of_all_raises_the_epoch_where_nothing_is_left_to_end
                the_end_of_all_needs_a_user
                the_end_of_all_can_disable_the_user
                an_enabled_user_signs_in_again_and_old_sessions_stay_dead
                enabling_changes_nothing_where_nothing_is_disabled
                the_end_of_all_catches_what_has_expired_unrecorded
            }
            others {
                the_end_of_the_others_ends_each_and_leaves_the_one_that_asks
                the_end_of_the_others_needs_the_one_that_asks
                the_end_of_the_others_catches_what_has_expired_unrecorded
                of_many_who_end_the_others_one_stays
                no_refresh_slips_past_the_end_of_the_others
            }
            races {
                no_refresh_slips_past_an_end
                no_refresh_slips_past_the_end_of_all
                no_refresh_slips_past_a_password_change
                no_login_slips_past_a_disabling
                a_session_is_rotated_or_expired_and_never_both
            }
            sessions {
                sessions_of_a_user_are_theirs_and_live
                sessions_come_latest_used_first_and_no_more_than_asked
                a_device_is_known_by_its_user_alone
                a_device_is_known_after_its_session_ended
                a_device_whose_secret_was_copied_is_not_known_any_more
                tokens_ahead_are_believed_until_told_otherwise
                facts_are_found_by_page
                facts_hold_the_user_as_they_are_now
            }
            devices {
                whoever_begins_a_session_is_seen_on_their_device
                a_device_outlives_its_sessions
                a_device_is_forgotten_when_its_secret_may_be_known
                a_reported_session_that_is_over_takes_its_device_along
                a_device_with_another_secret_is_known_by_that_one_only
                of_too_many_devices_the_one_seen_longest_ago_goes
                old_devices_are_forgotten_unless_a_session_lives_there
            }
            links {
                a_report_that_brings_an_address_back_uses_up_those_from_after_it
                every_field_of_a_link_survives
                links_that_expired_are_forgotten_and_no_more_than_asked
                a_link_is_used_once_however_many_ask
                a_link_gives_its_user_a_right_and_nobody_else
                a_registration_uses_up_its_link
                a_refused_registration_leaves_its_link
            }
            letters {
                every_field_of_a_letter_survives
                letters_come_next_first_and_no_more_than_asked
                a_claim_counts_and_holds_until_it_runs_out
                a_letter_is_claimed_once_however_many_ask
                the_life_of_a_link_begins_when_its_letter_is_claimed
                a_letter_that_failed_waits_and_tells_why
                a_letter_that_is_done_is_gone
                the_letter_of_an_end_is_written_once_however_many_ask
                letters_come_with_their_change_or_not_at_all
            }
            journal {
                events_come_in_order_and_page_by_page
                events_of_a_session_are_its_own
                events_of_a_user_are_their_own
                a_note_repeated_is_written_once
                a_note_that_differs_is_written
                a_note_long_ago_does_not_silence
                a_place_in_the_journal_is_never_reused
            }
            feed {
                every_ending_but_an_expiry_is_told_once
                an_end_that_is_refused_tells_nothing
                a_session_is_told_once_however_many_end_it
                sessions_that_make_room_or_are_replaced_are_told
                the_end_of_all_is_told_by_the_epoch_alone
                a_user_is_told_by_the_subject_that_tokens_carry
                a_change_that_ends_all_is_told_by_the_epoch_alone
                a_change_that_ends_one_session_tells_of_that_one
                a_deleted_user_is_told_by_the_epoch_after_theirs
                an_ordinary_day_tells_nothing
                a_token_is_revoked_once_however_many_ask
                only_a_token_is_revoked_as_a_token
                a_feed_keeps_its_id_until_a_restore_is_told
            }
            follow {
                entries_come_in_order_and_page_by_page
                young_entries_are_all_there_whatever_is_old
                whoever_follows_misses_nothing
                a_place_on_the_feed_is_never_reused
                a_place_that_was_never_given_is_no_place_to_go_on_after
                old_entries_are_forgotten_and_no_more_than_asked
                whoever_waits_is_woken_by_each_revocation
                whoever_waits_is_woken_by_other_roles_and_everyones_end
                what_nobody_waited_for_is_heard_by_who_comes_next
                nobody_is_woken_by_an_ordinary_day
                the_longest_keep_counts_for_as_long_as_it_says
            }
            keys {
                a_signing_key_survives_as_it_is
                the_first_signing_key_wins_however_many_come
                of_those_who_rotate_at_once_one_wins
                a_signing_key_needs_the_newest_one_that_was_read
                a_revoked_key_stays_and_is_told
                a_key_is_revoked_as_it_was_read_or_not_at_all
                a_key_is_revoked_once_however_many_ask
                a_forgotten_key_is_told_unless_it_was_revoked
                a_key_is_sealed_anew_as_it_was_read_or_not_at_all
                the_first_check_of_a_master_key_stays
                a_check_is_written_once_however_many_ask
                a_new_store_is_ready
            }
            clients {
                every_field_of_a_client_survives
                clients_come_by_id
                the_id_of_a_client_is_given_once_however_many_ask
                secrets_change_from_those_that_were_read
                secrets_change_once_however_many_ask
                a_removed_client_is_gone_and_its_sessions_stay
                the_version_grows_with_each_change_of_keys_and_clients
                the_version_stands_while_keys_and_clients_do
            }
            janitor {
                what_expired_ends_at_the_moment_it_expired
                what_lives_does_not_expire
                what_ended_does_not_expire_again
                expiry_takes_no_more_than_asked_and_reaches_all
                a_live_session_is_never_forgotten
                what_ended_before_is_forgotten_and_no_more_than_asked
                what_happened_outlives_the_session
            }
            roles {
                every_field_of_a_role_survives_and_they_come_by_name
                a_role_is_written_from_the_version_that_was_read
                a_role_is_written_once_however_many_ask
                a_change_of_a_role_is_told_and_raises_revision_and_shelf
                a_role_is_removed_as_it_was_read_when_nobody_holds_it
                nobody_comes_to_hold_a_role_that_goes
                sets_of_roles_come_once_each_and_no_more_than_asked
            }
            edit {
                an_edit_makes_what_it_names_and_nothing_else
                an_edit_needs_the_user_as_they_were_read
                what_belongs_to_somebody_else_is_not_taken_by_an_edit
                one_address_is_taken_once_however_many_edit
                of_many_edits_from_one_reading_one_is_made
                other_roles_raise_the_claims_epoch_and_are_told
                a_role_that_is_not_there_cannot_be_held
                there_has_been_an_admin_from_the_first_one_on
                the_first_admin_is_registered_once
                the_first_admin_is_one_however_many_ask
                whoever_is_added_as_an_admin_is_one
            }
            everyone {
                the_end_of_everyone_is_told_by_the_facts_and_the_feed
                who_was_signed_out_with_everyone_is_on_no_list_of_the_living
                the_endings_of_everyone_are_written_once_and_no_more_than_asked
                whatever_ended_first_is_the_ending
                sessions_that_begin_after_everyones_end_live
                a_session_begins_with_the_revision_of_the_store
                the_end_of_the_others_leaves_out_who_was_signed_out_with_everyone
                a_revision_is_given_once_however_many_ask
                whoever_is_signed_out_with_everyone_ends_once_however_many_write_it
            }
            actors {
                who_acts_in_a_session_survives
                roles_and_claims_epoch_of_a_new_user_survive
                an_event_tells_who_asked_and_why_and_what_about
                an_ending_tells_who_asked_and_what_about
            }
            audit {
                a_chain_links_events_and_moves_its_head
                a_chain_needs_the_head_that_was_read
                a_chain_needs_events_that_are_there_and_unchained
                of_those_who_chain_at_once_one_does
                checkpoints_are_kept_where_it_is_said
                the_floor_rises_and_takes_what_is_below_along
                the_floor_rises_from_where_it_was_read
                who_a_deleted_user_was_is_forgotten_and_the_chain_stays
                who_was_deleted_before_the_chaining_leaves_no_salt
                an_event_from_nowhere_gets_no_salt
            }
            search {
                users_are_found_by_whatever_is_given
                sessions_are_found_by_whatever_is_given
                events_are_found_by_whatever_is_given
            }
            many {
                what_is_rare_among_many_users_and_sessions_is_found
                what_is_rare_among_many_events_is_found
                what_there_is_is_counted
                a_count_of_deliveries_stops_where_it_is_said
            }
            webhooks {
                every_field_of_a_webhook_survives_and_they_come_by_id
                a_webhook_is_changed_from_the_version_that_was_read
                a_webhook_is_changed_once_however_many_ask
                a_webhook_begins_behind_what_has_happened
                a_removed_webhook_takes_what_was_on_its_way_along
                what_a_removed_webhook_leaves_is_found_by_nobody_and_forgotten_in_batches
            }
            deliveries {
                what_is_to_be_told_is_put_on_its_way_with_the_place
                what_was_decided_on_another_version_is_not_put_on_its_way
                a_place_stays_while_too_many_wait
                a_place_moves_once_however_many_ask
                a_claimed_delivery_is_put_off
                a_delivery_is_claimed_once_however_many_ask
                a_delivery_arrives_or_fails_or_is_given_up
                what_was_given_up_is_made_again
                the_dead_are_forgotten_and_no_more_than_asked
            }
            desk {
                figures_of_an_hour_add_up
                figures_add_up_however_many_add
                old_figures_are_forgotten_and_no_more_than_asked
                an_answer_is_given_again
                an_answer_that_was_lost_is_begun_again
                an_answer_that_is_dropped_was_never_begun
                a_request_is_answered_by_one_however_many_begin
                old_answers_are_forgotten_and_no_more_than_asked
            }
        }
    };
}

/// One named test for each case of the contract.
///
/// Takes the name of an `async fn() -> (Arc<impl Store>, Guard)` that makes an empty store; the guard is dropped
/// after it. The calling crate needs `tokio` with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! contract_suite {
    ($make:path) => {
        $crate::contract_cases! { $crate::contract_tests, $make }
    };
}

/// One named test for each case of [`skeletons`](crate::contract::skeletons), for a store whose rows of sessions may be behind.
///
/// Takes the name of an `async fn() -> (Arc<impl Skeletons>, Guard)`, as [`contract_suite!`](crate::contract_suite) does.
#[macro_export]
macro_rules! skeleton_suite {
    ($make:path) => {
        $crate::skeleton_suite! {
            @each $make;
            settling_brings_rows_up_to_date
            settling_leaves_what_is_newer_or_over
            settling_keeps_the_absolute_expiry
            what_is_due_is_told_and_ends_not
            what_is_due_is_told_a_few_at_a_time_and_reaches_all
            who_was_signed_out_with_everyone_is_due
        }
    };
    (@each $make:path; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let (store, _guard) = $make().await;
                $crate::contract::skeletons::$case(store).await;
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ([$make:path] $($port:ident { $($case:ident)* })*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let (store, _guard) = $make().await;
                $crate::contract::$case(store).await;
            }
        )*)*
    };
}

macro_rules! offer {
    ([] $($port:ident { $($case:ident)* })*) => {
        $($(
            #[doc = concat!("The case `", stringify!($port), "::", stringify!($case), "`.")]
            pub async fn $case(store: Arc<dyn Store>) {
                $port::$case(store).await;
            }
        )*)*
    };
}
contract_cases! { offer }
