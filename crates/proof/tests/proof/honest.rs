//! Promise 1, and what must hold beside it: nobody steals anything. Messages are lost, late, repeated and reordered,
//! servers crash, sessions end for reasons that are nobody's fault. Any number of rotations, to exhaustion.

use rotunda_core::model::Ending;
use rotunda_core::refresh::Decision as D;
use rotunda_proof::facts::NOW;
use rotunda_proof::properties::{GETS_IN, HONEST};
use rotunda_proof::rules::Rule;
use rotunda_proof::setting::{AfterStale, Keeps, Setting};

use crate::support::{holds, holds_but, large, met};

#[test]
fn two_tabs_with_keys() {
    let system = holds("2 tabs, keys, 4 under way", Setting::keyed(2, 4));
    met(&system, &[D::Rotate, D::Debounce, D::Replay, D::InFlight, D::LateRetry, D::Stale]);
    assert_eq!(system.tally.of(D::Reuse), 0);
}

/// With keys, *in flight* only saves a round: without it, such a request is *stale* and the client asks again. It is
/// clients without keys that fall (`broken`).
#[test]
fn two_tabs_with_keys_do_without_in_flight() {
    holds("2 tabs, keys, no in flight rule, 3 under way", Setting::keyed(2, 3).under(Rule::NoInFlight));
}

#[test]
fn three_tabs_with_keys() {
    let under_way = if large() { 4 } else { 3 };
    holds(&format!("3 tabs, keys, {under_way} under way"), Setting::keyed(3, under_way));
}

#[test]
fn a_longer_window_with_keys() {
    holds("2 tabs, keys, W of 3 ticks, 3 under way", Setting::keyed(2, 3).but(|s| s.window = 3));
}

#[test]
fn clocks_that_differ() {
    let setting = Setting::keyed(2, 3).but(|s| (s.window, s.clocks_differ) = (2, true));
    holds("2 tabs, keys, clocks a tick apart, 3 under way", setting);
}

#[test]
fn two_tabs_without_keys() {
    let system = holds("2 tabs, no keys, 4 under way", Setting::keyless(2, 4));
    met(&system, &[D::Rotate, D::Debounce, D::Replay, D::InFlight]);
    holds("3 tabs, no keys, 4 under way", Setting::keyless(3, 4));
}

/// A client that asks without keys after any `token_stale`, under the assumption that it needs: see `assumptions`.
#[test]
fn two_tabs_that_ask_without_keys() {
    let under_way = if large() { 3 } else { 2 };
    let setting = Setting::keyed(2, under_way).but(|s| {
        s.after_stale = AfterStale::AsksWithoutKeys;
        s.assumed.keyless_in_time = true;
    });
    holds(&format!("2 tabs, keys, asking without them in time, {under_way} under way"), setting);
}

/// A page that reads the generation beside its cookie, and whose answers arrive in time: see `assumptions`.
#[test]
fn cookies_with_keys() {
    let setting = Setting::keyed(2, 3)
        .but(|s| (s.keeps, s.assumed.answers_late) = (Keeps::CookiesWithGeneration, Some(0)));
    holds("2 tabs, cookies, keys, 3 under way", setting);
}

/// Answers may even arrive a rotation late: the cookie is then two rotations old, and its key still opens.
#[test]
fn cookies_from_late_answers() {
    let setting = Setting::keyed(2, 2)
        .but(|s| (s.keeps, s.assumed.answers_late) = (Keeps::CookiesWithGeneration, Some(1)));
    let system = holds("2 tabs, cookies, late answers", setting);
    met(&system, &[D::InFlight]);
}

/// A page that cannot read the generation of its cookie says which one it believes in, and is told.
#[test]
fn cookies_with_a_declared_generation() {
    let setting = declaring();
    let system = holds("2 tabs, cookies, declared generation", setting.clone());
    met(&system, &[D::AnotherGeneration, D::Rotate]);
    if large() {
        holds("declared generation, late answers", setting.but(|s| s.assumed.answers_late = Some(1)));
    }
}

/// A browser's page that goes by what it has read, and declares it.
pub(crate) fn declaring() -> Setting {
    Setting::keyed(2, 2).but(|s| {
        (s.keeps, s.assumed.answers_late, s.declares) = (Keeps::Cookies, Some(0), true);
        s.rotations = Some(6);
    })
}

#[test]
fn cookies_without_keys() {
    let setting =
        Setting::keyless(2, 3).but(|s| (s.keeps, s.assumed.answers_late) = (Keeps::Cookies, Some(0)));
    holds("2 tabs, cookies, no keys, 3 under way", setting);
}

/// Logout, password change, disabling, expiry at any moment: the end is final, and honest runs do not end in reuse.
#[test]
fn endings_at_any_moment() {
    let system = holds("2 tabs, keys, endings, 3 under way", Setting::keyed(2, 3).but(|s| s.endings = true));
    met(&system, &[D::Ended { ending: Ending::LoggedOut, at: NOW, unrecorded: false }]);
    holds("2 tabs, no keys, endings, 2 under way", Setting::keyless(2, 2).but(|s| s.endings = true));
}

/// The textbook keeps its own promise. That it signs honest users out is in `assumptions`.
#[test]
fn strict_mode() {
    let system = holds_but("2 tabs, strict, 3 under way", Setting::keyed(2, 3).strict(), &[HONEST, GETS_IN]);
    met(&system, &[D::Rotate, D::Reuse]);
    assert_eq!(system.tally.of(D::LateRetry) + system.tally.of(D::Stale) + system.tally.of(D::Replay), 0);
}
