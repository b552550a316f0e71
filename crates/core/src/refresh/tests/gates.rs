//! The order of the table: which rule comes before which.

use super::{Case, LATER, token};
use crate::model::{AddressBinding, Carrier, Ending, LateRetry, Standing, UnixMillis};
use crate::refresh::{Decision as D, DeviceShown};

/// A row's name, what makes it fit, and its decision.
type Gate = (&'static str, fn(Case) -> Case, D);

/// The gates before a token's place is asked for, in the order of the table.
const GATES: [Gate; 6] = [
    ("mismatch", |case| case.but(|c| c.carrier = Carrier::Body), D::Mismatch),
    ("ended", over, D::Ended { ending: Ending::LoggedOut, at: UnixMillis(7), unrecorded: false }),
    ("address", |case| case.bound(AddressBinding::Address, "192.0.2.7", "192.0.2.8"), D::Address),
    ("moved", |case| case.shows(DeviceShown::Different), D::Moved),
    ("unproven", |case| case.shows(DeviceShown::Absent), D::Unproven),
    ("another generation", |case| case.believes(3), D::AnotherGeneration),
];

fn over(case: Case) -> Case {
    case.but(|c| c.facts.session.standing = Standing::Ended { ending: Ending::LoggedOut, at: UnixMillis(7) })
}

/// A refresh for each rule that looks at the token's place.
fn places() -> Vec<Case> {
    vec![
        token(9, LATER),
        token(9, 1),
        token(8, 1),
        token(7, 1),
        token(8, LATER).keys(&[8]),
        token(8, LATER).under(LateRetry::Device),
        token(7, LATER).keys(&[7]),
        token(6, LATER).keys(&[6]),
        token(8, LATER),
        token(0, LATER),
        token(8, LATER).forged(),
    ]
}

#[test]
fn an_earlier_gate_beats_every_later_one() {
    for (first, (name, earlier, wanted)) in GATES.iter().enumerate() {
        for (other, later, _) in &GATES[first + 1..] {
            // A device secret cannot be both different and absent.
            if (*name, *other) == ("moved", "unproven") {
                continue;
            }
            assert_eq!(earlier(later(token(9, LATER))).decision(), *wanted, "{name} beats {other}");
        }
    }
}

#[test]
fn every_gate_beats_every_place_in_the_family() {
    for (name, gate, wanted) in GATES {
        for (number, case) in places().into_iter().enumerate() {
            assert_eq!(gate(case).decision(), wanted, "{name} beats place {number}");
        }
    }
}

#[test]
fn a_token_from_the_future_passes_the_device_gates_alone() {
    for believed in [false, true] {
        let ahead = || if believed { token(10, LATER).believed() } else { token(10, LATER) };
        for (name, gate, wanted) in GATES {
            let wanted = if name == "moved" { D::AheadRefused } else { wanted };
            assert_eq!(gate(ahead()).decision(), wanted, "{name}, believed: {believed}");
        }
    }
}

#[test]
fn an_absent_secret_matters_only_once_it_was_shown() {
    for (number, case) in places().into_iter().enumerate() {
        let absent = case.clone().shows(DeviceShown::Absent).never_shown();
        let by_device_alone = case.client.late_retry == LateRetry::Device;
        let wanted = if by_device_alone { D::Reuse } else { case.decision() };
        assert_eq!(absent.decision(), wanted, "place {number}");
        assert_eq!(case.shows(DeviceShown::Different).never_shown().decision(), D::Moved, "place {number}");
    }
}
