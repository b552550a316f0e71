//! What is left in the database once the server has stopped.
//!
//! 1. One row for each session that was ever granted, and at most as many more as sign-ins whose answer nobody saw.
//! 2. Each row's generation and standing are what the last answers said.
//! 3. An ended session has exactly one `session.ended` event, of the same reason; a live one has none.
//! 4. No event of a kind that nothing here can cause.

use std::collections::BTreeMap;

use super::{Violation, ViolationKind};

/// Kinds of events that a run can cause.
const KINDS: [&str; 10] = [
    "user.registered",
    "user.signed_in",
    "user.sign_in_failed",
    "user.password_changed",
    "user.epoch_raised",
    "user.disabled",
    "user.enabled",
    "session.ended",
    "session.late_retry",
    "session.proof_missing",
];

/// What a store that has lost something causes as well: tokens newer than it.
const AFTER_A_LOSS: [&str; 2] = ["session.token_ahead_accepted", "session.token_ahead_refused"];

/// The row of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// None where it is not told: with Redis, after its end.
    pub generation: Option<u32>,
    pub ended: Option<String>,
    /// The reasons of its `session.ended` events.
    pub events: Vec<String>,
}

/// What the database holds.
#[derive(Clone, Default, Debug)]
pub(crate) struct Rows {
    /// By id, as text.
    pub sessions: BTreeMap<String, Row>,
    /// How many rows there are in all.
    pub count: i64,
    /// How many events there are of each kind.
    pub kinds: BTreeMap<String, i64>,
    /// Whether the store may have lost what it had acknowledged.
    pub lossy: bool,
}

/// What a session must look like.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub id: String,
    /// The least and the most that its generation can be.
    pub generation: (u32, u32),
    /// Whether it has ended, if that is known.
    pub ended: Option<bool>,
    pub reason: Option<&'static str>,
}

/// Compares what is there with what must be. `unseen` sign-ins may or may not have made a session.
pub(crate) fn check(rows: &Rows, expected: &[Expected], unseen: i64) -> Vec<Violation> {
    let mut texts = Vec::new();
    let known = expected.iter().filter(|e| rows.sessions.contains_key(&e.id)).count() as i64;
    if rows.count < known || rows.count - known > unseen || rows.count != rows.sessions.len() as i64 {
        texts.push(format!(
            "{} rows for {known} sessions and {unseen} sign-ins without an answer",
            rows.count
        ));
    }
    for session in expected {
        match rows.sessions.get(&session.id) {
            Some(row) => texts.extend(differs(session, row, rows.lossy)),
            None => texts.push(format!("session {} has no row", session.id)),
        }
    }
    // What was lost says nothing, yet never of all: a wrong question would.
    let mut live = rows.sessions.values().filter(|row| row.ended.is_none()).peekable();
    if live.peek().is_some() && live.all(|row| row.generation.is_none()) {
        texts.push("nothing tells where any session stands".to_owned());
    }
    for (id, row) in &rows.sessions {
        if row.events.len() != usize::from(row.ended.is_some()) || row.events.first() != row.ended.as_ref() {
            texts.push(format!("session {id} is {:?} with events {:?}", row.ended, row.events));
        }
    }
    for (kind, count) in &rows.kinds {
        let after_a_loss = rows.lossy && AFTER_A_LOSS.contains(&kind.as_str());
        if !KINDS.contains(&kind.as_str()) && !after_a_loss {
            texts.push(format!("{count} events {kind}"));
        }
    }
    let violation = |text| Violation { kind: ViolationKind::Database, deliveries: Vec::new(), text };
    texts.into_iter().map(violation).collect()
}

fn differs(expected: &Expected, row: &Row, lossy: bool) -> Vec<String> {
    let Expected { id, generation: (least, most), ended, reason } = expected;
    let mut texts = Vec::new();
    match row.generation {
        // What was lost may have been the last move, or all that was known of it.
        Some(generation) if generation > *most || generation < *least && !lossy => {
            texts.push(format!("session {id} stands at {generation} instead of {least} to {most}"));
        }
        None if row.ended.is_none() && !lossy => {
            texts.push(format!("session {id} lives, and nothing tells where it stands"));
        }
        Some(_) | None => {}
    }
    if ended.is_some_and(|ended| ended != row.ended.is_some()) {
        texts.push(format!("session {id} is {:?} instead of ended {ended:?}", row.ended));
    }
    if let (Some(reason), Some(ended)) = (reason, &row.ended)
        && reason != ended
    {
        texts.push(format!("session {id} ended as {ended}, and was told {reason}"));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Rows {
        let live = Row { generation: Some(3), ended: None, events: Vec::new() };
        let over =
            Row { generation: Some(5), ended: Some("reused".to_owned()), events: vec!["reused".to_owned()] };
        let sessions = BTreeMap::from([("a".to_owned(), live), ("b".to_owned(), over)]);
        Rows { sessions, count: 2, lossy: false, kinds: BTreeMap::from([("session.ended".to_owned(), 1)]) }
    }

    fn expected() -> Vec<Expected> {
        vec![
            Expected { id: "a".to_owned(), generation: (3, 4), ended: Some(false), reason: None },
            Expected { id: "b".to_owned(), generation: (5, 5), ended: Some(true), reason: Some("reused") },
        ]
    }

    fn found(change: impl FnOnce(&mut Rows, &mut Vec<Expected>)) -> String {
        let (mut rows, mut expected) = (rows(), expected());
        change(&mut rows, &mut expected);
        check(&rows, &expected, 0).into_iter().map(|violation| violation.text).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_fits_is_fine() {
        assert_eq!(found(|_, _| ()), "");
        assert_eq!(check(&rows(), &expected()[..1], 1).len(), 0, "a sign-in whose answer was lost");
    }

    #[test]
    fn a_store_that_loses_meets_newer_tokens() {
        let ahead = |lossy: bool| {
            found(|r, _| {
                r.lossy = lossy;
                r.kinds.insert("session.token_ahead_accepted".to_owned(), 2);
            })
        };
        assert_eq!(ahead(true), "");
        assert_ne!(ahead(false), "");
    }

    #[test]
    fn each_thing_that_does_not_fit_is_found() {
        assert!(found(|_, e| e.truncate(1)).contains("2 rows for 1 sessions"));
        assert!(found(|r, _| r.count = 3).contains("3 rows for 2"));
        assert!(found(|r, _| drop(r.sessions.remove("a"))).contains("has no row"));
        assert!(found(|r, _| r.sessions.get_mut("a").unwrap().generation = Some(9)).contains("stands at 9"));
        let stands = |at: Option<u32>, lossy: bool| {
            found(|r, _| {
                r.lossy = lossy;
                r.sessions.get_mut("a").unwrap().generation = at;
            })
        };
        assert!(stands(Some(2), false).contains("stands at 2"));
        assert!(stands(None, false).contains("nothing tells where it stands"));
        assert_eq!(stands(Some(2), true), "");
        assert_eq!(stands(None, true), "nothing tells where any session stands");
        let another = |r: &mut Rows, _: &mut Vec<Expected>| {
            let live = r.sessions["a"].clone();
            r.sessions.insert("c".to_owned(), live);
            (r.count, r.lossy) = (3, true);
            r.sessions.get_mut("a").unwrap().generation = None;
        };
        assert_eq!(found(another), "3 rows for 2 sessions and 0 sign-ins without an answer", "one is told");
        assert!(stands(Some(9), true).contains("stands at 9"));
        assert!(found(|_, e| e[0].ended = Some(true)).contains("instead of ended"));
        assert!(found(|_, e| e[1].reason = Some("logged_out")).contains("was told logged_out"));
        let twice = |r: &mut Rows, _: &mut Vec<Expected>| {
            r.sessions.get_mut("b").unwrap().events.push("reused".to_owned());
        };
        assert!(found(twice).contains("with events"));
        let odd = |r: &mut Rows, _: &mut Vec<Expected>| {
            r.kinds.insert("session.token_ahead_refused".to_owned(), 2);
        };
        assert!(found(odd).contains("2 events session.token_ahead_refused"));
    }
}
