//! What a failure says: to the server whether to answer 503 or 500, to the log what happened.

use std::error::Error as _;
use std::io;

use rotunda_core::failure::Failure;

fn disk() -> io::Error {
    io::Error::other("the disk is full")
}

#[test]
fn an_outage_an_overload_and_a_bug_are_told_apart() {
    let table = [
        (Failure::unavailable("writing", disk()), (true, false), "unavailable while writing"),
        (Failure::overload("writing"), (true, true), "too much at once while writing"),
        (Failure::broken("writing", disk()), (false, false), "broken while writing"),
    ];
    for (failure, told, text) in table {
        assert_eq!((failure.is_temporary(), failure.is_overload()), told, "{text}");
        assert_eq!(failure.to_string(), text);
    }
}

#[test]
fn the_log_gets_every_cause_and_the_wire_none() {
    let failure = Failure::unavailable("writing", disk());
    assert_eq!(failure.source().map(ToString::to_string).as_deref(), Some("the disk is full"));
    assert!(!failure.to_string().contains("disk"));
    let outer = Failure::broken("refreshing", failure);
    assert_eq!(
        format!("{outer:?}"),
        "Failure(broken while refreshing): unavailable while writing: the disk is full"
    );
    assert!(Failure::overload("writing").source().is_none());
}
