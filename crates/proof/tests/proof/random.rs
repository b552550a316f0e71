//! What is too large to exhaust: four tabs, eight messages, everything at once. A failure prints its seed.

use rotunda_proof::setting::{AfterStale, Keeps, Restore, Setting, Steals};
use rotunda_proof::system::System;
use rotunda_proof::walk::Walks;

use crate::support::large;

fn walks(name: &str, setting: Setting) {
    so_many_walks(name, setting, if large() { 20_000 } else { 400 });
}

fn so_many_walks(name: &str, setting: Setting, walks: u64) {
    let system = System::new(setting);
    let (steps, stumble) = Walks { seed: 1, walks, steps: 400 }.through(&system);
    println!("{name}: states explored: {steps} at random; met: {}", system.tally);
    let told = stumble.as_ref().map(|s| format!("seed {}: {:?}\n{}", s.seed, s.broken, s.trace));
    assert!(told.is_none(), "{name}, {}", told.unwrap_or_default());
}

#[test]
fn four_tabs_with_keys() {
    walks("4 tabs, keys, 8 under way", Setting::keyed(4, 8).but(|s| (s.window, s.clocks_differ) = (2, true)));
}

#[test]
fn four_tabs_without_keys() {
    walks("4 tabs, no keys, 8 under way", Setting::keyless(4, 8).but(|s| s.window = 2));
}

#[test]
fn four_tabs_with_keys_and_a_restore() {
    let setting = Setting::keyed(4, 8).but(|s| {
        s.restore = Some(Restore { times: 2, lost: 2, said: true, patient: false });
    });
    walks("4 tabs, keys, 8 under way, restore", setting);
}

/// Under the assumption that such a client needs.
#[test]
fn four_tabs_that_ask_without_keys() {
    let setting = Setting::keyed(4, 8).but(|s| {
        (s.after_stale, s.assumed.keyless_in_time) = (AfterStale::AsksWithoutKeys, true);
    });
    walks("4 tabs, keys, asking without them in time, 8 under way", setting);
}

#[test]
fn three_tabs_and_a_thief_of_everything() {
    walks(
        "3 tabs, keys, 6 under way, thief",
        Setting::keyed(3, 6).but(|s| s.thief = Some(Steals::Everything)),
    );
    let setting = Setting::keyless(3, 6).but(|s| s.thief = Some(Steals::Everything));
    walks("3 tabs, no keys, 6 under way, thief", setting);
}

/// A copied key is passed off as new whenever the row has forgotten it, over any number of rotations. It excuses nobody,
/// because the victim sends the keys of its last four generations only.
#[test]
fn a_thief_who_passes_off_old_keys() {
    let passes_off =
        |setting: Setting| setting.but(|s| s.thief = Some(Steals::EverythingAndPassesOffOldKeys));
    // With a client that sends its last four keys instead, it is the 608th walk that falls.
    let one_tab = passes_off(Setting::keyed(1, 3));
    so_many_walks(
        "1 tab, keys, 3 under way, thief with old keys",
        one_tab,
        if large() { 20_000 } else { 1_000 },
    );
    walks("3 tabs, keys, 6 under way, thief with old keys", passes_off(Setting::keyed(3, 6)));
}

#[test]
fn four_tabs_and_an_end() {
    walks("4 tabs, keys, 8 under way, endings", Setting::keyed(4, 8).but(|s| s.endings = true));
}

#[test]
fn four_tabs_with_cookies() {
    let setting = Setting::keyed(4, 8)
        .but(|s| (s.keeps, s.assumed.answers_late) = (Keeps::CookiesWithGeneration, Some(0)));
    walks("4 tabs, cookies, 8 under way", setting);
}

#[test]
fn four_tabs_with_cookies_and_a_declared_generation() {
    let setting = Setting::keyed(4, 8).but(|s| {
        (s.keeps, s.assumed.answers_late, s.declares) = (Keeps::Cookies, Some(0), true);
    });
    walks("4 tabs, cookies, declared generation, 8 under way", setting);
}

/// The same seed takes the same way.
#[test]
fn a_seed_is_a_way() {
    let setting = Setting::keyless(2, 4).but(|s| s.assumed.keyless_in_time = false);
    let stumble = || Walks { seed: 7, walks: 100, steps: 400 }.through(&System::new(setting.clone()));
    let ((steps, one), (same, other)) = (stumble(), stumble());
    assert_eq!(steps, same);
    assert_eq!(one.map(|s| (s.seed, s.trace.to_string())), other.map(|s| (s.seed, s.trace.to_string())));
}
