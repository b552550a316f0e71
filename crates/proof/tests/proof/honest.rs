//! Promise 1, and what must hold beside it: nobody steals anything. Messages are lost, late, repeated and reordered,
//! servers crash, sessions end for reasons that are nobody's fault. Any number of rotations, to exhaustion.

use rotunda_core::model::Ending;
use rotunda_core::refresh::Decision as D;
use rotunda_proof::facts::NOW;
use rotunda_proof::properties::{GETS_IN, HONEST};
use rotunda_proof::rules::Rule;
use rotunda_proof::setting::{AfterStale, Keeps, Setting};

use crate::support::{holds, holds_but, large, met};

/// The client of `rotation.md`, but that it leaves out its keys only beside the very token that was stale.
pub(crate) fn careful(tabs: u8, under_way: usize) -> Setting {
    Setting::keyed(tabs, under_way).but(|s| s.after_stale = AfterStale::AsksWithoutKeysOnlyWithTheSame)
}

#[test]
fn two_tabs_with_keys() {
    let system = holds("2 tabs, keys, 4 under way", careful(2, 4));
    met(&system, &[D::Rotate, D::Debounce, D::Replay, D::InFlight, D::LateRetry, D::Stale]);
    assert_eq!(system.tally.of(D::Reuse), 0);
}

/// With keys, *in flight* only saves a round: without it, such a request is *stale* and the client asks again. It is
/// clients without keys that fall (`broken`).
#[test]
fn two_tabs_with_keys_do_without_in_flight() {
    holds("2 tabs, keys, no in flight rule, 3 under way", careful(2, 3).under(Rule::NoInFlight));
}

#[test]
fn three_tabs_with_keys() {
    let under_way = if large() { 4 } else { 3 };
    holds(&format!("3 tabs, keys, {under_way} under way"), careful(3, under_way));
}

#[test]
fn a_longer_window_with_keys() {
    holds("2 tabs, keys, W of 3 ticks, 3 under way", careful(2, 3).but(|s| s.window = 3));
}

#[test]
fn clocks_that_differ() {
    let setting = careful(2, 3).but(|s| (s.window, s.clocks_differ) = (2, true));
    holds("2 tabs, keys, clocks a tick apart, 3 under way", setting);
}

#[test]
fn two_tabs_without_keys() {
    let system = holds("2 tabs, no keys, 4 under way", Setting::keyless(2, 4));
    met(&system, &[D::Rotate, D::Debounce, D::Replay, D::InFlight]);
    holds("3 tabs, no keys, 4 under way", Setting::keyless(3, 4));
}

/// `rotation.md` to the letter, under the assumption that it turned out to need: see `findings`.
#[test]
fn two_tabs_that_ask_without_keys() {
    let under_way = if large() { 3 } else { 2 };
    let setting = Setting::keyed(2, under_way).but(|s| s.assumed.keyless_in_time = true);
    holds(&format!("2 tabs, keys, asking without them in time, {under_way} under way"), setting);
}

/// A page that reads the generation beside its cookie, and whose answers arrive in time: see `assumptions`.
#[test]
fn cookies_with_keys() {
    let setting =
        careful(2, 3).but(|s| (s.keeps, s.assumed.answers_late) = (Keeps::CookiesWithGeneration, Some(0)));
    holds("2 tabs, cookies, keys, 3 under way", setting);
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
    let system = holds("2 tabs, keys, endings, 3 under way", careful(2, 3).but(|s| s.endings = true));
    met(&system, &[D::Ended { ending: Ending::LoggedOut, at: NOW, unrecorded: false }]);
    holds("2 tabs, no keys, endings, 2 under way", Setting::keyless(2, 2).but(|s| s.endings = true));
}

/// The textbook keeps its own promise. That it signs honest users out is in `assumptions`.
#[test]
fn strict_mode() {
    let system = holds_but("2 tabs, strict, 3 under way", careful(2, 3).strict(), &[HONEST, GETS_IN]);
    met(&system, &[D::Rotate, D::Reuse]);
    assert_eq!(system.tally.of(D::LateRetry) + system.tally.of(D::Stale) + system.tally.of(D::Replay), 0);
}
