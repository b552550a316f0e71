//! What was kept elsewhere outlives what it tells of; and where everything was forgotten, nothing is.

use rotunda_core::audit::{Fault, Finding, MarkFault};
use rotunda_core::model::{AuditMark, RecordedEvent};
use rotunda_core::store::{Audit, KeptMark};

use super::{chain_all, findings, unchain};
use crate::support::{HOUR, World};

type Marks = Vec<(KeptMark, AuditMark)>;

/// A log of six hours, and what `rotunda audit checkpoint` has said in each of them. The first three hours are forgotten.
async fn a_log_and_its_marks() -> (World, Marks) {
    let w = World::with(|policy| policy.keep_events = 3 * HOUR).await;
    let mut marks = Vec::new();
    for hour in 0..6 {
        w.register(&format!("ada{hour}")).await;
        chain_all(&w).await;
        marks.push(w.rotunda.audit_checkpoint().await.unwrap().unwrap().signed().unwrap().unwrap());
        w.pass(HOUR);
    }
    sweep(&w).await;
    assert_eq!(floor(&w).await.seq, marks[2].1.seq, "two lie before it");
    (w, marks)
}

async fn sweep(w: &World) {
    while w.rotunda.sweep().await.unwrap().is_full() {}
}

async fn floor(w: &World) -> AuditMark {
    w.store.audit_ends().await.unwrap().floor.unwrap()
}

/// What is found with these marks, and how many of them tell of what is forgotten.
async fn compared(w: &World, marks: &Marks) -> (Vec<Finding>, u64) {
    let verified = w.rotunda.verify_audit(marks, &|_| {}).await.unwrap();
    (verified.findings, verified.forgotten)
}

fn finding(marks: &Marks, which: usize, fault: Fault) -> Finding {
    Finding { seq: marks[which].1.seq, fault }
}

#[tokio::test]
async fn marks_of_what_is_forgotten_agree_for_ever_and_are_still_ours() {
    let (w, mut marks) = a_log_and_its_marks().await;
    assert_eq!(compared(&w, &marks).await, (vec![], 2));
    marks.push((KeptMark::Floor, floor(&w).await));
    w.pass(HOUR);
    sweep(&w).await;
    assert_eq!(compared(&w, &marks).await, (vec![], 4), "also the floor that was, which is not old");
    let (mut retired, mut altered) = (marks.clone(), marks.clone());
    retired[0].1.key_id = 9;
    assert_eq!(compared(&w, &retired).await, (vec![], 4), "its key has gone with what it has signed");
    altered[0].1.signature[0] ^= 1;
    let fault = Fault::Mark(KeptMark::Checkpoint, MarkFault::Signature);
    assert_eq!(compared(&w, &altered).await.0, [finding(&marks, 0, fault)]);
}

#[tokio::test]
async fn a_floor_that_is_not_ours_excuses_nothing() {
    let (w, marks) = a_log_and_its_marks().await;
    let log = w.store.inner.snapshot();
    // The floor altered, and a checkpoint in its place with all before that removed.
    for place in [2, 4] {
        let mut state = log.clone();
        let mark = state.audit.floor.as_mut().unwrap();
        if place == 2 {
            mark.at = mark.at.plus(HOUR);
        } else {
            *mark = state.checkpoints[&marks[place].1.seq].clone();
            state.events.retain(|event| event.seq > mark.seq);
            state.checkpoints.retain(|seq, _| *seq >= mark.seq);
        }
        w.store.inner.restore(state);
        let (found, forgotten) = compared(&w, &marks).await;
        assert!(found.contains(&finding(&marks, place, Fault::Mark(KeptMark::Floor, MarkFault::Signature))));
        for which in 0..place {
            assert!(
                found.contains(&finding(&marks, which, Fault::Before(KeptMark::Checkpoint))),
                "{found:?}"
            );
        }
        assert_eq!(forgotten, 0);
    }
}

/// Without the key, a server is made to sign a floor beyond all that was kept elsewhere.
#[tokio::test]
async fn a_log_that_was_chained_anew_with_old_dates_and_forgotten_does_not_agree() {
    let (mut w, marks) = a_log_and_its_marks().await;
    w.register("eve").await;
    let mut state = w.store.inner.snapshot();
    unchain(&mut state);
    state.events.iter_mut().for_each(|event| event.event.at = w.clock_now().minus(4 * HOUR));
    w.store.inner.restore(state);
    w.restart(&[1]).await.unwrap();
    chain_all(&w).await;
    sweep(&w).await;
    assert!(floor(&w).await.seq > marks[5].1.seq && findings(&w).await.is_empty(), "it is a whole log");
    let (found, forgotten) = compared(&w, &marks).await;
    let too_soon = |which| finding(&marks, which, Fault::TooSoon(KeptMark::Checkpoint));
    assert_eq!((found, forgotten), ((4..6).map(too_soon).collect(), 6), "three hours are old enough");
}

#[tokio::test]
async fn an_event_where_everything_was_forgotten_is_found() {
    let (w, marks) = a_log_and_its_marks().await;
    let log = w.store.inner.snapshot();
    for seq in [0, 1, marks[2].1.seq] {
        let mut state = log.clone();
        state.events.insert(0, RecordedEvent { seq, ..log.events[0].clone() });
        w.store.inner.restore(state);
        assert_eq!(findings(&w).await, [Finding { seq, fault: Fault::Forgotten }]);
    }
}
