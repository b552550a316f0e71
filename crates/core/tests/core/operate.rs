//! What an operator asks and does. (Disabling, the story of a session and `accept_ahead` have their days elsewhere.)

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, Handle, Username};
use rotunda_core::operate::Who;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::a_user;

use crate::support::{HOUR, World, denied, nobodys_session};

#[tokio::test]
async fn users_are_listed_by_id_and_found_by_any_of_their_names() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await.session.user_id, w.register("bob").await.session.user_id);
    let all = w.rotunda.users(None, 10).await.unwrap();
    let mut ids = [ada, bob];
    ids.sort_unstable_by_key(|id| *id.as_bytes());
    assert_eq!(all.iter().map(|user| user.id).collect::<Vec<_>>(), ids);
    let rest = w.rotunda.users(Some(ids[0]), 10).await.unwrap();
    assert_eq!(rest.iter().map(|user| user.id).collect::<Vec<_>>(), ids[1..]);
    for user in &all {
        let by_email = Who::Handle(Handle::Email(user.email.clone()));
        for who in [Who::Id(user.id), by_email] {
            assert_eq!(w.rotunda.find_user(&who).await.unwrap(), *user);
        }
    }
    let nobody = Who::Handle(Handle::Username(Username::parse("nobody").unwrap()));
    assert_eq!(denied(w.rotunda.find_user(&nobody).await), Denied::NotFound);
    assert_eq!(denied(w.rotunda.find_user(&Who::Id(a_user(99).id)).await), Denied::NotFound);
}

#[tokio::test]
async fn a_users_sessions_are_those_that_live_the_latest_used_first() {
    let w = World::new().await;
    let mut first = w.register("ada").await;
    w.pass(HOUR);
    let second = w.sign_in_app("ada").await;
    let bob = w.register("bob").await;
    let listed = async |w: &World| -> Vec<_> {
        let sessions = w.rotunda.sessions_of(first.session.user_id).await.unwrap();
        sessions.iter().map(|session| session.id).collect()
    };
    assert_eq!(listed(&w).await, [second.session.id, first.session.id]);
    w.pass(HOUR);
    let (id, user) = (first.session.id, first.session.user_id);
    w.refreshes(&mut first).await;
    let sessions = w.rotunda.sessions_of(user).await.unwrap();
    assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [id, second.session.id]);
    assert!(w.rotunda.revoke_session(id).await.unwrap());
    assert!(!w.rotunda.revoke_session(id).await.unwrap(), "it had ended already");
    assert_eq!(w.refused(&first).await, crate::support::over(Ending::RevokedByAdmin));
    assert_eq!(w.rotunda.sessions_of(user).await.unwrap().len(), 1);
    assert_eq!(w.rotunda.session(bob.session.id).await.unwrap().session, bob.session);
    assert_eq!(denied(w.rotunda.session(nobodys_session()).await), Denied::NotFound);
}
