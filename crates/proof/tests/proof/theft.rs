//! Promise 2: one thief, who copies at any moment, and a victim; both go on. A conflict is a request after the window
//! with a token that the other side has used up.

use rotunda_core::model::LateRetry;
use rotunda_core::refresh::Decision as D;
use rotunda_proof::properties::FOUND;
use rotunda_proof::setting::{AfterStale, Keeps, Setting, Steals};

use crate::support::{falls, holds, large, met};

fn stolen(setting: Setting, steals: Steals) -> Setting {
    setting.but(|s| s.thief = Some(steals))
}

#[test]
fn one_token() {
    let keyed =
        if large() { Setting::keyed(1, 2) } else { Setting::keyed(1, 2).but(|s| s.rotations = Some(4)) };
    let system = holds("a token, victim with keys", stolen(keyed, Steals::Token));
    met(&system, &[D::Unproven, D::Reuse]);
    holds("a token, victim without keys", stolen(Setting::keyless(1, 2), Steals::Token));
}

#[test]
fn one_token_beside_another_device_secret() {
    let system = holds("a token, own device", stolen(Setting::keyed(1, 2), Steals::TokenForOwnDevice));
    met(&system, &[D::Moved]);
    holds(
        "a token, own device, victim without keys",
        stolen(Setting::keyless(1, 2), Steals::TokenForOwnDevice),
    );
}

/// Also in the middle of an attempt, when the copy holds the key of the rotation to come.
#[test]
fn everything_from_a_client_with_keys() {
    let setting =
        if large() { Setting::keyed(1, 2) } else { Setting::keyed(1, 2).but(|s| s.rotations = Some(3)) };
    let system = holds("everything, victim with keys", stolen(setting, Steals::Everything));
    met(&system, &[D::LateRetry, D::Reuse]);
}

#[test]
fn everything_from_a_client_without_keys() {
    let system = holds("everything, victim without keys", stolen(Setting::keyless(1, 2), Steals::Everything));
    met(&system, &[D::Reuse]);
}

#[test]
fn everything_from_two_tabs() {
    let rotations = if large() { 3 } else { 2 };
    let setting = Setting::keyed(2, 2).but(|s| s.rotations = Some(rotations));
    holds("everything, victim with keys, 2 tabs", stolen(setting, Steals::Everything));
}

#[test]
fn everything_from_a_browser() {
    let setting = Setting::keyed(1, 2).but(|s| {
        (s.keeps, s.assumed.answers_late) = (Keeps::CookiesWithGeneration, Some(0));
        s.rotations = Some(if large() { 4 } else { 3 });
    });
    holds("everything, victim with cookies and keys", stolen(setting, Steals::Everything));
}

#[test]
fn everything_from_a_client_that_asks_without_keys() {
    let setting =
        Setting::keyed(1, 2).but(|s| (s.after_stale, s.rotations) = (AfterStale::AsksWithoutKeys, Some(3)));
    holds("everything, victim asks without keys", stolen(setting, Steals::Everything));
}

/// `late_retry = "device"` is weaker: whoever copied the device secret stays one generation behind for ever.
#[test]
fn device_suffices_only_while_nobody_copies_it() {
    let setting = Setting::keyless(1, 2).but(|s| s.late_retry = LateRetry::Device);
    let kept = setting.clone().but(|s| s.assumed.keyless_in_time = false);
    holds("late_retry = device, a token", stolen(setting.clone(), Steals::Token));
    falls("late_retry = device, everything", stolen(kept, Steals::Everything), FOUND);
}
