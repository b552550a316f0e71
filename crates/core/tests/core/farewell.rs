//! The end of an account, and its data for its owner.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Caller, EventKind, LetterKind, UserId};
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::MemoryState;

use crate::flows::{NEW, address_of, assert_same};
use crate::meddler::Write;
use crate::support::{HOUR, Holder, MINUTE, PASSWORD, World, caller, denied};

/// Everything that a store keeps, as text.
fn text_of(state: &MemoryState) -> String {
    let users: Vec<_> = state.accounts.values().map(|account| &account.user).collect();
    let devices: Vec<_> = state.devices.iter().map(|device| &device.caller).collect();
    let links: Vec<_> = (state.links.values())
        .map(|link| {
            let newcomer = link.newcomer.as_ref().map(|newcomer| (&newcomer.username, &newcomer.name));
            (&link.email, link.user_id, link.session_id, newcomer)
        })
        .collect();
    format!("{users:?} {:?} {devices:?} {links:?} {:?} {:?}", state.sessions, state.letters, state.events)
}

/// Ada has done a bit of everything, and has letters that wait.
async fn a_life(w: &World) -> Holder {
    let mut register = World::registration("ada");
    register.newcomer.name = Some("Ada Lovelace".to_owned());
    let grant = w.signs_up(&register).await;
    let mut ada = w.holder("ada", register.caller.clone(), grant).await;
    w.sign_in_app("ada").await;
    w.pass(HOUR);
    w.refreshes(&mut ada).await;
    w.knocks("ada", "a wrong one").await.err().unwrap();
    w.letters([LetterKind::NewDevice]).await;
    let bearer = w.bearer(&ada).await;
    let grant = w.rotunda.reauthenticate(&bearer, &crate::support::password(PASSWORD), &ada.caller).await;
    let ada = w.holder("ada", ada.caller.clone(), grant.unwrap()).await;
    w.rotunda.forgot_password("ada@example.com", &caller("192.0.2.1")).await.unwrap();
    w.rotunda.ask_for_email(&w.bearer(&ada).await, "lovelace@example.com", &ada.caller).await.unwrap();
    ada
}

#[tokio::test]
async fn nothing_that_tells_who_they_were_is_left_and_one_letter_goes_out() {
    let w = World::new().await;
    let ada = a_life(&w).await;
    let bob = w.register("bob").await;
    let marks = ["ada@example.com", "lovelace", "Lovelace", "192.0.2.1)", "\"ada\""];
    let before = text_of(&w.store.inner.snapshot());
    assert!(marks.iter().all(|mark| before.contains(mark)), "what is looked for would be found");
    w.rotunda.delete_me(&w.bearer(&ada).await, &ada.caller).await.unwrap();

    let [letter] = w.letters([LetterKind::AccountDeleted]).await;
    assert_eq!((address_of(&letter), letter.url.is_none()), ("ada@example.com", true));
    let after = w.store.inner.snapshot();
    assert_eq!((after.accounts.len(), after.sessions.len()), (1, 1), "bob's");
    assert_eq!((after.letters.len(), after.links.len(), after.devices.len()), (0, 0, 1));
    let theirs = |user: UserId| after.events.iter().filter(move |known| known.event.user_id == Some(user));
    assert!(theirs(ada.user.id).all(|known| known.event.caller == Caller::default()));
    assert!(theirs(bob.user.id).all(|known| known.event.caller == bob.caller));
    assert_eq!(theirs(ada.user.id).next_back().unwrap().event.kind, EventKind::UserDeleted);
    let text = text_of(&MemoryState {
        events: theirs(ada.user.id).cloned().collect(),
        accounts: after.accounts.clone(),
        links: after.links.clone(),
        letters: after.letters.clone(),
        ..MemoryState::default()
    });
    for mark in marks.iter().chain(&["Mozilla", "Firefox"]) {
        assert!(!text.contains(mark), "{mark} is left");
    }
    assert_eq!(w.refused(&ada).await, Denied::SessionEnded(None));
    assert_eq!(denied(w.rotunda.bearer(&ada.access).await), Denied::SessionEnded(None));
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::CredentialsInvalid);
    w.refresh(&bob).await.unwrap();
}

#[tokio::test]
async fn every_session_ends_with_its_event_and_the_address_is_free_again() {
    let w = World::new().await;
    let ada = a_life(&w).await;
    w.news().await;
    w.rotunda.delete_me(&w.bearer(&ada).await, &ada.caller).await.unwrap();
    let kinds = w.kinds().await;
    let ended = EventKind::SessionEnded(rotunda_core::model::Ending::UserDeleted);
    assert_eq!(kinds, [ended, ended, EventKind::UserDeleted]);
    w.link_free_letters().await;
    let again = w.register("ada").await;
    assert!(again.user.id != ada.user.id);
    assert!(w.rotunda.sessions(&w.bearer(&again).await).await.unwrap().len() == 1);
    w.no_letters().await;
}

impl World {
    /// The last letter, and nothing else.
    async fn link_free_letters(&self) {
        let [letter] = self.letters([LetterKind::AccountDeleted]).await;
        assert!(letter.url.is_none());
    }
}

#[tokio::test]
async fn links_of_somebody_who_is_gone_are_not_good_and_change_nothing() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let (_, notice) = w.signs_in_from("ada", "203.0.113.5").await;
    let forgot = w.forgets("ada").await;
    let (confirm, _) = w.asks_for(&ada, "lovelace@example.com").await;
    w.rotunda.delete_me(&w.bearer(&ada).await, &ada.caller).await.unwrap();
    for link in [notice, forgot, confirm] {
        w.tries_everywhere(&link, None).await;
    }
}

#[tokio::test]
async fn whatever_races_a_deletion_comes_to_nothing() {
    // A second deletion.
    let w = World::new().await;
    let ada = w.register("ada").await;
    let bearer = w.bearer(&ada).await;
    w.rotunda.delete_me(&bearer, &ada.caller).await.unwrap();
    let before = w.store.inner.snapshot();
    assert_eq!(denied(w.rotunda.delete_me(&bearer, &ada.caller).await), Denied::SessionEnded(None));
    assert_eq!(denied(w.rotunda.delete_user(ada.user.id).await), Denied::NotFound);
    assert_same(&before, &w.store.inner.snapshot());

    for write in [Write::Login, Write::Rotate, Write::Amend] {
        let w = World::new().await;
        let ada = w.register("ada").await;
        w.pass(MINUTE);
        let bearer = w.bearer(&ada).await;
        let (other, tab, by) = (w.clone(), ada.clone(), bearer.clone());
        w.store.before(write, async move {
            other.rotunda.delete_me(&by, &tab.caller).await.unwrap();
        });
        match write {
            Write::Login => {
                assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::CredentialsInvalid);
            }
            Write::Rotate => assert_eq!(w.refused(&ada).await, Denied::SessionEnded(None)),
            _ => {
                let again = crate::support::password(PASSWORD);
                let result = w.rotunda.reauthenticate(&bearer, &again, &ada.caller).await;
                assert_eq!(denied(result), Denied::SessionEnded(None));
            }
        }
        assert_eq!(w.rows()[..2], [0, 0], "{write:?}");
    }
}

#[tokio::test]
async fn a_session_that_has_ended_deletes_nobody() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let bearer = w.bearer(&ada).await;
    w.logs_out(&ada).await;
    let before = w.store.inner.snapshot();
    let ended = crate::support::over(rotunda_core::model::Ending::LoggedOut);
    assert_eq!(denied(w.rotunda.delete_me(&bearer, &ada.caller).await), ended);
    assert_same(&before, &w.store.inner.snapshot());
}

#[tokio::test]
async fn an_operator_deletes_and_exports_without_a_password() {
    let w = World::new().await;
    let ada = a_life(&w).await;
    w.pass(HOUR);
    w.news().await;
    let data = w.rotunda.export_user(ada.user.id).await.unwrap();
    assert_eq!((data.user, w.kinds().await), (ada.user.clone(), vec![EventKind::DataExported]));
    w.rotunda.delete_user(ada.user.id).await.unwrap();
    w.letters([LetterKind::AccountDeleted]).await;
    assert_eq!(denied(w.rotunda.export_user(ada.user.id).await), Denied::NotFound);
}

#[tokio::test]
async fn an_export_has_all_that_is_theirs_and_nothing_that_opens_anything() {
    let w = World::new().await;
    let ada = a_life(&w).await;
    w.register("bob").await;
    w.news().await;
    let data = w.rotunda.export_me(&w.bearer(&ada).await, &ada.caller).await.unwrap();
    assert_eq!(w.news().await, [w.event(EventKind::DataExported, &ada)]);
    let state = w.store.inner.snapshot();
    let theirs = |user: Option<UserId>| user == Some(ada.user.id);
    assert_eq!(data.user, ada.user);
    let live = w.live().into_iter().filter(|session| theirs(Some(session.user_id))).count();
    assert_eq!((data.sessions.len(), live), (2, 2));
    assert!(data.sessions.iter().all(|session| theirs(Some(session.user_id))));
    let devices = state.devices.iter().filter(|device| theirs(Some(device.user_id))).count();
    assert_eq!(data.devices.len(), devices);
    let events: Vec<_> = state.events.iter().filter(|known| theirs(known.event.user_id)).cloned().collect();
    assert_eq!(data.events, events);
    let text = format!("{data:?}");
    let hash = w.hash(&ada).await;
    let device = ada.device.as_ref().unwrap().expose_text();
    for secret in [hash.expose(), &ada.token, &ada.access, &device, PASSWORD, NEW] {
        assert!(!text.contains(secret), "a secret in an export");
    }
    assert!(text.contains("ada@example.com") && text.contains("Firefox"));
}
