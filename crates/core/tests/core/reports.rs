//! "This was not me": what the link in each notice does, and what it cannot do.

use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::model::{Ending, Event, EventKind, LetterKind, SecretText};
use rotunda_core::password::ChangePassword;
use rotunda_core::register::Newcomer;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::email;

use crate::flows::{NEW, address_of, assert_same};
use crate::support::{DAY, HOUR, Holder, MINUTE, MS, PASSWORD, World, caller, denied, over, password};

/// Ada on her browser; somebody with her password elsewhere; the notice that she got of it.
async fn ada_and_a_thief(w: &World) -> (Holder, Holder, SecretText) {
    let ada = w.register("ada").await;
    w.pass(MINUTE);
    let (thief, notice) = w.signs_in_from("ada", "203.0.113.66").await;
    (ada, thief, notice)
}

async fn changes_password(w: &World, holder: &Holder) -> Holder {
    let (current, new) = (password(PASSWORD), password(NEW));
    let change = ChangePassword { current, new, caller: holder.caller.clone() };
    let grant = w.rotunda.change_password(&w.bearer(holder).await, &change).await.unwrap();
    w.holder(&holder.name, holder.caller.clone(), grant).await
}

#[tokio::test]
async fn every_session_ends_the_devices_are_forgotten_and_the_password_is_void() {
    let w = World::new().await;
    let (ada, thief, notice) = ada_and_a_thief(&w).await;
    w.report(&notice).await.unwrap();
    let by = |event: Event| Event { caller: caller("192.0.2.9"), ..event };
    let raised = Event { session_id: None, ..w.event(EventKind::EpochRaised(Ending::Reported), &thief) };
    let wanted = [
        by(w.ended(Ending::Reported, &ada)),
        by(w.ended(Ending::Reported, &thief)),
        by(w.event(EventKind::Reported, &thief)),
        by(raised),
    ];
    assert_eq!(w.news().await, wanted);
    assert_eq!(w.refused(&thief).await, over(Ending::Reported));
    assert_eq!(denied(w.rotunda.bearer(&thief.access).await), over(Ending::Reported));
    assert_eq!(w.refused(&ada).await, over(Ending::Reported));
    assert_eq!(w.user(&ada).await.ep, 1);

    let (checks, without) = (w.hasher.verifications(), w.hasher.verifications_without_hash());
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::CredentialsInvalid);
    assert_eq!(denied(w.knocks("ada", "!").await), Denied::CredentialsInvalid, "nor with what is stored");
    assert_eq!((w.hasher.verifications(), w.hasher.verifications_without_hash()), (checks + 2, without + 2));

    let [taken] = w.letters([LetterKind::ReportTaken]).await;
    assert_eq!(address_of(&taken), "ada@example.com");
    w.reset(&taken.token(), NEW).await.unwrap();
    w.letters([LetterKind::PasswordReset]).await;
    let login = Login {
        password: password(NEW),
        device: thief.device.clone(),
        caller: caller("203.0.113.67"),
        ..World::login_of("ada")
    };
    let again = w.rotunda.login(&login).await.unwrap();
    assert!(again.session.device_id != thief.session.device_id, "a new device");
    w.link(LetterKind::NewDevice).await;
}

#[tokio::test]
async fn every_notice_can_be_reported() {
    let w = World::new().await;
    let (ada, thief, _) = ada_and_a_thief(&w).await;
    let (_, notice) = w.asks_for(&thief, "thief@example.com").await;
    w.report(&notice).await.unwrap();
    assert_eq!(w.refused(&thief).await, over(Ending::Reported));
    assert_eq!(w.refused(&ada).await, over(Ending::Reported));

    let w = World::new().await;
    let (ada, thief, _) = ada_and_a_thief(&w).await;
    let thief = changes_password(&w, &thief).await;
    let notice = w.link(LetterKind::PasswordChanged).await;
    assert_eq!(w.refused(&ada).await, over(Ending::PasswordChanged));
    w.report(&notice).await.unwrap();
    assert_eq!(w.refused(&thief).await, over(Ending::Reported));
    let taken = w.link(LetterKind::ReportTaken).await;
    w.reset(&taken, "back in my own hands").await.unwrap();

    let w = World::new().await;
    let (ada, thief, _) = ada_and_a_thief(&w).await;
    let mut used = ada.clone();
    used.keys = Vec::new();
    let mut current = ada.clone();
    for _ in 0..3 {
        w.pass(HOUR);
        w.refreshes(&mut current).await;
    }
    assert_eq!(w.refused(&used).await, Denied::TokenReused);
    let notice = w.link(LetterKind::TheftFound).await;
    w.report(&notice).await.unwrap();
    assert_eq!(w.refused(&current).await, over(Ending::Reused), "it has ended before, and that stands");
    assert_eq!(w.refused(&thief).await, over(Ending::Reported));
    w.link(LetterKind::ReportTaken).await;
    assert_eq!(denied(w.knocks("ada", PASSWORD).await), Denied::CredentialsInvalid);
}

/// A re-authentication renews the session, a second sign-in on a known device brings no notice, nor does one that looks like
/// the first: none of them may keep a thief in.
#[tokio::test]
async fn whatever_the_thief_has_begun_ends_with_a_report() {
    let w = World::new().await;
    let (ada, thief, notice) = ada_and_a_thief(&w).await;
    let beside =
        Login { device: thief.device.clone(), caller: thief.caller.clone(), ..World::login_of("ada") };
    let beside = w.sign_in_with("ada", beside).await;
    w.no_letters().await;
    let bearer = w.bearer(&thief).await;
    let grant = w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &thief.caller).await.unwrap();
    let renewed = w.holder("ada", thief.caller.clone(), grant).await;
    w.news().await;
    w.report(&notice).await.unwrap();
    assert_eq!(w.refused(&renewed).await, over(Ending::Reported));
    assert_eq!(w.refused(&beside).await, over(Ending::Reported));
    assert_eq!(w.refused(&thief).await, over(Ending::Renewed));
    let ended = EventKind::SessionEnded(Ending::Reported);
    assert_eq!(w.kinds().await.iter().filter(|kind| **kind == ended).count(), 3, "one event for each");
    assert_eq!(w.refused(&ada).await, over(Ending::Reported));
}

#[tokio::test]
async fn a_changed_address_comes_back_and_everything_ends() {
    let w = World::new().await;
    let (ada, thief, sign_in) = ada_and_a_thief(&w).await;
    let changed = w.moves_to(&thief, "thief@example.com").await;
    // Any notice from before the change will do.
    for notice in [changed, sign_in] {
        let before = w.store.inner.snapshot();
        w.report(&notice).await.unwrap();
        let user = w.user(&ada).await;
        assert_eq!((user.email, user.email_verified, user.ep), (email("ada@example.com"), true, 1));
        let events = w.store.inner.snapshot().events.into_iter().skip(before.events.len());
        let kinds: Vec<_> = events.map(|recorded| recorded.event.kind).collect();
        assert!(kinds.contains(&EventKind::EpochRaised(Ending::Reported)), "{kinds:?}");
        assert!(kinds.contains(&EventKind::EmailChanged), "{kinds:?}");
        for gone in [&ada, &thief] {
            assert_eq!(w.refused(gone).await, over(Ending::Reported));
        }
        let [taken] = w.letters([LetterKind::ReportTaken]).await;
        assert_eq!(address_of(&taken), "ada@example.com");
        w.reset(&taken.token(), NEW).await.unwrap();
        assert_eq!(w.live().len(), 1);
        w.letters([LetterKind::PasswordReset]).await;
        w.knocks("ada", NEW).await.unwrap();
        w.store.inner.restore(before);
    }
}

/// Whoever had the address changed got notices too, at theirs. They are no way back in.
#[tokio::test]
async fn no_notice_from_before_moves_an_address_that_was_taken_back() {
    let w = World::new().await;
    let (ada, thief, sign_in) = ada_and_a_thief(&w).await;
    w.pass(MINUTE);
    let changed = w.moves_to(&thief, "thief@example.com").await;
    changes_password(&w, &thief).await;
    let [notice] = w.letters([LetterKind::PasswordChanged]).await;
    assert_eq!(address_of(&notice), "thief@example.com");
    let theirs = notice.token();
    w.pass(MINUTE);
    w.report(&changed).await.unwrap();
    let taken = w.link(LetterKind::ReportTaken).await;
    w.pass(MINUTE);
    w.tries_everywhere(&theirs, None).await;
    let grant = w.reset(&taken, "back in my own hands").await.unwrap();
    w.letters([LetterKind::PasswordReset]).await;
    w.tries_everywhere(&theirs, None).await;
    let user = w.user(&ada).await;
    assert_eq!(user.email, email("ada@example.com"));

    // What the owner has from before is still good, and moves nothing.
    let back = w.holder("ada", caller("192.0.2.9"), grant).await;
    w.refresh(&back).await.unwrap();
    w.report(&sign_in).await.unwrap();
    assert_eq!(w.user(&ada).await.email, user.email);
    assert_eq!(w.refused(&back).await, over(Ending::Reported));
}

/// A thief who moves the address twice has the older one of those two notices: the owner's is older still.
#[tokio::test]
async fn of_all_reports_the_oldest_wins_whoever_comes_first() {
    let w = World::new().await;
    let (ada, thief, _) = ada_and_a_thief(&w).await;
    let owners = w.moves_to(&thief, "first@thief.example").await;
    w.pass(MINUTE);
    let thiefs = w.moves_to(&thief, "second@thief.example").await;
    w.report(&thiefs).await.unwrap();
    assert_eq!(w.user(&ada).await.email, email("first@thief.example"));
    let taken = w.link(LetterKind::ReportTaken).await;
    w.reset(&taken, NEW).await.unwrap();
    w.letters([LetterKind::PasswordReset]).await;
    w.pass(MINUTE);
    w.report(&owners).await.unwrap();
    assert_eq!(w.user(&ada).await.email, email("ada@example.com"));
    let taken = w.link(LetterKind::ReportTaken).await;
    w.reset(&taken, "back in my own hands").await.unwrap();
}

#[tokio::test]
async fn an_address_that_somebody_else_took_meanwhile_stays_theirs_and_everything_ends() {
    let w = World::new().await;
    let (ada, thief, _) = ada_and_a_thief(&w).await;
    let changed = w.moves_to(&thief, "thief@example.com").await;
    let newcomer = Newcomer { username: None, ..World::registration("ada").newcomer };
    let other = w.rotunda.add_user(&newcomer).await.unwrap();
    w.news().await;
    w.report(&changed).await.unwrap();
    let user = w.user(&ada).await;
    assert_eq!((user.email, user.ep), (email("thief@example.com"), 1));
    assert!(!w.hash(&ada).await.is_usable());
    assert_eq!(w.refused(&thief).await, over(Ending::Reported));
    assert!(!w.kinds().await.contains(&EventKind::EmailChanged));
    let taken = w.link(LetterKind::ReportTaken).await;
    w.tries_everywhere(&taken, None).await;
    let theirs = w.knocks("ada", PASSWORD).await.unwrap();
    assert_eq!(theirs.user.id, other.id, "whoever has it now is not touched");
}

#[tokio::test]
async fn a_report_is_good_once_for_seven_days_and_not_for_the_disabled_or_the_gone() {
    let w = World::new().await;
    let (ada, _, notice) = ada_and_a_thief(&w).await;
    w.pass(7 * DAY - MS);
    let early = w.store.inner.snapshot();
    w.report(&notice).await.unwrap();
    w.link(LetterKind::ReportTaken).await;
    w.tries_everywhere(&notice, None).await;

    w.store.inner.restore(early.clone());
    w.rotunda.disable_user(ada.user.id).await.unwrap();
    w.tries_everywhere(&notice, None).await;
    w.rotunda.enable_user(ada.user.id).await.unwrap();
    w.report(&notice).await.unwrap();

    w.store.inner.restore(early.clone());
    w.rotunda.delete_user(ada.user.id).await.unwrap();
    w.tries_everywhere(&notice, None).await;

    w.store.inner.restore(early);
    w.pass(MS);
    w.tries_everywhere(&notice, None).await;
}

#[tokio::test]
async fn the_link_of_a_report_that_was_taken_reaches_the_address_in_whatever_spelling() {
    let w = World::new().await;
    let (ada, _, notice) = ada_and_a_thief(&w).await;
    w.moves_to(&ada, "Ada@example.com").await;
    w.report(&notice).await.unwrap();
    assert_eq!(w.user(&ada).await.email.as_str(), "Ada@example.com", "no move");
    let taken = w.link(LetterKind::ReportTaken).await;
    w.reset(&taken, NEW).await.unwrap();
}

#[tokio::test]
async fn of_two_reports_at_once_one_is_taken() {
    let w = World::new().await;
    let (_, _, notice) = ada_and_a_thief(&w).await;
    let (other, theirs) = (w.clone(), notice.clone());
    w.store.before(crate::meddler::Write::Amend, async move { other.report(&theirs).await.unwrap() });
    assert_eq!(denied(w.report(&notice).await), Denied::LinkInvalid);
    w.link(LetterKind::ReportTaken).await;
    let before = w.store.inner.snapshot();
    assert_eq!(denied(w.report(&notice).await), Denied::LinkInvalid);
    assert_same(&before, &w.store.inner.snapshot());
}
