//! Roles: written as they were read, removed when nobody holds them.

use std::collections::BTreeSet;

use rotunda_core::model::{Event, EventKind, Permission, Revocation, Revoked, Role, RoleName, UnixMillis};
use rotunda_core::store::{Edited, Editing, RemovedRole};

use super::scene::{ALL, Shelf, add, at_once, happened, journal, revoked};
use crate::fixtures::{
    NOW, a_changed_role, a_deletion, a_key_event, a_role, an_account, an_editing, role_name, role_names,
};

/// Letters from everywhere, and what breaks careless quoting.
const UNICODE: &str = r#"Zoë "O'Neil" 🦊 – 한국어 \\ %s ?1 --"#;

pub(super) async fn every_field_of_a_role_survives_and_they_come_by_name(store: Shelf) {
    let (first, revision) = store.roles().await.unwrap();
    assert!(first.is_empty(), "the built-in one is in no store");
    assert_eq!(revision, 0);
    let full = Role {
        permissions: ["a", "x:y/z", "users.read", "!#$%&'()*+,-./"]
            .into_iter()
            .map(|text| Permission::parse(text).unwrap())
            .collect(),
        description: Some(UNICODE.to_owned()),
        version: 7,
        created_at: UnixMillis(-1),
        changed_at: UnixMillis(253_402_300_799_999),
        ..a_role("support")
    };
    let bare = Role { permissions: BTreeSet::new(), description: None, ..a_role("a.b_c-9") };
    // In the order of bytes, whatever the language of the machine: `-` comes before `.`, and that before letters.
    let written = [full.clone(), a_role("z"), bare.clone(), a_role("a-z"), a_role("ab")];
    for role in &written {
        assert!(store.put_role(role.clone(), None, added()).await.unwrap());
    }
    let (found, revision) = store.roles().await.unwrap();
    assert_eq!(found, [a_role("a-z"), bare, a_role("ab"), full, a_role("z")]);
    assert_eq!(revision, 5, "one for each");
}

pub(super) async fn a_role_is_written_from_the_version_that_was_read(store: Shelf) {
    let first = a_role("support");
    let second = a_changed_role(&first);
    let before = view(&store).await;
    assert!(!store.put_role(second.clone(), Some(1), changed()).await.unwrap(), "there is none");
    assert!(view(&store).await == before, "nothing happens");
    assert!(store.put_role(first.clone(), None, added()).await.unwrap());
    let before = view(&store).await;
    for from in [None, Some(0), Some(2)] {
        assert!(!store.put_role(second.clone(), from, changed()).await.unwrap(), "not from {from:?}");
        assert!(view(&store).await == before, "nothing happens");
    }
    assert!(store.put_role(second.clone(), Some(1), changed()).await.unwrap());
    assert_eq!(store.roles().await.unwrap().0, [second]);
}

pub(super) async fn a_role_is_written_once_however_many_ask(store: Shelf) {
    for (name, from) in [("a", None), ("a", Some(1))] {
        let written = at_once(20, |_| {
            let (store, role) = (store.clone(), Role { version: from.map_or(1, |v| v + 1), ..a_role(name) });
            async move { store.put_role(role, from, added()).await.unwrap() }
        })
        .await;
        assert_eq!(written.iter().filter(|written| **written).count(), 1, "one wins");
    }
    assert_eq!(store.roles().await.unwrap().1, 2, "the revision grew with each that won");
    assert_eq!(happened(&store).await.len(), 2);
}

pub(super) async fn a_change_of_a_role_is_told_and_raises_revision_and_shelf(store: Shelf) {
    let first = a_role("support");
    let second = Role { changed_at: UnixMillis(NOW.0 + 5), ..a_changed_role(&first) };
    let mut shelf = store.shelf_version().await.unwrap();
    for (rv, (role, from)) in (1..).zip([(first, None), (second, Some(1)), (a_role("other"), None)]) {
        assert!(store.put_role(role.clone(), from, changed()).await.unwrap());
        assert_eq!(store.roles().await.unwrap().1, rv, "the revision");
        let last = revoked(&store).await.pop();
        let what = Revoked::Role { name: role.name, rv };
        assert_eq!(last, Some(Revocation { what, at: role.changed_at }), "told with the new revision");
        let now = store.shelf_version().await.unwrap();
        assert!(now > shelf, "version {now} comes after {shelf}");
        shelf = now;
    }
    assert_eq!(happened(&store).await, [changed(), changed(), changed()]);
    let removed = store.remove_role(role_name("other"), 1, changed()).await.unwrap();
    assert_eq!(removed, RemovedRole::Done);
    assert_eq!(store.roles().await.unwrap().1, 4, "and so does a removal");
    let what = Revoked::Role { name: role_name("other"), rv: 4 };
    let at = changed().at;
    assert_eq!(revoked(&store).await.last(), Some(&Revocation { what, at }), "a removal is told too");
    assert!(store.shelf_version().await.unwrap() > shelf, "servers read again");
}

pub(super) async fn a_role_is_removed_as_it_was_read_when_nobody_holds_it(store: Shelf) {
    let support = role_name("support");
    assert!(store.put_role(a_role("support"), None, added()).await.unwrap());
    assert!(store.put_role(a_role("other"), None, added()).await.unwrap());
    for seed in [1, 2] {
        add(&store, &an_account(seed), None).await;
        hold(&store, seed, &role_names(["support", "other"])).await;
    }
    let before = view(&store).await;
    assert_eq!(store.remove_role(support.clone(), 1, removed()).await.unwrap(), RemovedRole::Held);
    let unknown = store.remove_role(role_name("unknown"), 1, removed()).await.unwrap();
    assert_eq!(unknown, RemovedRole::Changed, "there is none");
    assert!(view(&store).await == before, "nothing happens");

    hold(&store, 1, &role_names(["other"])).await;
    assert_eq!(store.remove_role(support.clone(), 1, removed()).await.unwrap(), RemovedRole::Held);
    assert!(store.delete_user(a_deletion(&an_account(2).user)).await.unwrap(), "who is gone holds nothing");
    let before = view(&store).await;
    assert_eq!(store.remove_role(support.clone(), 2, removed()).await.unwrap(), RemovedRole::Changed);
    assert!(view(&store).await == before, "nothing happens");
    assert_eq!(store.remove_role(support.clone(), 1, removed()).await.unwrap(), RemovedRole::Done);
    assert_eq!(store.roles().await.unwrap().0, [a_role("other")]);
    assert_eq!(happened(&store).await.last(), Some(&removed()));
    assert_eq!(store.remove_role(support, 1, removed()).await.unwrap(), RemovedRole::Changed);
}

pub(super) async fn nobody_comes_to_hold_a_role_that_goes(store: Shelf) {
    for round in 0..20 {
        let account = an_account(round);
        add(&store, &account, None).await;
        let name = role_name(&format!("role-{round}"));
        assert!(store.put_role(a_role(name.as_str()), None, added()).await.unwrap());
        let done = at_once(2, |actor| {
            let (store, name, user) = (store.clone(), name.clone(), account.user.clone());
            async move {
                if actor == 0 {
                    return store.remove_role(name, 1, removed()).await.unwrap() == RemovedRole::Done;
                }
                let editing = Editing { roles: [name].into(), ..an_editing(&user) };
                matches!(store.edit_user(editing).await.unwrap(), Edited::Done(_))
            }
        })
        .await;
        assert_ne!(done[0], done[1], "either it goes or it is held");
        let there = store.roles().await.unwrap().0.iter().any(|role| role.name == name);
        let held = store.account_of(account.user.id).await.unwrap().unwrap().user.roles.contains(&name);
        assert_eq!((there, held), (done[1], done[1]));
    }
}

pub(super) async fn sets_of_roles_come_once_each_and_no_more_than_asked(store: Shelf) {
    for name in ["a", "b", "c"] {
        assert!(store.put_role(a_role(name), None, added()).await.unwrap());
    }
    let (ab, b, abc) = (role_names(["a", "b"]), role_names(["b"]), role_names(["a", "b", "c"]));
    let alone = role_names(["a"]);
    for (seed, roles) in (1..).zip([&ab, &ab, &b, &abc, &alone, &alone, &alone]) {
        add(&store, &an_account(seed), None).await;
        hold(&store, seed, roles).await;
    }
    add(&store, &an_account(50), None).await;
    let name = role_name("a");
    let sets = |limit| {
        let (store, name) = (store.clone(), name.clone());
        async move { store.role_sets(&name, limit).await.unwrap() }
    };
    let found = sets(ALL).await;
    assert_eq!(found.len(), 3, "each once");
    assert_eq!(BTreeSet::from_iter(found), [ab.clone(), abc.clone(), alone.clone()].into());
    assert_eq!(sets(2).await.len(), 2, "no more than asked");
    assert!(store.role_sets(&role_name("unknown"), ALL).await.unwrap().is_empty());
    hold(&store, 4, &b).await;
    assert!(store.delete_user(a_deletion(&an_account(1).user)).await.unwrap());
    assert_eq!(BTreeSet::from_iter(sets(ALL).await), [ab, alone].into(), "as it is now");
}

/// Gives the user of that seed these roles instead of what they hold.
pub(super) async fn hold(store: &Shelf, seed: u64, roles: &BTreeSet<RoleName>) {
    let user = store.account_of(an_account(seed).user.id).await.unwrap().expect("the user is there").user;
    let editing = Editing { roles: roles.clone(), ..an_editing(&user) };
    let edited = store.edit_user(editing).await.unwrap();
    assert!(matches!(edited, Edited::Done(_)), "nothing stands in the way: {edited:?}");
}

/// All that a refused change of a role leaves as it was.
async fn view(store: &Shelf) -> (Vec<Role>, u64, u64, usize, usize) {
    let (roles, revision) = store.roles().await.unwrap();
    let shelf = store.shelf_version().await.unwrap();
    (roles, revision, shelf, journal(store).await.len(), revoked(store).await.len())
}

fn added() -> Event {
    a_key_event(EventKind::RoleAdded)
}

fn changed() -> Event {
    a_key_event(EventKind::RoleChanged)
}

fn removed() -> Event {
    a_key_event(EventKind::RoleRemoved)
}
