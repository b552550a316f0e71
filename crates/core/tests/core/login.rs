//! Signing in: who gets a session, and who learns what.

use std::sync::Arc;

use rotunda_core::denied::Denied;
use rotunda_core::desk::Operator;
use rotunda_core::failure::Error;
use rotunda_core::login::Login;
use rotunda_core::model::{
    ClientId, DeviceSecret, Ending, Event, EventKind, Handle, PageKey, Session, Standing, UserState,
};
use rotunda_core::password::ChangePassword;
use rotunda_core::{Grant, Outside, Rotunda};
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::QuickHasher;
use rotunda_testkit::fixtures::{email, username};

use crate::meddler::Write;
use crate::support::{HOUR, MINUTE, MS, PASSWORD, World, caller, denied, masters, over, password};

fn wrong(login: Login) -> Login {
    Login { password: password("correct horse batterie"), ..login }
}

async fn login(w: &World, login: &Login) -> Result<Grant, Error> {
    w.rotunda.login(login).await
}

fn live(w: &World) -> usize {
    let live = |session: &&Session| session.standing == Standing::Live;
    w.store.inner.snapshot().sessions.values().filter(live).count()
}

fn failed(w: &World) -> Event {
    let caller = World::login_of("ada").caller;
    Event {
        kind: EventKind::SignInFailed,
        at: w.clock_now(),
        user_id: None,
        session_id: None,
        about: None,
        caller,
    }
}

#[tokio::test]
async fn an_address_or_a_user_name_opens_the_door_whatever_its_case() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    for handle in [
        Handle::Email(email("ada@example.com")),
        Handle::Email(email("ADA@Example.com")),
        Handle::Username(username("ada")),
        Handle::Username(username("Ada")),
    ] {
        let login = Login { handle: Some(handle), ..World::login_of("ada") };
        let grant = w.rotunda.login(&login).await.unwrap();
        let holder = w.holder("ada", login.caller, grant).await;
        assert_eq!(holder.user, ada.user);
        assert_eq!(w.news().await, [w.event(EventKind::SignedIn, &holder)]);
    }
    assert_eq!(w.row_count(), 5);
}

#[tokio::test]
async fn a_wrong_password_and_no_such_account_look_and_cost_the_same() {
    let w = World::new().await;
    w.register("ada").await;
    let attempts = [
        wrong(World::login_of("ada")),
        World::login_of("nobody"),
        Login { handle: None, ..World::login_of("ada") },
        Login { handle: Some(Handle::Username(username("nobody"))), ..World::login_of("ada") },
    ];
    for (without_hash, attempt) in attempts.iter().enumerate() {
        let checks = w.hasher.verifications();
        let refusal = denied(login(&w, attempt).await);
        assert_eq!(refusal, Denied::CredentialsInvalid);
        assert_eq!(w.hasher.verifications() - checks, 1, "one check, whoever it was");
        assert_eq!(w.hasher.verifications_without_hash(), without_hash as u64);
        assert_eq!(w.news().await, [failed(&w)], "the same line, which names nobody");
        w.pass(MINUTE + MS);
    }
    for attempt in &attempts {
        login(&w, attempt).await.err().unwrap();
    }
    assert_eq!(w.news().await, [failed(&w)], "one line a minute for an address");
    assert_eq!(w.row_count(), 1);
}

#[tokio::test]
async fn a_password_is_tried_as_it_is_and_not_trimmed_or_cut() {
    let w = World::new().await;
    w.register("ada").await;
    for text in [
        " correct horse battery",
        "correct horse battery ",
        "Correct horse battery",
        "correct horse batter",
        "",
    ] {
        let attempt = Login { password: password(text), ..World::login_of("ada") };
        assert_eq!(denied(login(&w, &attempt).await), Denied::CredentialsInvalid, "{text:?}");
    }
}

#[tokio::test]
async fn a_disabled_user_learns_it_with_the_right_password_only() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    assert_eq!(w.rotunda.disable_user(ada.user.id).await.unwrap(), 1);
    let nobody = |event: Event| Event { caller: Operator::command_line().caller(), ..event };
    let told = |kind| nobody(Event { session_id: None, ..w.event(kind, &ada) });
    let wanted = [
        nobody(w.ended(Ending::UserDisabled, &ada)),
        told(EventKind::UserDisabled),
        told(EventKind::EpochRaised(Ending::UserDisabled)),
    ];
    assert_eq!(w.news().await, wanted);
    assert_eq!(denied(login(&w, &wrong(World::login_of("ada"))).await), Denied::CredentialsInvalid);
    assert_eq!(w.news().await, [failed(&w)], "which names nobody");
    assert_eq!(denied(login(&w, &World::login_of("ada")).await), Denied::UserDisabled);
    assert_eq!(
        w.news().await,
        [Event { user_id: Some(ada.user.id), ..failed(&w) }],
        "it was they who knew it"
    );
    assert_eq!(w.refused(&ada).await, over(Ending::UserDisabled));
    assert_eq!((live(&w), w.row_count(), w.news().await), (0, 1, vec![]));

    assert!(w.rotunda.enable_user(ada.user.id).await.unwrap());
    assert_eq!(w.news().await, [told(EventKind::UserEnabled)]);
    assert!(!w.rotunda.enable_user(ada.user.id).await.unwrap(), "nothing to change");
    assert_eq!(w.sign_in("ada").await.session.ep, 1);
    assert_eq!(w.refused(&ada).await, over(Ending::UserDisabled), "old sessions stay dead");
}

#[tokio::test]
async fn yesterdays_hash_is_replaced_while_the_password_is_at_hand() {
    let w = World::new().await;
    w.register("ada").await;
    let stored = || w.store.inner.snapshot().accounts.into_values().next().unwrap().password;
    let before = stored();
    let hasher = Arc::new(QuickHasher::of_version(2));
    let today = Outside { hasher: hasher.clone(), ..w.outside() };
    let today = Rotunda::start(today, masters(&[1]), w.rotunda.policy().clone()).await.unwrap();

    today.login(&wrong(World::login_of("ada"))).await.err().unwrap();
    assert!(stored() == before, "a wrong password changes no hash");
    let checks = hasher.verifications();
    today.login(&World::login_of("ada")).await.unwrap();
    assert_eq!(hasher.verifications() - checks, 1, "its own rehash is not taken for somebody else's change");
    let after = stored();
    assert!(after.expose().starts_with("$quick$v=2$") && before.expose().starts_with("$quick$v=1$"));
    today.login(&World::login_of("ada")).await.unwrap();
    assert!(stored() == after, "and only once");
    assert_eq!(live(&w), 3);
}

#[tokio::test]
async fn a_login_that_races_a_change_of_password_starts_no_session() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let other = w.clone();
    let change = ChangePassword {
        current: password(PASSWORD),
        new: password("a new and longer one"),
        caller: ada.caller.clone(),
    };
    w.store.before(Write::Login, async move {
        let bearer = other.bearer(&ada).await;
        other.rotunda.change_password(&bearer, &change).await.unwrap();
    });
    assert_eq!(denied(login(&w, &World::login_of("ada")).await), Denied::CredentialsInvalid);
    assert_eq!((live(&w), w.row_count()), (1, 2), "only the session that the change began");
}

#[tokio::test]
async fn a_login_that_races_a_disabling_starts_no_session() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let (other, id) = (w.clone(), ada.user.id);
    w.store.before(Write::Login, async move {
        other.rotunda.disable_user(id).await.unwrap();
    });
    assert_eq!(denied(login(&w, &World::login_of("ada")).await), Denied::UserDisabled);
    assert_eq!((live(&w), w.row_count()), (0, 1));
    let user = w.rotunda.session(ada.session.id).await.unwrap().user;
    assert_eq!((user.state, user.ep), (UserState::Disabled, 1));
}

#[tokio::test]
async fn a_login_that_races_a_sign_out_everywhere_begins_after_it() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let other = w.clone();
    w.store.before(Write::Login, async move {
        other.rotunda.logout_all(&other.bearer(&ada).await, &ada.caller).await.unwrap();
    });
    let mut phone = w.sign_in("ada").await;
    assert_eq!((phone.session.ep, live(&w), w.row_count()), (1, 1, 2), "under the new epoch");
    w.refreshes(&mut phone).await;
    w.bearer(&phone).await;
}

#[tokio::test]
async fn a_device_is_recognised_by_its_secret_across_logins() {
    let w = World::new().await;
    let first = w.register("ada").await;
    w.pass(HOUR);
    w.logs_out(&first).await;
    let again = Login { device: first.device.clone(), ..World::login_of("ada") };
    let second = w.sign_in_with("ada", again).await;
    assert_eq!(second.session.device_id, first.session.device_id);
    assert_eq!(second.session.device_hash, first.session.device_hash);
    assert_ne!(second.session.id, first.session.id);
    assert!(!second.session.device_shown, "shown at a refresh, which a session has yet to see");
    let third = w.sign_in("ada").await;
    assert_ne!(third.session.device_id, first.session.device_id, "without the secret it is a new one");
}

#[tokio::test]
async fn a_secret_that_this_user_never_had_is_not_taken_over() {
    let w = World::new().await;
    let eve = w.register("eve").await;
    w.register("ada").await;
    for planted in [eve.device.clone().unwrap(), DeviceSecret::from_bytes([5; 32])] {
        let ada =
            w.sign_in_with("ada", Login { device: Some(planted.clone()), ..World::login_of("ada") }).await;
        assert_ne!(ada.session.device_hash, planted.hash());
        assert_ne!(ada.session.device_id, eve.session.device_id);
        assert_ne!(ada.device.unwrap().expose_text(), planted.expose_text());
    }
}

#[tokio::test]
async fn the_session_that_the_browser_leaves_behind_ends_as_logged_out() {
    let w = World::new().await;
    let first = w.register("ada").await;
    let bystander = w.sign_in("ada").await;
    w.pass(HOUR);
    let again = Login { page: first.page.clone(), ..World::login_of("ada") };
    let grant = w.rotunda.login(&again).await.unwrap();
    let second = w.holder("ada", again.caller.clone(), grant).await;
    let left = Event { session_id: Some(first.session.id), ..w.ended(Ending::LoggedOut, &second) };
    assert_eq!(w.news().await, [left, w.event(EventKind::SignedIn, &second)]);
    assert_eq!(w.refused(&first).await, over(Ending::LoggedOut));
    w.refresh(&bystander).await.unwrap();

    // A page key of nobody, or of a session that has ended, leaves nothing behind.
    for page in [first.page.clone(), Some(PageKey::from_bytes([5; 32]))] {
        let grant = w.rotunda.login(&Login { page, ..again.clone() }).await.unwrap();
        let holder = w.holder("ada", again.caller.clone(), grant).await;
        assert_eq!(w.news().await, [w.event(EventKind::SignedIn, &holder)]);
    }
    // A failed login ends nothing either.
    let failing = wrong(Login { page: second.page.clone(), ..World::login_of("ada") });
    login(&w, &failing).await.err().unwrap();
    w.refresh(&second).await.unwrap();
}

#[tokio::test]
async fn a_session_that_has_expired_is_not_left_behind_as_logged_out() {
    let w = World::new().await;
    let first = w.register("ada").await;
    w.clock.set(first.session.expires_at());
    let again = Login { page: first.page.clone(), ..World::login_of("ada") };
    let grant = w.rotunda.login(&again).await.unwrap();
    let second = w.holder("ada", again.caller, grant).await;
    assert_eq!(w.news().await, [w.event(EventKind::SignedIn, &second)]);
    assert_eq!(w.refused(&first).await, over(Ending::IdleExpired));
}

#[tokio::test]
async fn another_user_of_the_same_browser_ends_the_session_it_held() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    w.register("bob").await;
    let login = Login { page: ada.page.clone(), device: ada.device.clone(), ..World::login_of("bob") };
    let bob = w.sign_in_with("bob", login).await;
    assert_eq!(w.refused(&ada).await, over(Ending::LoggedOut));
    assert_ne!(bob.session.device_id, ada.session.device_id, "a device is one user's");

    let registration =
        rotunda_core::register::Register { page: bob.page.clone(), ..World::registration("eve") };
    w.rotunda.register(&registration).await.unwrap();
    assert_eq!(w.refused(&bob).await, over(Ending::LoggedOut));
}

#[tokio::test]
async fn a_client_that_is_not_configured_signs_nobody_in() {
    let w = World::new().await;
    w.register("ada").await;
    let checks = w.hasher.verifications();
    let attempt = Login { client_id: Some(ClientId("tv".to_owned())), ..World::login_of("ada") };
    assert_eq!(denied(login(&w, &attempt).await), Denied::ClientUnknown);
    assert_eq!(w.hasher.verifications(), checks);
}

#[tokio::test]
async fn two_failed_logins_from_two_addresses_are_two_lines() {
    let w = World::new().await;
    let attempt = World::login_of("nobody");
    login(&w, &attempt).await.err().unwrap();
    login(&w, &Login { caller: caller("203.0.113.66"), ..attempt }).await.err().unwrap();
    let other = Event { caller: caller("203.0.113.66"), ..failed(&w) };
    assert_eq!(w.news().await, [failed(&w), other]);
}
