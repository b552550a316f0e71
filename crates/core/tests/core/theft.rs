//! Thieves: a token that both sides use is found, whatever the thief has copied.

use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, EventKind, LateRetry};
use rotunda_core::policy::Policy;

use crate::support::{DAY, HOUR, Holder, MINUTE, MS, W, World, over};

pub(crate) fn strict(policy: &mut Policy) {
    for client in policy.clients.values_mut() {
        client.window = Duration::ZERO;
        client.late_retry = LateRetry::Never;
    }
}

#[tokio::test]
async fn strict_rotates_at_every_refresh_and_every_used_token_ends_its_family() {
    for generations_behind in 1..=4_usize {
        let w = World::with(strict).await;
        let mut tab = w.register("ada").await;
        let mut elsewhere = w.sign_in("ada").await;
        let mut used = Vec::new();
        for generation in 1..=6 {
            tab.make_key();
            used.push(tab.clone());
            // Not a millisecond passes: a window of zero has no inside.
            assert_eq!(w.refreshes(&mut tab).await.session.lineage.generation, generation);
        }
        let replayed = &used[used.len() - generations_behind];
        assert_eq!(w.refused(replayed).await, Denied::TokenReused, "{generations_behind} behind");
        assert_eq!(w.news().await, [w.ended(Ending::Reused, replayed)]);
        assert_eq!(w.refused(&tab).await, over(Ending::Reused));
        w.refreshes(&mut elsewhere).await;
    }
}

/// Both go on from the same copy, each refreshing once in 15 minutes, the thief so long after the victim: how many
/// times somebody was answered until one of them was told of the reuse.
async fn answers_until_found(w: &World, victim: &mut Holder, thief: &mut Holder, lag: Duration) -> usize {
    for answered in 0..20 {
        let turn = if answered % 2 == 0 { &mut *victim } else { &mut *thief };
        turn.make_key();
        match w.rotunda.refresh(&turn.attempt()).await {
            Ok(grant) => turn.keep(&w.answer(&grant).await),
            Err(refused) => {
                assert_eq!(crate::support::denied::<()>(Err(refused)), Denied::TokenReused);
                let turn = turn.clone();
                let mut news = w.news().await;
                news.retain(|event| !matches!(event.kind, EventKind::AddressChanged | EventKind::LateRetry));
                assert_eq!(news, [w.ended(Ending::Reused, &turn)]);
                return answered;
            }
        }
        w.pass(if answered % 2 == 0 { lag } else { 15 * MINUTE - lag });
    }
    panic!("they leapfrog for ever");
}

#[tokio::test]
async fn a_thief_who_copied_everything_is_found_at_the_first_conflict() {
    for lag in [W, MINUTE, 7 * MINUTE, 15 * MINUTE - W] {
        for victim_first in [true, false] {
            let w = World::new().await;
            let mut victim = w.register("ada").await;
            for _ in 0..5 {
                w.pass(15 * MINUTE);
                victim.make_key();
                w.refreshes(&mut victim).await;
            }
            w.pass(5 * MINUTE);
            let mut thief = victim.copied_by("thief");
            assert_eq!(
                (thief.keys.len(), thief.device.is_some()),
                (4, true),
                "token, device and all keys so far"
            );
            let (first, second) =
                if victim_first { (&mut victim, &mut thief) } else { (&mut thief, &mut victim) };
            let answers = answers_until_found(&w, first, second, lag).await;
            assert_eq!(answers, 1, "lag {lag:?}, victim first: {victim_first}");
            assert_eq!(w.refused(&victim).await, over(Ending::Reused));
            assert_eq!(w.refused(&thief).await, over(Ending::Reused));
        }
    }
}

#[tokio::test]
async fn a_thief_who_copied_in_the_middle_of_an_attempt_is_found_one_cycle_later() {
    for (lag, answers) in [(W, 3), (7 * MINUTE, 3)] {
        let w = World::new().await;
        let mut victim = w.register("ada").await;
        w.pass(15 * MINUTE);
        victim.make_key();
        // The key of the attempt under way is in the copy: this once the thief looks like a lost reply.
        let mut thief = victim.copied_by("ada");
        assert_eq!(thief.keys, victim.keys);
        let first = w.refreshes(&mut victim).await;
        w.pass(lag);
        assert_eq!(w.refreshes(&mut thief).await.token, first.token, "the successor that the victim has");
        thief.name = "thief".to_owned();
        w.pass(15 * MINUTE - lag);
        assert_eq!(2 + answers_until_found(&w, &mut victim, &mut thief, lag).await, answers, "lag {lag:?}");
    }
}

#[tokio::test]
async fn thief_and_victim_inside_the_window_are_found_as_soon_as_they_are_outside() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    w.pass(HOUR);
    let mut thief = victim.copied_by("thief");
    victim.make_key();
    thief.make_key();
    w.refreshes(&mut victim).await;
    w.pass(W - MS);
    w.refreshes(&mut thief).await;
    assert_eq!(thief.token, victim.token, "inside W the two look like two tabs");
    let (victim, thief) = (&mut victim, &mut thief);
    assert_eq!(
        answers_until_found(&w, victim, thief, 7 * MINUTE).await,
        2,
        "one debounced, one rotated, one found"
    );
}

#[tokio::test]
async fn a_copy_that_is_months_old_is_found_however_old_it_is() {
    let w = World::with(|policy| {
        policy.clients.values_mut().for_each(|client| client.absolute = 400 * DAY);
    })
    .await;
    let mut victim = w.register("ada").await;
    let thief = victim.copied_by("thief");
    for _ in 0..60 {
        w.pass(6 * DAY);
        victim.make_key();
        w.refreshes(&mut victim).await;
    }
    assert_eq!(w.refused(&thief).await, Denied::TokenReused);
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &thief)]);
    assert_eq!(w.refused(&victim).await, over(Ending::Reused), "so the user learns of it");
}

#[tokio::test]
async fn a_thief_who_goes_first_is_found_when_the_victim_comes_back() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    w.pass(HOUR);
    victim.make_key();
    w.refreshes(&mut victim).await;
    let mut thief = victim.copied_by("thief");
    for _ in 0..10 {
        w.pass(15 * MINUTE);
        thief.make_key();
        w.refreshes(&mut thief).await;
    }
    victim.make_key();
    assert_eq!(w.refused(&victim).await, Denied::TokenReused);
    assert_eq!(w.refused(&thief).await, over(Ending::Reused));
}
