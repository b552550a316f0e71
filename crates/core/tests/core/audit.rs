//! The audit log: what happened is chained and signed; who changes it afterwards is found out.

mod export;
mod floor;
mod forger;
mod tampered;

use rotunda_core::audit::{Fault, Finding, MarkFault, Verified};
use rotunda_core::model::{AuditMark, Caller, EventKind, RecordedEvent};
use rotunda_core::store::{Accounts, Audit, AuditEnds, Journal, KeptMark, Post};
use rotunda_testkit::MemoryState;
use rotunda_testkit::fixtures::{a_deed, a_deletion, a_user, an_event};

use crate::support::{DAY, HOUR, SECOND, World};

pub(crate) async fn verified(w: &World) -> Verified {
    w.rotunda.verify_audit(&[], &|_| {}).await.unwrap()
}

async fn findings(w: &World) -> Vec<Finding> {
    verified(w).await.findings
}

pub(crate) async fn chain_all(w: &World) {
    while w.rotunda.chain_audit().await.unwrap().events > 0 {}
}

/// Some hours with events of all sorts; the first ones are forgotten, and one of the users was deleted.
pub(crate) async fn a_log() -> World {
    let w = World::with(|policy| policy.keep_events = 3 * HOUR).await;
    let bob = w.register("bob").await;
    for hour in 0..6 {
        let deed = a_deed(EventKind::UserEdited, &bob.user, hour);
        let failed = an_event(EventKind::SignInFailed, &a_user(hour));
        let nowhere = rotunda_core::model::Event { caller: Caller::default(), ..failed.clone() };
        let nobodys = rotunda_core::model::Event { user_id: None, ..failed };
        let mut events = vec![deed, nowhere, nobodys];
        events.iter_mut().for_each(|event| event.at = w.clock_now());
        w.store.post(Vec::new(), events).await.unwrap();
        w.register(&format!("ada{hour}")).await;
        chain_all(&w).await;
        w.pass(HOUR);
    }
    assert!(w.store.delete_user(a_deletion(&bob.user)).await.unwrap());
    while w.rotunda.sweep().await.unwrap().is_full() {}
    chain_all(&w).await;
    let state = w.store.inner.snapshot();
    assert!(state.audit.floor.is_some() && state.checkpoints.len() >= 3 && state.events.len() > 15);
    assert!(state.events.iter().any(|event| event.link.as_ref().unwrap().salt.is_none()));
    w
}

#[tokio::test]
async fn what_happened_is_chained_and_what_is_whole_is_found_whole() {
    let w = a_log().await;
    let whole = verified(&w).await;
    let state = w.store.inner.snapshot();
    assert_eq!((whole.findings, whole.found, whole.unchained), (vec![], 0, 0));
    assert_eq!(whole.events, u64::try_from(state.events.len()).unwrap());
    assert_eq!((whole.from, whole.to), (state.audit.floor, state.audit.head));
    w.register("eve").await;
    let more = verified(&w).await;
    assert_eq!((more.found, more.unchained), (0, 2), "two are a moment old");
    assert_eq!(more.unchained_since, Some(w.clock_now()));
}

#[tokio::test]
async fn a_checkpoint_is_kept_with_each_hour_and_each_thousand_and_the_head_is_signed_when_nothing_happens() {
    let w = World::new().await;
    let event = an_event(EventKind::SignInFailed, &a_user(1));
    w.store.post(Vec::new(), vec![event.clone(); 2_100]).await.unwrap();
    let mut steps = Vec::new();
    while let step = w.rotunda.chain_audit().await.unwrap()
        && step.events > 0
    {
        steps.push((step.events, step.checkpoint.map(|mark| mark.seq), step.is_full));
    }
    let (some, none) = (|seq| Some(seq), None);
    assert_eq!(
        steps,
        [
            (500, some(500), true),
            (500, some(1_000), true),
            (500, none, true),
            (500, some(2_000), true),
            (100, none, false)
        ]
    );
    let step = w.rotunda.chain_audit().await.unwrap();
    assert_eq!((step.events, step.checkpoint), (0, None), "nothing happened within the hour");
    w.pass(HOUR);
    let step = w.rotunda.chain_audit().await.unwrap();
    assert_eq!(step.checkpoint.map(|mark| (mark.seq, mark.at)), Some((2_100, w.clock_now())));
    assert_eq!(w.store.audit_ends().await.unwrap().head.unwrap().at, w.clock_now());
    w.pass(HOUR);
    assert_eq!(w.rotunda.chain_audit().await.unwrap().checkpoint, None, "it is kept already");
    assert_eq!(w.store.audit_ends().await.unwrap().head.unwrap().at, w.clock_now(), "and signed again");
    assert_eq!(findings(&w).await, []);
}

#[tokio::test]
async fn what_is_old_is_forgotten_whenever_it_was_chained_and_what_is_not_chained_stays() {
    let w = World::new().await;
    w.register("ada").await;
    w.pass(401 * DAY);
    chain_all(&w).await;
    w.sign_in("ada").await;
    chain_all(&w).await;
    w.pass(SECOND);
    w.sign_in("ada").await;
    let swept = w.rotunda.sweep().await.unwrap();
    assert_eq!((swept.events, swept.is_full()), (2, true), "the two of then");
    assert_eq!(w.rotunda.sweep().await.unwrap().events, 0);
    let found = verified(&w).await;
    assert_eq!((found.found, found.events), (0, 1));
    let floor = w.store.audit_ends().await.unwrap().floor.unwrap();
    assert_eq!((floor.seq, floor.at), (2, w.clock_now()));

    let w = World::new().await;
    w.register("ada").await;
    w.pass(401 * DAY);
    assert_eq!(w.rotunda.sweep().await.unwrap().events, 0, "nothing is chained");
    assert!(w.store.events(0, 1).await.unwrap()[0].event.at < w.clock_now().minus(400 * DAY));
}

#[tokio::test]
async fn a_date_or_a_checkpoint_that_is_false_has_nothing_forgotten() {
    let w = a_log().await;
    let log = w.store.inner.snapshot();
    let mut dated = log.clone();
    dated.events.iter_mut().for_each(|event| event.event.at = w.clock_now().minus(DAY));
    w.store.inner.restore(dated);
    assert_eq!(w.rotunda.sweep().await.unwrap().events, 0, "the dates are not those that were chained");
    let mut signed = log.clone();
    signed.checkpoints.values_mut().for_each(|mark| mark.at = w.clock_now().minus(DAY));
    w.store.inner.restore(signed);
    let failure = w.rotunda.sweep().await.unwrap_err();
    assert!(!failure.is_temporary(), "{failure:?}");
    assert_eq!(w.store.inner.snapshot().events.len(), log.events.len());
}

/// A janitor who is told of a failure rests for a minute.
#[tokio::test]
async fn a_checkpoint_that_is_false_holds_up_nothing_else() {
    let w = a_log().await;
    for _ in 0..201 {
        w.sign_in_app("ada5").await;
    }
    w.pass(400 * DAY);
    let mut state = w.store.inner.snapshot();
    state.checkpoints.values_mut().for_each(|mark| mark.signature.clear());
    w.store.inner.restore(state);
    assert!(w.rotunda.sweep().await.unwrap().is_full(), "there is more to do at once");
    while w.rotunda.sweep().await.is_ok_and(|swept| swept.is_full()) {}
    let failure = w.rotunda.sweep().await.unwrap_err();
    assert!(!failure.is_temporary(), "{failure:?}");
}

#[tokio::test]
async fn nobody_chains_on_what_was_tampered_with() {
    let w = a_log().await;
    let log = w.store.inner.snapshot();
    let old = log.audit.head.clone().unwrap();
    w.register("eve").await;
    chain_all(&w).await;
    let log = w.store.inner.snapshot();
    let refused = async |change: &dyn Fn(&mut MemoryState)| {
        let mut state = log.clone();
        change(&mut state);
        let put = state.audit.clone();
        w.store.inner.restore(state);
        w.register("mallory").await;
        let failure = w.rotunda.chain_audit().await.unwrap_err();
        assert!(!failure.is_temporary(), "{failure:?}");
        assert_eq!(w.store.audit_ends().await.unwrap(), put, "nothing was signed");
    };
    refused(&|state| head(state).hash[0] ^= 1).await;
    refused(&|state| head(state).signature.clear()).await;
    refused(&|state| head(state).key_id = 7).await;
    refused(&|state| *head(state) = state.checkpoints.last_key_value().unwrap().1.clone()).await;
    // The head as it was a moment ago, with what was chained after it.
    refused(&|state| state.audit.head = Some(old.clone())).await;
    refused(&|state| state.audit.head = None).await;
}

#[tokio::test]
async fn a_log_that_became_shorter_is_chained_by_nobody_who_has_seen_it_longer() {
    let mut w = a_log().await;
    let backup = w.store.inner.snapshot();
    w.register("eve").await;
    chain_all(&w).await;
    let checkpoint = w.rotunda.audit_checkpoint().await.unwrap().unwrap().signed().unwrap().unwrap();
    w.store.inner.restore(backup);
    assert_eq!(findings(&w).await, [], "by itself it is a whole log");
    let found = w.rotunda.verify_audit(std::slice::from_ref(&checkpoint), &|_| {}).await.unwrap().findings;
    let beyond = Finding { seq: checkpoint.1.seq, fault: Fault::Beyond(KeptMark::Checkpoint) };
    assert_eq!(found, [beyond], "what was kept elsewhere tells");
    let head = w.store.audit_ends().await.unwrap().head;
    w.register("mallory").await;
    for _ in 0..3 {
        let failure = w.rotunda.chain_audit().await.unwrap_err();
        assert!(format!("{failure:?}").contains("an older one was put back"), "{failure:?}");
        assert_eq!(
            w.store.audit_ends().await.unwrap().head,
            head,
            "nothing is signed, not a moment later either"
        );
        w.pass(SECOND);
    }
    w.restart(&[1]).await.unwrap();
    chain_all(&w).await;
    assert_eq!(findings(&w).await, []);
    let found = w.rotunda.verify_audit(std::slice::from_ref(&checkpoint), &|_| {}).await.unwrap().findings;
    assert_eq!(found[0].seq, checkpoint.1.seq, "another event has taken the place");
    assert!(matches!(found[0].fault, Fault::Signed { .. }), "{:?}", found[0]);
}

/// What was done while the server runs: all of it unchained, to be chained as if it had been written like that.
#[tokio::test]
async fn a_log_that_was_unchained_is_not_chained_again_before_a_restart() {
    let w = a_log().await;
    let mut state = w.store.inner.snapshot();
    unchain(&mut state);
    state.events[3].event.about = Some("something else".to_owned());
    w.store.inner.restore(state);
    for _ in 0..3 {
        let failure = w.rotunda.chain_audit().await.unwrap_err();
        assert!(!failure.is_temporary(), "{failure:?}");
        w.pass(SECOND);
    }
    assert_eq!(w.store.audit_ends().await.unwrap(), AuditEnds::default());
}

#[tokio::test]
async fn a_new_master_key_signs_and_one_that_is_gone_is_told() {
    let mut w = a_log().await;
    w.restart(&[1, 2]).await.unwrap();
    w.register("eve").await;
    chain_all(&w).await;
    assert_eq!(w.store.audit_ends().await.unwrap().head.unwrap().key_id, 2);
    assert_eq!(findings(&w).await, []);
    let mut state = w.store.inner.snapshot();
    let mark = state.checkpoints.values_mut().last().unwrap();
    (mark.key_id, mark.signature) = (9, vec![0; 64]);
    let fault = Fault::Mark(KeptMark::Checkpoint, MarkFault::UnknownKey(9));
    let gone = Finding { seq: mark.seq, fault };
    w.store.inner.restore(state);
    assert_eq!(findings(&w).await, [gone]);
}

fn head(state: &mut MemoryState) -> &mut AuditMark {
    state.audit.head.as_mut().unwrap()
}

/// `DELETE FROM audit_mark; UPDATE outbox SET hash = NULL, salt = NULL`
pub(crate) fn unchain(state: &mut MemoryState) {
    state.audit = AuditEnds::default();
    state.checkpoints.clear();
    state.events.iter_mut().for_each(|event| event.link = None);
}

/// All that an attacker can touch.
pub(crate) fn touched(state: &MemoryState) -> (Vec<RecordedEvent>, AuditEnds, Vec<AuditMark>) {
    (state.events.clone(), state.audit.clone(), state.checkpoints.values().cloned().collect())
}

#[tokio::test]
async fn of_two_who_chain_at_once_one_does() {
    let w = World::new().await;
    w.register("ada").await;
    let (one, other) = tokio::join!(w.rotunda.chain_audit(), w.rotunda.chain_audit());
    assert_eq!(one.unwrap().events + other.unwrap().events, 2);
    assert_eq!(findings(&w).await, []);
}
