//! Each rule broken on purpose, and the property that notices; the same setting holds it under production's rules.

use rotunda_proof::properties as p;
use rotunda_proof::rules::Rule;
use rotunda_proof::setting::{Keeps, Setting, Steals};
use stateright::Model;

use crate::honest::declaring;
use crate::restore::{impatient, restored};
use crate::support::{falls, holds_but};

fn stolen(setting: Setting, steals: Steals) -> Setting {
    setting.but(|s| (s.thief, s.rotations) = (Some(steals), Some(2)))
}

fn everything() -> Setting {
    stolen(Setting::keyed(1, 2), Steals::Everything)
}

/// A thief rotates with an old key, which the victim still sends: the victim's next request is a *late retry*, and so on
/// until the key falls out of the victim's four.
fn passing_off_old_keys() -> Setting {
    stolen(Setting::keyed(1, 2), Steals::EverythingAndPassesOffOldKeys).but(|s| s.rotations = Some(3))
}

/// A cookie that a late answer has overwritten is two rotations old when the window is over.
fn late_cookies() -> Setting {
    Setting::keyed(2, 2).but(|s| (s.keeps, s.assumed.answers_late) = (Keeps::CookiesWithGeneration, Some(1)))
}

fn endings() -> Setting {
    Setting::keyed(1, 2).but(|s| s.endings = true)
}

/// Which property notices which broken rule, and where.
fn table() -> Vec<(Rule, &'static str, Setting)> {
    vec![
        (Rule::NoWindow, p::HONEST, Setting::keyless(1, 1)),
        (Rule::SlidingWindow, p::WINDOW_CLOSES, Setting::keyless(1, 2).but(|s| s.window = 2)),
        (Rule::PreviousAlways, p::FOUND, everything()),
        (Rule::PreviousMovesOn, p::ONE_LEAF, Setting::keyless(1, 1)),
        (Rule::NoInFlight, p::HONEST, Setting::keyless(2, 2)),
        (Rule::NoLateRetry, p::HONEST, Setting::keyed(1, 1)),
        (Rule::StaleIsReuse, p::HONEST, Setting::keyed(1, 2)),
        (Rule::LateInFlightIsStale, p::GETS_IN, late_cookies()),
        (Rule::UsedIsReuseWhileAhead, p::HONEST, restored(Setting::keyless(2, 2), 1)),
        (Rule::DeclarationIgnored, p::HONEST, declaring()),
        (Rule::AnyKeyExcuses, p::FOUND, everything()),
        (Rule::UnprovenIgnored, p::NOT_ALONE, stolen(Setting::keyed(1, 2), Steals::Token)),
        (Rule::MovedIgnored, p::NOT_ALONE, stolen(Setting::keyed(1, 2), Steals::TokenForOwnDevice)),
        (Rule::EndIgnored, p::REVOKED, endings()),
        (Rule::StrictExcuses, p::STRICT, Setting::keyed(1, 2).strict()),
        (Rule::ReplayMakesSibling, p::ONE_SUCCESSOR, Setting::keyed(2, 2)),
        (Rule::LateRetryDisplaces, p::GETS_IN, Setting::keyed(2, 2)),
        (Rule::ReuseRefusesOnly, p::FOUND, stolen(Setting::keyed(1, 2), Steals::Token)),
        (Rule::WriteUnguarded, p::ONE_SUCCESSOR, Setting::keyed(2, 2)),
        (Rule::WriteWhateverEnded, p::REVOKED, endings()),
        (Rule::KeyForgotten, p::GETS_IN, Setting::keyed(1, 1)),
        (Rule::OldKeyCounts, p::FOUND, passing_off_old_keys()),
        (Rule::AheadForgetsKeys, p::HONEST, impatient(restored(Setting::keyed(1, 2), 1))),
        (Rule::OneSalt, p::ONE_SUCCESSOR, Setting::keyless(2, 2)),
        (Rule::AddsRows, p::ONE_ROW, Setting::keyed(1, 1)),
    ]
}

#[test]
fn every_broken_rule_is_noticed() {
    for (rule, property, setting) in table() {
        falls(&format!("{rule:?}"), setting.under(rule), property);
    }
}

#[test]
fn and_by_nothing_but_its_being_broken() {
    for (rule, property, setting) in table() {
        let name = format!("instead of {rule:?}");
        let others: Vec<_> =
            p::all().iter().map(|other| other.name).filter(|other| *other != property).collect();
        holds_but(&name, setting, &others);
    }
}

#[test]
fn every_rule_and_every_property_is_in_the_table() {
    for rule in Rule::BROKEN {
        assert!(table().iter().any(|row| row.0 == *rule), "{rule:?}");
    }
    for property in p::all() {
        assert!(table().iter().any(|row| row.1 == property.name), "{}", property.name);
    }
    let system = rotunda_proof::system::System::new(Setting::keyed(1, 1));
    assert_eq!(system.properties().len(), p::all().len());
}
