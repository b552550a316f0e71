//! What happens between the reading of the facts and the write that rests on them.

use std::sync::Arc;

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, EventKind, Session, Standing};
use rotunda_core::password::ChangePassword;
use rotunda_testkit::CommandLine as _;
use tokio::task::JoinSet;

use crate::meddler::Write;
use crate::support::{Answer, HOUR, Holder, MS, PASSWORD, W, World, as_ended, denied, over, password};

/// All of them at once, each in a task of its own.
async fn all_at_once(w: &World, holders: Vec<Holder>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for holder in holders {
        let rotunda = Arc::clone(&w.rotunda);
        tasks.spawn(async move { rotunda.refresh(&holder.attempt()).await });
    }
    let mut answers = Vec::new();
    for result in tasks.join_all().await {
        answers.push(w.answer(&result.unwrap()).await);
    }
    answers
}

async fn fifty_refreshes_of_one_token(w: &World) {
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    for generation in 1..=5 {
        w.store.gather(50);
        let answers = all_at_once(w, vec![tab.clone(); 50]).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "one identical successor");
        assert_eq!(answers.len(), 50);
        assert_eq!(answers[0].session.lineage.generation, generation, "one generation on");
        tab.keep(&answers[0]);
        w.assert_untouched(&tab, &answers[0].session).await;
        w.pass(W);
    }
    assert_eq!(w.row_count(), 1);
}

#[tokio::test]
async fn fifty_refreshes_that_have_all_read_before_one_writes_get_one_successor() {
    fifty_refreshes_of_one_token(&World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_refreshes_on_four_threads_get_one_successor() {
    fifty_refreshes_of_one_token(&World::new().await).await;
}

#[tokio::test]
async fn tabs_of_two_generations_race_and_nobody_is_refused() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    let behind = tab.clone();
    w.refreshes(&mut tab).await;
    w.pass(HOUR);
    tab.make_key();
    // All have read before anybody writes: one half rotates, the other is given what is current as they read it.
    w.store.gather(20);
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (rotunda, holder) =
            (Arc::clone(&w.rotunda), if number % 2 == 0 { tab.clone() } else { behind.clone() });
        tasks.spawn(async move { rotunda.refresh(&holder.attempt()).await });
    }
    let grants = tasks.join_all().await.into_iter().map(Result::unwrap);
    let mut generations: Vec<_> = grants.map(|grant| grant.session.lineage.generation).collect();
    generations.sort_unstable();
    assert_eq!(generations, [[1; 10], [2; 10]].concat());
    let current = w.refresh(&tab).await.unwrap();
    assert_eq!(w.refresh(&behind).await.unwrap(), current, "whoever has the older one is served as well");
    assert_eq!(current.session.lineage.generation, 2);
    assert_eq!(w.news().await.iter().filter(|event| event.kind != EventKind::LateRetry).count(), 0);
}

#[tokio::test]
async fn whoever_loses_the_race_decides_again_and_gets_the_winners_token() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(HOUR);
    let (other, winner) = (w.clone(), tab.clone());
    w.store.before(Write::Rotate, async move {
        other.refresh(&winner).await.unwrap();
    });
    let reads = w.store.reads();
    let loser = w.refresh(&tab).await.unwrap();
    assert_eq!(w.store.reads() - reads, 3, "the winner read once, the loser twice");
    assert_eq!(loser.session.lineage.generation, 1);
    w.assert_untouched(&tab, &loser.session).await;
}

/// One refresh with something that ends the session between its reading and its writing; then nothing lives.
async fn refresh_against<F>(ending: Ending, act: impl FnOnce(World, Holder) -> F) -> (World, Holder)
where
    F: Future<Output = ()> + Send + 'static,
{
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    let used = tab.clone();
    let before = w.refreshes(&mut tab).await.session;
    w.pass(W);
    tab.make_key();
    w.store.before(Write::Rotate, act(w.clone(), tab.clone()));
    assert_eq!(w.refused(&tab).await, over(ending));
    assert_eq!(w.row(&tab).await, as_ended(&before, ending, w.clock_now()), "nothing was rotated");
    for token in [&tab, &used] {
        assert_eq!(w.refused(token).await, over(ending), "no token of it lives");
    }
    assert_eq!(denied(w.rotunda.bearer(&tab.access).await), over(ending), "nor does its access token");
    (w, tab)
}

#[tokio::test]
async fn a_logout_between_reading_and_writing_wins() {
    let (w, tab) = refresh_against(Ending::LoggedOut, |w, tab| async move { w.logs_out(&tab).await }).await;
    assert_eq!(w.news().await, [w.ended(Ending::LoggedOut, &tab)]);
}

#[tokio::test]
async fn a_logout_of_everything_between_reading_and_writing_wins() {
    let act = |w: World, tab: Holder| async move {
        w.rotunda.logout_all(&w.bearer(&tab).await, &tab.caller).await.unwrap();
    };
    let (w, tab) = refresh_against(Ending::LoggedOutEverywhere, act).await;
    assert_eq!(w.row_count(), 1);
    assert_eq!(w.rotunda.session(tab.session.id).await.unwrap().user.ep, 1);
}

#[tokio::test]
async fn a_disabling_between_reading_and_writing_wins() {
    let act = |w: World, tab: Holder| async move {
        w.rotunda.disable_user(tab.user.id).await.unwrap();
    };
    refresh_against(Ending::UserDisabled, act).await;
}

#[tokio::test]
async fn a_revocation_between_reading_and_writing_wins() {
    let act = |w: World, tab: Holder| async move {
        assert!(w.rotunda.revoke_session(tab.session.id).await.unwrap());
    };
    refresh_against(Ending::RevokedByAdmin, act).await;
}

#[tokio::test]
async fn a_change_of_password_between_reading_and_writing_wins_and_leaves_its_own_session_only() {
    let act = |w: World, tab: Holder| async move {
        let change = ChangePassword {
            current: password(PASSWORD),
            new: password("a new and longer one"),
            caller: tab.caller.clone(),
        };
        w.rotunda.change_password(&w.bearer(&tab).await, &change).await.unwrap();
    };
    let (w, tab) = refresh_against(Ending::PasswordChanged, act).await;
    let live = |session: &&Session| session.standing == Standing::Live;
    let state = w.store.inner.snapshot();
    let sessions: Vec<_> = state.sessions.values().filter(live).map(|session| session.id).collect();
    assert_eq!(sessions.len(), 1);
    assert_ne!(sessions[0], tab.session.id);
}

#[tokio::test]
async fn reuse_between_reading_and_writing_wins() {
    let act = |w: World, tab: Holder| async move {
        let mut thief = tab.copied_by("thief");
        thief.device = Some(rotunda_core::model::DeviceSecret::from_bytes([9; 32]));
        assert_eq!(w.refused(&thief).await, Denied::TokenReused);
    };
    refresh_against(Ending::Reused, act).await;
}

#[tokio::test]
async fn a_rotation_while_reuse_is_being_written_does_not_save_the_family() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    let thief = victim.copied_by("thief");
    for _ in 0..3 {
        w.pass(HOUR);
        w.refreshes(&mut victim).await;
    }
    w.pass(HOUR);
    let (other, honest) = (w.clone(), victim.clone());
    w.store.before(Write::End, async move {
        assert_eq!(other.refresh(&honest).await.unwrap().session.lineage.generation, 4);
    });
    assert_eq!(w.refused(&thief).await, Denied::TokenReused, "decided again, on what holds now");
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &thief)]);
    assert_eq!(w.refused(&victim).await, over(Ending::Reused));
    assert_eq!(w.row(&victim).await.lineage.generation, 4);
}

#[tokio::test]
async fn what_was_reuse_and_is_in_flight_by_the_time_it_is_written_is_in_flight() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let behind = tab.clone();
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.pass(W);
    let (other, faster) = (w.clone(), tab.clone());
    w.store.before(Write::End, async move {
        other.refresh(&faster).await.unwrap();
    });
    let answer = w.refresh(&behind).await.unwrap();
    assert_eq!(answer.session.lineage.generation, 2);
    w.assert_untouched(&tab, &answer.session).await;
}

#[tokio::test]
async fn an_ending_while_reuse_is_being_written_stays_the_ending() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    let thief = victim.copied_by("thief");
    w.pass(HOUR);
    w.refreshes(&mut victim).await;
    w.pass(HOUR);
    let (other, honest) = (w.clone(), victim.clone());
    w.store.before(Write::End, async move { other.logs_out(&honest).await });
    assert_eq!(w.refused(&thief).await, over(Ending::LoggedOut));
    assert_eq!(w.news().await, [w.ended(Ending::LoggedOut, &victim)]);
}

#[tokio::test]
async fn a_device_that_shows_its_secret_first_beats_one_that_has_none() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(HOUR);
    let (other, owner) = (w.clone(), tab.clone());
    w.store.before(Write::Rotate, async move {
        other.refresh(&owner).await.unwrap();
    });
    let leaked = tab.without_device();
    assert_eq!(w.refused(&leaked).await, Denied::ProofMissing, "decided again, now that it was shown");
    assert_eq!(w.news().await, [w.event(EventKind::ProofMissing, &leaked)]);
}

#[tokio::test]
async fn an_expiry_that_a_rotation_forestalls_is_not_told() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.clock.set(tab.session.expires_at());
    // Another server, whose clock is a millisecond behind, is a little faster.
    let (other, same) = (w.clone(), tab.clone());
    w.store.before(Write::End, async move {
        other.clock.rewind(MS);
        other.refresh(&same).await.unwrap();
        other.clock.advance(MS);
    });
    let answer = w.refresh(&tab).await.unwrap();
    assert_eq!(answer.session.lineage.generation, 2, "decided again: a second tab inside the window");
    w.assert_untouched(&tab, &answer.session).await;
}

#[tokio::test]
async fn an_expiry_that_somebody_else_writes_down_first_is_told_all_the_same() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.clock.set(tab.session.expires_at());
    let other = w.clone();
    w.store.before(Write::End, async move {
        assert_eq!(other.rotunda.sweep().await.unwrap().expired, 1);
    });
    assert_eq!(w.refused(&tab).await, over(Ending::IdleExpired));
    assert_eq!(w.news().await.len(), 1);
}
