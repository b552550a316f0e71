//! Users who come from another system.

use std::collections::BTreeSet;

use rotunda_core::denied::Denied;
use rotunda_core::desk::Operator;
use rotunda_core::import::{Arrival, Imported, Refusal};
use rotunda_core::model::{
    Account, Event, EventKind, Handle, PasswordHash, Revoked, Subject, UnixMillis, User, UserId, UserState,
};
use rotunda_core::operate::Who;
use rotunda_core::outside::PasswordHasher;
use rotunda_core::password::ChangePassword;
use rotunda_core::store::Accounts;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::QuickHasher;
use rotunda_testkit::fixtures::{NOW, email, username};

use crate::support::{DAY, MINUTE, PASSWORD, World, denied, password};

const UUID: &str = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21";
const BORN: UnixMillis = UnixMillis(1_500_000_000_123);

/// A user with a hash of another system: of a version that is outdated.
async fn arrival(id: &str, name: &str) -> Arrival {
    Arrival {
        id: Some(id.to_owned()),
        email: format!("{name}@example.com"),
        email_verified: true,
        username: Some(name.to_owned()),
        name: Some(format!("The {name}")),
        password: QuickHasher::of_version(0).hash(password(PASSWORD)).await.unwrap(),
        created_at: Some(BORN),
        disabled: false,
    }
}

async fn stored(w: &World, name: &str) -> Account {
    w.store.account(&Handle::Email(email(&format!("{name}@example.com")))).await.unwrap().unwrap()
}

#[tokio::test]
async fn whoever_is_imported_signs_in_with_the_password_that_they_have_and_gets_a_hash_of_today() {
    let w = World::new().await;
    let old = arrival("42", "ada").await;
    w.pass(DAY);
    assert_eq!(w.rotunda.import_user(&old).await.unwrap(), Imported::Added);
    let known = stored(&w, "ada").await;
    let user = User {
        id: known.user.id,
        subject: Subject::parse("42"),
        email: email("ada@example.com"),
        username: Some(username("ada")),
        name: Some("The ada".to_owned()),
        email_verified: true,
        state: UserState::Active,
        ep: w.clock_now().seconds().cast_unsigned(),
        ce: w.clock_now().seconds().cast_unsigned(),
        roles: BTreeSet::new(),
        created_at: BORN,
    };
    assert_eq!(known.user, user);
    assert!(known.password == old.password, "the hash is theirs");
    let (user_id, session_id) = (Some(user.id), None);
    let (kind, at, caller) = (EventKind::UserRegistered, w.clock_now(), Operator::command_line().caller());
    assert_eq!(w.news().await, [Event { kind, at, user_id, session_id, about: None, caller }]);

    let mut tab = w.sign_in("ada").await;
    assert_eq!(tab.user, user);
    let fresh = stored(&w, "ada").await.password;
    assert!(fresh != old.password && fresh.expose().starts_with("$quick$v=1$"), "a hash of today");
    let answer = w.refreshes(&mut tab).await;
    assert_eq!(answer.claims.sub, "42");
    assert_eq!(w.bearer(&tab).await.claims.sub, "42");
    w.sign_in("ada").await;
    assert!(stored(&w, "ada").await.password == fresh, "once is enough");
}

#[tokio::test]
async fn an_id_is_kept_letter_by_letter() {
    let w = World::new().await;
    let upper = "0193B2F4-7C1E-7A52-9D1C-5F0E8A4B6C22";
    let longest = "i".repeat(255);
    let uri = "https://old.example/users/7";
    for (number, id) in
        [UUID, upper, "7", "n0Qn3YCiO0rnSuisuKbOjYtxV6OF", "ada@old", uri, &longest].into_iter().enumerate()
    {
        let name = format!("user-{number}");
        assert_eq!(w.rotunda.import_user(&arrival(id, &name).await).await.unwrap(), Imported::Added, "{id}");
        let user = stored(&w, &name).await.user;
        assert_eq!(user.sub(), id);
        assert_eq!(w.sign_in(&name).await.user.sub(), id);
    }
    let [plain, shouted] = ["user-0", "user-1"].map(|name| stored(&w, name));
    let (plain, shouted) = (plain.await.user, shouted.await.user);
    assert_eq!((plain.id.to_string().as_str(), plain.subject), (UUID, None));
    assert_eq!(shouted.id, upper.parse::<UserId>().unwrap(), "a UUID is one, however it is written");
    let by_subject = Who::Handle(Handle::Subject(Subject::parse("7").unwrap()));
    assert_eq!(w.rotunda.find_user(&by_subject).await.unwrap(), stored(&w, "user-2").await.user);
}

#[tokio::test]
async fn what_is_there_already_stays_and_what_stands_in_the_way_is_told() {
    let w = World::new().await;
    w.register("bob").await;
    for id in [UUID, "42"] {
        let name = format!("ada-{}", id.len());
        let first = arrival(id, &name).await;
        // A dry run says what will be, and the run itself what is.
        assert_eq!(w.rotunda.check_import(&first).await.unwrap(), Imported::Added);
        assert_eq!(w.rotunda.import_user(&first).await.unwrap(), Imported::Added);
        w.news().await;
        let known = stored(&w, &name).await;
        let denied = |denied| Imported::Refused(Refusal::Denied(denied));
        let again =
            Arrival { email: first.email.to_uppercase(), name: None, disabled: true, ..first.clone() };
        let no_id = Arrival { id: None, username: None, ..first.clone() };
        let moved = Arrival { email: "elsewhere@example.com".to_owned(), ..first.clone() };
        let other = Arrival { id: Some("43".to_owned()), ..first.clone() };
        let bobs = Arrival { username: Some("Bob".to_owned()), ..arrival("44", "carl").await };
        for (arrival, became) in [
            (again, Imported::AlreadyThere),
            (no_id, Imported::AlreadyThere),
            (moved, Imported::Refused(Refusal::IdTaken)),
            (other, denied(Denied::EmailTaken)),
            (bobs, denied(Denied::UsernameTaken)),
            (Arrival { id: Some("a b".to_owned()), ..first.clone() }, Imported::Refused(Refusal::IdInvalid)),
            (
                Arrival { id: Some("client:shop".to_owned()), ..first.clone() },
                Imported::Refused(Refusal::IdReserved),
            ),
            (Arrival { email: "nobody".to_owned(), ..first.clone() }, denied(Denied::EmailInvalid)),
            (Arrival { username: Some("a b".to_owned()), ..first.clone() }, denied(Denied::UsernameInvalid)),
            (Arrival { name: Some("a\nb".to_owned()), ..first.clone() }, denied(Denied::NameInvalid)),
        ] {
            assert_eq!(w.rotunda.check_import(&arrival).await.unwrap(), became, "dry");
            assert_eq!(w.rotunda.import_user(&arrival).await.unwrap(), became);
        }
        let now = stored(&w, &name).await;
        assert!(now.user == known.user && now.password == known.password, "they stay as they are");
        assert_eq!(w.news().await, [], "nothing was written down");
    }
    assert_eq!(w.rotunda.users(None, 10).await.unwrap().len(), 3);
}

/// As services read the feed: what it tells of a `sub` refuses that user's tokens of an earlier epoch.
#[tokio::test]
async fn whoever_comes_back_after_a_deletion_is_not_refused_for_what_they_were() {
    let w = World::new().await;
    let mut ada = arrival(UUID, "ada").await;
    for id in [UUID, "42"] {
        ada.id = Some(id.to_owned());
        for _ in 0..2 {
            w.rotunda.import_user(&ada).await.unwrap();
            let user = stored(&w, "ada").await.user;
            let tab = w.sign_in("ada").await;
            let told = w.rotunda.revocations(None).await.unwrap().entries;
            let ep = w.bearer(&tab).await.claims.ep.unwrap();
            let refused = told.iter().any(|(_, entry)| {
                matches!(&entry.what, Revoked::User { sub, ep: from, .. } if *sub == user.sub() && ep < *from)
            });
            assert!(!refused, "{ep} {told:?}");
            for _ in 0..3 {
                w.rotunda.disable_user(user.id).await.unwrap();
            }
            w.rotunda.delete_user(user.id).await.unwrap();
            w.pass(MINUTE);
        }
    }
    assert!(!w.rotunda.revocations(None).await.unwrap().entries.is_empty());
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let w = World::new().await;
    assert_eq!(w.rotunda.check_import(&arrival("42", "ada").await).await.unwrap(), Imported::Added);
    assert_eq!(w.rotunda.users(None, 10).await.unwrap(), []);
    assert_eq!(w.news().await, []);
}

#[tokio::test]
async fn without_a_password_nobody_gets_in_and_the_work_is_that_of_nobody() {
    let w = World::new().await;
    let social = Arrival { password: PasswordHash::none(), ..arrival("42", "ada").await };
    w.rotunda.import_user(&social).await.unwrap();
    for text in ["", "!", PASSWORD] {
        let login = rotunda_core::login::Login { password: password(text), ..World::login_of("ada") };
        assert_eq!(denied(w.rotunda.login(&login).await), Denied::CredentialsInvalid, "{text:?}");
    }
    assert_eq!(w.hasher.verifications_without_hash(), 3);
    assert!(!stored(&w, "ada").await.password.is_usable());
}

#[tokio::test]
async fn whoever_was_disabled_stays_so_until_the_operator_lets_them_in() {
    let w = World::new().await;
    let shut_out = Arrival { disabled: true, created_at: None, ..arrival(UUID, "ada").await };
    w.rotunda.import_user(&shut_out).await.unwrap();
    assert_eq!(stored(&w, "ada").await.user.created_at, NOW);
    assert_eq!(denied(w.rotunda.login(&World::login_of("ada")).await), Denied::UserDisabled);
    assert!(w.rotunda.enable_user(UUID.parse().unwrap()).await.unwrap());
    let tab = w.sign_in("ada").await;
    let change = ChangePassword {
        current: password(PASSWORD),
        new: password("staple of four other words"),
        caller: tab.caller.clone(),
    };
    let bearer = w.bearer(&tab).await;
    assert!(w.rotunda.change_password(&bearer, &change).await.is_ok());
}
