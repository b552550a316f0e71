//! A store that lost its last writes: a token may then be newer than its row.

use rotunda_core::denied::Denied;
use rotunda_core::model::{DeviceSecret, Event, EventKind, Lineage};

use crate::support::{HOUR, Holder, MINUTE, MS, W, World};

/// A session that is three generations further than the store knows.
async fn ahead_of_its_store(w: &World) -> (Holder, Vec<Holder>) {
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    w.refreshes(&mut tab).await;
    let backup = w.store.inner.snapshot();
    let mut before = vec![tab.clone()];
    for _ in 0..3 {
        w.pass(HOUR);
        tab.make_key();
        w.refreshes(&mut tab).await;
        before.push(tab.clone());
    }
    w.store.inner.restore(backup);
    assert_eq!((tab.generation(), w.row(&tab).await.lineage.generation), (4, 1));
    (tab, before)
}

#[tokio::test]
async fn after_a_restore_a_newer_token_is_refused_with_an_alarm_and_nothing_ends() {
    let w = World::new().await;
    let (tab, before) = ahead_of_its_store(&w).await;
    let row = w.row(&tab).await;
    for _ in 0..3 {
        assert_eq!(w.refused(&tab).await, Denied::TokenAhead);
    }
    let moved = tab.with_device(DeviceSecret::from_bytes([9; 32]));
    assert_eq!(w.refused(&moved).await, Denied::TokenAhead, "what the store does not know is not evidence");
    assert_eq!(w.news().await, [w.event(EventKind::TokenAheadRefused, &tab)], "one alarm a minute");
    assert_eq!(w.row(&tab).await, row);
    let mut kept = before[0].clone();
    w.refreshes(&mut kept).await;
}

#[tokio::test]
async fn once_the_operator_has_said_so_the_right_device_goes_on() {
    let w = World::new().await;
    let (mut tab, _) = ahead_of_its_store(&w).await;
    let row = w.row(&tab).await;
    let until = w.rotunda.accept_ahead(Some(HOUR)).await.unwrap();
    assert_eq!(until, Some(w.clock_now().plus(HOUR)));

    let moved = tab.with_device(DeviceSecret::from_bytes([9; 32]));
    assert_eq!(w.refused(&moved).await, Denied::TokenAhead);
    assert_eq!(w.news().await, [w.event(EventKind::TokenAheadRefused, &tab)]);
    assert_eq!(w.refused(&tab.without_device()).await, Denied::ProofMissing);
    assert_eq!(w.news().await, [w.event(EventKind::ProofMissing, &tab)]);
    assert_eq!(w.row(&tab).await, row);

    tab.make_key();
    let tab_before = tab.clone();
    let answer = w.refreshes(&mut tab).await;
    assert_eq!(w.news().await, [w.event(EventKind::TokenAheadAccepted, &tab)]);
    let lineage = &answer.session.lineage;
    let wanted = Lineage {
        generation: 5,
        before_hash: None,
        previous_salt: None,
        rotated_at: Some(w.clock_now()),
        ..lineage.clone()
    };
    assert_eq!(*lineage, wanted, "the store's own history was of another branch");
    assert!(
        lineage.retry_hashes.iter().all(Option::is_some),
        "and the keys of the generations before came along"
    );

    // From here on it is an ordinary session.
    assert_eq!(w.refresh(&tab_before).await.unwrap(), answer, "a replay");
    w.pass(W);
    assert_eq!(w.refresh(&tab_before).await.unwrap().token, answer.token, "a late retry");
    assert_eq!(w.news().await, [w.event(EventKind::LateRetry, &tab_before)]);
    tab.make_key();
    assert_eq!(w.refreshes(&mut tab).await.session.lineage.generation, 6);
    assert_eq!(w.refresh(&tab_before).await.unwrap().token, tab.token, "in flight");
    w.pass(W);
    w.rotunda.accept_ahead(None).await.unwrap();
    assert_eq!(w.refused(&tab_before.without_keys()).await, Denied::TokenReused);
}

#[tokio::test]
async fn a_rotation_that_was_lost_and_made_again_leaves_two_tokens_of_one_generation() {
    let w = World::new().await;
    let (_, before) = ahead_of_its_store(&w).await;
    let (mut tab, mut other) = (before[0].clone(), before[1].clone());
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    assert_eq!((tab.generation(), other.generation()), (2, 2));
    assert_ne!(tab.token, other.token);
    w.pass(MS);
    assert_eq!(w.refused(&other).await, Denied::TokenAhead, "inside W too: it is not the current one");
    w.rotunda.accept_ahead(Some(HOUR)).await.unwrap();
    w.refreshes(&mut other).await;
    let [.., accepted] = &w.news().await[..] else { panic!("something was written down") };
    assert_eq!(*accepted, w.event(EventKind::TokenAheadAccepted, &other));
    assert_eq!(other.generation(), 3);
}

#[tokio::test]
async fn belief_ends_when_its_time_is_up_or_the_operator_says_so() {
    for stopped in [false, true] {
        let w = World::new().await;
        let (tab, _) = ahead_of_its_store(&w).await;
        w.rotunda.accept_ahead(Some(HOUR)).await.unwrap();
        if stopped {
            assert_eq!(w.rotunda.accept_ahead(None).await.unwrap(), None);
        } else {
            w.pass(HOUR);
        }
        assert_eq!(w.refused(&tab).await, Denied::TokenAhead);
        assert_eq!(w.news().await, [w.event(EventKind::TokenAheadRefused, &tab)]);
    }
}

#[tokio::test]
async fn a_used_token_ends_nothing_while_newer_ones_are_believed_and_is_reuse_as_ever_after_that() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let used = tab.clone();
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.pass(MINUTE);
    let backup = w.store.inner.snapshot();
    w.store.inner.restore(backup);
    w.rotunda.accept_ahead(Some(HOUR)).await.unwrap();
    assert_eq!(w.refused(&used).await, Denied::TokenStale, "what would excuse it may be among what was lost");
    assert_eq!(w.news().await, []);
    w.rotunda.accept_ahead(None).await.unwrap();
    assert_eq!(w.refused(&used).await, Denied::TokenReused);
    let kinds: Vec<_> = w.news().await.iter().map(|Event { kind, .. }| *kind).collect();
    assert_eq!(kinds, [EventKind::SessionEnded(rotunda_core::model::Ending::Reused)]);
}
