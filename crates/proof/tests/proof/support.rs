//! Exploring, and telling about it.

use std::collections::BTreeSet;

use rotunda_core::refresh::Decision;
use rotunda_proof::setting::Setting;
use rotunda_proof::system::System;
use rotunda_proof::trace::Trace;
use stateright::{Checker, HasDiscoveries, Model};

/// Far more than any search for a shortest way here needs.
const SEARCH: usize = 2_000_000;

/// Whether the larger sizes were asked for.
pub(crate) fn large() -> bool {
    std::env::var("ROTUNDA_PROOF").is_ok_and(|size| size == "large")
}

/// Every property holds in every state.
pub(crate) fn holds(name: &str, setting: Setting) -> System {
    holds_but(name, setting, &[])
}

/// Every property but these holds in every state. How many states there are is the answer to "how do you know".
pub(crate) fn holds_but(name: &str, setting: Setting, waived: &[&str]) -> System {
    let system = System::new(setting);
    let explored = system.clone().checker().spawn_bfs().join();
    println!(
        "{name}: states explored: {} ({} steps); met: {}",
        explored.unique_state_count(),
        explored.state_count(),
        system.tally
    );
    let fallen = explored.discoveries().into_keys().find(|property| !waived.contains(property));
    let way = fallen.and_then(|property| Trace::shortest(&system, property, SEARCH));
    assert!(fallen.is_none(), "{name}: {fallen:?}\n{}", way.map_or_else(String::new, |way| way.to_string()));
    system
}

/// This property falls; the shortest way there is told.
pub(crate) fn falls(name: &str, setting: Setting, property: &'static str) {
    let system = System::new(setting);
    let until = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let explored = system.clone().checker().finish_when(until).spawn_bfs().join();
    let found = explored.discoveries().contains_key(property);
    assert!(
        found,
        "{name}: {property} was expected to fall, and held in {} states",
        explored.unique_state_count()
    );
    let trace = Trace::shortest(&system, property, SEARCH);
    assert!(trace.is_some(), "{name}: what stateright found is within {SEARCH} states");
    if let Some(trace) = trace {
        println!("{name}: falls in {} steps: {property}\n{trace}", trace.len());
    }
}

/// The exploration says something about these decisions: it met each.
pub(crate) fn met(system: &System, decisions: &[Decision]) {
    for decision in decisions {
        assert!(system.tally.of(*decision) > 0, "{decision:?} was never met");
    }
}
