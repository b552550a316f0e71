//! Users whom an operator changes.

use rotunda_core::model::{
    Account, Ending, EventKind, Handle, Link, LinkPurpose, Revocation, Revoked, RoleName, Session, Subject,
    UnixMillis, User, UserState, Username,
};
use rotunda_core::store::{Edited, Editing, Registered, Registering};

use super::links::write;
use super::roles::hold;
use super::scene::{Shelf, View, a_signed_in_user, account, add, at_once, happened, revoked, view};
use crate::fixtures::{
    NOW, a_deed, a_key_event, a_link, a_registration, a_role, a_session, a_user, an_account, an_editing,
    an_end_of_all, email, role_names, username,
};

pub(super) async fn an_edit_makes_what_it_names_and_nothing_else(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    let links_of = |user: &User, seed: u64| -> Vec<Link> {
        (seed..).zip(LinkPurpose::ALL).map(|(n, it)| a_link(user, *it, n)).collect()
    };
    let (links, theirs) = (links_of(&known.user, 10), links_of(&other.user, 20));
    for link in links.iter().chain(&theirs) {
        write(&store, link).await;
    }
    let before = happened(&store).await.len();
    let events = vec![a_deed(EventKind::UserEdited, &known.user, 1)];
    let editing = Editing {
        email: email("Ada@New.Example"),
        email_verified: true,
        username: Some(username("Ada.New")),
        name: Some("Ada 🦊".to_owned()),
        events: events.clone(),
        ..an_editing(&known.user)
    };
    let wanted = User {
        email: editing.email.clone(),
        email_verified: true,
        username: editing.username.clone(),
        name: editing.name.clone(),
        ..known.user.clone()
    };
    assert_eq!(edit(&store, editing).await, Edited::Done(Box::new(wanted.clone())));
    let now = account(&store, known.user.id).await;
    assert_eq!(now.user, wanted);
    assert!(now.password == known.password, "the password stays");
    assert_eq!(store.facts(session.id).await.unwrap().unwrap().session, session, "and so does the session");
    assert_eq!(happened(&store).await[before..], events);
    assert!(revoked(&store).await.is_empty(), "nothing is told: the roles are the same");
    for link in &links {
        assert!(
            store.link(link.id).await.unwrap().is_none(),
            "{:?} went to the address of before",
            link.purpose
        );
    }
    for gone in [Handle::Email(known.user.email), Handle::Username(known.user.username.unwrap())] {
        assert!(store.account(&gone).await.unwrap().is_none(), "{gone:?} is free");
    }
    let handle = Handle::Username(username("ada.new"));
    assert_eq!(store.account(&handle).await.unwrap().unwrap().user.id, wanted.id);

    let since = a_link(&wanted, LinkPurpose::Report, 30);
    write(&store, &since).await;
    let bare = Editing { username: None, name: None, email_verified: false, ..an_editing(&wanted) };
    let wanted = User { username: None, name: None, email_verified: false, ..wanted };
    assert_eq!(edit(&store, bare).await, Edited::Done(Box::new(wanted.clone())));
    assert!(store.account(&handle).await.unwrap().is_none(), "the name is free");
    let written = Editing { email: email("ada@new.example"), ..an_editing(&wanted) };
    assert!(matches!(edit(&store, written).await, Edited::Done(_)));
    for link in theirs.iter().chain([&since]) {
        assert!(store.link(link.id).await.unwrap().is_some(), "{:?} stays good", link.purpose);
    }
}

pub(super) async fn an_edit_needs_the_user_as_they_were_read(store: Shelf) {
    assert!(store.put_role(a_role("support"), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    let (known, session) = a_signed_in_user(&store, 1).await;
    hold(&store, 1, &role_names(["support"])).await;
    let user = account(&store, known.user.id).await.user;
    let before = view(&store, session.id).await;
    let others = [
        User { email: email("other@example.com"), ..user.clone() },
        User { email_verified: true, ..user.clone() },
        User { state: UserState::Disabled, ..user.clone() },
        User { username: Some(username("other")), ..user.clone() },
        User { username: None, ..user.clone() },
        User { name: Some("Other".to_owned()), ..user.clone() },
        User { name: None, ..user.clone() },
        User { roles: role_names([]), ..user.clone() },
        User { roles: role_names(["admin", "support"]), ..user.clone() },
        User { ce: 0, ..user.clone() },
        User { id: a_user(7).id, ..user.clone() },
    ];
    for read in others {
        let events = vec![a_deed(EventKind::UserEdited, &user, 1)];
        let editing = Editing { name: Some("New".to_owned()), events, from: read, ..an_editing(&user) };
        let from = editing.from.clone();
        assert_eq!(edit(&store, editing).await, Edited::Changed, "from {from:?}");
        assert!(view(&store, session.id).await == before, "nothing happens");
    }
    // The epoch of sessions is none of an operator's business: somebody signs out everywhere meanwhile.
    let end = an_end_of_all(&user, Ending::LoggedOutEverywhere, NOW);
    assert_eq!(store.end_all(end).await.unwrap(), Some(1));
    let editing = Editing { name: Some("New".to_owned()), ..an_editing(&user) };
    let wanted = User { name: Some("New".to_owned()), ep: user.ep + 1, ..user };
    assert_eq!(edit(&store, editing).await, Edited::Done(Box::new(wanted)));
}

pub(super) async fn what_belongs_to_somebody_else_is_not_taken_by_an_edit(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    add(&store, &an_account(2), None).await;
    let before = view(&store, session.id).await;
    let events = vec![a_deed(EventKind::UserEdited, &known.user, 1)];
    let editing = Editing { name: None, events, ..an_editing(&known.user) };
    let address = Editing { email: email("USER-2@example.com"), ..editing.clone() };
    assert_eq!(edit(&store, address).await, Edited::EmailTaken);
    let name = Editing { username: Some(username("User-2")), ..editing.clone() };
    assert_eq!(edit(&store, name).await, Edited::UsernameTaken);
    assert!(view(&store, session.id).await == before, "nothing happens");
    let own = Editing {
        email: email("USER-1@Example.com"),
        username: Some(username("USER-1")),
        ..an_editing(&known.user)
    };
    assert!(matches!(edit(&store, own).await, Edited::Done(_)), "one's own is free in any case");
}

pub(super) async fn one_address_is_taken_once_however_many_edit(store: Shelf) {
    for seed in 0..10 {
        add(&store, &an_account(seed), None).await;
    }
    let edited = at_once(10, |actor| {
        let (store, user) = (store.clone(), a_user(actor as u64));
        async move {
            let editing = Editing { email: email("one@example.com"), ..an_editing(&user) };
            store.edit_user(editing).await.unwrap()
        }
    })
    .await;
    let done = edited.iter().filter(|edited| matches!(edited, Edited::Done(_))).count();
    assert_eq!(done, 1, "one wins");
    assert_eq!(
        edited.iter().filter(|edited| **edited == Edited::EmailTaken).count(),
        9,
        "the others hear why"
    );
}

pub(super) async fn of_many_edits_from_one_reading_one_is_made(store: Shelf) {
    let account = an_account(1);
    add(&store, &account, None).await;
    let edited = at_once(20, |actor| {
        let (store, user) = (store.clone(), account.user.clone());
        async move {
            let events = vec![a_deed(EventKind::UserEdited, &user, actor as u64)];
            let editing = Editing { name: Some(format!("Name {actor}")), events, ..an_editing(&user) };
            matches!(store.edit_user(editing).await.unwrap(), Edited::Done(_))
        }
    })
    .await;
    assert_eq!(edited.iter().filter(|done| **done).count(), 1, "one wins");
    assert_eq!(happened(&store).await.len(), 1);
}

pub(super) async fn other_roles_raise_the_claims_epoch_and_are_told(store: Shelf) {
    for name in ["a", "b"] {
        assert!(store.put_role(a_role(name), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    }
    let revision = store.roles().await.unwrap().1;
    let from_elsewhere = User { subject: Subject::parse("urn:old:1"), ..a_user(1) };
    let known = Account { user: from_elsewhere.clone(), ..an_account(1) };
    let session = a_session(&known.user, 1);
    add(&store, &known, Some(&session)).await;
    let told = revoked(&store).await.len();
    let mut user = from_elsewhere;
    for (ce, roles) in (1..).zip([role_names(["b", "a"]), role_names(["b"]), role_names([])]) {
        let at = UnixMillis(NOW.0 + i64::try_from(ce).unwrap());
        let editing = Editing { roles: roles.clone(), at, ..an_editing(&user) };
        let wanted = User { roles, ce, ..user };
        assert_eq!(edit(&store, editing).await, Edited::Done(Box::new(wanted.clone())));
        let what = Revoked::Claims { sub: "urn:old:1".to_owned(), ce };
        assert_eq!(revoked(&store).await.last(), Some(&Revocation { what, at }));
        assert_eq!(revoked(&store).await.len(), told + usize::try_from(ce).unwrap(), "one entry each");
        assert_eq!(every_reading(&store, &session).await, vec![wanted.clone(); 6]);
        user = wanted;
        let same = Editing { name: Some(format!("Name {ce}")), ..an_editing(&user) };
        user = User { name: same.name.clone(), ..user };
        assert_eq!(edit(&store, same).await, Edited::Done(Box::new(user.clone())), "the same epoch");
        assert_eq!(revoked(&store).await.len(), told + usize::try_from(ce).unwrap(), "nothing is told");
    }
    assert_eq!(store.roles().await.unwrap().1, revision, "who holds them is no change of a role");
}

pub(super) async fn a_role_that_is_not_there_cannot_be_held(store: Shelf) {
    assert!(store.put_role(a_role("there"), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    let (known, session) = a_signed_in_user(&store, 1).await;
    let before: View = view(&store, session.id).await;
    for roles in [role_names(["unknown"]), role_names(["there", "unknown"])] {
        let events = vec![a_deed(EventKind::RolesChanged, &known.user, 1)];
        let editing = Editing { roles, events, ..an_editing(&known.user) };
        assert_eq!(edit(&store, editing).await, Edited::Changed);
        assert!(view(&store, session.id).await == before, "nothing happens");
    }
    let editing = Editing { roles: role_names(["there", "admin"]), ..an_editing(&known.user) };
    assert!(matches!(edit(&store, editing).await, Edited::Done(_)), "the built-in one is always there");
}

pub(super) async fn there_has_been_an_admin_from_the_first_one_on(store: Shelf) {
    assert_eq!(store.first_admin_at().await.unwrap(), None);
    assert!(store.put_role(a_role("support"), None, a_key_event(EventKind::RoleAdded)).await.unwrap());
    let at = |minutes: i64| UnixMillis(NOW.0 + 60_000 * minutes);
    let steps = [
        (1, role_names(["support"]), None),
        (1, role_names(["admin", "support"]), Some(at(2))),
        (2, role_names(["admin"]), Some(at(2))),
        (1, role_names([]), Some(at(2))),
        (2, role_names([]), Some(at(2))),
        (2, role_names(["admin"]), Some(at(2))),
    ];
    for seed in [1, 2] {
        add(&store, &an_account(seed), None).await;
    }
    for (minute, (seed, roles, wanted)) in (1..).zip(steps) {
        let user = account(&store, a_user(seed).id).await.user;
        let editing = Editing { roles, at: at(minute), ..an_editing(&user) };
        assert!(matches!(edit(&store, editing).await, Edited::Done(_)));
        assert_eq!(store.first_admin_at().await.unwrap(), wanted, "after step {minute}");
    }
    let refused = store.register(a_first_admin(3)).await.unwrap();
    assert_eq!(refused, Registered::AdminThere, "though nobody is one now");
}

pub(super) async fn the_first_admin_is_registered_once(store: Shelf) {
    let first = a_first_admin(1);
    let link = Link { user_id: None, ..a_link(&a_user(2), LinkPurpose::Register, 2) };
    write(&store, &link).await;
    assert_eq!(store.register(first.clone()).await.unwrap(), Registered::Done);
    assert_eq!(account(&store, first.account.user.id).await.user, first.account.user);
    assert_eq!(store.first_admin_at().await.unwrap(), Some(NOW));
    let before = happened(&store).await;
    let second = Registering { uses: Some(link.id), ..a_first_admin(2) };
    assert_eq!(store.register(second.clone()).await.unwrap(), Registered::AdminThere);
    assert!(store.account_of(second.account.user.id).await.unwrap().is_none(), "nobody was added");
    assert!(store.link(link.id).await.unwrap().is_some(), "the link is as good as it was");
    assert_eq!(happened(&store).await, before);
    let ordinary = Registering { first_admin: false, ..second };
    assert_eq!(store.register(ordinary).await.unwrap(), Registered::Done, "others register as ever");
}

pub(super) async fn the_first_admin_is_one_however_many_ask(store: Shelf) {
    let answers = at_once(10, |actor| {
        let (store, new) = (store.clone(), a_first_admin(actor as u64));
        async move { store.register(new).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == Registered::Done).count(), 1, "one wins");
    assert_eq!(answers.iter().filter(|answer| **answer == Registered::AdminThere).count(), 9);
    assert_eq!(store.users(None, 100).await.unwrap().len(), 1, "and nobody else is there");
}

pub(super) async fn whoever_is_added_as_an_admin_is_one(store: Shelf) {
    let new = Registering { first_admin: false, ..a_first_admin(1) };
    assert_eq!(store.register(new).await.unwrap(), Registered::Done);
    assert!(store.first_admin_at().await.unwrap().is_some(), "there has been one");
    assert_eq!(store.register(a_first_admin(2)).await.unwrap(), Registered::AdminThere);
}

/// The registration of the user of that seed as the first admin.
fn a_first_admin(seed: u64) -> Registering {
    let account = an_account(seed);
    let user = User { roles: [RoleName::admin()].into(), ..account.user };
    let event = a_deed(EventKind::FirstAdmin, &user, seed);
    let account = Account { user, ..account };
    Registering { first_admin: true, events: vec![event], ..a_registration(&account, None) }
}

/// The user, in every way in which one is read.
async fn every_reading(store: &Shelf, session: &Session) -> Vec<User> {
    let by_id = account(store, session.user_id).await.user;
    let name: Option<Username> = by_id.username.clone();
    let by_name = store.account(&Handle::Username(name.unwrap())).await.unwrap().unwrap().user;
    let by_email = store.account(&Handle::Email(by_id.email.clone())).await.unwrap().unwrap().user;
    let listed = store.users(None, 10).await.unwrap().pop().unwrap();
    let facts = store.facts(session.id).await.unwrap().unwrap().user;
    let of_page = store.facts_of_page(session.page_hash.unwrap()).await.unwrap().unwrap().user;
    vec![by_id, by_name, by_email, listed, facts, of_page]
}

async fn edit(store: &Shelf, editing: Editing) -> Edited {
    store.edit_user(editing).await.unwrap()
}
