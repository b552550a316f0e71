//! Each verb with the permission that it takes: refused without, done with it. Nobody reaches those above them, or does to
//! themselves what locks them out.

use std::time::Duration;

use rotunda_core::clients::NewClient;
use rotunda_core::denied::Denied;
use rotunda_core::desk::{CreateUser, Desk, EditUser, Invite, Lift, version_of};
use rotunda_core::failure::Error;
use rotunda_core::import::Arrival;
use rotunda_core::model::{
    AdminPermission as P, Caller, ClientId, ClientKind, PasswordHash, Permission, SessionId, UserId,
};
use rotunda_core::operate::Who;
use rotunda_core::store::{Counting, SessionSearch, UserSearch};

use super::words;
use crate::roles::names;
use crate::support::{HOUR, Holder, World, denied};

macro_rules! verbs {
    ($($name:ident: $permission:expr, $proof:literal;)*) => {
        /// What is done at the desk, as far as other tests do not.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        enum Verb { $($name,)* }

        impl Verb {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The permission, and whether it takes a password that was entered lately.
            fn takes(self) -> (P, bool) {
                match self { $(Self::$name => ($permission, $proof),)* }
            }
        }
    };
}

verbs! {
    SearchUsers: P::UsersRead, false;
    CountUsers: P::UsersRead, false;
    User: P::UsersRead, false;
    FindUser: P::UsersRead, false;
    CreateUser: P::UsersWrite, false;
    InviteUser: P::UsersWrite, false;
    ImportUser: P::UsersWrite, false;
    CheckImport: P::UsersWrite, false;
    EditUser: P::UsersWrite, false;
    DisableUser: P::UsersWrite, false;
    EnableUser: P::UsersWrite, false;
    DeleteUser: P::UsersWrite, true;
    ActFor: P::UsersAct, true;
    SearchSessions: P::SessionsRead, false;
    CountSessions: P::SessionsRead, false;
    Session: P::SessionsRead, false;
    Story: P::SessionsRead, false;
    EndSession: P::SessionsRevoke, false;
    EndSessionsOf: P::SessionsRevoke, false;
    EndEveryoneDry: P::SessionsRevoke, false;
    EndEveryone: P::SessionsRevoke, true;
    Overview: P::OverviewRead, false;
    CountLetters: P::OverviewRead, false;
    CountDead: P::WebhooksRead, false;
    Clients: P::ClientsRead, false;
    AddClient: P::ClientsWrite, true;
    RotateClientSecret: P::ClientsWrite, true;
    RemoveClient: P::ClientsWrite, true;
    Keys: P::KeysRead, false;
    RotateKeys: P::KeysManage, true;
    RevokeKey: P::KeysManage, true;
    Limits: P::LimitsRead, false;
    LiftOfUser: P::LimitsWrite, true;
    LiftOfAddress: P::LimitsWrite, true;
}

/// What verbs are about.
struct Target {
    user: UserId,
    session: SessionId,
    client: ClientId,
    kid: String,
}

impl Target {
    async fn make(w: &World, target: &Holder) -> Self {
        let id = "reports".to_owned();
        let new = NewClient { id, kind: Some(ClientKind::Service), scopes: vec!["notes".to_owned()] };
        let client = w.rotunda.add_client(&new, &Caller::default()).await.unwrap().client.id;
        let kid = w.rotunda.signing_keys().await.unwrap()[0].kid.clone();
        Self { user: target.user.id, session: target.session.id, client, kid }
    }
}

fn arrival() -> Arrival {
    Arrival {
        id: None,
        email: "old@example.com".to_owned(),
        email_verified: true,
        username: None,
        name: None,
        password: PasswordHash::none(),
        created_at: None,
        disabled: false,
    }
}

async fn does(verb: Verb, desk: &Desk<'_>, to: &Target) -> Result<(), Error> {
    use Verb as V;
    let all_sessions = SessionSearch::default;
    match verb {
        V::SearchUsers => drop(desk.search_users(UserSearch::default(), None, 10).await?),
        V::CountUsers => drop(desk.count(Counting::AllUsers).await?),
        V::User => drop(desk.user(to.user).await?),
        V::FindUser => drop(desk.find_user(&Who::Id(to.user)).await?),
        V::CreateUser => {
            let newcomer = World::registration("newcomer").newcomer;
            drop(desk.create_user(CreateUser { newcomer, verified: true, roles: names(&[]) }).await?);
        }
        V::InviteUser => {
            let email = "guest@example.com".to_owned();
            drop(desk.invite_user(Invite { email, username: None, name: None, roles: names(&[]) }).await?);
        }
        V::ImportUser => drop(desk.import_user(&arrival()).await?),
        V::CheckImport => drop(desk.check_import(&arrival()).await?),
        V::EditUser => {
            let edit = EditUser { name: Some(Some("Ada".to_owned())), ..EditUser::default() };
            drop(desk.edit_user(to.user, edit, None).await?);
        }
        V::DisableUser => drop(desk.disable_user(to.user).await?),
        V::EnableUser => drop(desk.enable_user(to.user).await?),
        V::DeleteUser => desk.delete_user(to.user).await?,
        V::ActFor => drop(desk.act_for(to.user, None).await?),
        V::SearchSessions => drop(desk.search_sessions(all_sessions(), None, 10).await?),
        V::CountSessions => drop(desk.count(Counting::LiveSessions).await?),
        V::Session => drop(desk.session(to.session).await?),
        V::Story => drop(desk.story(to.session).await?),
        V::EndSession => drop(desk.end_session(to.session).await?),
        V::EndSessionsOf => drop(desk.end_sessions_of(to.user).await?),
        V::EndEveryoneDry => drop(desk.end_everyone(true).await?),
        V::EndEveryone => drop(desk.end_everyone(false).await?),
        V::Overview => drop(desk.overview().await?),
        V::CountLetters => drop(desk.count(Counting::Letters).await?),
        V::CountDead => drop(desk.count(Counting::DeadDeliveries).await?),
        V::Clients => drop(desk.clients().await?),
        V::AddClient => {
            let (id, kind) = ("shop".to_owned(), Some(ClientKind::Confidential));
            drop(desk.add_client(&NewClient { id, kind, scopes: Vec::new() }).await?);
        }
        V::RotateClientSecret => drop(desk.rotate_client_secret(&to.client, Duration::ZERO).await?),
        V::RemoveClient => desk.remove_client(&to.client).await?,
        V::Keys => drop(desk.keys().await?),
        V::RotateKeys => drop(desk.rotate_keys().await?),
        V::RevokeKey => desk.revoke_key(&to.kid).await?,
        V::Limits => drop(desk.limits()?),
        V::LiftOfUser => desk.lift_limits(Lift::User(to.user)).await?,
        V::LiftOfAddress => desk.lift_limits(Lift::Address([192, 0, 2, 1].into())).await?,
    }
    Ok(())
}

#[tokio::test]
async fn each_verb_takes_its_permission_and_no_other() {
    for verb in Verb::ALL {
        let (needed, _) = verb.takes();
        let w = World::new().await;
        let ada = w.register("ada").await;
        let target = Target::make(&w, &ada).await;
        let others = words(P::ALL.iter().copied().filter(|permission| *permission != needed));
        let without = w.operator_with("without", &others).await;
        let with = w.operator_with("with", &words([needed])).await;
        let before = w.store.inner.snapshot().events.len();
        let desk = w.desk_with_reason(&without, "to see what happens").await;
        assert_eq!(denied(does(*verb, &desk, &target).await), Denied::PermissionMissing(needed), "{verb:?}");
        assert_eq!(w.store.inner.snapshot().events.len(), before, "{verb:?}: nothing has happened");
        let desk = w.desk_with_reason(&with, "to see what happens").await;
        does(*verb, &desk, &target).await.unwrap_or_else(|error| panic!("{verb:?}: {error:?}"));
    }
}

#[tokio::test]
async fn what_is_dangerous_takes_a_password_of_a_moment_ago_where_there_is_one() {
    let all = words(P::ALL.iter().copied());
    for verb in Verb::ALL {
        let (_, proof) = verb.takes();
        let w = World::new().await;
        let ada = w.register("ada").await;
        let target = Target::make(&w, &ada).await;
        let root = w.operator_with("root", &all).await;
        let mut later = root.clone();
        w.pass(HOUR);
        w.refreshes(&mut later).await;
        let within = w.rotunda.policy().reauthenticate_within;
        let desk = w.desk_with_reason(&later, "to see what happens").await;
        let tried = does(*verb, &desk, &target).await;
        match proof {
            true => assert_eq!(denied(tried), Denied::ReauthenticationNeeded(within), "{verb:?}"),
            false => tried.unwrap_or_else(|error| panic!("{verb:?}: {error:?}")),
        }
        // Whoever sits at the machine has no password; only a user can act for another.
        if proof && *verb != Verb::ActFor {
            does(*verb, &w.operator(), &target).await.unwrap_or_else(|error| panic!("{verb:?}: {error:?}"));
        }
    }
}

#[tokio::test]
async fn nobody_reaches_whoever_has_a_permission_that_they_have_not() {
    let w = World::new().await;
    let all_but = P::ALL.iter().copied().filter(|permission| *permission != P::AuditRead);
    let helpdesk = w.operator_with("helpdesk", &words(all_but)).await;
    let auditor = w.operator_with("auditor", &["audit.read", "notes"]).await;
    let target = Target::make(&w, &auditor).await;
    w.news().await;
    let desk = w.desk_with_reason(&helpdesk, "curious").await;
    let above = Denied::AboveCaller("audit.read".to_owned());
    let row = w.row(&auditor).await;
    for verb in [
        Verb::EditUser,
        Verb::DisableUser,
        Verb::EnableUser,
        Verb::DeleteUser,
        Verb::EndSession,
        Verb::EndSessionsOf,
        Verb::LiftOfUser,
    ] {
        assert_eq!(denied(does(verb, &desk, &target).await), above, "{verb:?}");
    }
    w.assert_untouched(&auditor, &row).await;
    // Nor may they take what the auditor has by way of a user, or of a service, that they make.
    let newcomer = World::registration("puppet").newcomer;
    let puppet = CreateUser { newcomer, verified: true, roles: names(&["auditor"]) };
    assert_eq!(denied(desk.create_user(puppet).await), above);
    let email = "puppet@example.com".to_owned();
    let puppet = Invite { email, username: None, name: None, roles: names(&["auditor"]) };
    assert_eq!(denied(desk.invite_user(puppet).await), above);
    let edit = EditUser { roles: Some(names(&["helpdesk", "auditor"])), ..EditUser::default() };
    assert_eq!(denied(desk.edit_user(helpdesk.user.id, edit, None).await), above);
    let service = |id: &str| NewClient {
        id: id.to_owned(),
        kind: Some(ClientKind::Service),
        scopes: vec!["audit.read".to_owned()],
    };
    assert_eq!(denied(desk.add_client(&service("puppet")).await), above);
    w.rotunda.add_client(&service("archive"), &Caller::default()).await.unwrap();
    let archive = ClientId("archive".to_owned());
    assert_eq!(denied(desk.rotate_client_secret(&archive, Duration::ZERO).await), above);
    assert_eq!(denied(desk.remove_client(&archive).await), above);
    w.news().await;
    // Nobody acts for an operator, whatever they may themselves.
    let root = w.operator_with("root", &words(P::ALL.iter().copied())).await;
    let refused = w.desk_with_reason(&root, "curious").await.act_for(auditor.user.id, None).await;
    assert!(matches!(denied(refused), Denied::Unfit(why) if why.contains("operator")));
    assert_eq!(w.news().await, []);
    // What services ask for is no reason not to be helped.
    let reader = w.operator_with("reader", &["notes"]).await;
    assert!(desk.end_session(reader.session.id).await.unwrap());
}

#[tokio::test]
async fn nobody_locks_themselves_out() {
    let w = World::new().await;
    let root = w.operator_with("root", &words(P::ALL.iter().copied())).await;
    let own = Target::make(&w, &root).await;
    let desk = w.desk_with_reason(&root, "by mistake").await;
    for verb in [Verb::DisableUser, Verb::DeleteUser, Verb::ActFor] {
        assert_eq!(denied(does(verb, &desk, &own).await), Denied::NotToYourself, "{verb:?}");
    }
    // But to be signed out, and to be called something else, is fine.
    does(Verb::EditUser, &desk, &own).await.unwrap();
    does(Verb::EndSessionsOf, &desk, &own).await.unwrap();
}

#[tokio::test]
async fn whoever_gives_roles_to_somebody_new_needs_what_giving_roles_takes() {
    let w = World::new().await;
    w.role("support", &["notes"]).await;
    let editor = w.operator_with("editor", &["users.write"]).await;
    let desk = w.desk_of(&editor).await;
    let create = |name: &str, roles: &[&str]| {
        let newcomer = World::registration(name).newcomer;
        CreateUser { newcomer, verified: false, roles: names(roles) }
    };
    let missing = Denied::PermissionMissing(P::RolesWrite);
    assert_eq!(denied(desk.create_user(create("eve", &["support"])).await), missing);
    let ada = desk.create_user(create("ada", &[])).await.unwrap();
    let edit = EditUser { roles: Some(names(&["support"])), ..EditUser::default() };
    assert_eq!(denied(desk.edit_user(ada.id, edit.clone(), None).await), missing);
    let both = w.operator_with("both", &["users.write", "roles.write"]).await;
    let mut later = both.clone();
    let bob = w.desk_of(&both).await.create_user(create("bob", &["support"])).await.unwrap();
    assert_eq!(bob.roles, names(&["support"]));
    assert!(w.rotunda.permissions_of(&bob).contains(&Permission::parse("notes").unwrap()));
    assert_ne!(version_of(&bob), version_of(&ada));
    w.pass(HOUR);
    w.refreshes(&mut later).await;
    let within = w.rotunda.policy().reauthenticate_within;
    let desk = w.desk_of(&later).await;
    let there = w.operator().count(Counting::AllUsers).await.unwrap();
    let tried = desk.create_user(create("dan", &["support"])).await;
    assert_eq!(denied(tried), Denied::ReauthenticationNeeded(within));
    assert_eq!(w.operator().count(Counting::AllUsers).await.unwrap(), there, "and there is no half of them");
    assert_eq!(denied(desk.edit_user(ada.id, edit, None).await), Denied::ReauthenticationNeeded(within));
    // The roles that somebody holds anyway are no change.
    let same = EditUser { roles: Some(names(&["support"])), ..EditUser::default() };
    assert_eq!(desk.edit_user(bob.id, same, None).await.unwrap(), bob);
}
