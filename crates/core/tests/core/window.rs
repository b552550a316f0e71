//! Inside the window the same answer is given again; the window never slides.

use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::model::{ClientId, Ending, EventKind};

use crate::support::{DAY, HOUR, MS, W, World, as_ended, over};

#[tokio::test]
async fn a_second_tab_with_the_previous_token_gets_the_identical_successor() {
    let w = World::new().await;
    let mut first = w.register("ada").await;
    let second = first.clone();
    w.pass(HOUR);
    let answer = w.refreshes(&mut first).await;
    for _ in 0..10 {
        assert_eq!(w.refresh(&second).await.unwrap(), answer, "whole, cookies and all");
        assert_eq!(w.refresh(&first).await.unwrap(), answer, "the successor itself is given back as it is");
    }
    w.pass(W - MS);
    let last = w.refresh(&second).await.unwrap();
    assert_eq!(last, answer);
    assert_ne!(last.access, answer.access, "with a fresh access token each time");
    assert_ne!(last.claims.jti, answer.claims.jti);
    w.assert_untouched(&first, &answer.session).await;
}

#[tokio::test]
async fn the_window_does_not_slide_however_often_the_token_is_replayed() {
    let w = World::new().await;
    let mut honest = w.register("ada").await;
    let mut elsewhere = w.sign_in("ada").await;
    let replayed = honest.clone();
    w.pass(HOUR);
    let answer = w.refreshes(&mut honest).await;
    assert_eq!(w.refresh(&replayed).await.unwrap(), answer);
    w.pass(W / 2);
    assert_eq!(w.refresh(&replayed).await.unwrap(), answer, "at W/2");
    w.pass(W / 2);
    assert_eq!(w.refused(&replayed).await, Denied::TokenReused, "at W, and not later for having asked");
    let ended_at = w.clock_now();
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &replayed)]);
    for _ in 2..20 {
        w.pass(W / 2);
        assert_eq!(w.refused(&replayed).await, over(Ending::Reused));
    }
    assert_eq!(w.refused(&honest).await, over(Ending::Reused), "the whole family is gone");
    assert_eq!(w.row(&honest).await, as_ended(&answer.session, Ending::Reused, ended_at));
    assert_eq!(w.news().await, [], "and it ended once");
    w.refreshes(&mut elsewhere).await;
}

#[tokio::test]
async fn a_third_tab_two_generations_behind_gets_the_current_token() {
    let w = World::new().await;
    let mut fast = w.register("ada").await;
    let slowest = fast.clone();
    w.pass(HOUR);
    w.refreshes(&mut fast).await;
    let slow = fast.clone();
    w.pass(W);
    let current = w.refreshes(&mut fast).await;
    assert_eq!(current.session.lineage.generation, 2);
    for at in [Duration::ZERO, W / 2, W / 2 - MS] {
        w.pass(at);
        assert_eq!(w.refresh(&slowest).await.unwrap(), current);
        assert_eq!(w.refresh(&slow).await.unwrap(), current);
    }
    w.assert_untouched(&fast, &current.session).await;
    w.pass(MS);
    assert_eq!(w.refused(&slowest).await, Denied::TokenReused, "at W");
}

#[tokio::test]
async fn a_token_three_generations_behind_is_reuse_inside_the_window_too() {
    let w = World::new().await;
    let mut fast = w.register("ada").await;
    let oldest = fast.clone();
    for _ in 0..3 {
        w.pass(W);
        w.refreshes(&mut fast).await;
    }
    assert_eq!(w.refused(&oldest).await, Denied::TokenReused);
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &oldest)]);
}

#[tokio::test]
async fn the_longest_window_and_one_millisecond_are_kept_exactly() {
    for window in [MS, Duration::from_secs(60)] {
        let set = |policy: &mut rotunda_core::policy::Policy| {
            policy.clients.get_mut(&ClientId::web()).unwrap().window = window;
        };
        let w = World::with(set).await;
        let mut tab = w.register("ada").await;
        let late = tab.clone();
        w.pass(HOUR);
        let answer = w.refreshes(&mut tab).await;
        w.pass(window - MS);
        assert_eq!(w.refresh(&late).await.unwrap(), answer, "{window:?}");
        w.pass(MS);
        assert_eq!(w.refused(&late).await, Denied::TokenReused, "{window:?}");
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_signs_nobody_out() {
    for back in [MS, W - MS, W, W + MS, HOUR, 2 * DAY] {
        let w = World::new().await;
        let mut tab = w.register("ada").await;
        w.pass(DAY);
        tab.make_key();
        w.refreshes(&mut tab).await;
        w.pass(HOUR);
        tab.make_key();
        let other = tab.clone();
        let answer = w.refreshes(&mut tab).await;
        w.clock.rewind(back);
        assert_eq!(w.refresh(&other).await.unwrap().token, answer.token, "{back:?}: a second tab");
        tab.make_key();
        let next = w.refreshes(&mut tab).await;
        let wanted = if back < W { 2 } else { 3 };
        assert_eq!(next.session.lineage.generation, wanted, "{back:?}: debounced inside W, rotated outside");
        w.refreshes(&mut tab).await;
        w.pass(2 * back);
        tab.make_key();
        w.refreshes(&mut tab).await;
        assert!(w.news().await.iter().all(|event| event.kind == EventKind::LateRetry), "{back:?}");
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_a_little_excuses_a_replay_without_keys() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let other = tab.clone();
    w.pass(HOUR);
    let answer = w.refreshes(&mut tab).await;
    w.clock.rewind(W - MS);
    assert_eq!(w.refresh(&other).await.unwrap().token, answer.token);
    w.clock.rewind(MS);
    assert_eq!(w.refused(&other).await, Denied::TokenReused, "further back counts as outside");
}
