//! The panic button.

use rotunda_core::denied::Denied;
use rotunda_core::desk::Operator;
use rotunda_core::model::{Ending, EventKind, Revoked, Standing};
use rotunda_core::store::{Feed, SessionSearch, Sessions, WhenFull};

use super::command_line;
use crate::support::{HOUR, MINUTE, MS, World, denied, over};

#[tokio::test]
async fn a_dry_run_says_how_many_and_changes_nothing() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    let gone = w.sign_in("ada").await;
    w.logs_out(&gone).await;
    w.news().await;
    assert_eq!(w.operator().end_everyone(true).await.unwrap(), Some(2));
    assert_eq!(w.news().await, []);
    for holder in [&ada, &bob] {
        assert!(w.rotunda.bearer(&holder.access).await.is_ok());
        assert!(w.refresh(holder).await.is_ok());
    }
}

#[tokio::test]
async fn everyone_is_signed_out_at_once_and_whoever_signs_in_then_is_signed_in() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let app = w.sign_in_app("ada").await;
    let bob = w.register("bob").await;
    let root = w.operator_with("root", &["sessions.revoke", "sessions.read"]).await;
    w.pass(MINUTE);
    let desk = w.desk_with_reason(&root, "the master key was in a backup").await;
    let seen = w.bearer(&ada).await.claims.rv.unwrap_or_default();
    assert_eq!(desk.end_everyone(false).await.unwrap(), Some(4));
    let at = w.clock_now();
    let [event] = w.news().await.try_into().unwrap();
    assert_eq!((event.kind, event.about.as_deref()), (EventKind::EveryoneSignedOut, Some("4")));
    assert_eq!(event.caller, desk.operator().caller(), "who and why");
    w.pass(MINUTE);

    // Nothing of before is good for anything, the operator's own no more than others'.
    for holder in [&ada, &app, &bob, &root] {
        let name = &holder.name;
        let bearer = w.rotunda.bearer(&holder.access).await;
        assert_eq!(denied(bearer), over(Ending::RevokedByAdmin), "{name}");
        if let Some(page) = &holder.page {
            assert_eq!(denied(w.rotunda.bearer_of_page(page).await), over(Ending::RevokedByAdmin), "{name}");
        }
    }
    assert_eq!(w.refused(&ada).await, over(Ending::RevokedByAdmin));
    assert_eq!(
        w.row(&ada).await.standing,
        Standing::Ended { ending: Ending::RevokedByAdmin, at },
        "then, not now"
    );
    assert_eq!(w.operator().end_everyone(true).await.unwrap(), Some(0));
    let live = SessionSearch { live: Some(true), ..SessionSearch::default() };
    assert_eq!(w.operator().search_sessions(live.clone(), None, 10).await.unwrap().rows, []);
    assert!(!w.operator().end_session(ada.session.id).await.unwrap());

    // Services hear of it once, and of what is made from now on they know that it is newer.
    let feed = w.store.revocations(None, at, 100).await.unwrap();
    let everyone: Vec<_> = feed
        .entries
        .iter()
        .filter_map(|(_, it)| match it.what {
            Revoked::Everyone { rv } => Some(rv),
            _ => None,
        })
        .collect();
    let [rv] = everyone[..] else { panic!("{everyone:?}") };
    assert!(seen < rv);
    let mut back = w.sign_in("ada").await;
    let bearer = w.bearer(&back).await;
    assert_eq!(bearer.claims.rv, Some(rv));
    assert_eq!(w.rotunda.sessions(&bearer).await.unwrap().len(), 1, "the list has the new one only");
    assert_eq!(w.operator().search_sessions(live, None, 10).await.unwrap().rows.len(), 1);
    w.pass(HOUR);
    w.refreshes(&mut back).await;
}

/// A refresh that has read its session just before, and signs just after, must not make a token that looks newer than the end.
#[tokio::test]
async fn a_refresh_on_its_way_while_everyone_is_signed_out_gets_no_token_of_after_it() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    w.pass(MINUTE);
    let before = w.store.reads();
    w.store.gather(2);
    let meanwhile = async {
        while w.store.reads() == before {
            tokio::task::yield_now().await;
        }
        assert_eq!(w.operator().end_everyone(false).await.unwrap(), Some(1));
        w.store.facts(ada.session.id).await.unwrap();
    };
    let (refreshed, ()) = tokio::join!(w.refresh(&ada), meanwhile);
    assert_eq!(denied(refreshed), over(Ending::RevokedByAdmin));
}

#[tokio::test]
async fn the_endings_are_written_down_later_once_each_at_the_moment_when_they_happened() {
    let w = World::new().await;
    let holders = [w.register("ada").await, w.register("bob").await, w.sign_in("ada").await];
    w.pass(MINUTE);
    w.operator().end_everyone(false).await.unwrap();
    let at = w.clock_now();
    w.news().await;
    w.pass(MINUTE);
    assert_eq!(w.refused(&holders[0]).await, over(Ending::RevokedByAdmin));
    let _ = w.rotunda.sweep().await.unwrap();
    let _ = w.rotunda.sweep().await.unwrap();
    let endings: Vec<_> = w
        .news()
        .await
        .into_iter()
        .filter(|event| event.kind.ending().is_some())
        .map(|event| (event.kind, event.at, event.session_id))
        .collect();
    assert_eq!(endings.len(), 3, "{endings:?}");
    for holder in &holders {
        let ended = (EventKind::SessionEnded(Ending::RevokedByAdmin), at, Some(holder.session.id));
        assert!(endings.contains(&ended), "{endings:?}");
    }
}

#[tokio::test]
async fn whoever_was_signed_out_takes_up_no_room() {
    let w = World::with(|policy| {
        policy.max_per_user = Some(1);
        policy.when_full = WhenFull::Refuse;
    })
    .await;
    w.register("ada").await;
    let full = w.rotunda.login(&World::login_of("ada")).await;
    assert_eq!(denied(full), Denied::TooManySessions);
    w.operator().end_everyone(false).await.unwrap();
    w.sign_in("ada").await;
}

#[tokio::test]
async fn twice_is_twice() {
    let w = World::new().await;
    w.register("ada").await;
    let desk = w.rotunda.desk(Operator::with_reason(command_line(), "a drill").unwrap());
    assert_eq!(desk.end_everyone(false).await.unwrap(), Some(1));
    let second = w.sign_in("ada").await;
    assert_eq!(desk.end_everyone(false).await.unwrap(), Some(1));
    assert_eq!(w.refused(&second).await, over(Ending::RevokedByAdmin));
    assert_eq!(desk.end_everyone(false).await.unwrap(), Some(0));
}

#[tokio::test]
async fn where_many_are_signed_in_the_figure_of_the_front_page_does() {
    let w = World::new().await;
    w.store.counts_live_sessions(Some(10_001));
    w.rotunda.look_around().await.unwrap();
    w.store.counts_live_sessions(Some(20_000));
    w.pass(2 * MINUTE - MS);
    assert_eq!(w.operator().end_everyone(true).await.unwrap(), Some(10_001));
    w.pass(MS);
    assert_eq!(w.operator().end_everyone(true).await.unwrap(), Some(20_000), "too old");
    w.rotunda.look_around().await.unwrap();
    w.store.counts_live_sessions(Some(3));
    assert_eq!(w.operator().end_everyone(false).await.unwrap(), Some(20_000));
    assert_eq!(w.operator().end_everyone(true).await.unwrap(), Some(3), "they have ended");
    w.rotunda.look_around().await.unwrap();
    w.store.counts_live_sessions(Some(4));
    assert_eq!(w.operator().end_everyone(true).await.unwrap(), Some(4), "a few are counted");
}

#[tokio::test]
async fn nobody_waits_with_the_button_because_of_a_number() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    w.news().await;
    w.store.counts_live_sessions(None);
    assert_eq!(w.operator().end_everyone(true).await.unwrap(), None);
    assert!(w.refresh(&ada).await.is_ok());
    assert_eq!(w.operator().end_everyone(false).await.unwrap(), None);
    let [event] = w.news().await.try_into().unwrap();
    assert_eq!((event.kind, event.about), (EventKind::EveryoneSignedOut, None));
    assert_eq!(w.refused(&ada).await, over(Ending::RevokedByAdmin));
}
