//! "Sign out everywhere else": every other session ends at one moment, and the one that asks goes on.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, Event, EventKind, PasswordHash};
use rotunda_core::store::Accounts;
use rotunda_testkit::CommandLine as _;

use crate::meddler::Write;
use crate::support::{HOUR, Holder, PASSWORD, World, denied, failure, nobodys_session, over, password};

async fn ends_others(w: &World, holder: &Holder) -> Result<(), rotunda_core::failure::Error> {
    w.rotunda.end_other_sessions(&w.bearer(holder).await, &holder.caller).await
}

#[tokio::test]
async fn all_others_end_and_the_one_that_asks_is_untouched() {
    let w = World::new().await;
    let (mut here, tab, phone) =
        (w.register("ada").await, w.sign_in("ada").await, w.sign_in_app("ada").await);
    let bob = w.register("bob").await;
    w.pass(HOUR / 8);
    w.refreshes(&mut here).await;
    w.news().await;
    let row = w.row(&here).await;
    ends_others(&w, &here).await.unwrap();
    let by_here = |holder| Event { caller: here.caller.clone(), ..w.ended(Ending::RevokedByUser, holder) };
    let events = w.news().await;
    let wanted = [by_here(&tab), by_here(&phone)];
    assert!(wanted.iter().all(|event| events.contains(event)) && events.len() == 2, "{events:?}");
    for gone in [&tab, &phone] {
        assert_eq!(w.refused(gone).await, over(Ending::RevokedByUser));
        assert_eq!(denied(w.rotunda.bearer(&gone.access).await), over(Ending::RevokedByUser));
    }
    assert_eq!(w.row(&here).await, row);
    w.bearer(&here).await;
    w.refreshes(&mut here).await;
    w.refresh(&bob).await.unwrap();
    assert_eq!(w.user(&here).await.ep, 0, "its access tokens are as good as before");
}

#[tokio::test]
async fn one_that_has_ended_meanwhile_ends_nobody() {
    let w = World::new().await;
    let (here, tab) = (w.register("ada").await, w.sign_in("ada").await);
    w.news().await;
    let (other, by) = (w.clone(), tab.clone());
    w.store.before(Write::Amend, async move { ends_others(&other, &by).await.unwrap() });
    assert_eq!(denied(ends_others(&w, &here).await), over(Ending::RevokedByUser));
    assert_eq!(w.news().await.len(), 1, "the other one was faster");
    w.refresh(&tab).await.unwrap();
}

#[tokio::test]
async fn a_sign_out_everywhere_and_a_deletion_meanwhile_are_told() {
    let w = World::new().await;
    let (here, tab) = (w.register("ada").await, w.sign_in("ada").await);
    let bearer = w.bearer(&here).await;
    w.rotunda.logout_all(&w.bearer(&tab).await, &tab.caller).await.unwrap();
    let late = w.rotunda.end_other_sessions(&bearer, &here.caller).await;
    assert_eq!(denied(late), Denied::SessionEnded(None));
    w.rotunda.delete_user(here.user.id).await.unwrap();
    let late = w.rotunda.end_other_sessions(&bearer, &here.caller).await;
    assert_eq!(denied(late), Denied::SessionEnded(None));
}

/// A login elsewhere has rehashed the password: the account is no longer as it was read, and that is all.
#[tokio::test]
async fn a_rehash_meanwhile_is_no_hindrance() {
    let w = World::new().await;
    let (here, tab) = (w.register("ada").await, w.sign_in("ada").await);
    let (other, user) = (w.clone(), here.clone());
    w.store.before(Write::Amend, async move {
        let from = other.hash(&user).await;
        let fresh = rotunda_core::outside::PasswordHasher::hash(&*other.hasher, password(PASSWORD));
        let to: PasswordHash = fresh.await.unwrap();
        assert!(other.store.rehash(user.user.id, from, to).await.unwrap());
    });
    ends_others(&w, &here).await.unwrap();
    assert_eq!(w.refused(&tab).await, over(Ending::RevokedByUser));
}

#[tokio::test]
async fn a_user_who_never_stands_still_is_an_overload_and_no_refusal() {
    let w = World::new().await;
    let here = w.register("ada").await;
    w.store.never_lets(Write::Amend);
    assert!(failure(ends_others(&w, &here).await).is_overload());
}

#[tokio::test]
async fn who_signs_in_afterwards_stays() {
    let w = World::new().await;
    let here = w.register("ada").await;
    ends_others(&w, &here).await.unwrap();
    let tab = w.sign_in("ada").await;
    w.refresh(&tab).await.unwrap();
    w.refresh(&here).await.unwrap();
}

#[tokio::test]
async fn the_story_of_a_theft_is_for_the_user_alone() {
    let w = World::new().await;
    let (ada, mut stolen, _) = (w.register("ada").await, w.sign_in("ada").await, w.register("bob").await);
    let mut thief = stolen.copied_by("thief");
    for _ in 0..2 {
        w.pass(HOUR / 8);
        stolen.make_key();
        w.refreshes(&mut stolen).await;
    }
    w.pass(HOUR / 8);
    thief.make_key();
    assert_eq!(w.refused(&thief).await, Denied::TokenReused);
    let bearer = w.bearer(&w.sign_in("ada").await).await;
    let (id, now) = (stolen.session.id, w.clock_now());

    let newest_first = w.rotunda.my_events(&bearer).await.unwrap();
    let kinds: Vec<_> = newest_first.iter().map(|recorded| recorded.event.kind).collect();
    assert!(kinds.starts_with(&[EventKind::SignedIn, EventKind::SessionEnded(Ending::Reused)]), "{kinds:?}");
    assert!(newest_first.iter().all(|recorded| recorded.event.user_id == Some(ada.user.id)));

    let story = w.rotunda.my_story(&bearer, id).await.unwrap();
    let kinds: Vec<_> = story.events.iter().map(|recorded| recorded.event.kind).collect();
    assert_eq!(kinds, [EventKind::SignedIn, EventKind::SessionEnded(Ending::Reused)]);
    assert_eq!(story.events[1].event.caller, thief.caller, "from where the used token came");
    let session = story.facts.unwrap().session;
    assert_eq!(session.lineage.rotated_at, Some(now.minus(HOUR / 8)), "when it was refreshed last");
    let end = story.end.unwrap();
    assert_eq!((end.ending, end.at, end.past), (Ending::Reused, now, true));

    let bobs = w.bearer(&w.sign_in("bob").await).await;
    for not_his in [id, ada.session.id, nobodys_session()] {
        assert_eq!(denied(w.rotunda.my_story(&bobs, not_his).await), Denied::NotFound);
    }
}

/// When the row is forgotten, the events still tell whose it was.
#[tokio::test]
async fn a_story_without_its_row_is_for_the_user_alone_as_well() {
    let w = World::new().await;
    let (ada, tab, bob) = (w.register("ada").await, w.sign_in("ada").await, w.register("bob").await);
    w.logs_out(&tab).await;
    let later = w.clock_now().plus(HOUR);
    assert_eq!(rotunda_core::store::Sessions::forget_ended(&*w.store, later, 10).await.unwrap(), 1);
    let (adas, bobs) = (w.bearer(&ada).await, w.bearer(&bob).await);
    let story = w.rotunda.my_story(&adas, tab.session.id).await.unwrap();
    assert!(story.facts.is_none());
    assert_eq!(story.events.len(), 2);
    assert_eq!(denied(w.rotunda.my_story(&bobs, tab.session.id).await), Denied::NotFound);
}
