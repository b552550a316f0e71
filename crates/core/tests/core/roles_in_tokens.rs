//! What roles do to tokens: at the next refresh, on every server, and never later than they are announced.

use rotunda_core::Rotunda;
use rotunda_core::desk::Operator;
use rotunda_core::gateway::Shown;
use rotunda_core::model::{Event, EventKind, PageKey, Revoked, Session, SessionId, UnixMillis, UserId};
use rotunda_core::store::{Accounts, LoggedIn, LoggingIn};
use rotunda_token::Claims;

use crate::roles::{name, put};
use crate::support::{Answer, Holder, World, caller, masters};

/// `roles`, `scope`, `ce` and `rv`.
type Said = (Vec<String>, Option<String>, Option<u64>, Option<u64>);

fn said(claims: &Claims) -> Said {
    (claims.roles.clone(), claims.scope.clone(), claims.ce, claims.rv)
}

fn wanted(roles: &[&str], scope: &str, ce: u64, rv: u64) -> Said {
    let some = |number: u64| (number > 0).then_some(number);
    let roles = roles.iter().map(|it| (*it).to_owned()).collect();
    (roles, Some(scope.to_owned()).filter(|it| !it.is_empty()), some(ce), some(rv))
}

async fn announced(w: &World) -> Vec<Revoked> {
    let page = w.rotunda.revocations(None).await.unwrap();
    page.entries.into_iter().map(|(_, entry)| entry.what).collect()
}

#[tokio::test]
async fn a_change_reaches_a_running_session_at_its_next_refresh_and_is_announced() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let sub = tab.user.sub();
    let first = w.bearer(&tab).await.claims;
    assert_eq!(said(&first), wanted(&[], "", 0, 0), "as before there were roles");

    w.role("editor", &["articles.write", "articles.read"]).await;
    w.holds(tab.user.id, &["editor"]).await;
    let Answer { claims, session, .. } = w.refreshes(&mut tab).await;
    assert_eq!(said(&claims), wanted(&["editor"], "articles.read articles.write", 1, 1));
    assert_eq!(session.id, tab.session.id, "nobody was signed out");
    w.role("editor", &["articles.read"]).await;
    assert_eq!(said(&w.refreshes(&mut tab).await.claims), wanted(&["editor"], "articles.read", 1, 2));
    // Of several roles, each permission once.
    w.role("reader", &["articles.read", "zines.read"]).await;
    w.holds(tab.user.id, &["reader", "editor"]).await;
    let both = wanted(&["editor", "reader"], "articles.read zines.read", 2, 3);
    assert_eq!(said(&w.refreshes(&mut tab).await.claims), both);
    w.holds(tab.user.id, &[]).await;
    assert_eq!(said(&w.refreshes(&mut tab).await.claims), wanted(&[], "", 3, 3));

    let role = |role: &str, rv| Revoked::Role { name: name(role), rv };
    let claims = |ce| Revoked::Claims { sub: sub.clone(), ce };
    let news = [role("editor", 1), claims(1), role("editor", 2), role("reader", 3), claims(2), claims(3)];
    assert_eq!(announced(&w).await, news);
    assert!(w.rotunda.bearer(&tab.access).await.is_ok(), "outdated tokens are good here");
}

#[tokio::test]
async fn a_gateway_and_the_pages_go_by_the_roles_of_now() {
    let w = World::new().await;
    w.role("editor", &["articles.write"]).await;
    let ada = w.register("ada").await;
    w.holds(ada.user.id, &["editor"]).await;
    let tab = w.sign_in("ada").await;
    let passed = async || {
        let token = w.rotunda.passes(&Shown::Bearer(tab.access.clone().into())).await.unwrap();
        let page = w.rotunda.passes(&Shown::Page(tab.page.clone().unwrap())).await.unwrap();
        assert_eq!((&token.roles, &token.scope), (&page.roles, &page.scope));
        (token.roles, token.scope)
    };
    assert_eq!(passed().await, (vec!["editor".to_owned()], "articles.write".to_owned()));
    w.role("editor", &[]).await;
    assert_eq!(passed().await, (vec!["editor".to_owned()], String::new()));
    w.holds(tab.user.id, &[]).await;
    assert_eq!(passed().await, (vec![], String::new()));
}

/// A second server on the same store.
async fn second(w: &World) -> Rotunda {
    Rotunda::start(w.outside(), masters(&[1]), w.rotunda.policy().clone()).await.unwrap()
}

#[tokio::test]
async fn no_token_claims_a_revision_that_its_server_has_not_read() {
    let w = World::new().await;
    let other = second(&w).await;
    let ada = w.register("ada").await;
    w.role("editor", &["a"]).await;
    w.holds(ada.user.id, &["editor"]).await;
    let desk = other.desk(Operator::command_line());
    desk.put_role(put("editor", &["a", "b"]), Some(1)).await.unwrap();
    // This server has not looked yet: what it says is what was, and it says so.
    let mut tab = ada.clone();
    assert_eq!(said(&w.refreshes(&mut tab).await.claims), wanted(&["editor"], "a", 1, 1));
    // A session that began elsewhere after the change is of its revision: here it is looked at once.
    let grant = other.login(&World::login_of("ada")).await.unwrap();
    let token = grant.refresh_token.expose().to_owned();
    let mut late = Holder { token, device: grant.device_secret, session: grant.session, ..ada };
    assert_eq!(w.row(&late).await.revision, 2);
    assert_eq!(said(&w.refreshes(&mut late).await.claims), wanted(&["editor"], "a b", 1, 2));
}

#[tokio::test]
async fn whoever_signs_in_after_everyone_was_signed_out_has_the_new_revision() {
    let w = World::new().await;
    let other = second(&w).await;
    w.register("ada").await;
    let event = Event {
        kind: EventKind::EveryoneSignedOut,
        at: w.clock_now(),
        user_id: None,
        session_id: None,
        about: None,
        caller: Operator::command_line().caller(),
    };
    assert_eq!(w.store.end_everyone(w.clock_now(), event).await.unwrap(), 1);
    other.look_at_shelf().await.unwrap();
    let grant = other.login(&World::login_of("ada")).await.unwrap();
    let claims = other.bearer(grant.access_token.expose()).await.unwrap().claims;
    assert_eq!(claims.rv, Some(1));
    // One that has not looked yet learns it from the session.
    let mut late = w.holder("ada", caller("198.51.100.2"), grant).await;
    assert_eq!(w.refreshes(&mut late).await.claims.rv, Some(1));
    assert_eq!(announced(&w).await, [Revoked::Everyone { rv: 1 }]);
}

/// A session of the user in which somebody else acts, with the key of its page cookie.
async fn acted(w: &World, of: &Holder, by: UserId) -> PageKey {
    let page = PageKey::from_bytes([0x77; 32]);
    let account = w.store.inner.snapshot().accounts[&of.user.id].clone();
    let session = Session {
        id: SessionId::from_bytes([0x77; 16]),
        page_hash: Some(page.hash()),
        acting: Some(by),
        created_at: UnixMillis(w.clock_now().0),
        ep: account.user.ep,
        ..of.session.clone()
    };
    let event = Event {
        kind: EventKind::ActedFor,
        at: w.clock_now(),
        user_id: Some(of.user.id),
        session_id: Some(session.id),
        about: None,
        caller: of.caller.clone(),
    };
    let (password, caps, post) = (account.password, vec![], vec![]);
    let login = LoggingIn { session, password, replaces: None, caps, event, post };
    assert_eq!(w.store.login(login).await.unwrap(), LoggedIn::Done);
    page
}

#[tokio::test]
async fn whoever_acts_for_a_user_has_nothing_of_rotundas_own() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    w.role("mixed", &["articles.write", "audit.read"]).await;
    w.holds(ada.user.id, &["admin", "mixed"]).await;
    let root = w.register("root").await.user.id;
    w.holds(root, &["admin"]).await;
    let page = acted(&w, &ada, root).await;
    let claims = w.rotunda.bearer_of_page(&page).await.unwrap().claims;
    assert_eq!(said(&claims), wanted(&["mixed"], "articles.write", 1, 1));
    let own = w.rotunda.bearer_of_page(ada.page.as_ref().unwrap()).await.unwrap().claims;
    assert!(own.scope.unwrap().contains("audit.read"));
    assert_eq!(own.roles, ["admin", "mixed"]);
}
