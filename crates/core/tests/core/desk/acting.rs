//! Acting for a user.

use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::desk::Desk;
use rotunda_core::desk::act::LIFE;
use rotunda_core::failure::Error;
use rotunda_core::gateway::Shown;
use rotunda_core::login::Login;
use rotunda_core::model::{
    Actor, ClientId, Ending, Event, EventKind, PageKey, SecretText, Session, Standing, UnixMillis,
};
use rotunda_core::password::ChangePassword;
use rotunda_core::revoke_token::RevokeToken;
use rotunda_core::store::EventSearch;
use rotunda_core::store::Search;

use super::command_line;
use crate::support::{HOUR, Holder, MINUTE, MS, PASSWORD, World, denied, over, password};

const WHY: &str = "ticket 4711: the list stays empty";

/// Ada, an operator who may act, and the session in which they do.
struct Scene {
    w: World,
    ada: Holder,
    root: Holder,
    acted: Holder,
}

impl Scene {
    async fn begin() -> Self {
        let w = World::new().await;
        let ada = w.register("ada").await;
        let root = w.operator_with("root", &["users.act"]).await;
        let grant = w.desk_with_reason(&root, WHY).await.act_for(ada.user.id, None).await.unwrap();
        let acted = w.holder("ada, by root", root.caller.clone(), grant).await;
        Self { w, ada, root, acted }
    }
}

#[tokio::test]
async fn whoever_acts_has_a_session_of_their_own_that_says_so_everywhere() {
    let Scene { w, ada, root, acted } = Scene::begin().await;
    let session = w.row(&acted).await;
    assert_eq!((session.acting, session.user_id), (Some(root.user.id), ada.user.id));
    assert!(session.amr.is_empty() && session.auth_time == UnixMillis(0), "nobody has entered her password");
    assert_ne!(session.device_id, ada.session.device_id);
    let claims = w.bearer(&acted).await.claims;
    assert_eq!(claims.sub, ada.user.sub());
    assert_eq!(claims.act.map(|act| act.sub), Some(root.user.id.to_string()));
    assert_eq!(w.bearer(&ada).await.claims.act, None);
    // Written down once: to her, by them, about the session, and why.
    let [event] = w.news().await.try_into().unwrap();
    let mut caller = root.caller.clone();
    caller.actor = Some(Actor::User(root.user.id));
    caller.reason = Some(WHY.to_owned());
    let wanted = Event {
        kind: EventKind::ActedFor,
        at: w.clock_now(),
        user_id: Some(ada.user.id),
        session_id: Some(acted.session.id),
        about: Some(acted.session.id.to_string()),
        caller,
    };
    assert_eq!(event, wanted);
    let bearer = w.bearer(&ada).await;
    let told = w.rotunda.my_events(&bearer).await.unwrap();
    assert!(told.iter().any(|it| it.event.kind == EventKind::ActedFor), "she is told");
    let by_them = EventSearch { actor: Some(Actor::User(root.user.id)), ..EventSearch::default() };
    let found = w.store.search_events(by_them, None, 10).await.unwrap();
    assert_eq!(found.rows.len(), 1, "and they are found by who they are");
    // She sees it among her sessions, and ends it.
    let listed = w.rotunda.sessions(&bearer).await.unwrap();
    assert!(listed.iter().any(|session| session.acting == Some(root.user.id)));
    w.rotunda.end_session(&bearer, acted.session.id, &ada.caller).await.unwrap();
    assert_eq!(w.refused(&acted).await, over(Ending::RevokedByUser));
    assert!(w.refresh(&ada).await.is_ok(), "her own goes on");
}

#[tokio::test]
async fn it_lasts_fifteen_minutes_whatever_happens() {
    assert_eq!(LIFE, 15 * MINUTE);
    let Scene { w, mut acted, .. } = Scene::begin().await;
    let begun = acted.session.created_at;
    for _ in 0..2 {
        w.pass(7 * MINUTE);
        acted.make_key();
        let answer = w.refreshes(&mut acted).await;
        assert_eq!(answer.session.expires_at(), begun.plus(LIFE));
        assert!(answer.expires_in <= w.clock_now().until(begun.plus(LIFE)));
        assert!(answer.claims.act.is_some(), "and the new token says it as well");
    }
    w.pass(MINUTE - MS);
    assert!(w.rotunda.bearer(&acted.access).await.is_ok());
    w.pass(MS);
    assert_eq!(w.refused(&acted).await, over(Ending::AbsoluteExpired));
}

#[tokio::test]
async fn what_is_the_users_alone_is_refused_and_the_rest_is_done() {
    let Scene { w, ada, acted, .. } = Scene::begin().await;
    w.news().await;
    let (bearer, from, rows) = (w.bearer(&acted).await, &acted.caller, w.row(&acted).await);
    let r = &w.rotunda;
    let change = ChangePassword {
        current: password(PASSWORD),
        new: password("a password of the operator's"),
        caller: from.clone(),
    };
    let refused: [(&str, Result<(), Error>); 9] = [
        ("change_password", r.change_password(&bearer, &change).await.map(drop)),
        ("ask_for_email", r.ask_for_email(&bearer, "root@example.com", from).await),
        ("reauthenticate", r.reauthenticate(&bearer, &password(PASSWORD), from).await.map(drop)),
        ("delete_me", r.delete_me(&bearer, from).await),
        ("export_me", r.export_me(&bearer, from).await.map(drop)),
        ("end_session", r.end_session(&bearer, ada.session.id, from).await),
        ("end_other_sessions", r.end_other_sessions(&bearer, from).await),
        ("logout_all", r.logout_all(&bearer, from).await),
        ("the desk", r.operator(&bearer, from).map(drop).map_err(Error::from)),
    ];
    for (what, refused) in refused {
        assert_eq!(denied(refused), Denied::ActingForAnother, "{what}");
    }
    let by_token = r.operator_by_token(&acted.access, from).await;
    assert_eq!(denied(by_token), Denied::ActingForAnother);
    w.assert_untouched(&acted, &rows).await;
    assert!(w.refresh(&ada).await.is_ok());

    assert_eq!(r.sessions(&bearer).await.unwrap().len(), 2);
    let passed = r.passes(&Shown::Bearer(SecretText::new(acted.access.clone()))).await.unwrap();
    assert_eq!(passed.user, Some(ada.user.sub()));
    let page = PageKey::parse(&acted.page.as_ref().unwrap().expose_text()).unwrap();
    assert_eq!(r.passes(&Shown::Page(page)).await.unwrap().user, Some(ada.user.sub()));
    assert!(w.refresh(&acted).await.is_ok());
    // To stop is to sign out; and it was they who did.
    w.logs_out(&acted).await;
    let [ended] = w.news().await.try_into().unwrap();
    assert_eq!(ended.kind, EventKind::SessionEnded(Ending::LoggedOut));
    assert_eq!(ended.caller.actor, acted.session.acting.map(Actor::User));
}

#[tokio::test]
async fn whoever_may_not_act_any_more_does_not_go_on() {
    for how in ["their role is taken", "they are disabled", "they are deleted"] {
        let Scene { w, root, mut acted, .. } = Scene::begin().await;
        w.pass(MINUTE);
        acted.make_key();
        w.refreshes(&mut acted).await;
        let (desk, id) = (w.operator(), root.user.id);
        match how {
            "their role is taken" => drop(w.holds(id, &[]).await),
            "they are disabled" => drop(desk.disable_user(id).await.unwrap()),
            _ => desk.delete_user(id).await.unwrap(),
        }
        let ended = over(Ending::RevokedByAdmin);
        assert_eq!(denied(w.rotunda.bearer(&acted.access).await), ended, "{how}");
        let page = acted.page.as_ref().unwrap();
        assert_eq!(denied(w.rotunda.bearer_of_page(page).await), ended, "{how}");
        assert_eq!(w.refused(&acted).await, ended, "{how}");
        let at = w.clock_now();
        let standing = Standing::Ended { ending: Ending::RevokedByAdmin, at };
        assert_eq!(w.row(&acted).await.standing, standing, "{how}: and that is written down");
    }
}

#[tokio::test]
async fn their_own_session_is_theirs_to_end_and_names_them_however_it_ends() {
    for how in ["from the list", "by signing in as somebody else", "by revoking its access token"] {
        let Scene { w, ada, root, acted } = Scene::begin().await;
        let (bearer, from) = (w.bearer(&acted).await, acted.caller.clone());
        w.register("bob").await;
        w.news().await;
        match how {
            "from the list" => w.rotunda.end_session(&bearer, acted.session.id, &from).await.unwrap(),
            "by revoking its access token" => {
                let token = SecretText::new(acted.access.clone());
                let client_id = acted.session.client_id.clone();
                let revoke = RevokeToken { token, client_id, proof: None, caller: from };
                w.rotunda.revoke_token(&revoke).await.unwrap();
            }
            _ => {
                let page = acted.page.as_ref().map(|page| PageKey::parse(&page.expose_text()).unwrap());
                let login = Login { page, caller: from, ..World::login_of("bob") };
                drop(w.rotunda.login(&login).await.unwrap());
            }
        }
        let told = w.news().await.into_iter().find(|event| event.session_id == Some(acted.session.id));
        assert_eq!(told.unwrap().caller.actor, Some(Actor::User(root.user.id)), "{how}");
        let events = w.rotunda.my_events(&w.bearer(&ada).await).await.unwrap();
        let hers = events.into_iter().filter(|it| it.event.session_id == Some(acted.session.id));
        assert!(
            hers.into_iter().all(|it| it.event.caller.address.is_none()),
            "{how}: she is not told from where"
        );
    }
}

#[tokio::test]
async fn the_user_is_not_told_from_where_operators_work() {
    let Scene { w, ada, acted, .. } = Scene::begin().await;
    assert!(w.row(&acted).await.last_address.is_some(), "the audit log is");
    let bearer = w.bearer(&ada).await;
    let of = |session: &Session| (session.last_address, session.last_user_agent.clone());
    let listed = w.rotunda.sessions(&bearer).await.unwrap();
    let exported = w.rotunda.export_me(&bearer, &ada.caller).await.unwrap().sessions;
    let story = w.rotunda.my_story(&bearer, acted.session.id).await.unwrap().facts.unwrap().session;
    for session in listed.iter().chain(&exported).chain([&story]) {
        let is_hers = session.id == ada.session.id;
        assert_eq!(of(session) == (None, None), !is_hers, "{}", session.id);
    }
    assert_eq!((listed.len(), exported.len()), (2, 2));
}

#[tokio::test]
async fn others_are_told_who_acts() {
    let Scene { w, ada, root, acted } = Scene::begin().await;
    let passed = async |holder: &Holder| {
        w.rotunda.passes(&Shown::Bearer(SecretText::new(holder.access.clone()))).await.unwrap()
    };
    assert_eq!(passed(&acted).await.actor, Some(root.user.id.to_string()));
    assert_eq!(passed(&ada).await.actor, None);
}

#[tokio::test]
async fn what_happens_to_such_a_session_names_whoever_acts() {
    let Scene { w, mut acted, .. } = Scene::begin().await;
    let thief = acted.copied_by("thief");
    w.pass(MINUTE);
    acted.make_key();
    w.refreshes(&mut acted).await;
    w.pass(MINUTE);
    w.news().await;
    assert_eq!(w.refused(&thief).await, Denied::TokenReused);
    let [ended] = w.news().await.try_into().unwrap();
    assert_eq!((ended.kind, ended.about.as_deref()), (EventKind::SessionEnded(Ending::Reused), Some("0")));
    assert_eq!(ended.caller.actor, acted.session.acting.map(Actor::User));
}

#[tokio::test]
async fn nobody_acts_without_a_reason_for_nobody_or_as_nobody() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let root = w.operator_with("root", &["users.act", "users.write"]).await;
    let unfit = |refused: Denied| match refused {
        Denied::Unfit(why) => why,
        other => panic!("{other:?}"),
    };
    let act = async |desk: &Desk<'_>, client: Option<&str>| {
        denied(desk.act_for(ada.user.id, client.map(|name| ClientId(name.to_owned()))).await)
    };
    assert!(unfit(act(&w.desk_of(&root).await, None).await).contains("Say why"));
    let machine = w.rotunda.desk(command_line().with_reason(WHY).unwrap());
    assert!(unfit(act(&machine, None).await).contains("Only a user"));
    let desk = w.desk_with_reason(&root, WHY).await;
    assert_eq!(act(&desk, Some("nobody")).await, Denied::ClientUnknown);
    desk.disable_user(ada.user.id).await.unwrap();
    assert!(unfit(act(&desk, None).await).contains("disabled"));
    let gone = desk.act_for(rotunda_testkit::fixtures::a_user(99).id, None).await;
    assert_eq!(denied(gone), Denied::NotFound);
    assert_eq!(w.store.inner.snapshot().sessions.values().filter(|it| it.acting.is_some()).count(), 0);
}

#[tokio::test]
async fn an_app_may_be_what_they_act_with_and_each_time_is_its_own() {
    let Scene { w, ada, root, acted } = Scene::begin().await;
    let desk = w.desk_with_reason(&root, WHY).await;
    let grant = desk.act_for(ada.user.id, Some(ClientId("native".to_owned()))).await.unwrap();
    assert!(grant.page_key.is_none() && grant.session.id != acted.session.id);
    assert_eq!(grant.refresh_expires_in, LIFE);
    assert_eq!(grant.session.idle, LIFE);
    w.pass(Duration::from_secs(1));
    w.pass(HOUR);
    assert_eq!(w.refused(&acted).await, over(Ending::AbsoluteExpired));
}
