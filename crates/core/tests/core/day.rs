//! An ordinary day: nothing happens, and nothing is written down.

use std::collections::BTreeSet;

use rotunda_core::Rotunda;
use rotunda_core::denied::Denied;
use rotunda_core::model::{
    Carrier, ClientId, ClientKind, Ending, Event, EventKind, Lineage, RetryKeys, Session, Standing, User,
    UserState,
};
use rotunda_core::policy::Registration;
use rotunda_core::refresh::Attempt;
use rotunda_core::register::Register;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::{NOW, email, username};

use crate::support::{Answer, DAY, HOUR, Holder, MINUTE, World, as_ended, caller, denied, masters, password};

#[tokio::test]
async fn a_user_registers_and_is_signed_in_at_once() {
    let w = World::new().await;
    let grant = w.signs_up(&World::registration("ada")).await;
    let ada = w.holder("ada", caller("192.0.2.1"), grant).await;

    let user = User {
        id: ada.user.id,
        subject: None,
        email: email("ada@example.com"),
        username: Some(username("ada")),
        name: None,
        email_verified: false,
        state: UserState::Active,
        ep: 0,
        ce: 0,
        roles: BTreeSet::new(),
        created_at: NOW,
    };
    assert_eq!(ada.user, user);
    assert_eq!(ada.session, a_new_browser_session(&ada));
    assert_eq!(ada.device.as_ref().map(|device| device.hash()), Some(ada.session.device_hash));
    assert_eq!(ada.page.as_ref().map(|page| page.hash()), ada.session.page_hash);
    let registered = Event { session_id: None, ..w.event(EventKind::UserRegistered, &ada) };
    assert_eq!(w.news().await, [registered, w.event(EventKind::SignedIn, &ada)]);
    assert_eq!(w.row_count(), 1);
}

/// What a browser's session is when it has just begun; the ids and digests are its own.
fn a_new_browser_session(holder: &Holder) -> Session {
    Session {
        user_id: holder.user.id,
        client_id: ClientId::web(),
        device_shown: false,
        remember: true,
        lineage: Lineage::first(holder.session.lineage.current_hash, 1),
        created_at: NOW,
        auth_time: NOW,
        amr: vec!["pwd".to_owned()],
        idle: 7 * DAY,
        idle_expires_at: NOW.plus(7 * DAY),
        absolute_expires_at: NOW.plus(30 * DAY),
        ep: 0,
        standing: Standing::Live,
        last_address: holder.caller.address,
        last_user_agent: holder.caller.user_agent.clone(),
        ..holder.session.clone()
    }
}

#[tokio::test]
async fn an_app_gets_the_lifetimes_of_apps_and_no_page_cookie() {
    let w = World::new().await;
    w.register("ada").await;
    let app = w.sign_in_app("ada").await;
    assert_eq!(app.kind, ClientKind::Native);
    assert_eq!((app.page.is_none(), app.session.page_hash), (true, None));
    assert_eq!(app.session.client_id, ClientId("native".to_owned()));
    assert_eq!(app.session.idle_expires_at, NOW.plus(30 * DAY));
    assert_eq!(app.session.absolute_expires_at, NOW.plus(90 * DAY));
}

#[tokio::test]
async fn a_second_device_is_listed_beside_the_first_and_can_be_ended_from_there() {
    let w = World::new().await;
    let mut browser = w.register("ada").await;
    let stranger = w.register("bob").await;
    w.pass(HOUR);
    let phone = w.sign_in_app("ada").await;
    w.pass(HOUR);
    w.refreshes(&mut browser).await;

    let bearer = w.bearer(&browser).await;
    assert_eq!(bearer.facts.session, browser.session);
    assert_eq!(w.rotunda.sessions(&bearer).await.unwrap(), [browser.session.clone(), phone.session.clone()]);

    let theirs = w.rotunda.end_session(&bearer, stranger.session.id, &browser.caller).await;
    assert_eq!(denied(theirs), Denied::NotFound, "somebody else's session is not there");
    assert_eq!(w.news().await, []);
    for _ in 0..2 {
        w.rotunda.end_session(&bearer, phone.session.id, &browser.caller).await.unwrap();
    }
    let ended = Event { session_id: Some(phone.session.id), ..w.ended(Ending::RevokedByUser, &browser) };
    assert_eq!(w.news().await, [ended]);
    assert_eq!(w.row(&phone).await, as_ended(&phone.session, Ending::RevokedByUser, NOW.plus(2 * HOUR)));
    assert_eq!(w.rotunda.sessions(&bearer).await.unwrap(), [browser.session.clone()]);
    assert_eq!(w.refused(&phone).await, Denied::SessionEnded(Some(Ending::RevokedByUser)));
    w.refresh(&stranger).await.unwrap();
}

#[tokio::test]
async fn two_hundred_refreshes_add_two_hundred_generations_and_nothing_else() {
    let w = World::new().await;
    let mut browser = w.register("ada").await;
    let mut tokens = vec![browser.token.clone()];
    for generation in 1..=200 {
        w.pass(15 * MINUTE);
        browser.make_key();
        let before = browser.session.clone();
        let answer = w.refreshes(&mut browser).await;
        assert_eq!(answer, moved_on(&w, &before, &browser, &answer), "generation {generation}");
        assert_eq!(browser.generation(), generation);
        tokens.push(answer.token);
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 201, "no token is ever given twice");
    assert_eq!(w.row_count(), 1, "one row per session for ever");
    assert_eq!(w.news().await, [], "an ordinary refresh is not worth a line");
}

/// What an ordinary refresh answers; only the new token and what is derived with it are taken from the answer.
fn moved_on(w: &World, before: &Session, holder: &Holder, answer: &Answer) -> Answer {
    let old = &before.lineage;
    let new = &answer.session.lineage;
    let newest = RetryKeys::parse(&holder.keys).unwrap().hashes(&before.id).last().copied();
    let [first, second, third, _] = old.retry_hashes;
    let now = NOW.plus(15 * MINUTE * new.generation);
    let lineage = Lineage {
        generation: old.generation + 1,
        current_hash: new.current_hash,
        previous_hash: Some(old.current_hash),
        before_hash: old.previous_hash,
        salt: new.salt,
        previous_salt: old.salt,
        key_id: 1,
        previous_key_id: 1,
        rotated_at: Some(now),
        retry_hashes: [newest, first, second, third],
    };
    assert!(new.salt.is_some() && new.salt != old.salt, "each rotation has its own salt");
    assert_eq!(w.clock_now(), now);
    Answer {
        session: Session {
            lineage,
            device_shown: true,
            idle_expires_at: now.plus(7 * DAY),
            ..before.clone()
        },
        user: holder.user.clone(),
        device: holder.device.as_ref().map(|device| device.expose_text()),
        page: None,
        ..answer.clone()
    }
}

#[tokio::test]
async fn a_session_follows_its_user_to_another_network_unless_it_is_bound() {
    let w = World::new().await;
    let mut phone = w.register("ada").await;
    w.pass(HOUR);
    phone.caller = caller("192.0.2.200");
    w.refreshes(&mut phone).await;
    assert_eq!(w.news().await, [], "the same network");
    w.pass(HOUR);
    phone.caller = caller("2001:db8::1");
    let before = phone.clone();
    assert_eq!(w.refreshes(&mut phone).await.session.last_address, phone.caller.address);
    assert_eq!(w.news().await, [w.event(EventKind::AddressChanged, &before)]);
    w.pass(HOUR);
    phone.caller.address = None;
    w.refreshes(&mut phone).await;
    assert_eq!(w.news().await, [], "nobody knows where that was");
}

#[tokio::test]
async fn a_bound_session_refuses_another_address_and_tells_of_it_once_a_minute() {
    let bind = |policy: &mut rotunda_core::policy::Policy| {
        let web = policy.clients.get_mut(&ClientId::web()).unwrap();
        web.bind_address = rotunda_core::model::AddressBinding::Network;
    };
    let w = World::with(bind).await;
    let mut home = w.register("ada").await;
    w.pass(HOUR);
    let away = home.copied_by("ada");
    let row = w.row(&home).await;
    assert_eq!(w.refused(&away).await, Denied::AddressMismatch);
    assert_eq!(w.news().await, [w.event(EventKind::AddressMismatch, &away)]);
    assert_eq!(w.refused(&away).await, Denied::AddressMismatch);
    w.assert_untouched(&home, &row).await;
    home.caller = caller("192.0.2.77");
    w.refreshes(&mut home).await;
}

#[tokio::test]
async fn a_registration_that_does_not_fit_leaves_nothing_behind() {
    let w = World::new().await;
    w.register("ada").await;
    let register = |change: fn(&mut Register)| {
        let mut register = World::registration("bob");
        change(&mut register);
        register
    };
    let refusals = [
        (register(|r| r.newcomer.email = "nobody".to_owned()), Denied::EmailInvalid),
        (register(|r| r.newcomer.email = "ADA@example.com".to_owned()), Denied::EmailTaken),
        (register(|r| r.newcomer.username = Some("Ada".to_owned())), Denied::UsernameTaken),
        (register(|r| r.newcomer.username = Some("a b".to_owned())), Denied::UsernameInvalid),
        (register(|r| r.newcomer.name = Some("\u{7}".to_owned())), Denied::NameInvalid),
        (register(|r| r.newcomer.password = password("elevenchars")), Denied::PasswordTooShort { least: 12 }),
        (register(|r| r.newcomer.password = password(&"x".repeat(1025))), Denied::PasswordTooLong),
        (register(|r| r.client_id = Some(ClientId("tv".to_owned()))), Denied::ClientUnknown),
    ];
    for (register, wanted) in refusals {
        assert_eq!(denied(w.rotunda.register(&register).await), wanted);
    }
    assert_eq!((w.row_count(), w.news().await), (1, vec![]));
    assert_eq!(w.rotunda.users(None, 10).await.unwrap().len(), 1);

    let off = World::with(|policy| policy.registration = Registration::Off).await;
    assert_eq!(denied(off.rotunda.register(&World::registration("ada")).await), Denied::RegistrationOff);
    let added = off.rotunda.add_user(&World::registration("ada").newcomer).await.unwrap();
    assert_eq!((added.email, off.row_count()), (email("ada@example.com"), 0), "an operator still can");
}

#[tokio::test]
async fn a_token_in_the_wrong_hands_or_the_wrong_envelope_changes_nothing() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let app = w.sign_in_app("ada").await;
    w.pass(HOUR);
    for holder in [&tab, &app] {
        let (own, other) = (holder.session.client_id.clone(), ClientId("another".to_owned()));
        let by_another = Attempt { client_id: Some(other), ..holder.attempt() };
        assert_eq!(denied(w.rotunda.refresh(&by_another).await), Denied::ClientMismatch);
        for carrier in [Carrier::Cookie, Carrier::Body].into_iter().filter(|c| *c != holder.kind.carrier()) {
            let attempt = Attempt { carrier, client_id: Some(own.clone()), ..holder.attempt() };
            assert_eq!(denied(w.rotunda.refresh(&attempt).await), Denied::ClientMismatch);
        }
        w.assert_untouched(holder, &holder.session).await;
        let named = Attempt { client_id: Some(own), ..holder.attempt() };
        w.rotunda.refresh(&named).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_was_taken_out_of_the_configuration_has_no_sessions_any_more() {
    let w = World::new().await;
    w.register("ada").await;
    let app = w.sign_in_app("ada").await;
    let mut policy = w.rotunda.policy().clone();
    policy.clients.remove(&app.session.client_id);
    let without = Rotunda::start(w.outside(), masters(&[1]), policy).await.unwrap();
    assert_eq!(denied(without.refresh(&app.attempt()).await), Denied::ClientMismatch);
    assert_eq!(denied(without.bearer(&app.access).await), Denied::ClientMismatch);
    w.assert_untouched(&app, &app.session).await;
    w.refresh(&app).await.unwrap();
}
