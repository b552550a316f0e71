//! Lost replies and late requests: the retry key tells the honest client from the thief.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, EventKind, LateRetry};
use rotunda_core::policy::Policy;
use rotunda_core::refresh::Attempt;

use crate::support::{DAY, HOUR, Holder, MINUTE, W, World, as_ended, over};

pub(crate) fn late_retry(how: LateRetry) -> impl FnOnce(&mut Policy) {
    move |policy| policy.clients.values_mut().for_each(|client| client.late_retry = how)
}

/// A session at generation 3, each rotation with a key; and its holder as it was before each of them, key included.
async fn three_rotations(w: &World) -> (Holder, Vec<Holder>) {
    let mut tab = w.register("ada").await;
    let mut before = Vec::new();
    for _ in 0..3 {
        w.pass(HOUR);
        tab.make_key();
        before.push(tab.clone());
        w.refreshes(&mut tab).await;
    }
    w.pass(HOUR);
    (tab, before)
}

#[tokio::test]
async fn a_reply_that_was_lost_is_given_again_an_hour_and_a_day_later() {
    let w = World::new().await;
    let mut app = w.register("ada").await;
    w.pass(HOUR);
    app.make_key();
    let lost = w.refresh(&app).await.unwrap();
    for wait in [W, HOUR, DAY, 5 * DAY] {
        w.pass(wait);
        let again = w.refresh(&app).await.unwrap();
        assert_eq!(again, lost, "{wait:?} later: the identical successor");
        assert!(again.expires_in == 15 * MINUTE, "with an access token of a whole life");
        assert_eq!(w.news().await, [w.event(EventKind::LateRetry, &app)], "and it is written down");
    }
    w.refresh(&app).await.unwrap();
    w.assert_untouched(&app, &lost.session).await;
    app.keep(&lost);
    app.make_key();
    assert_eq!(w.refreshes(&mut app).await.session.lineage.generation, 2, "and life goes on");
}

#[tokio::test]
async fn a_late_retry_may_carry_older_keys_and_newer_ones_beside_the_right_one() {
    let w = World::new().await;
    let (tab, before) = three_rotations(&w).await;
    let mut late = before[2].clone();
    late.keys.push("a-key-for-another-attempt".to_owned());
    assert_eq!(w.refresh(&late).await.unwrap().token, tab.token);
    assert_eq!(w.news().await, [w.event(EventKind::LateRetry, &late)]);
    w.assert_untouched(&tab, &tab.session).await;
}

#[tokio::test]
async fn another_key_after_the_window_is_reuse_and_ends_this_session_alone() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    let mut elsewhere = w.sign_in_app("ada").await;
    w.pass(HOUR);
    let mut thief = victim.copied_by("thief");
    victim.make_key();
    let answer = w.refreshes(&mut victim).await;
    w.pass(W);
    thief.make_key();
    assert_eq!(w.refused(&thief).await, Denied::TokenReused);
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &thief)]);
    assert_eq!(w.row(&victim).await, as_ended(&answer.session, Ending::Reused, w.clock_now()));
    for one in [&victim, &thief, &victim, &victim.without_keys()] {
        assert_eq!(w.refused(one).await, over(Ending::Reused), "never escalates");
    }
    let closed = w.rotunda.bearer(&victim.access).await;
    assert_eq!(crate::support::denied(closed), over(Ending::Reused), "nor is its access token good any more");
    w.refreshes(&mut elsewhere).await;
    assert_eq!(w.bearer(&elsewhere).await.claims.ep, Some(0), "no epoch was raised");
    assert_eq!(w.news().await, [], "exactly one event");
}

#[tokio::test]
async fn a_key_says_nothing_about_another_session() {
    let w = World::new().await;
    let mut one = w.register("ada").await;
    let mut two = w.sign_in("ada").await;
    w.pass(HOUR);
    one.make_key();
    two.make_key();
    assert_eq!(one.keys, two.keys);
    let (one_before, two_before) = (one.clone(), two.clone());
    w.refreshes(&mut one).await;
    w.refreshes(&mut two).await;
    let hashes = |holder: &Holder| holder.session.lineage.retry_hashes[0].unwrap();
    assert_ne!(hashes(&one), hashes(&two), "the same key in two sessions is remembered as two");
    w.pass(HOUR);
    assert_eq!(w.refresh(&one_before).await.unwrap().token, one.token);
    assert_eq!(w.refresh(&two_before).await.unwrap().token, two.token);
}

#[tokio::test]
async fn the_key_of_one_rotation_does_not_excuse_the_next_that_came_without() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    w.refreshes(&mut tab).await;
    w.pass(HOUR);
    let keyed = tab.clone();
    let keys = std::mem::take(&mut tab.keys);
    let remembered = w.refreshes(&mut tab).await.session.lineage.retry_hashes;
    assert_eq!(
        remembered.map(|key| key.is_some()),
        [false, true, false, false],
        "each rotation has its place"
    );
    w.pass(HOUR);
    assert_eq!(keys, keyed.keys);
    assert_eq!(w.refused(&keyed).await, Denied::TokenReused);
}

#[tokio::test]
async fn a_client_without_keys_is_safe_inside_the_window_only() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let before = tab.clone();
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.pass(W);
    assert_eq!(w.refused(&before).await, Denied::TokenReused);
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &before)]);
}

#[tokio::test]
async fn where_the_device_suffices_a_late_retry_needs_no_key_but_the_device() {
    let w = World::with(late_retry(LateRetry::Device)).await;
    let mut app = w.register("ada").await;
    w.pass(HOUR);
    let lost = w.refresh(&app).await.unwrap();
    w.pass(DAY);
    assert_eq!(w.refresh(&app).await.unwrap(), lost);
    assert_eq!(
        w.refused(&app.without_device()).await,
        Denied::ProofMissing,
        "without it the token is worth nothing"
    );
    w.news().await;
    let older = app.clone();
    app.keep(&lost);
    w.refreshes(&mut app).await;
    w.pass(W);
    assert_eq!(w.refused(&older).await, Denied::TokenReused, "and only the previous token");
    assert_eq!(w.row(&app).await.lineage.generation, 2);
}

#[tokio::test]
async fn under_never_no_key_and_no_device_excuses_a_used_token() {
    let w = World::with(late_retry(LateRetry::Never)).await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    let before = tab.clone();
    let answer = w.refreshes(&mut tab).await;
    w.pass(W / 2);
    assert_eq!(w.refresh(&before).await.unwrap(), answer, "the window holds as ever");
    w.pass(W / 2);
    assert_eq!(w.refused(&before).await, Denied::TokenReused);
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &before)]);
}

#[tokio::test]
async fn a_very_late_request_with_keys_is_stale_and_changes_nothing() {
    let w = World::new().await;
    let (tab, before) = three_rotations(&w).await;
    assert_eq!(w.refused(&before[0]).await, Denied::TokenStale);
    w.assert_untouched(&tab, &tab.session).await;
    // The client asks once more without keys, with the newer token that its jar has by now.
    assert_eq!(w.refresh(&tab.without_keys()).await.unwrap().session.lineage.generation, 4);
}

#[tokio::test]
async fn the_same_very_late_request_without_keys_is_reuse() {
    let w = World::new().await;
    let (_, before) = three_rotations(&w).await;
    assert_eq!(w.refused(&before[0]).await, Denied::TokenStale);
    assert_eq!(w.refused(&before[0].without_keys()).await, Denied::TokenReused);
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &before[0])]);
    assert_eq!(w.refused(&before[0]).await, over(Ending::Reused));
}

#[tokio::test]
async fn a_jar_that_a_late_answer_has_set_back_by_two_gets_the_current_token_for_its_key() {
    let w = World::new().await;
    let (tab, before) = three_rotations(&w).await;
    assert_eq!(w.refresh(&before[1]).await.unwrap().token, tab.token);
    w.assert_untouched(&tab, &tab.session).await;
    assert_eq!(w.refused(&before[1].without_keys()).await, Denied::TokenReused, "but not without");
}

#[tokio::test]
async fn a_page_that_names_another_generation_is_told_which_it_is_and_asks_again() {
    let w = World::new().await;
    let (tab, before) = three_rotations(&w).await;
    let row = w.row(&tab).await;
    let says = |holder: &Holder, generation| Attempt { generation: Some(generation), ..holder.attempt() };
    for (holder, declared) in [(&tab, 2), (&tab, 4), (&before[0], 3)] {
        let told = crate::support::denied(w.rotunda.refresh(&says(holder, declared)).await);
        assert_eq!(told, Denied::GenerationMismatch(holder.generation()));
    }
    assert_eq!(w.row(&tab).await, row, "whatever was asked, nothing has changed");
    let right = w.rotunda.refresh(&says(&tab, 3)).await.unwrap();
    assert_eq!(right.session.lineage.generation, 4);
}

#[tokio::test]
async fn keys_are_remembered_for_four_rotations_and_not_for_five() {
    let w = World::new().await;
    let (mut tab, before) = three_rotations(&w).await;
    for generation in 4..=5 {
        assert_eq!(w.refused(&before[0]).await, Denied::TokenStale, "until the rotation to {generation}");
        tab.make_key();
        w.refreshes(&mut tab).await;
        w.pass(HOUR);
    }
    assert_eq!(tab.generation(), 5);
    assert_eq!(w.refused(&before[1]).await, Denied::TokenStale, "the fourth last rotation");
    assert_eq!(w.refused(&before[0]).await, Denied::TokenReused, "the fifth last");
}
