//! Roles at the desk: who may change them, and what cannot be.

use std::collections::BTreeSet;

use rotunda_core::clients::{ClientCredentials, NewClient};
use rotunda_core::denied::Denied;
use rotunda_core::desk::{Desk, Operator, PutRole, RoleInfo, version_of};
use rotunda_core::failure::Error;
use rotunda_core::model::{
    Actor, AdminPermission, Caller, ClientId, ClientKind, Event, EventKind, Role, RoleName, User, UserId,
};
use rotunda_core::store::Roles;

use crate::meddler::Write;
use crate::support::{Holder, MINUTE, World, caller, denied, failure};

pub(crate) fn name(text: &str) -> RoleName {
    RoleName::parse(text).unwrap()
}

pub(crate) fn names(texts: &[&str]) -> BTreeSet<RoleName> {
    texts.iter().copied().map(name).collect()
}

pub(crate) fn put(name: &str, permissions: &[&str]) -> PutRole {
    let permissions = permissions.iter().map(|it| (*it).to_owned()).collect();
    PutRole { name: name.to_owned(), permissions, description: None }
}

impl World {
    /// Whoever runs the server.
    pub(crate) fn operator(&self) -> Desk<'_> {
        self.rotunda.desk(Operator::command_line())
    }

    /// A role of these permissions, new or as it is from now on.
    pub(crate) async fn role(&self, name: &str, permissions: &[&str]) -> Role {
        let desk = self.operator();
        let known = desk.roles().await.unwrap().into_iter().find(|it| it.role.name.as_str() == name);
        desk.put_role(put(name, permissions), known.map(|it| it.role.version)).await.unwrap()
    }

    /// The user holds these and no others from now on.
    pub(crate) async fn holds(&self, user: UserId, roles: &[&str]) -> User {
        self.operator().hold_roles(user, names(roles), None).await.unwrap()
    }

    /// The desk, with this user at it.
    pub(crate) async fn desk_of(&self, holder: &Holder) -> Desk<'_> {
        let bearer = self.bearer(holder).await;
        self.rotunda.desk(self.rotunda.operator(&bearer, &holder.caller).unwrap())
    }
}

fn unfit<T>(result: Result<T, Error>) -> String {
    match denied(result) {
        Denied::Unfit(why) => why,
        other => panic!("{other:?}"),
    }
}

fn in_the_way<T>(result: Result<T, Error>) -> String {
    match denied(result) {
        Denied::InTheWay(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_operators_day_with_roles_is_written_down_with_who_did_what_and_why() {
    let w = World::new().await;
    let (root, ada) = (w.register("root").await, w.register("ada").await);
    w.holds(root.user.id, &["admin"]).await;
    w.news().await;
    let bearer = w.bearer(&root).await;
    let operator = w.rotunda.operator(&bearer, &root.caller).unwrap().with_reason("Q3 launch").unwrap();
    let desk = w.rotunda.desk(operator.clone());
    assert_eq!(operator.actor(), &Actor::User(root.user.id));
    desk.put_role(put("editor", &["b.write", "a.write"]), None).await.unwrap();
    let again = PutRole { description: Some(" Texts ".to_owned()), ..put("editor", &["b.write", "c"]) };
    let changed = desk.put_role(again, Some(1)).await.unwrap();
    assert_eq!((changed.version, changed.description.as_deref()), (2, Some("Texts")));
    let held = desk.grant_roles(ada.user.id, &names(&["editor"])).await.unwrap();
    assert_eq!((held.ce, &held.roles), (1, &names(&["editor"])));
    assert_eq!(desk.revoke_roles(ada.user.id, &names(&["editor"])).await.unwrap().ce, 2);
    // Nothing to do is nothing done.
    assert_eq!(desk.revoke_roles(ada.user.id, &names(&["editor"])).await.unwrap().ce, 2);
    desk.remove_role(&name("editor"), Some(2)).await.unwrap();

    let event = |kind, user_id, about: &str| Event {
        kind,
        at: w.clock_now(),
        user_id,
        session_id: None,
        about: Some(about.to_owned()),
        caller: operator.caller(),
    };
    let wanted = [
        event(EventKind::RoleAdded, None, "editor +a.write +b.write"),
        event(EventKind::RoleChanged, None, "editor +c -a.write"),
        event(EventKind::RolesChanged, Some(ada.user.id), "+editor"),
        event(EventKind::RolesChanged, Some(ada.user.id), "-editor"),
        event(EventKind::RoleRemoved, None, "editor"),
    ];
    assert_eq!(w.news().await, wanted);
    assert_eq!(operator.caller().reason.as_deref(), Some("Q3 launch"));
}

#[tokio::test]
async fn the_built_in_role_is_there_first_and_stays_as_it_is() {
    let w = World::new().await;
    w.role("a-first", &[]).await;
    let desk = w.operator();
    let all = desk.roles().await.unwrap();
    assert_eq!(all.iter().map(|it| it.role.name.as_str()).collect::<Vec<_>>(), ["admin", "a-first"]);
    let RoleInfo { role, built_in } = desk.role(&RoleName::admin()).await.unwrap();
    assert!(built_in && !all[1].built_in && role.permissions.len() == AdminPermission::ALL.len());
    for version in [None, Some(1)] {
        assert!(in_the_way(desk.put_role(put("admin", &[]), version).await).contains("built in"));
        assert!(in_the_way(desk.remove_role(&RoleName::admin(), version).await).contains("built in"));
    }
}

#[tokio::test]
async fn every_verb_asks_for_its_permission_and_changes_for_a_password_entered_lately() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    let editor = name("editor");
    w.role("editor", &["a"]).await;
    w.role("reader", &["roles.read"]).await;
    w.role("writer", &["roles.read", "roles.write"]).await;
    let changes = async |desk: &Desk<'_>| {
        [
            desk.put_role(put("editor", &["a"]), Some(9)).await.map(drop),
            desk.remove_role(&editor, Some(9)).await,
            desk.hold_roles(bob.user.id, BTreeSet::new(), Some("?")).await.map(drop),
            desk.grant_roles(bob.user.id, &BTreeSet::new()).await.map(drop),
            desk.revoke_roles(bob.user.id, &BTreeSet::new()).await.map(drop),
        ]
    };
    let missing = Denied::PermissionMissing;
    let desk = w.desk_of(&ada).await;
    assert_eq!(denied(desk.roles().await), missing(AdminPermission::RolesRead));
    assert_eq!(denied(desk.role(&editor).await), missing(AdminPermission::RolesRead));
    w.holds(ada.user.id, &["reader"]).await;
    let desk = w.desk_of(&ada).await;
    assert_eq!(desk.roles().await.unwrap().len(), 4);
    assert_eq!(desk.role(&editor).await.unwrap().role.name, editor);
    assert_eq!(denied(desk.role(&name("nothing")).await), Denied::NotFound);
    for refused in changes(&desk).await {
        assert_eq!(denied(refused), missing(AdminPermission::RolesWrite));
    }
    w.holds(ada.user.id, &["writer"]).await;
    let desk = w.desk_of(&ada).await;
    let [put, remove, hold, grant, revoke] = changes(&desk).await;
    for changed in [put, remove, hold] {
        assert_eq!(denied(changed), Denied::ChangedMeanwhile);
    }
    assert!(grant.is_ok() && revoke.is_ok());
    w.pass(5 * MINUTE);
    for refused in changes(&desk).await {
        assert_eq!(denied(refused), Denied::ReauthenticationNeeded(5 * MINUTE));
    }
    assert_eq!(desk.roles().await.unwrap().len(), 4, "looking takes no password");
}

#[tokio::test]
async fn nobody_gives_or_takes_what_they_do_not_have_themselves() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    w.role("hr", &["roles.read", "roles.write", "users.read"]).await;
    w.role("keeper", &["keys.manage", "articles.write"]).await;
    w.holds(ada.user.id, &["hr"]).await;
    let desk = w.desk_of(&ada).await;
    let above = |permission: &str| Denied::AboveCaller(permission.to_owned());
    // What services ask for is theirs to give, and so is what they have.
    desk.put_role(put("writer", &["articles.write", "users.read"]), None).await.unwrap();
    desk.grant_roles(bob.user.id, &names(&["writer", "hr"])).await.unwrap();
    for refused in [
        desk.put_role(put("mine", &["audit.read"]), None).await,
        desk.put_role(put("writer", &["articles.write", "keys.manage"]), Some(1)).await,
    ] {
        assert!(matches!(denied(refused), Denied::AboveCaller(_)));
    }
    let [keeper, admin] = ["keeper", "admin"].map(|role| names(&[role]));
    // Neither given, nor made smaller, nor taken away.
    assert_eq!(denied(desk.grant_roles(bob.user.id, &keeper).await), above("keys.manage"));
    assert_eq!(denied(desk.grant_roles(ada.user.id, &admin).await), above("audit.read"));
    assert_eq!(denied(desk.put_role(put("keeper", &[]), Some(1)).await), above("keys.manage"));
    assert_eq!(denied(desk.remove_role(&name("keeper"), None).await), above("keys.manage"));
    w.holds(bob.user.id, &["keeper"]).await;
    assert_eq!(denied(desk.revoke_roles(bob.user.id, &keeper).await), above("keys.manage"));
    assert_eq!(denied(desk.hold_roles(bob.user.id, BTreeSet::new(), None).await), above("keys.manage"));
}

#[tokio::test]
async fn an_admin_keeps_the_role_until_somebody_else_takes_it() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    w.holds(ada.user.id, &["admin"]).await;
    w.holds(bob.user.id, &["admin"]).await;
    let desk = w.desk_of(&ada).await;
    let admin = names(&["admin"]);
    assert_eq!(denied(desk.revoke_roles(ada.user.id, &admin).await), Denied::NotToYourself);
    assert_eq!(denied(desk.hold_roles(ada.user.id, BTreeSet::new(), None).await), Denied::NotToYourself);
    w.role("editor", &[]).await;
    desk.grant_roles(ada.user.id, &names(&["editor"])).await.unwrap();
    desk.revoke_roles(bob.user.id, &admin).await.unwrap();
    // At the desk it counts at once, whatever the token says.
    assert!(!w.rotunda.operator(&w.bearer(&bob).await, &bob.caller).unwrap().may_anything());
}

#[tokio::test]
async fn of_two_who_change_the_same_the_second_is_told_to_look_again() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let desk = w.operator();
    assert_eq!(denied(desk.put_role(put("editor", &[]), Some(1)).await), Denied::NotFound);
    desk.put_role(put("editor", &["a"]), None).await.unwrap();
    assert!(
        in_the_way(desk.put_role(put("editor", &["b"]), None).await).contains("is a role `editor` already")
    );
    desk.put_role(put("editor", &["b"]), Some(1)).await.unwrap();
    for old in [1, 3] {
        let changed = desk.put_role(put("editor", &["c"]), Some(old)).await;
        assert_eq!(denied(changed), Denied::ChangedMeanwhile);
        assert_eq!(denied(desk.remove_role(&name("editor"), Some(old)).await), Denied::ChangedMeanwhile);
    }
    assert_eq!(desk.role(&name("editor")).await.unwrap().role.permissions.len(), 1);
    // Between the look and the write.
    let other = w.clone();
    w.store.before(Write::PutRole, async move { drop(other.role("late", &["x"]).await) });
    assert!(in_the_way(desk.put_role(put("late", &["y"]), None).await).contains("already"));

    let version = version_of(&ada.user);
    let held = desk.hold_roles(ada.user.id, names(&["editor"]), Some(&version)).await.unwrap();
    let refused = desk.hold_roles(ada.user.id, names(&["late"]), Some(&version)).await;
    assert_eq!(denied(refused), Denied::ChangedMeanwhile);
    assert_ne!(version_of(&held), version);
    // Without a version it is read again; nothing that came between is lost.
    let other = w.clone();
    let give =
        async move { drop(other.operator().grant_roles(ada.user.id, &names(&["admin"])).await.unwrap()) };
    w.store.before(Write::EditUser, give);
    let both = desk.grant_roles(ada.user.id, &names(&["late"])).await.unwrap();
    assert_eq!(both.roles, names(&["admin", "editor", "late"]));
    w.store.never_lets(Write::EditUser);
    assert!(failure(desk.revoke_roles(both.id, &names(&["late"])).await).is_overload());
}

#[tokio::test]
async fn a_role_that_somebody_holds_stays_and_one_that_is_gone_cannot_be_held() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let desk = w.operator();
    w.role("editor", &["a"]).await;
    w.holds(ada.user.id, &["editor"]).await;
    assert!(in_the_way(desk.remove_role(&name("editor"), None).await).contains("Somebody holds"));
    w.holds(ada.user.id, &[]).await;
    // Given at the very moment at which it goes: of the two, one happens.
    let other = w.clone();
    let remove = async move { other.operator().remove_role(&name("editor"), None).await.unwrap() };
    w.store.before(Write::EditUser, remove);
    let given = desk.grant_roles(ada.user.id, &names(&["editor"])).await;
    assert!(unfit(given).contains("There is no role `editor`"));
    assert_eq!(denied(desk.remove_role(&name("editor"), None).await), Denied::NotFound);
    let nobody = UserId::from_bytes([7; 16]);
    assert_eq!(denied(desk.grant_roles(nobody, &names(&["admin"])).await), Denied::NotFound);
}

#[tokio::test]
async fn what_would_not_fit_into_tokens_is_refused_for_each_who_holds_it() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let desk = w.operator();
    let long: Vec<String> = (0..15).map(|n| format!("{n:064}")).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    w.role("large", &long).await;
    w.role("small", &["a"]).await;
    // 15 × 64 and the names, and `small` with its one letter, and a space after each: 989.
    w.holds(ada.user.id, &["large", "small"]).await;
    let (exact, beyond) = ("b".repeat(34), "b".repeat(35));
    let why = unfit(desk.put_role(put("small", &["a", &beyond]), Some(1)).await);
    assert!(why.contains("Somebody holds large, small") && why.contains("these have 1025"), "{why}");
    let full = desk.put_role(put("small", &["a", &exact]), Some(1)).await.unwrap();
    w.role("more", &[]).await;
    assert!(unfit(desk.grant_roles(ada.user.id, &names(&["more"])).await).contains("1024 bytes"));
    // What takes away is never refused, and a token with all of it is one that headers carry.
    let token = w.rotunda.login(&World::login_of("ada")).await.unwrap().access_token;
    assert!((1_900..2_100).contains(&token.expose().len()), "{}", token.expose().len());
    desk.put_role(put("small", &[]), Some(full.version)).await.unwrap();

    let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let sixteen: Vec<String> = (0..16).map(|n| format!("{n:064}")).collect();
    let sixteen: Vec<&str> = sixteen.iter().map(String::as_str).collect();
    for (put, why) in [
        (put("", &[]), "The name of a role has"),
        (put("Editor", &[]), "The name of a role has"),
        (put(&"e".repeat(65), &[]), "The name of a role has"),
        (put("e", &["a b"]), "`a b` is no permission"),
        (put("e", &["\u{1b}[31m"]), "`\\u{1b}[31m` is no permission"),
        (put("e", &[&"p".repeat(65)]), "is no permission"),
        (put("e", &many), "at most 64 permissions"),
        (put("e", &sixteen), "these have 1042"),
        (PutRole { description: Some("d".repeat(257)), ..put("e", &[]) }, "at most 256 characters"),
        (PutRole { description: Some("d\ne".to_owned()), ..put("e", &[]) }, "on one line"),
    ] {
        let said = unfit(desk.put_role(put.clone(), None).await);
        assert!(said.contains(why), "{put:?}: {said}");
    }
    let ok = PutRole { description: Some("ä".repeat(256)), ..put("e", &many[..64]) };
    desk.put_role(ok, None).await.unwrap();
    let empty = PutRole { description: Some("  ".to_owned()), ..put("f", &[]) };
    assert_eq!(desk.put_role(empty, None).await.unwrap().description, None);
}

#[tokio::test]
async fn there_is_an_end_to_how_many_roles_there_are() {
    let w = World::new().await;
    let desk = w.operator();
    for n in 0..Role::MOST {
        let now = w.clock_now();
        let role = Role {
            name: name(&format!("r{n}")),
            permissions: BTreeSet::new(),
            description: None,
            version: 1,
            created_at: now,
            changed_at: now,
        };
        let event = Event {
            kind: EventKind::RoleAdded,
            at: now,
            user_id: None,
            session_id: None,
            about: None,
            caller: Operator::command_line().caller(),
        };
        assert!(w.store.inner.put_role(role, None, event).await.unwrap());
    }
    assert!(unfit(desk.put_role(put("one-more", &[]), None).await).contains("There are 1000 roles"));
    desk.remove_role(&name("r7"), None).await.unwrap();
    desk.put_role(put("one-more", &[]), None).await.unwrap();
}

#[tokio::test]
async fn a_service_may_what_its_token_says_and_has_no_password_to_enter() {
    let w = World::new().await;
    w.role("keeper", &["keys.manage"]).await;
    let scopes = vec!["roles.read".to_owned(), "roles.write".to_owned()];
    let new = NewClient { id: "hr".to_owned(), kind: Some(ClientKind::Service), scopes };
    let secret = w.rotunda.add_client(&new, &Caller::default()).await.unwrap().secret.unwrap();
    let (id, at) = (ClientId("hr".to_owned()), caller("192.0.2.7"));
    let proof = w.rotunda.authenticate(&ClientCredentials { id: id.clone(), secret }, &at).await.unwrap();
    let desk = async |scope: &str| {
        let token = w.rotunda.client_credentials(&proof, Some(scope)).await.unwrap().access_token;
        w.rotunda.desk(w.rotunda.operator_by_token(token.expose(), &at).await.unwrap())
    };
    let (reads, both) = (desk("roles.read").await, desk("roles.read roles.write").await);
    w.pass(10 * MINUTE);
    let missing = Denied::PermissionMissing(AdminPermission::RolesWrite);
    assert_eq!(denied(reads.put_role(put("editor", &[]), None).await), missing);
    assert_eq!(both.operator().actor(), &Actor::Client(id));
    both.put_role(put("editor", &["a"]), None).await.unwrap();
    let mine = both.put_role(put("keeper", &[]), Some(1)).await;
    assert_eq!(denied(mine), Denied::AboveCaller("keys.manage".to_owned()));
    assert_eq!(w.news().await.last().unwrap().caller, both.operator().caller());
}
