//! The limits in the flows: who is held back, who is not, and that being held back changes nothing.

use std::time::Duration;

use rotunda_core::Grant;
use rotunda_core::clients::{ClientCredentials, ClientProof, NewClient};
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::limits::{Limits, Quota};
use rotunda_core::login::Login;
use rotunda_core::model::{
    Caller, ClientId, ClientKind, ClientSecret, Event, EventKind, KeptClientSecret, LetterKind,
};
use rotunda_core::password::ChangePassword;
use rotunda_core::policy::{Policy, Registration};
use rotunda_core::register::{Newcomer, Register};
use rotunda_core::store::Clients;
use rotunda_testkit::CommandLine as _;

use crate::flows::{NEW, assert_same};
use crate::support::{HOUR, MINUTE, MS, PASSWORD, SECOND, World, caller, denied, password};

const PLENTY: Quota = Quota::new(Quota::MOST_BURST, Quota::SHORTEST);
/// Three at once, then one a minute.
const THREE: Quota = Quota::new(3, MINUTE);

/// Limits that hold nobody back, but for this one.
fn only(limit: fn(&mut Limits) -> &mut Quota) -> impl Fn(&mut Policy) {
    move |policy| {
        policy.limits = Limits {
            enabled: true,
            login_per_address: PLENTY,
            login_per_account: PLENTY,
            login_per_device: PLENTY,
            reauthenticate: PLENTY,
            register_per_address: PLENTY,
            forgot_per_address: PLENTY,
            forgot_per_account: PLENTY,
            codes_per_address: PLENTY,
            refresh_per_session: PLENTY,
            client_per_address: PLENTY,
        };
        *limit(&mut policy.limits) = THREE;
    }
}

/// From a place of that number; each has one of its own.
fn place(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
}

async fn knock(w: &World, name: &str, text: &str, from: &str) -> Result<Grant, Error> {
    let login = Login { password: password(text), caller: caller(from), ..World::login_of(name) };
    w.rotunda.login(&login).await
}

/// Refused for so long, with nothing looked at and nothing written.
async fn held_back<T>(w: &World, wait: Duration, attempt: impl Future<Output = Result<T, Error>>) {
    let (before, checks) = (w.store.inner.snapshot(), w.hasher.verifications());
    assert_eq!(denied(attempt.await), Denied::RateLimited(wait));
    assert_same(&before, &w.store.inner.snapshot());
    assert_eq!(w.hasher.verifications(), checks, "no password was looked at");
}

#[tokio::test]
async fn one_address_has_so_many_sign_ins_whoever_they_are_for() {
    let w = World::with(only(|limits| &mut limits.login_per_address)).await;
    w.register("ada").await;
    for name in ["ada", "nobody", "somebody"] {
        assert_eq!(denied(knock(&w, name, "a guess", "10.0.0.1").await), Denied::CredentialsInvalid);
    }
    held_back(&w, MINUTE, knock(&w, "ada", PASSWORD, "10.0.0.1")).await;
    knock(&w, "ada", PASSWORD, "10.0.0.2").await.unwrap();
    w.pass(MINUTE - MS);
    held_back(&w, MS, knock(&w, "ada", PASSWORD, "10.0.0.1")).await;
    w.pass(MS);
    for _ in 0..10 {
        knock(&w, "ada", PASSWORD, "10.0.0.1").await.expect("a right password gives back what it took");
    }
    knock(&w, "ada", "a guess", "10.0.0.1").await.err().unwrap();
    held_back(&w, MINUTE, knock(&w, "ada", PASSWORD, "10.0.0.1")).await;
}

#[tokio::test]
async fn an_account_has_so_many_guesses_from_everywhere_and_one_that_is_not_there_as_many() {
    let w = World::with(only(|limits| &mut limits.login_per_account)).await;
    let ada = w.register("ada").await;
    for name in ["ada", "nobody"] {
        for number in 0..3 {
            assert_eq!(denied(knock(&w, name, "a guess", &place(number)).await), Denied::CredentialsInvalid);
        }
        held_back(&w, MINUTE, knock(&w, name, PASSWORD, &place(3))).await;
        let as_known = Login { device: ada.device.clone(), ..World::login_of("nobody") };
        if name == "nobody" {
            held_back(&w, MINUTE, w.rotunda.login(&as_known)).await;
        }
    }
    // The owner's browser is not kept out by strangers.
    let known = Login { device: ada.device.clone(), ..World::login_of("ada") };
    w.rotunda.login(&known).await.unwrap();
    held_back(&w, MINUTE, knock(&w, "ada", PASSWORD, &place(4))).await;
    w.pass(MINUTE);
    for number in 0..10 {
        knock(&w, "ada", PASSWORD, &place(number)).await.expect("a right password gives back what it took");
    }
}

#[tokio::test]
async fn a_known_device_that_guesses_is_held_back_by_itself() {
    let w = World::with(only(|limits| &mut limits.login_per_device)).await;
    let ada = w.register("ada").await;
    let known = Login { device: ada.device.clone(), ..World::login_of("ada") };
    for _ in 0..3 {
        let guess = Login { password: password("a guess"), ..known.clone() };
        assert_eq!(denied(w.rotunda.login(&guess).await), Denied::CredentialsInvalid);
    }
    held_back(&w, MINUTE, w.rotunda.login(&known)).await;
    knock(&w, "ada", PASSWORD, "10.0.0.1").await.expect("another device is not held back by it");
}

#[tokio::test]
async fn a_reset_lets_the_owner_in_and_fills_the_bucket_of_strangers() {
    let w = World::with(only(|limits| &mut limits.login_per_account)).await;
    w.register("ada").await;
    for number in 0..3 {
        knock(&w, "ada", "a guess", &place(number)).await.err().unwrap();
    }
    let token = w.forgets("ada").await;
    held_back(&w, MINUTE, knock(&w, "ada", PASSWORD, "10.0.0.9")).await;
    w.reset(&token, NEW).await.unwrap();
    knock(&w, "ada", NEW, "10.0.0.9").await.unwrap();
}

#[tokio::test]
async fn a_password_asked_for_again_is_guessed_at_so_often() {
    let w = World::with(only(|limits| &mut limits.reauthenticate)).await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    let bearer = w.bearer(&ada).await;
    let guess = password("a guess");
    for _ in 0..3 {
        let guessed = w.rotunda.reauthenticate(&bearer, &guess, &ada.caller).await;
        assert_eq!(denied(guessed), Denied::CredentialsInvalid);
    }
    held_back(&w, MINUTE, w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &ada.caller)).await;
    let change =
        ChangePassword { current: password(PASSWORD), new: password(NEW), caller: ada.caller.clone() };
    held_back(&w, MINUTE, w.rotunda.change_password(&bearer, &change)).await;
    let theirs = w.bearer(&bob).await;
    w.rotunda.reauthenticate(&theirs, &password(PASSWORD), &bob.caller).await.unwrap();
    w.pass(MINUTE);
    let mut ada = ada;
    for _ in 0..10 {
        let bearer = w.bearer(&ada).await;
        let grant = w.rotunda.reauthenticate(&bearer, &password(PASSWORD), &ada.caller).await.unwrap();
        ada = w.holder("ada", ada.caller.clone(), grant).await;
    }
}

#[tokio::test]
async fn registrations_are_counted_by_where_they_come_from() {
    for registration in [Registration::Unverified, Registration::Verified] {
        let w = World::with(|policy| {
            only(|limits| &mut limits.register_per_address)(policy);
            policy.registration = registration;
        })
        .await;
        for name in ["ada", "bob", "cy"] {
            w.rotunda.register(&World::registration(name)).await.unwrap();
        }
        held_back(&w, MINUTE, w.rotunda.register(&World::registration("dan"))).await;
        let mut elsewhere = World::registration("dan");
        elsewhere.caller = caller("10.0.0.2");
        w.rotunda.register(&elsewhere).await.unwrap();
    }
}

#[tokio::test]
async fn an_address_gets_so_many_letters_whether_or_not_anybody_has_it() {
    for taken in [false, true] {
        let w = World::with(|policy| {
            only(|limits| &mut limits.forgot_per_account)(policy);
            policy.registration = Registration::Verified;
        })
        .await;
        let mut register = World::registration("ada");
        register.newcomer.username = None;
        if taken {
            w.rotunda.add_user(&register.newcomer).await.unwrap();
        }
        for number in 0..3 {
            register.caller = caller(&place(number));
            w.rotunda.register(&register).await.unwrap();
        }
        register.caller = caller(&place(3));
        held_back(&w, MINUTE, w.rotunda.register(&register)).await;
        held_back(&w, MINUTE, w.rotunda.forgot_password("ADA@example.com", &caller(&place(4)))).await;
        w.rotunda.forgot_password("bob@example.com", &caller(&place(4))).await.unwrap();
    }
}

#[tokio::test]
async fn forgotten_passwords_are_counted_by_where_they_come_from() {
    let w = World::with(only(|limits| &mut limits.forgot_per_address)).await;
    w.register("ada").await;
    for name in ["ada", "nobody", "somebody"] {
        w.rotunda.forgot_password(&format!("{name}@example.com"), &caller("10.0.0.1")).await.unwrap();
    }
    held_back(&w, MINUTE, w.rotunda.forgot_password("ada@example.com", &caller("10.0.0.1"))).await;
    held_back(&w, MINUTE, w.rotunda.ask_for_verification("ada@example.com", &caller("10.0.0.1"))).await;
    w.rotunda.forgot_password("ada@example.com", &caller("10.0.0.2")).await.unwrap();
}

/// The way back in is a letter. Whoever asks for letters that bring the owner none must not be able to close it.
#[tokio::test]
async fn nobody_can_use_up_the_letters_that_let_an_owner_in() {
    let w = World::with(only(|limits| &mut limits.forgot_per_account)).await;
    w.register("ada").await;
    let token = w.forgets("ada").await;
    w.reset(&token, NEW).await.unwrap();
    w.letters([LetterKind::PasswordReset]).await;
    w.pass(HOUR);
    let eve = w.register("eve").await;
    let bearer = w.bearer(&eve).await;
    for number in 0..3 {
        let from = caller(&place(number));
        w.rotunda.ask_for_verification("ada@example.com", &from).await.unwrap();
    }
    w.no_letters().await;
    held_back(&w, MINUTE, w.rotunda.ask_for_verification("ada@example.com", &caller("10.9.9.9"))).await;
    held_back(&w, MINUTE, w.rotunda.ask_for_email(&bearer, "ada@example.com", &eve.caller)).await;
    let token = w.forgets("ada").await;
    w.reset(&token, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn bad_links_are_counted_and_good_ones_are_free() {
    let w = World::with(only(|limits| &mut limits.codes_per_address)).await;
    w.register("ada").await;
    let token = w.forgets("ada").await;
    let here = caller("192.0.2.9");
    for _ in 0..50 {
        w.rotunda.look_at_link(&token, &here).await.unwrap();
    }
    let bad = "rl1_nothing".to_owned().into();
    for _ in 0..3 {
        assert_eq!(denied(w.rotunda.look_at_link(&bad, &here).await), Denied::LinkInvalid);
    }
    held_back(&w, MINUTE, w.rotunda.look_at_link(&token, &here)).await;
    held_back(&w, MINUTE, w.reset(&token, NEW)).await;
    held_back(&w, MINUTE, w.verify(&token, NEW)).await;
    held_back(&w, MINUTE, w.confirm(&token)).await;
    held_back(&w, MINUTE, w.report(&token)).await;
    w.rotunda.look_at_link(&token, &caller("10.0.0.2")).await.unwrap();
    w.pass(MINUTE);
    w.reset(&token, NEW).await.unwrap();
}

#[tokio::test]
async fn whoever_guesses_the_password_with_a_link_to_confirm_is_held_back_like_whoever_signs_in() {
    let w = World::with(only(|limits| &mut limits.login_per_address)).await;
    let ada = w.register("ada").await;
    let (confirm, _) = w.asks_for(&ada, "new@example.com").await;
    for _ in 0..3 {
        assert_eq!(denied(w.confirm_with(&confirm, "a guess").await), Denied::CredentialsInvalid);
    }
    held_back(&w, MINUTE, w.confirm(&confirm)).await;
    held_back(&w, MINUTE, knock(&w, "ada", PASSWORD, "192.0.2.9")).await;
    w.pass(MINUTE);
    w.confirm(&confirm).await.unwrap();
}

#[tokio::test]
async fn a_session_refreshes_so_often_and_an_address_as_often_as_it_has_sessions() {
    let w = World::with(|policy| {
        only(|limits| &mut limits.refresh_per_session)(policy);
        // Whatever is counted by address: one, once a day.
        let one = Quota::new(1, Quota::LONGEST);
        policy.limits.login_per_address = one;
        policy.limits.codes_per_address = one;
        policy.limits.forgot_per_address = one;
    })
    .await;
    let mut all = Vec::new();
    for number in 0..200 {
        all.push(w.register(&format!("user-{number}")).await);
    }
    for _ in 0..3 {
        for holder in &mut all {
            w.refreshes(holder).await;
        }
    }
    let (row, attempt) = (w.row(&all[0]).await, all[0].attempt());
    held_back(&w, MINUTE, w.rotunda.refresh(&attempt)).await;
    w.assert_untouched(&all[0], &row).await;
    w.pass(MINUTE);
    w.refreshes(&mut all[0]).await;
}

/// As one who has two thousand addresses would: a guess every 900 ms for an hour, each from the next address.
#[tokio::test]
async fn an_hour_of_guesses_from_two_thousand_addresses_is_fewer_than_a_hundred() {
    let w = World::with(|policy| policy.limits = Limits::default()).await;
    let newcomer = Newcomer { name: None, ..World::registration("ada").newcomer };
    w.rotunda.add_user(&newcomer).await.unwrap();
    let mut known = World::login_of("ada");
    known.device = w.rotunda.login(&known).await.unwrap().device_secret;
    let checks = w.hasher.verifications();
    for number in 0..4_000 {
        let guess = knock(&w, "ada", &format!("guess {number}"), &place(number % 2_000)).await;
        assert!(matches!(denied(guess), Denied::CredentialsInvalid | Denied::RateLimited(_)));
        w.pass(Duration::from_millis(900));
    }
    let guesses = w.hasher.verifications() - checks;
    // By one of two names: the other one has as many.
    assert!((40..50).contains(&guesses), "{guesses}");
    w.rotunda.login(&known).await.expect("the owner's browser gets in all the while");
}

#[tokio::test]
async fn without_limits_nobody_is_held_back() {
    let w = World::with(|policy| {
        only(|limits| &mut limits.login_per_account)(policy);
        policy.limits.enabled = false;
    })
    .await;
    w.register("ada").await;
    for _ in 0..20 {
        assert_eq!(denied(knock(&w, "ada", "a guess", "10.0.0.1").await), Denied::CredentialsInvalid);
    }
}

/// Somebody at this address who says that they are this client.
async fn shows(w: &World, name: &str, secret: &ClientSecret, address: &str) -> Result<ClientProof, Error> {
    let credentials = ClientCredentials { id: ClientId(name.to_owned()), secret: secret.clone() };
    w.rotunda.authenticate(&credentials, &caller(address)).await
}

async fn add_shop(w: &World) -> ClientSecret {
    let shop = NewClient { id: "shop".to_owned(), kind: Some(ClientKind::Confidential), scopes: vec![] };
    w.rotunda.add_client(&shop, &Caller::default()).await.unwrap().secret.unwrap()
}

/// Names can be made up without end: all of them draw from one bucket, and none is written down.
#[tokio::test]
async fn clients_that_somebody_made_up_are_limited_together_and_written_down_nowhere() {
    let w = World::with(only(|limits| &mut limits.client_per_address)).await;
    let secret = add_shop(&w).await;
    let wrong = ClientSecret::from_bytes([7; 32]);
    w.news().await;
    for n in 0..3 {
        // One subscriber has all of a /64.
        let address = format!("2001:db8::{n}");
        let refused = denied(shows(&w, &format!("made-up-{n}"), &wrong, &address).await);
        assert_eq!(refused, Denied::ClientRefused);
    }
    for name in ["made-up", "shop", "web"] {
        assert_eq!(
            denied(shows(&w, name, &wrong, "2001:db8::9").await),
            Denied::RateLimited(MINUTE),
            "{name}"
        );
    }
    assert_eq!(w.news().await, []);
    assert!(shows(&w, "shop", &secret, "2001:db8::9").await.is_ok());
    // A client that there is leaves a trace, once in a minute.
    for _ in 0..2 {
        assert_eq!(denied(shows(&w, "shop", &wrong, "192.0.2.1").await), Denied::ClientRefused);
    }
    assert_eq!(w.news().await.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::ClientRefused]);
}

/// A command beside this server has changed it: that is found out by looking again, and is no failure.
#[tokio::test]
async fn a_secret_that_was_new_takes_nothing_from_the_bucket_of_its_address() {
    let w = World::with(only(|limits| &mut limits.client_per_address)).await;
    add_shop(&w).await;
    for n in 0..5 {
        let secret = ClientSecret::from_bytes([n; 32]);
        let to = vec![KeptClientSecret::fresh(secret.hash(), w.clock_now())];
        let client = w.store.clients().await.unwrap().remove(0);
        let (kind, at, caller) = (EventKind::ClientSecretChanged, w.clock_now(), Caller::default());
        let event = Event { kind, at, user_id: None, session_id: None, about: None, caller };
        assert!(w.store.change_secrets(client.id, client.secrets, to, event).await.unwrap());
        w.pass(SECOND);
        assert!(shows(&w, "shop", &secret, "192.0.2.1").await.is_ok(), "{n}");
    }
}

/// All users of the shop come from the address of its server. Strangers in its form lock out nobody but at the account that
/// they guess at.
#[tokio::test]
async fn whoever_comes_through_a_client_that_authenticates_is_bounded_by_account_alone() {
    let w = World::with(|policy| {
        only(|limits| &mut limits.login_per_address)(policy);
        (policy.limits.register_per_address, policy.limits.login_per_account) = (THREE, THREE);
    })
    .await;
    w.register("ada").await;
    let (server, secret) = ("192.0.2.80", add_shop(&w).await);
    let shop = Some(shows(&w, "shop", &secret, server).await.unwrap());
    let through = async |name: &str, text: &str| {
        let (proof, caller) = (shop.clone(), caller(server));
        w.rotunda.login(&Login { password: password(text), proof, caller, ..World::login_of(name) }).await
    };
    for n in 0..5 {
        assert_eq!(denied(through(&format!("nobody{n}"), "a guess").await), Denied::CredentialsInvalid);
    }
    through("ada", PASSWORD).await.unwrap();
    for _ in 0..3 {
        assert_eq!(denied(through("ada", "a guess").await), Denied::CredentialsInvalid);
    }
    held_back(&w, MINUTE, through("ada", PASSWORD)).await;
    for n in 0..5 {
        let newcomer = World::registration(&format!("new{n}"));
        let register = Register { proof: shop.clone(), caller: caller(server), ..newcomer };
        w.rotunda.register(&register).await.unwrap();
    }
    // What came through the shop has taken nothing from those who come from there by themselves.
    for n in 0..3 {
        let refused = denied(knock(&w, &format!("other{n}"), "a guess", server).await);
        assert_eq!(refused, Denied::CredentialsInvalid);
    }
    held_back(&w, MINUTE, knock(&w, "another", "a guess", server)).await;
}
