//! Another address: asked for, confirmed from the new mailbox, told to both.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, Event, EventKind, LetterKind};
use rotunda_core::password::ChangePassword;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::email;

use crate::flows::{NEW, address_of, assert_same};
use crate::meddler::Write;
use crate::support::{MINUTE, MS, PASSWORD, World, caller, denied, password};

const FRESH: &str = "new@example.com";

#[tokio::test]
async fn both_mailboxes_hear_of_it_and_the_link_makes_it_so() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let phone = w.sign_in_app("ada").await;
    w.letters([LetterKind::NewDevice]).await;
    w.rotunda.ask_for_email(&w.bearer(&ada).await, FRESH, &ada.caller).await.unwrap();
    assert_eq!(w.news().await, [w.event(EventKind::EmailChangeAsked, &ada)]);
    assert_eq!(w.user(&ada).await, ada.user, "nothing has changed yet");
    let [confirm, asked] = w.letters([LetterKind::ConfirmEmail, LetterKind::EmailChangeAsked]).await;
    assert_eq!((address_of(&confirm), &confirm.letter.other), (FRESH, &Some(email("ada@example.com"))));
    assert_eq!((address_of(&asked), &asked.letter.other), ("ada@example.com", &Some(email(FRESH))));

    w.confirm(&confirm.token()).await.unwrap();
    let by = Event { caller: caller("192.0.2.9"), ..w.event(EventKind::EmailChanged, &ada) };
    assert_eq!(w.news().await, [by]);
    let user = w.user(&ada).await;
    assert_eq!((user.email, user.email_verified, user.ep), (email(FRESH), true, 0));
    let [before, after] = w.letters([LetterKind::EmailChanged, LetterKind::EmailChangedTo]).await;
    assert_eq!((address_of(&before), &before.letter.other), ("ada@example.com", &Some(email(FRESH))));
    assert_eq!((address_of(&after), &after.letter.other), (FRESH, &Some(email("ada@example.com"))));
    assert!(before.url.is_some() && after.url.is_none(), "only the one before can take it back");
    for holder in [&ada, &phone] {
        w.refresh(holder).await.unwrap();
        w.bearer(holder).await;
    }
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::CredentialsInvalid);
    w.knocks("new", PASSWORD).await.unwrap();
    w.tries_everywhere(&confirm.token(), None).await;
}

/// Somebody asks to move their account to an address that is not theirs, in the hope that its owner follows the link, uses
/// the account as their own, and loses it when the address is taken back.
#[tokio::test]
async fn the_link_alone_changes_no_address() {
    let w = World::new().await;
    let mallory = w.register("mallory").await;
    let bob = w.register("bob").await;
    let (confirm, _) = w.asks_for(&mallory, FRESH).await;
    w.news().await;
    let before = w.store.inner.snapshot();
    for wrong in ["", NEW, "the password that is mine elsewhere"] {
        assert_eq!(denied(w.confirm_with(&confirm, wrong).await), Denied::CredentialsInvalid);
    }
    let after = w.store.inner.snapshot();
    assert!(before.links == after.links && before.letters == after.letters, "the link stays good");
    assert_eq!(before.sessions, after.sessions);
    assert_eq!(w.kinds().await, [EventKind::SignInFailed], "once a minute");
    assert_eq!((w.user(&mallory).await, w.user(&bob).await), (mallory.user.clone(), bob.user.clone()));
    // There is nothing at that address to take for one's own.
    w.rotunda.forgot_password(FRESH, &caller("192.0.2.9")).await.unwrap();
    w.no_letters().await;
    // Whoever asked knows the password.
    w.confirm(&confirm).await.unwrap();
    assert_eq!(w.user(&mallory).await.email, email(FRESH));
    w.tries_everywhere(&confirm, None).await;
}

#[tokio::test]
async fn it_takes_a_password_that_was_entered_a_moment_ago() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    w.pass(5 * MINUTE);
    let before = w.store.inner.snapshot();
    let asked = w.rotunda.ask_for_email(&w.bearer(&ada).await, FRESH, &ada.caller).await;
    assert_eq!(denied(asked), Denied::ReauthenticationNeeded(5 * MINUTE));
    assert_same(&before, &w.store.inner.snapshot());
    let bearer = w.bearer(&ada).await;
    let grant = w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &ada.caller).await.unwrap();
    let ada = w.holder("ada", ada.caller.clone(), grant).await;
    let asked = w.rotunda.ask_for_email(&w.bearer(&ada).await, "no address", &ada.caller).await;
    assert_eq!(denied(asked), Denied::EmailInvalid);
    w.asks_for(&ada, FRESH).await;
}

#[tokio::test]
async fn an_address_of_somebody_else_is_told_to_its_owner_alone() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    let written = |before: [usize; 5]| -> Vec<usize> {
        w.rows().iter().zip(before).map(|(after, before)| after - before).collect()
    };
    let before = w.rows();
    w.rotunda.ask_for_email(&w.bearer(&ada).await, FRESH, &ada.caller).await.unwrap();
    let free = written(before);
    w.letters([LetterKind::ConfirmEmail, LetterKind::EmailChangeAsked]).await;
    w.news().await;

    let before = w.rows();
    w.rotunda.ask_for_email(&w.bearer(&ada).await, "bob@example.com", &ada.caller).await.unwrap();
    assert_eq!(written(before), free, "as many rows");
    assert_eq!(w.news().await, [w.event(EventKind::EmailChangeAsked, &ada)], "the same event");
    let [in_use, asked] = w.letters([LetterKind::EmailInUse, LetterKind::EmailChangeAsked]).await;
    assert_eq!((address_of(&in_use), in_use.letter.user_id), ("bob@example.com", Some(bob.user.id)));
    assert!(in_use.url.is_none() && in_use.letter.other.is_none(), "nor does the owner learn who it was");
    assert_eq!(address_of(&asked), "ada@example.com");
    assert_eq!(w.user(&ada).await, ada.user);
    assert_eq!(w.user(&bob).await, bob.user);
}

#[tokio::test]
async fn what_was_asked_for_is_void_once_the_asking_session_or_the_password_is() {
    for what in ["logout", "expiry", "report", "renewal", "password", "reset", "disabled"] {
        let w = World::new().await;
        let ada = w.register("ada").await;
        let (confirm, asked) = w.asks_for(&ada, FRESH).await;
        let bearer = w.bearer(&ada).await;
        match what {
            "logout" => w.logs_out(&ada).await,
            "expiry" => w.pass(30 * MINUTE),
            "report" => w.report(&asked).await.unwrap(),
            "renewal" => {
                let again = w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &ada.caller).await;
                assert!(again.is_ok());
            }
            "password" => {
                let (current, new) = (password(PASSWORD), password(NEW));
                let change = ChangePassword { current, new, caller: ada.caller.clone() };
                assert!(w.rotunda.change_password(&bearer, &change).await.is_ok());
            }
            "reset" => {
                let token = w.forgets("ada").await;
                assert!(w.reset(&token, NEW).await.is_ok());
            }
            _ => assert_eq!(w.rotunda.disable_user(ada.user.id).await.unwrap(), 1),
        }
        w.tries_everywhere(&confirm, None).await;
        assert_eq!(w.user(&ada).await.email, ada.user.email, "{what}");
    }
}

/// The thief has two sessions; the owner reports one of them. What the other has asked for must not go on: the password
/// is not as it was.
#[tokio::test]
async fn what_another_session_asked_for_is_void_after_a_report_too() {
    let w = World::new().await;
    w.register("ada").await;
    let (thief, _) = w.signs_in_from("ada", "203.0.113.66").await;
    let (_, notice) = w.signs_in_from("ada", "203.0.113.67").await;
    let (confirm, _) = w.asks_for(&thief, "thief@example.com").await;
    w.report(&notice).await.unwrap();
    w.link(LetterKind::ReportTaken).await;
    w.tries_everywhere(&confirm, None).await;
}

#[tokio::test]
async fn whoever_got_the_address_first_has_it() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    let (first, _) = w.asks_for(&ada, FRESH).await;
    let (second, _) = w.asks_for(&bob, FRESH).await;
    let (other, theirs) = (w.clone(), first.clone());
    w.store.before(Write::Amend, async move { other.confirm(&theirs).await.unwrap() });
    assert_eq!(denied(w.confirm(&second).await), Denied::LinkInvalid, "taken between reading and writing");
    assert_eq!(w.user(&ada).await.email, email(FRESH));
    assert_eq!(w.user(&bob).await, bob.user);
    w.letters([LetterKind::EmailChanged, LetterKind::EmailChangedTo]).await;
    let before = w.store.inner.snapshot();
    assert_eq!(denied(w.confirm(&second).await), Denied::LinkInvalid, "and ever after");
    assert_same(&before, &w.store.inner.snapshot());
}

#[tokio::test]
async fn a_session_that_ends_between_reading_and_writing_is_seen_at_the_latest_by_its_end_of_all() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let (confirm, _) = w.asks_for(&ada, FRESH).await;
    let (other, tab) = (w.clone(), ada.clone());
    w.store.before(Write::Amend, async move {
        other.rotunda.logout_all(&other.bearer(&tab).await, &tab.caller).await.unwrap();
    });
    assert_eq!(denied(w.confirm(&confirm).await), Denied::LinkInvalid);
    assert_eq!(w.user(&ada).await.email, ada.user.email);
    assert_eq!(w.refused(&ada).await, Denied::SessionEnded(Some(Ending::LoggedOutEverywhere)));
}

#[tokio::test]
async fn a_link_to_confirm_lives_half_an_hour_from_its_letter_on() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    w.rotunda.ask_for_email(&w.bearer(&ada).await, FRESH, &ada.caller).await.unwrap();
    w.pass(60 * MINUTE);
    let [confirm, _] = w.letters([LetterKind::ConfirmEmail, LetterKind::EmailChangeAsked]).await;
    w.pass(30 * MINUTE - MS);
    let early = w.store.inner.snapshot();
    w.confirm(&confirm.token()).await.unwrap();
    w.store.inner.restore(early);
    w.pass(MS);
    w.tries_everywhere(&confirm.token(), None).await;
}
