//! An address is shown to be theirs: the link from the letter, and the password that was chosen with it.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, Event, EventKind, LetterKind, SecretText, User};
use rotunda_core::register::Newcomer;
use rotunda_testkit::CommandLine as _;

use crate::flows::{NEW, address_of, arrival, assert_same};
use crate::support::{DAY, HOUR, MINUTE, MS, PASSWORD, SECOND, World, caller, denied, over, password};

/// Ada has asked to register; the link of her letter.
async fn ada_registers(w: &World) -> SecretText {
    w.asks_to_register(&World::registration("ada")).await;
    w.link(LetterKind::VerifyEmail).await
}

#[tokio::test]
async fn a_registration_writes_no_user_and_nobody_signs_in_before_the_link_was_followed() {
    let w = World::verified().await;
    w.asks_to_register(&World::registration("ada")).await;
    assert_eq!(w.rows(), [0, 0, 1, 1, 1], "a link, a letter, an event");
    let asked = Event { user_id: None, session_id: None, ..w.news().await.remove(0) };
    assert_eq!((asked.kind, asked.caller), (EventKind::RegistrationAsked, caller("192.0.2.1")));
    let [letter] = w.letters([LetterKind::VerifyEmail]).await;
    assert_eq!(address_of(&letter), "ada@example.com");
    assert!(letter.url.as_ref().unwrap().expose().starts_with("https://auth.example/verify?token=rl1_"));
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::CredentialsInvalid);
    assert_eq!(w.hasher.verifications_without_hash(), 1, "like any account that does not exist");

    let grant = w.verify(&letter.token(), PASSWORD).await.unwrap();
    w.news().await;
    let ada = w.holder("ada", caller("192.0.2.9"), grant).await;
    assert_eq!((ada.user.email_verified, ada.user.ep), (true, 0));
    assert_eq!(ada.user.username.as_ref().unwrap().as_str(), "ada");
    assert_eq!(w.rows()[..4], [1, 1, 0, 0]);
    w.bearer(&ada).await;
    w.refresh(&ada).await.unwrap();
    w.knocks("ada", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_link_and_the_password_are_written_down_as_registered_verified_and_signed_in() {
    let w = World::verified().await;
    let link = ada_registers(&w).await;
    w.news().await;
    let grant = w.verify(&link, PASSWORD).await.unwrap();
    let ada = w.holder("ada", caller("192.0.2.9"), grant).await;
    let event = |kind| Event { session_id: None, ..w.event(kind, &ada) };
    let wanted = [
        event(EventKind::UserRegistered),
        event(EventKind::EmailVerified),
        w.event(EventKind::SignedIn, &ada),
    ];
    assert_eq!(w.news().await, wanted);
    w.no_letters().await;
}

#[tokio::test]
async fn a_wrong_password_changes_nothing_and_the_link_stays_good_once() {
    let w = World::verified().await;
    let link = ada_registers(&w).await;
    w.news().await;
    for _ in 0..3 {
        assert_eq!(denied(w.verify(&link, "not what I chose").await), Denied::CredentialsInvalid);
    }
    assert_eq!(w.kinds().await, [EventKind::SignInFailed], "once a minute");
    assert_eq!(w.rows()[..4], [0, 0, 1, 0]);
    w.verify(&link, PASSWORD).await.unwrap();
    w.tries_everywhere(&link, None).await;
    assert_eq!(w.rows()[0], 1);
}

#[tokio::test]
async fn of_two_registrations_of_one_address_either_link_works_and_then_the_other_does_not() {
    for first in [0, 1] {
        let w = World::verified().await;
        let old = ada_registers(&w).await;
        w.pass(SECOND);
        let mut again = World::registration("ada");
        again.newcomer.password = password(NEW);
        w.asks_to_register(&again).await;
        let new = w.link(LetterKind::VerifyEmail).await;
        let links = [(old, PASSWORD), (new, NEW)];
        let ((link, chosen), (other, others)) = (&links[first], &links[1 - first]);
        assert_eq!(denied(w.verify(link, others).await), Denied::CredentialsInvalid, "each has its own");
        w.verify(link, chosen).await.unwrap();
        let before = w.store.inner.snapshot();
        assert_eq!(denied(w.verify(other, others).await), Denied::LinkInvalid);
        assert_same(&before, &w.store.inner.snapshot());
        assert_eq!(denied(w.knocks("ada", others).await), Denied::CredentialsInvalid);
        w.knocks("ada", chosen).await.unwrap();
    }
}

#[tokio::test]
async fn what_somebody_else_took_meanwhile_is_theirs() {
    let w = World::verified().await;
    let link = ada_registers(&w).await;
    let newcomer = Newcomer { email: "other@example.com".to_owned(), ..World::registration("ada").newcomer };
    w.rotunda.add_user(&newcomer).await.unwrap();
    let before = w.store.inner.snapshot();
    assert_eq!(denied(w.verify(&link, PASSWORD).await), Denied::UsernameTaken);
    assert_same(&before, &w.store.inner.snapshot());
    let again = w.rotunda.register(&World::registration("ada")).await;
    assert_eq!(denied(again), Denied::UsernameTaken, "which is told at once");

    let w = World::verified().await;
    let link = ada_registers(&w).await;
    let newcomer = Newcomer { username: None, ..World::registration("ada").newcomer };
    w.rotunda.add_user(&newcomer).await.unwrap();
    let before = w.store.inner.snapshot();
    assert_eq!(denied(w.verify(&link, PASSWORD).await), Denied::LinkInvalid);
    assert_same(&before, &w.store.inner.snapshot());
}

#[tokio::test]
async fn the_owner_of_a_taken_address_is_told_and_whoever_asked_sees_no_difference() {
    let w = World::verified().await;
    let free = w.rows();
    w.asks_to_register(&World::registration("bob")).await;
    let written: Vec<usize> = w.rows().iter().zip(free).map(|(after, before)| after - before).collect();
    w.link(LetterKind::VerifyEmail).await;
    let link = ada_registers(&w).await;
    let grant = w.verify(&link, PASSWORD).await.unwrap();
    let ada = w.holder("ada", caller("192.0.2.9"), grant).await;

    let squatter = |w: &World| {
        let mut register = World::registration("ada");
        register.newcomer.username = None;
        register.newcomer.password = password("somebody else's password");
        assert_eq!(w.mail.take().len(), 0);
        register
    };
    let taken = w.rows();
    w.asks_to_register(&squatter(&w)).await;
    let same: Vec<usize> = w.rows().iter().zip(taken).map(|(after, before)| after - before).collect();
    assert_eq!(same, written, "as many rows");
    let [letter] = w.letters([LetterKind::AlreadyRegistered]).await;
    assert_eq!(address_of(&letter), "ada@example.com");
    assert_eq!(denied(w.verify(&letter.token(), PASSWORD).await), Denied::LinkInvalid, "no second account");
    let token = letter.token();

    w.rotunda.disable_user(ada.user.id).await.unwrap();
    assert_eq!(denied(w.reset(&token, NEW).await), Denied::LinkInvalid);
    let taken = w.rows();
    w.asks_to_register(&squatter(&w)).await;
    let same: Vec<usize> = w.rows().iter().zip(taken).map(|(after, before)| after - before).collect();
    assert_eq!(same, written, "as many rows");
    w.no_letters().await;
    assert_eq!(w.rows()[3], 0, "the one to nobody is gone as well");

    w.rotunda.enable_user(ada.user.id).await.unwrap();
    w.asks_to_register(&squatter(&w)).await;
    let token = w.link(LetterKind::AlreadyRegistered).await;
    w.reset(&token, NEW).await.unwrap();
    w.knocks("ada", NEW).await.unwrap();
}

#[tokio::test]
async fn the_link_of_a_registration_lives_from_its_letter_on() {
    let w = World::verified().await;
    w.asks_to_register(&World::registration("ada")).await;
    w.pass(5 * HOUR);
    let link = w.link(LetterKind::VerifyEmail).await;
    w.pass(30 * MINUTE - MS);
    let early = w.store.inner.snapshot();
    w.verify(&link, PASSWORD).await.unwrap();
    w.store.inner.restore(early);
    w.pass(MS);
    w.tries_everywhere(&link, None).await;
    assert_eq!(w.rows()[0], 0);
    w.pass(DAY);
    ada_registers(&w).await;
}

#[tokio::test]
async fn whoever_was_there_unverified_begins_anew_and_what_was_there_before_ends() {
    let w = World::new().await;
    let squatter = w.register("ada").await;
    let other = w.sign_in_app("ada").await;
    w.letters([LetterKind::NewDevice]).await;
    assert!(!squatter.user.email_verified);
    w.pass(MINUTE);
    w.rotunda.ask_for_verification("ada@example.com", &caller("192.0.2.9")).await.unwrap();
    let link = w.link(LetterKind::VerifyEmail).await;
    assert_eq!(w.kinds().await, [EventKind::VerificationAsked]);
    assert_eq!(denied(w.verify(&link, "a guess of another").await), Denied::CredentialsInvalid);
    w.news().await;
    let grant = w.rotunda.verify_email(&arrival(&link), &password(PASSWORD)).await.unwrap();
    let ada = w.holder("ada", caller("192.0.2.9"), grant).await;
    assert_eq!(ada.user, User { email_verified: true, ep: 1, ..squatter.user.clone() });
    let by = |event: Event| Event { caller: ada.caller.clone(), ..event };
    let event = |kind| Event { session_id: None, ..w.event(kind, &ada) };
    let wanted = [
        by(w.ended(Ending::EmailVerified, &squatter)),
        by(w.ended(Ending::EmailVerified, &other)),
        event(EventKind::EmailVerified),
        event(EventKind::EpochRaised(Ending::EmailVerified)),
        w.event(EventKind::SignedIn, &ada),
    ];
    assert_eq!(w.news().await, wanted);
    for gone in [&squatter, &other] {
        assert_eq!(w.refused(gone).await, over(Ending::EmailVerified));
        assert_eq!(denied(w.rotunda.bearer(&gone.access).await), over(Ending::EmailVerified));
    }
    w.bearer(&ada).await;
    w.refresh(&ada).await.unwrap();
    w.tries_everywhere(&link, None).await;
}

#[tokio::test]
async fn another_letter_looks_alike_for_the_verified_the_unknown_and_the_disabled() {
    let w = World::new().await;
    w.register("ada").await;
    let verified = w.register("eve").await;
    let token = w.forgets("eve").await;
    w.reset(&token, NEW).await.unwrap();
    w.letters([LetterKind::PasswordReset]).await;
    let disabled = w.register("dan").await;
    w.rotunda.disable_user(disabled.user.id).await.unwrap();
    assert!(w.user(&verified).await.email_verified && !w.user(&disabled).await.email_verified);
    for (name, letters) in [("ada", 1), ("eve", 0), ("nobody", 0), ("dan", 0)] {
        let before = w.rows();
        w.rotunda.ask_for_verification(&format!("{name}@example.com"), &caller("192.0.2.9")).await.unwrap();
        let written: Vec<usize> = w.rows().iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(written, [0, 0, 1, 1, 1], "{name}");
        w.rotunda.deliver().await.unwrap();
        assert_eq!(w.mail.take().len(), letters, "{name}");
    }
}
