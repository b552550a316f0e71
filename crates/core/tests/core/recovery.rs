//! A forgotten password: a letter, a link, a new one, and the end of everything that the old one opened.

use rotunda_core::denied::Denied;
use rotunda_core::link::Arrival;
use rotunda_core::login::Login;
use rotunda_core::model::{Ending, Event, EventKind, LetterKind};
use rotunda_core::password::ChangePassword;
use rotunda_testkit::CommandLine as _;

use crate::flows::{NEW, address_of, arrival, assert_same};
use crate::support::{HOUR, MINUTE, MS, PASSWORD, World, caller, denied, over, password};

/// Somebody else's session in the same browser is left behind, as at a sign-in.
#[tokio::test]
async fn a_reset_ends_the_session_that_this_browser_held() {
    let w = World::new().await;
    w.register("ada").await;
    let bob = w.register("bob").await;
    let token = w.forgets("ada").await;
    let arrival = Arrival { page: bob.page.clone(), ..arrival(&token) };
    w.rotunda.reset_password(&arrival, &password(NEW)).await.unwrap();
    assert_eq!(w.refused(&bob).await, over(Ending::LoggedOut));
}

#[tokio::test]
async fn the_unknown_the_disabled_and_the_known_look_alike_and_nobody_gets_the_letter_to_nobody() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let dan = w.register("dan").await;
    w.rotunda.disable_user(dan.user.id).await.unwrap();
    w.news().await;
    let forgot = caller("192.0.2.9");
    for (name, user_id) in [("ada", Some(ada.user.id)), ("dan", None), ("nobody", None)] {
        let before = w.rows();
        w.rotunda.forgot_password(&format!("{name}@example.com"), &forgot).await.unwrap();
        let written: Vec<usize> = w.rows().iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(written, [0, 0, 1, 1, 1], "{name}: a link, a letter, an event");
        let (kind, at) = (EventKind::RecoveryAsked, w.clock_now());
        let asked = Event { kind, at, user_id, session_id: None, about: None, caller: forgot.clone() };
        assert_eq!(w.news().await, [asked]);
    }
    let delivered = w.rotunda.deliver().await.unwrap();
    assert_eq!((delivered.sent, delivered.failed.len(), w.rows()[3]), (1, 0, 0));
    let [letter] = w.mail.take_all([LetterKind::ResetPassword]);
    assert_eq!(address_of(&letter), "ada@example.com");
    assert!(letter.url.as_ref().unwrap().expose().starts_with("https://auth.example/reset?token=rl1_"));
    assert_eq!(denied(w.rotunda.forgot_password("no address", &forgot).await), Denied::EmailInvalid);
}

#[tokio::test]
async fn a_reset_ends_everything_signs_in_and_tells_of_it() {
    let w = World::new().await;
    let browser = w.register("ada").await;
    w.pass(MINUTE);
    let app = w.sign_in_app("ada").await;
    let bob = w.register("bob").await;
    w.letters([LetterKind::NewDevice]).await;
    let token = w.forgets("ada").await;
    w.pass(MINUTE);
    w.news().await;
    let grant = w.reset(&token, NEW).await.unwrap();
    let ada = w.holder("ada", caller("192.0.2.9"), grant).await;
    assert_eq!((ada.user.ep, ada.user.email_verified), (1, true), "whoever has the letter has the address");
    let by = |event: Event| Event { caller: ada.caller.clone(), ..event };
    let event = |kind| Event { session_id: None, ..w.event(kind, &ada) };
    let wanted = [
        by(w.ended(Ending::PasswordReset, &browser)),
        by(w.ended(Ending::PasswordReset, &app)),
        event(EventKind::PasswordReset),
        event(EventKind::EpochRaised(Ending::PasswordReset)),
        w.event(EventKind::SignedIn, &ada),
    ];
    assert_eq!(w.news().await, wanted);
    for gone in [&browser, &app] {
        assert_eq!(w.refused(gone).await, over(Ending::PasswordReset));
        assert_eq!(denied(w.rotunda.bearer(&gone.access).await), over(Ending::PasswordReset));
    }
    w.refresh(&bob).await.unwrap();
    w.refresh(&ada).await.unwrap();
    let [told] = w.letters([LetterKind::PasswordReset]).await;
    assert_eq!(address_of(&told), "ada@example.com");
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::CredentialsInvalid);
    w.knocks("ada", NEW).await.unwrap();
    w.report(&told.token()).await.unwrap();
    assert_eq!(w.refused(&ada).await, over(Ending::Reported), "the notice is about the session that began");
}

#[tokio::test]
async fn a_password_that_will_not_do_leaves_the_link_good_and_a_used_one_is_over() {
    let w = World::new().await;
    w.register("ada").await;
    let token = w.forgets("ada").await;
    let before = w.store.inner.snapshot();
    assert_eq!(denied(w.reset(&token, "short").await), Denied::PasswordTooShort { least: 12 });
    assert_same(&before, &w.store.inner.snapshot());
    w.reset(&token, NEW).await.unwrap();
    w.tries_everywhere(&token, None).await;
}

#[tokio::test]
async fn the_life_of_a_link_begins_when_its_letter_goes_out() {
    let w = World::new().await;
    w.register("ada").await;
    w.rotunda.forgot_password("ada@example.com", &caller("192.0.2.9")).await.unwrap();
    w.pass(7 * HOUR);
    let token = w.link(LetterKind::ResetPassword).await;
    w.pass(30 * MINUTE - MS);
    let early = w.store.inner.snapshot();
    w.reset(&token, NEW).await.unwrap();
    w.store.inner.restore(early);
    w.pass(MS);
    w.tries_everywhere(&token, None).await;
}

#[tokio::test]
async fn a_link_is_void_once_the_account_is_not_what_it_was() {
    // Another reset from before.
    let w = World::new().await;
    w.register("ada").await;
    let (first, second) = (w.forgets("ada").await, w.forgets("ada").await);
    w.reset(&second, NEW).await.unwrap();
    w.tries_everywhere(&first, None).await;

    // A change of password.
    let w = World::new().await;
    let ada = w.register("ada").await;
    let token = w.forgets("ada").await;
    let change =
        ChangePassword { current: password(PASSWORD), new: password(NEW), caller: ada.caller.clone() };
    w.rotunda.change_password(&w.bearer(&ada).await, &change).await.unwrap();
    w.tries_everywhere(&token, None).await;

    // Another address.
    let w = World::new().await;
    let ada = w.register("ada").await;
    let token = w.forgets("ada").await;
    w.moves_to(&ada, "new@example.com").await;
    w.tries_everywhere(&token, None).await;

    // A disabling; the epoch has moved for good.
    let w = World::new().await;
    let ada = w.register("ada").await;
    let token = w.forgets("ada").await;
    w.rotunda.disable_user(ada.user.id).await.unwrap();
    w.tries_everywhere(&token, None).await;
    w.rotunda.enable_user(ada.user.id).await.unwrap();
    w.tries_everywhere(&token, None).await;

    // A sign-out everywhere.
    let w = World::new().await;
    let ada = w.register("ada").await;
    let token = w.forgets("ada").await;
    w.rotunda.logout_all(&w.bearer(&ada).await, &ada.caller).await.unwrap();
    w.tries_everywhere(&token, None).await;
}

#[tokio::test]
async fn the_same_address_in_another_spelling_is_the_same_address() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let token = w.forgets("ada").await;
    w.moves_to(&ada, "Ada@Example.com").await;
    assert_eq!(w.user(&ada).await.email.as_str(), "Ada@Example.com");
    w.reset(&token, NEW).await.unwrap();
}

#[tokio::test]
async fn a_known_device_keeps_its_id_and_gets_a_new_secret() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let token = w.forgets("ada").await;
    let known = Arrival { device: ada.device.clone(), ..arrival(&token) };
    let grant = w.rotunda.reset_password(&known, &password(NEW)).await.unwrap();
    assert_eq!(grant.session.device_id, ada.session.device_id);
    assert!(grant.session.device_hash != ada.session.device_hash);
    w.letters([LetterKind::PasswordReset]).await;
    let login = Login {
        device: grant.device_secret.clone(),
        password: password(NEW),
        caller: caller("198.51.100.77"),
        ..World::login_of("ada")
    };
    let again = w.rotunda.login(&login).await.unwrap();
    assert_eq!(again.session.device_id, ada.session.device_id);
    w.no_letters().await;

    // A secret that this user never had is not taken over.
    let bob = w.register("bob").await;
    let token = w.forgets("bob").await;
    let foreign = Arrival { device: ada.device.clone(), ..arrival(&token) };
    let grant = w.rotunda.reset_password(&foreign, &password(NEW)).await.unwrap();
    assert!(grant.session.device_id != ada.session.device_id);
    assert!(grant.session.device_id != bob.session.device_id);
}

#[tokio::test]
async fn of_two_who_come_with_one_link_one_wins() {
    let w = World::new().await;
    w.register("ada").await;
    let token = w.forgets("ada").await;
    let (other, theirs) = (w.clone(), token.clone());
    w.store.before(crate::meddler::Write::Amend, async move {
        other.reset(&theirs, NEW).await.unwrap();
    });
    assert_eq!(denied(w.reset(&token, "yet another password").await), Denied::LinkInvalid);
    assert_eq!(w.live().len(), 1);
    w.knocks("ada", NEW).await.unwrap();
}
