//! The password once more: a new session takes the place of the old one, and may do what is sensitive for a while.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, Event, EventKind, Lineage, PasswordHash, Session};
use rotunda_core::store::Accounts;

use crate::flows::assert_same;
use crate::meddler::Write;
use crate::support::{DAY, HOUR, Holder, MINUTE, MS, PASSWORD, World, denied, over, password};

async fn again(w: &World, holder: &Holder) -> Holder {
    let bearer = w.bearer(holder).await;
    let grant = w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &holder.caller).await.unwrap();
    w.holder(&holder.name, holder.caller.clone(), grant).await
}

#[tokio::test]
async fn the_session_is_renewed_and_the_others_live_on() {
    let w = World::new().await;
    let mut ada = w.register("ada").await;
    let phone = w.sign_in_app("ada").await;
    w.pass(HOUR);
    w.refreshes(&mut ada).await;
    w.news().await;
    let renewed = again(&w, &ada).await;
    let (old, now) = (&ada.session, w.clock_now());
    let wanted = Session {
        id: renewed.session.id,
        device_hash: renewed.session.device_hash,
        device_shown: false,
        page_hash: renewed.session.page_hash,
        lineage: Lineage::first(renewed.session.lineage.current_hash, 1),
        created_at: now,
        auth_time: now,
        idle_expires_at: now.plus(7 * DAY),
        absolute_expires_at: now.plus(30 * DAY),
        ..old.clone()
    };
    assert_eq!(renewed.session, wanted, "the same device, a new session");
    assert!(renewed.session.id != old.id && renewed.session.page_hash != old.page_hash);
    assert!(renewed.session.device_hash != old.device_hash, "and a new secret");
    let by = |event: Event| Event { caller: ada.caller.clone(), ..event };
    let events = w.news().await;
    let wanted = [by(w.ended(Ending::Renewed, &ada)), by(w.event(EventKind::Reauthenticated, &renewed))];
    assert!(wanted.iter().all(|event| events.contains(event)) && events.len() == 2, "{events:?}");
    assert_eq!(w.refused(&ada).await, over(Ending::Renewed));
    assert_eq!(denied(w.rotunda.bearer(&ada.access).await), over(Ending::Renewed));
    assert_eq!(w.user(&ada).await.ep, 0);
    w.refresh(&phone).await.unwrap();
    w.refresh(&renewed).await.unwrap();
    w.knocks("ada", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_changes_nothing_and_leaves_a_trace() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let bearer = w.bearer(&ada).await;
    let row = w.row(&ada).await;
    for _ in 0..3 {
        let guess = w.rotunda.reauthenticate(&bearer, &password("not my password"), &ada.caller).await;
        assert_eq!(denied(guess), Denied::CredentialsInvalid);
    }
    assert_eq!(w.news().await, [w.event(EventKind::SignInFailed, &ada)]);
    w.assert_untouched(&ada, &row).await;
    w.refresh(&ada).await.unwrap();
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_is_not_brought_back() {
    for what in [Ending::LoggedOut, Ending::LoggedOutEverywhere, Ending::RevokedByUser] {
        let w = World::new().await;
        let ada = w.register("ada").await;
        let phone = w.sign_in_app("ada").await;
        let bearer = w.bearer(&ada).await;
        let (other, tab) = (w.clone(), ada.clone());
        w.store.before(Write::Amend, async move {
            let by = other.bearer(&phone).await;
            match what {
                Ending::LoggedOut => other.logs_out(&tab).await,
                Ending::LoggedOutEverywhere => {
                    other.rotunda.logout_all(&by, &tab.caller).await.unwrap();
                }
                _ => other.rotunda.end_session(&by, tab.session.id, &tab.caller).await.unwrap(),
            }
        });
        let result = w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &ada.caller).await;
        assert_eq!(denied(result), over(what));
        assert_eq!(w.row_count(), 2, "no new session");
        assert_eq!(w.refused(&ada).await, over(what));
    }
}

#[tokio::test]
async fn of_two_at_once_one_renews_and_the_other_learns_of_it() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let bearer = w.bearer(&ada).await;
    let (other, tab) = (w.clone(), ada.clone());
    w.store.before(Write::Amend, async move {
        again(&other, &tab).await;
    });
    let late = w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &ada.caller).await;
    assert_eq!(denied(late), over(Ending::Renewed));
    assert_eq!(w.live().len(), 1);
}

/// A login elsewhere has rehashed the same password: that is no reason to be refused.
#[tokio::test]
async fn a_rehash_meanwhile_is_no_hindrance() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let bearer = w.bearer(&ada).await;
    let (other, tab) = (w.clone(), ada.clone());
    w.store.before(Write::Amend, async move {
        let from = other.hash(&tab).await;
        let fresh = rotunda_core::outside::PasswordHasher::hash(&*other.hasher, password(PASSWORD));
        let to: PasswordHash = fresh.await.unwrap();
        assert!(other.store.rehash(tab.user.id, from, to).await.unwrap());
    });
    w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &ada.caller).await.unwrap();
    assert_eq!(w.live().len(), 1);
}

#[tokio::test]
async fn lately_ends_exactly_at_its_bound_and_no_refresh_moves_it() {
    let w = World::new().await;
    let mut ada = w.register("ada").await;
    w.pass(5 * MINUTE - MS);
    w.refreshes(&mut ada).await;
    assert_eq!(ada.session.auth_time, w.clock_now().minus(5 * MINUTE - MS), "as at the sign-in");
    w.rotunda.export_me(&w.bearer(&ada).await, &ada.caller).await.unwrap();
    w.pass(MS);
    let before = w.store.inner.snapshot();
    let bearer = w.bearer(&ada).await;
    let needed = Denied::ReauthenticationNeeded(5 * MINUTE);
    assert_eq!(denied(w.rotunda.export_me(&bearer, &ada.caller).await), needed);
    assert_eq!(denied(w.rotunda.delete_me(&bearer, &ada.caller).await), needed);
    let email = w.rotunda.ask_for_email(&bearer, "new@example.com", &ada.caller).await;
    assert_eq!(denied(email), needed);
    assert_same(&before, &w.store.inner.snapshot());
    w.pass(12 * MINUTE);
    w.refreshes(&mut ada).await;
    assert_eq!(denied(w.rotunda.export_me(&w.bearer(&ada).await, &ada.caller).await), needed);
    let renewed = again(&w, &ada).await;
    w.rotunda.export_me(&w.bearer(&renewed).await, &ada.caller).await.unwrap();
}
