//! A store that comes back without its last writes, once, at any moment.

use rotunda_core::refresh::Decision as D;
use rotunda_proof::properties::{GETS_IN, HONEST, REVOKED};
use rotunda_proof::setting::{Keeps, Restore, Setting};

use crate::honest::careful;
use crate::support::{falls, holds, large, met};

fn restored(setting: Setting, lost: u8) -> Setting {
    setting.but(|s| s.restore = Some(Restore { times: 1, lost, said: true }))
}

/// Production as it is holds while a client has one request under way and the network repeats nothing.
#[test]
fn one_request_at_a_time() {
    let system = holds("restore, 1 under way", restored(careful(1, 1), 3));
    met(&system, &[D::Ahead]);
}

/// With more under way, the *ahead* move must not forget what the client can still prove: see `findings`.
#[test]
fn two_tabs_with_keys() {
    let setting = restored(careful(2, if large() { 3 } else { 2 }), 3);
    let system = holds("restore, 2 tabs, keys", setting.but(|s| s.proposed.ahead_takes_all_keys = true));
    met(&system, &[D::Ahead, D::Stale]);
}

#[test]
fn two_tabs_without_keys() {
    let setting = restored(Setting::keyless(2, 2), 3).but(|s| s.proposed.older_is_stale_while_ahead = true);
    holds("restore, 2 tabs, no keys", setting);
}

/// Nobody says so: the session is stuck.
#[test]
fn the_operator_must_say_so() {
    let unsaid = careful(1, 1).but(|s| s.restore = Some(Restore { times: 1, lost: 1, said: false }));
    falls("restore, nobody says so", unsaid, GETS_IN);
}

/// After a restore two tokens may be of one generation: the client keeps what it has.
#[test]
fn an_answer_of_the_same_generation_is_not_kept() {
    let setting = restored(careful(2, 2), 1)
        .but(|s| (s.keeps, s.proposed.ahead_takes_all_keys) = (Keeps::NotOlder, true));
    falls("restore, same generation kept", setting, GETS_IN);
}

/// A backup knows nothing of an end that came after it: no rule about tokens can mend that, only an operator who ends
/// again what has ended since.
#[test]
fn a_restore_brings_ended_sessions_back() {
    falls("restore after the end", restored(careful(1, 1), 1).but(|s| s.endings = true), REVOKED);
}

/// The suspicion about the *ahead* move, for `findings`.
pub(crate) fn forgets_history() -> (Setting, &'static str) {
    (restored(careful(1, 2), 1), HONEST)
}
