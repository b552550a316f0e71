//! A change of password ends everything that the old one opened.

use std::sync::Arc;

use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::model::{Ending, Event, EventKind, Lineage, Password, Session, User};
use rotunda_core::outside::KnownPassword;
use rotunda_core::password::ChangePassword;
use rotunda_core::password::acceptable::Predictable;
use rotunda_core::register::Newcomer;
use rotunda_core::{Outside, Rotunda};
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::{ListedPasswords, QuickHasher};

use crate::meddler::Write;
use crate::support::{
    DAY, Holder, MINUTE, PASSWORD, World, as_ended, denied, failure, masters, over, password,
};

const NEW: &str = "a new and longer one";

fn change(holder: &Holder, current: &str, new: Password) -> ChangePassword {
    ChangePassword { current: password(current), new, caller: holder.caller.clone() }
}

#[tokio::test]
async fn the_own_session_is_replaced_and_all_others_end() {
    let w = World::new().await;
    let mut browser = w.register("ada").await;
    w.pass(MINUTE);
    let phone = w.sign_in_app("ada").await;
    let stranger = w.register("bob").await;
    w.pass(MINUTE);
    w.refreshes(&mut browser).await;
    let bearer = w.bearer(&browser).await;
    w.pass(MINUTE);
    let grant = w.rotunda.change_password(&bearer, &change(&browser, PASSWORD, password(NEW))).await.unwrap();
    let renewed = w.holder("ada", browser.caller.clone(), grant).await;

    let (old, now) = (&browser.session, w.clock_now());
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
        ep: 1,
        ..old.clone()
    };
    assert_eq!(renewed.session, wanted, "the same device, a new session");
    assert_eq!(renewed.user, User { ep: 1, ..browser.user.clone() });
    assert!(renewed.session.id != old.id && renewed.session.page_hash != old.page_hash);
    assert!(
        renewed.device.is_some() && renewed.session.device_hash != old.device_hash,
        "and a new secret for it"
    );
    let end = |holder: &Holder| Event {
        caller: browser.caller.clone(),
        ..w.ended(Ending::PasswordChanged, holder)
    };
    let raised = EventKind::EpochRaised(Ending::PasswordChanged);
    let events = [
        end(&browser),
        end(&phone),
        w.event(EventKind::PasswordChanged, &renewed),
        Event { session_id: None, ..w.event(raised, &renewed) },
    ];
    assert_eq!(w.news().await, events);

    for gone in [&browser, &phone] {
        assert_eq!(w.refused(gone).await, over(Ending::PasswordChanged));
        assert_eq!(denied(w.rotunda.bearer(&gone.access).await), over(Ending::PasswordChanged), "at once");
        assert_eq!(w.row(gone).await, as_ended(&gone.session, Ending::PasswordChanged, now));
    }
    let mut renewed = renewed;
    w.bearer(&renewed).await;
    w.refreshes(&mut renewed).await;
    w.refresh(&stranger).await.unwrap();
    assert_eq!(denied(w.rotunda.login(&World::login_of("ada")).await), Denied::CredentialsInvalid);
    w.rotunda.login(&Login { password: password(NEW), ..World::login_of("ada") }).await.unwrap();
}

#[tokio::test]
async fn nothing_that_was_copied_from_the_old_session_or_its_device_opens_the_new_one() {
    let w = World::new().await;
    let mut browser = w.register("ada").await;
    w.refreshes(&mut browser).await;
    let thief = browser.copied_by("thief");
    let grant = w
        .rotunda
        .change_password(&w.bearer(&browser).await, &change(&browser, PASSWORD, password(NEW)))
        .await;
    let renewed = w.holder("ada", browser.caller.clone(), grant.unwrap()).await;
    assert_eq!(w.refused(&thief).await, over(Ending::PasswordChanged));
    let with_old_device = Holder { device: thief.device, ..renewed.clone() };
    assert_eq!(w.refused(&with_old_device).await, Denied::TokenReused, "the old secret is another device's");
    assert_eq!(w.refused(&renewed).await, over(Ending::Reused));
}

#[tokio::test]
async fn whoever_guesses_the_current_password_leaves_a_trace_once_a_minute() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let bearer = w.bearer(&tab).await;
    for _ in 0..3 {
        let guess = w.rotunda.change_password(&bearer, &change(&tab, "not my password", password(NEW))).await;
        assert_eq!(denied(guess), Denied::CredentialsInvalid);
    }
    assert_eq!(w.news().await, [w.event(EventKind::SignInFailed, &tab)]);
    assert_eq!(w.row(&tab).await, tab.session);
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let bearer = w.bearer(&tab).await;
    let refusals = [
        (change(&tab, PASSWORD, password("elevenchars")), Denied::PasswordTooShort { least: 12 }),
        (change(&tab, PASSWORD, password(&"\u{e9}".repeat(11))), Denied::PasswordTooShort { least: 12 }),
        (change(&tab, PASSWORD, password(&"x".repeat(1025))), Denied::PasswordTooLong),
        (change(&tab, "not my password", password("")), Denied::PasswordTooShort { least: 12 }),
    ];
    for (change, wanted) in refusals {
        assert_eq!(denied(w.rotunda.change_password(&bearer, &change).await), wanted);
    }
    w.assert_untouched(&tab, &tab.session).await;
    w.bearer(&tab).await;
    w.sign_in("ada").await;
}

#[tokio::test]
async fn nothing_is_asked_of_the_composition_of_a_new_password_and_it_is_kept_as_it_came() {
    for text in [
        "twelve chars",
        "fourwordsinarow",
        &"\u{1F511}\u{1F512}".repeat(6),
        &"xy".repeat(512),
        " leading and trailing ",
        "e\u{301}te\u{301} a\u{300} Paris",
    ] {
        let w = World::new().await;
        let tab = w.register("ada").await;
        let bearer = w.bearer(&tab).await;
        w.rotunda.change_password(&bearer, &change(&tab, PASSWORD, password(text))).await.unwrap();
        w.rotunda.login(&Login { password: password(text), ..World::login_of("ada") }).await.unwrap();
        // In another form of Unicode, or without its spaces, it is another password.
        let other = text.replace("e\u{301}", "\u{e9}").trim().to_owned();
        let login = w.rotunda.login(&Login { password: password(&other), ..World::login_of("ada") }).await;
        assert_eq!(login.is_ok(), other == text, "{text:?}");
    }
}

#[tokio::test]
async fn a_known_password_is_taken_from_nobody_and_still_lets_in_who_has_it() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let known = ListedPasswords::new(&[
        (PASSWORD, KnownPassword::Breached),
        ("staple of four words", KnownPassword::Common),
    ]);
    let outside = Outside { known_passwords: Arc::new(known), ..w.outside() };
    let mut policy = w.rotunda.policy().clone();
    policy.service_words = vec!["Rotunda".to_owned()];
    let later = Rotunda::start(outside, masters(&[1]), policy).await.unwrap();
    let bearer = later.bearer(&tab.access).await.unwrap();
    let refusals = [
        (PASSWORD, Denied::PasswordBreached),
        ("staple of four words", Denied::PasswordCommon),
        ("ada@example.com", Denied::PasswordPredictable(Predictable::User)),
        ("r0tunda-2026!", Denied::PasswordPredictable(Predictable::Service)),
    ];
    for (text, wanted) in refusals {
        let changed = later.change_password(&bearer, &change(&tab, PASSWORD, password(text))).await;
        assert_eq!(denied(changed), wanted, "{text}");
        let newcomer = Newcomer {
            email: "ada@example.com".to_owned(),
            password: password(text),
            username: None,
            name: None,
        };
        assert_eq!(denied(later.add_user(&newcomer).await), wanted, "{text}, for a new user");
    }
    w.assert_untouched(&tab, &tab.session).await;
    later.login(&World::login_of("ada")).await.unwrap();
}

#[tokio::test]
async fn no_configuration_asks_for_fewer_than_eight_characters() {
    let w = World::with(|policy| policy.least_password_chars = 1).await;
    let tab = w.register("ada").await;
    let seven =
        w.rotunda.change_password(&w.bearer(&tab).await, &change(&tab, PASSWORD, password("sevench"))).await;
    assert_eq!(denied(seven), Denied::PasswordTooShort { least: 8 });
}

#[tokio::test]
async fn a_session_that_was_signed_out_meanwhile_has_lost_its_right_to_ask() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let bearer = w.bearer(&tab).await;
    let (other, same) = (w.clone(), tab.clone());
    w.store.before(Write::Amend, async move { other.logs_out(&same).await });
    let changed = w.rotunda.change_password(&bearer, &change(&tab, PASSWORD, password(NEW))).await;
    assert_eq!(denied(changed), Denied::SessionEnded(Some(Ending::LoggedOut)));
    assert_eq!(w.news().await, [w.ended(Ending::LoggedOut, &tab)], "nothing else happened");
    w.sign_in("ada").await;
}

#[tokio::test]
async fn of_two_changes_at_once_one_counts() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let bearer = w.bearer(&tab).await;
    let (other, same) = (w.clone(), bearer.clone());
    let first = change(&tab, PASSWORD, password("what the other tab chose"));
    w.store.before(Write::Amend, async move {
        other.rotunda.change_password(&same, &first).await.unwrap();
    });
    let second = w.rotunda.change_password(&bearer, &change(&tab, PASSWORD, password(NEW))).await;
    assert_eq!(denied(second), Denied::SessionEnded(Some(Ending::PasswordChanged)));
    w.rotunda
        .login(&Login { password: password("what the other tab chose"), ..World::login_of("ada") })
        .await
        .unwrap();
    assert_eq!(
        denied(w.rotunda.login(&Login { password: password(NEW), ..World::login_of("ada") }).await),
        Denied::CredentialsInvalid
    );
}

#[tokio::test]
async fn a_bearer_from_before_a_raised_epoch_changes_no_password() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let bearer = w.bearer(&tab).await;
    w.rotunda.logout_all(&bearer, &tab.caller).await.unwrap();
    let late = w.rotunda.change_password(&bearer, &change(&tab, PASSWORD, password(NEW))).await;
    assert_eq!(denied(late), Denied::SessionEnded(None));
    w.sign_in("ada").await;
}

#[tokio::test]
async fn a_rehash_at_the_same_moment_is_no_reason_to_say_that_the_session_has_ended() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let bearer = w.bearer(&tab).await;
    // A login on another server, whose parameters are newer, replaces the hash of the same password.
    let newer = Outside { hasher: Arc::new(QuickHasher::of_version(2)), ..w.outside() };
    let newer = Rotunda::start(newer, masters(&[1]), w.rotunda.policy().clone()).await.unwrap();
    w.store.before(Write::Amend, async move {
        newer.login(&World::login_of("ada")).await.unwrap();
    });
    w.rotunda.change_password(&bearer, &change(&tab, PASSWORD, password(NEW))).await.unwrap();
    w.rotunda.login(&Login { password: password(NEW), ..World::login_of("ada") }).await.unwrap();
    assert_eq!(w.refused(&tab).await, over(Ending::PasswordChanged));
}

#[tokio::test]
async fn a_change_that_never_goes_through_is_an_overload() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.store.never_lets(Write::Amend);
    let never =
        w.rotunda.change_password(&w.bearer(&tab).await, &change(&tab, PASSWORD, password(NEW))).await;
    assert!(failure(never).is_overload());
    w.assert_untouched(&tab, &tab.session).await;
}
