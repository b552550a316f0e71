//! One test for each failure seen elsewhere, named after what it prevents. What concerns cookies, carriers of answers
//! and status codes ("the loser's 401 clears the winner's cookie", "a grace answer without `Set-Cookie`", "an outage
//! shown as 401") is the server crate's to show; here stands the part of it that is the engine's.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::model::{Ending, EventKind, LateRetry, Standing};
use rotunda_core::password::ChangePassword;
use tokio::task::JoinSet;

use crate::meddler::Write;
use crate::support::{HOUR, Holder, MINUTE, MS, PASSWORD, SECOND, W, World, denied, failure, over, password};

#[tokio::test]
async fn check_then_write_race() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(HOUR);
    // Both have checked that the token is current before either writes.
    w.store.gather(2);
    let mut tasks = JoinSet::new();
    for holder in [tab.clone(), tab.clone()] {
        let rotunda = Arc::clone(&w.rotunda);
        tasks.spawn(async move { rotunda.refresh(&holder.attempt()).await });
    }
    let grants: Vec<_> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
    assert!(grants[0].refresh_token == grants[1].refresh_token, "never two successors of one token");
    assert_eq!(w.row(&tab).await.lineage.generation, 1);
}

#[tokio::test]
async fn same_second_replay() {
    let w = World::with(crate::theft::strict).await;
    let mut tab = w.register("ada").await;
    let used = tab.clone();
    w.refreshes(&mut tab).await;
    w.pass(MS);
    assert_eq!(
        w.refused(&used).await,
        Denied::TokenReused,
        "one millisecond is enough to tell used from current"
    );
}

#[tokio::test]
async fn two_rotations_in_one_second_are_two() {
    let w = World::with(|policy| policy.clients.values_mut().for_each(|client| client.window = MS)).await;
    let mut tab = w.register("ada").await;
    let first = w.refreshes(&mut tab).await;
    w.pass(MS);
    let second = w.refreshes(&mut tab).await;
    assert_eq!((first.session.lineage.generation, second.session.lineage.generation), (1, 2));
    assert_ne!(first.token, second.token);
    assert_ne!(first.claims.jti, second.claims.jti);
    assert_eq!(first.claims.iat, second.claims.iat, "though a JWT cannot tell them apart by time");
}

#[tokio::test]
async fn state_forgotten_on_restart() {
    let mut w = World::new().await;
    let mut tab = w.register("ada").await;
    let used = tab.clone();
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.pass(W);
    w.restart(&[1]).await.unwrap();
    assert_eq!(
        w.refused(&used).await,
        Denied::TokenReused,
        "what was used before the restart is used after it"
    );
}

#[tokio::test]
async fn sliding_window() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let used = tab.clone();
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    let mut answered = 0;
    for _ in 0..20 {
        w.pass(W / 2);
        answered += usize::from(w.rotunda.refresh(&used.attempt()).await.is_ok());
    }
    assert_eq!(answered, 1, "at W/2, and at no time after W");
}

#[tokio::test]
async fn leapfrog() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    w.pass(HOUR);
    let mut thief = victim.copied_by("thief");
    let mut answers = 0;
    let refused = loop {
        let turn = if answers % 2 == 0 { &mut victim } else { &mut thief };
        w.pass(7 * MINUTE);
        turn.make_key();
        match w.rotunda.refresh(&turn.attempt()).await {
            Ok(grant) => turn.keep(&w.answer(&grant).await),
            refused => break denied(refused),
        }
        answers += 1;
        assert!(answers < 10, "one step behind each other for ever, and nobody notices");
    };
    assert_eq!((refused, answers), (Denied::TokenReused, 1));
}

#[tokio::test]
async fn fork_by_concurrent_refresh() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(HOUR);
    w.store.gather(8);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (rotunda, holder) = (Arc::clone(&w.rotunda), tab.clone());
        tasks.spawn(async move { rotunda.refresh(&holder.attempt()).await });
    }
    // Whichever of the answers each tab kept, their next refreshes meet again in one token.
    let mut next = Vec::new();
    let grants = tasks.join_all().await;
    w.pass(W);
    for grant in grants {
        let mut holder = tab.clone();
        grant.unwrap().refresh_token.expose().clone_into(&mut holder.token);
        next.push(w.refresh(&holder).await.unwrap().token);
    }
    next.dedup();
    assert_eq!(next.len(), 1, "one live leaf per session");
    assert_eq!((w.row_count(), w.news().await), (1, vec![]));
}

#[tokio::test]
async fn third_tab_two_generations_behind() {
    let w = World::new().await;
    let mut fast = w.register("ada").await;
    let slow = fast.clone();
    w.pass(HOUR);
    w.refreshes(&mut fast).await;
    w.pass(HOUR);
    w.refreshes(&mut fast).await;
    assert_eq!(w.refresh(&slow).await.unwrap().token, fast.token, "its request was under way all the time");
    assert_eq!(w.row(&fast).await.standing, Standing::Live);
}

#[tokio::test]
async fn late_duplicate_displaces_a_good_token() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    let duplicate = tab.clone();
    let good = w.refreshes(&mut tab).await;
    for wait in [W, HOUR] {
        w.pass(wait);
        assert_eq!(w.refresh(&duplicate).await.unwrap().token, good.token, "the same one, and never another");
        assert_eq!(w.news().await, [w.event(EventKind::LateRetry, &duplicate)]);
        w.assert_untouched(&tab, &good.session).await;
    }
    tab.make_key();
    w.refreshes(&mut tab).await;
    w.pass(HOUR);
    assert_eq!(w.refresh(&duplicate).await.unwrap().token, tab.token, "nor is it two rotations later");
    tab.make_key();
    let next = w.refreshes(&mut tab).await;
    w.pass(HOUR);
    assert_eq!(w.refused(&duplicate).await, Denied::TokenStale, "later still it is refused and harms nobody");
    assert_eq!(w.row(&tab).await, next.session);
    w.refreshes(&mut tab).await;
}

#[tokio::test]
async fn keys_cleared_at_any_success_instead_of_at_a_new_generation() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    let late = tab.clone();
    let lost = w.refreshes(&mut tab).await;
    // A debounce, a replay and a late retry are successes that leave the generation: the key must outlive them all.
    w.refresh(&tab).await.unwrap();
    w.refresh(&late).await.unwrap();
    w.pass(HOUR);
    w.refresh(&late).await.unwrap();
    assert_eq!(w.refresh(&late).await.unwrap().token, lost.token);
}

#[tokio::test]
async fn losers_refusal_while_the_winner_succeeds() {
    // A browser whose jar has moved on is told to ask again; the winner's token is untouched by the refusal.
    let w = World::new().await;
    let mut winner = w.register("ada").await;
    winner.make_key();
    let loser = winner.clone();
    for _ in 0..3 {
        w.pass(HOUR);
        winner.make_key();
        w.refreshes(&mut winner).await;
    }
    w.pass(W);
    assert_eq!(
        w.refused(&loser).await,
        Denied::TokenStale,
        "not one of the refusals that say that it is over"
    );
    assert_eq!(w.row(&winner).await, winner.session);
    w.refreshes(&mut winner).await;
}

#[tokio::test]
async fn grace_answer_without_the_tokens_and_the_device_secret() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let behind = tab.clone();
    w.pass(HOUR);
    let first = w.refreshes(&mut tab).await;
    let graces = [w.refresh(&behind).await.unwrap(), w.refresh(&tab).await.unwrap()];
    assert!(first.device.is_some(), "what a server needs to set every cookie again");
    assert!(graces.iter().all(|grace| *grace == first), "replay and debounce answer as fully as a rotation");
}

#[tokio::test]
async fn reuse_that_ends_all_devices() {
    let w = World::new().await;
    let mut stolen = w.register("ada").await;
    let mut others = vec![w.sign_in("ada").await, w.sign_in_app("ada").await];
    let used = stolen.clone();
    w.pass(HOUR);
    w.refreshes(&mut stolen).await;
    w.pass(W);
    assert_eq!(w.refused(&used).await, Denied::TokenReused);
    for other in &mut others {
        w.refreshes(other).await;
        w.bearer(other).await;
    }
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &used)]);
}

#[tokio::test]
async fn refresh_after_password_change() {
    let w = World::new().await;
    let mut browser = w.register("ada").await;
    let phone = w.sign_in_app("ada").await;
    w.pass(MINUTE);
    let in_flight = browser.clone();
    w.refreshes(&mut browser).await;
    let change = ChangePassword {
        current: password(PASSWORD),
        new: password("a new and longer one"),
        caller: browser.caller.clone(),
    };
    w.rotunda.change_password(&w.bearer(&browser).await, &change).await.unwrap();
    for old in [&browser, &in_flight, &phone] {
        assert_eq!(w.refused(old).await, over(Ending::PasswordChanged), "inside the window as well");
    }
}

#[tokio::test]
async fn logout_racing_a_refresh() {
    for logout_first in [true, false] {
        let w = World::new().await;
        let mut tab = w.register("ada").await;
        w.pass(HOUR);
        let (other, same) = (w.clone(), tab.clone());
        if logout_first {
            w.store.before(Write::Rotate, async move { other.logs_out(&same).await });
            assert_eq!(w.refused(&tab).await, over(Ending::LoggedOut));
        } else {
            w.store.before(Write::End, async move { drop(other.refresh(&same).await.unwrap()) });
            w.logs_out(&tab).await;
            // The refresh was answered; what it was given is dead all the same.
            assert_eq!(w.row(&tab).await.lineage.generation, 1);
        }
        tab.session = w.row(&tab).await;
        assert!(matches!(tab.session.standing, Standing::Ended { ending: Ending::LoggedOut, .. }));
        assert_eq!(w.refused(&tab).await, over(Ending::LoggedOut));
        assert_eq!(w.news().await, [w.ended(Ending::LoggedOut, &tab)]);
    }
}

#[tokio::test]
async fn a_token_given_by_a_refresh_that_a_logout_overtook_is_dead() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(HOUR);
    let given = Arc::new(std::sync::Mutex::new(None));
    let (other, same, keep) = (w.clone(), tab.clone(), Arc::clone(&given));
    w.store.before(Write::End, async move {
        *keep.lock().unwrap() = Some(other.refresh(&same).await.unwrap());
    });
    w.logs_out(&tab).await;
    let answer = given.lock().unwrap().take().unwrap();
    let holder = Holder { token: answer.token, access: answer.access, ..tab };
    assert_eq!(w.refused(&holder).await, over(Ending::LoggedOut));
    assert_eq!(denied(w.rotunda.bearer(&holder.access).await), over(Ending::LoggedOut));
}

#[tokio::test]
async fn a_lock_or_an_outage_told_as_a_refusal() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    w.store.inner.set_out(true);
    assert!(failure(w.refresh(&tab).await).is_temporary());
    assert!(
        failure(w.rotunda.login(&Login { page: tab.page.clone(), ..World::login_of("ada") }).await)
            .is_temporary()
    );
    w.store.inner.set_out(false);
    w.pass(SECOND);
    w.refreshes(&mut tab).await;
}

/// Seen with a disk that stalled for twelve seconds in one commit: of two tabs that refreshed a second apart, the later
/// one was told that its token had been used before, because by then the rotation lay outside the window.
#[tokio::test]
async fn a_store_that_takes_its_time_makes_nobody_late() {
    for overtaken in 1..=4 {
        let w = World::new().await;
        let mut first = w.register("ada").await;
        let second = first.copied_by("the other tab");
        let (other, mut tab) = (w.clone(), first.clone());
        w.store.before(Write::Rotate, async move {
            for _ in 0..overtaken {
                other.refreshes(&mut tab).await;
                other.pass(HOUR);
            }
        });
        let answer = w.refresh(&second).await;
        if overtaken <= 2 {
            assert_eq!(answer.unwrap().session.lineage.generation, overtaken, "it gets what the others have");
        } else {
            assert_eq!(denied(answer), Denied::TokenStale, "nothing was used twice");
        }
        assert_eq!(w.row(&first).await.standing, Standing::Live, "overtaken {overtaken} times");
        first = second;
        drop(first);
    }
}

/// The textbook has no window, and so nobody is excused by having been overtaken.
#[tokio::test]
async fn strict_mode_excuses_nobody() {
    let w = World::with(|policy| {
        for client in policy.clients.values_mut() {
            (client.window, client.late_retry) = (Duration::ZERO, LateRetry::Never);
        }
    })
    .await;
    let first = w.register("ada").await;
    let second = first.copied_by("the other tab");
    let (other, mut tab) = (w.clone(), first.clone());
    w.store.before(Write::Rotate, async move {
        other.refreshes(&mut tab).await;
    });
    assert_eq!(w.refused(&second).await, Denied::TokenReused);
}

/// Found by the model (`crates/proof`): a thief who passed off a copied key as new hid behind the victim, who still sends it.
#[tokio::test]
async fn an_old_key_passed_off_as_new_hides_no_theft() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    victim.keys = vec!["the-key-of-generation-0".to_owned()];
    w.pass(HOUR);
    w.refreshes(&mut victim).await;
    let mut thief = victim.copied_by("thief");
    w.pass(HOUR);
    w.refreshes(&mut thief).await;
    w.pass(HOUR);
    victim.keys.push("the-key-of-generation-1".to_owned());
    assert_eq!(w.refused(&victim).await, Denied::TokenReused);
}
