//! A store that comes back without its last writes, once, at any moment.

use rotunda_core::refresh::Decision as D;
use rotunda_proof::properties::{GETS_IN, HONEST, REVOKED};
use rotunda_proof::rules::Rule;
use rotunda_proof::setting::{Keeps, Restore, Setting};

use crate::support::{falls, holds, large, met};

pub(crate) fn restored(setting: Setting, lost: u8) -> Setting {
    setting.but(|s| s.restore = Some(Restore { times: 1, lost, said: true, patient: true }))
}

/// The operator stops believing as soon as the client is known again, whatever requests are still under way.
pub(crate) fn impatient(setting: Setting) -> Setting {
    setting.but(|s| s.restore.iter_mut().for_each(|restore| restore.patient = false))
}

#[test]
fn one_request_at_a_time() {
    let system = holds("restore, 1 under way", restored(Setting::keyed(1, 1), 3));
    met(&system, &[D::Ahead]);
}

#[test]
fn two_tabs_with_keys() {
    let setting = restored(Setting::keyed(2, if large() { 3 } else { 2 }), 3);
    let system = holds("restore, 2 tabs, keys", setting);
    met(&system, &[D::Ahead, D::Stale]);
}

/// The row knows the keys of the generations before, so nothing hangs on when the operator stops believing.
#[test]
fn two_tabs_with_keys_and_an_impatient_operator() {
    let system = holds("restore, 2 tabs, keys, impatient", impatient(restored(Setting::keyed(2, 2), 3)));
    met(&system, &[D::Ahead, D::Stale]);
}

#[test]
fn two_tabs_without_keys() {
    holds("restore, 2 tabs, no keys", restored(Setting::keyless(2, 2), 3));
}

/// Without keys, only the operator's word excuses what comes late.
#[test]
fn without_keys_the_operator_must_be_patient() {
    falls("restore, no keys, impatient", impatient(restored(Setting::keyless(2, 2), 1)), HONEST);
}

/// A store that may lose its last writes at any moment, and nobody says so.
fn losing(setting: Setting, lost: u8) -> Setting {
    restored(setting, lost).but(|s| {
        s.may_lose_writes = true;
        s.restore.iter_mut().for_each(|restore| restore.said = false);
    })
}

#[test]
fn a_store_that_loses_writes_unnoticed() {
    let system = holds("losing, 1 under way", losing(Setting::keyed(1, 1), 3));
    met(&system, &[D::Ahead]);
}

#[test]
fn a_store_that_loses_writes_unnoticed_two_tabs_with_keys() {
    let system = holds("losing, 2 tabs, keys", losing(Setting::keyed(2, 2), 3));
    met(&system, &[D::Ahead, D::Stale]);
}

#[test]
fn a_store_that_loses_writes_unnoticed_two_tabs_without_keys() {
    let system = holds("losing, 2 tabs, no keys", losing(Setting::keyless(2, 2), 3));
    met(&system, &[D::Ahead, D::Stale]);
}

/// What was under way when the store lost its writes is no theft.
#[test]
fn what_was_left_behind_must_not_be_reuse() {
    let judged = losing(Setting::keyless(2, 2), 3).but(|s| s.rule = Rule::UsedIsReuseWhileAhead);
    falls("losing, what was left behind is reuse", judged, HONEST);
}

/// Nobody says so: the session is stuck.
#[test]
fn the_operator_must_say_so() {
    let unsaid = Setting::keyed(1, 1)
        .but(|s| s.restore = Some(Restore { times: 1, lost: 1, said: false, patient: true }));
    falls("restore, nobody says so", unsaid, GETS_IN);
}

/// After a restore two tokens may be of one generation: the client keeps what it has.
#[test]
fn an_answer_of_the_same_generation_is_not_kept() {
    let setting = restored(Setting::keyed(2, 2), 1).but(|s| s.keeps = Keeps::NotOlder);
    falls("restore, same generation kept", setting, GETS_IN);
}

/// A backup knows nothing of an end that came after it: no rule about tokens can mend that, only an operator who ends
/// again what has ended since.
#[test]
fn a_restore_brings_ended_sessions_back() {
    falls("restore after the end", restored(Setting::keyed(1, 1), 1).but(|s| s.endings = true), REVOKED);
}
