//! Users who are added, invited, found, changed, shut out and deleted by an operator.

use std::net::IpAddr;

use rotunda_core::denied::Denied;
use rotunda_core::desk::{CreateUser, EditUser, Invite, version_of};
use rotunda_core::link::Arrival;
use rotunda_core::model::{
    Actor, AdminPermission as P, Caller, EventKind, LetterKind, UserState, device_label,
};
use rotunda_core::store::{Named, UserSearch};

use super::{done, words};
use crate::meddler::Write;
use crate::roles::names;
use crate::support::{DAY, HOUR, Holder, MINUTE, World, caller, denied, over, password};

fn invite(email: &str) -> Invite {
    Invite { email: email.to_owned(), username: None, name: Some("Grace".to_owned()), roles: names(&[]) }
}

#[tokio::test]
async fn whoever_is_added_signs_in_with_the_password_that_they_were_given() {
    let w = World::new().await;
    let root = w.operator_with("root", &["users.write"]).await;
    let desk = w.desk_of(&root).await;
    let newcomer = World::registration("ada").newcomer;
    let create = CreateUser { newcomer, verified: true, roles: names(&[]) };
    let ada = desk.create_user(create.clone()).await.unwrap();
    assert!(ada.email_verified);
    let [registered] = w.news().await.try_into().unwrap();
    assert_eq!((registered.kind, registered.user_id), (EventKind::UserRegistered, Some(ada.id)));
    assert_eq!(registered.caller.actor, Some(Actor::User(root.user.id)));
    assert_eq!(w.sign_in("ada").await.user, ada);
    assert_eq!(denied(desk.create_user(create).await), Denied::EmailTaken);
}

#[tokio::test]
async fn whoever_is_invited_chooses_a_password_by_the_letter_within_days() {
    let w = World::new().await;
    let root = w.operator_with("root", &["users.write"]).await;
    let desk = w.desk_of(&root).await;
    let grace = desk.invite_user(invite("grace@example.com")).await.unwrap();
    assert!(!grace.email_verified);
    let kinds: Vec<_> = w.news().await.into_iter().map(|event| (event.kind, event.caller.actor)).collect();
    let actor = Some(Actor::User(root.user.id));
    assert_eq!(kinds, [(EventKind::UserRegistered, actor.clone()), (EventKind::UserInvited, actor)]);
    let [letter] = w.letters([LetterKind::Invited]).await;
    assert_eq!(letter.letter.caller, Caller::default(), "from where operators work is not told");
    assert_eq!(letter.letter.name, None, "nor a name, to an address that nobody has shown to be theirs");
    w.pass(2 * DAY);
    // Another one, because the first was lost; both are good.
    assert_eq!(desk.invite_user(invite("grace@example.com")).await.unwrap(), grace);
    let token = w.link(LetterKind::Invited).await;
    w.pass(2 * DAY);
    let (caller, nothing) = (caller("192.0.2.8"), None);
    let arrival = Arrival { token, client_id: nothing, proof: None, device: None, page: None, caller };
    let grant = w.rotunda.reset_password(&arrival, &password("chosen by herself")).await.unwrap();
    assert!(grant.user.id == grace.id && grant.user.email_verified);
    // From now on she is somebody like everybody.
    assert_eq!(denied(desk.invite_user(invite("grace@example.com")).await), Denied::EmailTaken);
}

#[tokio::test]
async fn an_invitation_runs_out() {
    let w = World::new().await;
    w.operator().invite_user(invite("grace@example.com")).await.unwrap();
    let token = w.link(LetterKind::Invited).await;
    w.pass(3 * DAY);
    let seen = w.rotunda.look_at_link(&token, &caller("192.0.2.8")).await;
    assert_eq!(denied(seen), Denied::LinkInvalid);
}

#[tokio::test]
async fn a_change_is_made_if_the_user_is_as_they_were_seen() {
    let w = World::new().await;
    let (ada, bob) = (w.register("ada").await, w.register("bob").await);
    w.news().await;
    let root = w.operator_with("root", &["users.write", "users.read"]).await;
    let desk = w.desk_of(&root).await;
    let seen = version_of(&desk.user(ada.user.id).await.unwrap());
    let email = |to: &str| EditUser { email: Some(to.to_owned()), ..EditUser::default() };
    let change = EditUser {
        email_verified: Some(true),
        username: Some(None),
        name: Some(Some(" Ada ".to_owned())),
        ..email("ada@example.org")
    };
    let edited = desk.edit_user(ada.user.id, change.clone(), Some(&seen)).await.unwrap();
    assert_eq!((edited.email.as_str(), edited.email_verified), ("ada@example.org", true));
    assert_eq!((edited.username.clone(), edited.name.as_deref()), (None, Some("Ada")));
    let mut told = done(&w, &desk, EventKind::UserEdited, Some(&ada));
    told.about = Some("email email_verified username name".to_owned());
    assert_eq!(w.news().await, [told]);
    assert_ne!(version_of(&edited), seen);
    assert_eq!(
        denied(desk.edit_user(ada.user.id, change.clone(), Some(&seen)).await),
        Denied::ChangedMeanwhile
    );
    // To say the same again is no change, and an address that is only written differently is no other one.
    assert_eq!(desk.edit_user(ada.user.id, change, None).await.unwrap(), edited);
    assert_eq!(w.news().await, []);
    assert!(desk.edit_user(ada.user.id, email("Ada@example.org"), None).await.unwrap().email_verified);
    assert!(!desk.edit_user(ada.user.id, email("ada@example.net"), None).await.unwrap().email_verified);
    w.news().await;
    let taken = desk.edit_user(ada.user.id, email("bob@example.com"), None).await;
    assert_eq!(denied(taken), Denied::EmailTaken);
    let name = EditUser { username: Some(Some("bob".to_owned())), ..EditUser::default() };
    assert_eq!(denied(desk.edit_user(ada.user.id, name, None).await), Denied::UsernameTaken);
    assert_eq!(denied(desk.edit_user(ada.user.id, email("nowhere"), None).await), Denied::EmailInvalid);
    assert_eq!(w.news().await, []);
    assert_eq!(w.bearer(&bob).await.facts.user, bob.user);
}

/// Whoever reads the mailbox of before has letters from before: none of them may take the account.
#[tokio::test]
async fn an_address_that_an_operator_has_changed_does_not_come_back_by_a_letter() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let (_, notice) = w.signs_in_from("ada", "203.0.113.66").await;
    let (confirm, asked) = w.asks_for(&ada, "stranger@example.com").await;
    let edit = EditUser { email: Some("lovelace@example.com".to_owned()), ..EditUser::default() };
    let edited = w.operator().edit_user(ada.user.id, edit, None).await.unwrap();
    for link in [&notice, &asked] {
        assert_eq!(denied(w.report(link).await), Denied::LinkInvalid);
    }
    assert_eq!(denied(w.confirm(&confirm).await), Denied::LinkInvalid);
    assert_eq!(w.bearer(&ada).await.facts.user, edited, "and nobody is signed out by trying");
}

/// An address is the way to an account: whoever has copied an operator's token must not make it theirs with it.
#[tokio::test]
async fn another_address_takes_a_password_entered_lately_and_another_name_does_not() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let mut root = w.operator_with("root", &["users.write"]).await;
    w.pass(HOUR);
    w.refreshes(&mut root).await;
    let desk = w.desk_of(&root).await;
    let within = w.rotunda.policy().reauthenticate_within;
    let email = EditUser { email: Some("eve@example.com".to_owned()), ..EditUser::default() };
    for id in [root.user.id, ada.user.id] {
        let refused = desk.edit_user(id, email.clone(), None).await;
        assert_eq!(denied(refused), Denied::ReauthenticationNeeded(within));
    }
    let name = EditUser {
        email: Some("Ada@example.com".to_owned()),
        name: Some(Some("Ada".to_owned())),
        ..EditUser::default()
    };
    let named = desk.edit_user(ada.user.id, name, None).await.unwrap();
    assert_eq!((named.name.as_deref(), named.email.as_str()), (Some("Ada"), "Ada@example.com"));
}

#[tokio::test]
async fn of_two_who_change_a_user_at_once_each_change_is_made() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let (other, id) = (w.clone(), ada.user.id);
    w.store.before(Write::EditUser, async move {
        let name = EditUser { name: Some(Some("Ada".to_owned())), ..EditUser::default() };
        other.operator().edit_user(id, name, None).await.unwrap();
    });
    let username = EditUser { username: Some(None), ..EditUser::default() };
    let edited = w.operator().edit_user(id, username, None).await.unwrap();
    assert_eq!((edited.username, edited.name.as_deref()), (None, Some("Ada")));
}

#[tokio::test]
async fn an_operator_who_shuts_somebody_out_is_named_and_their_address_is_not_told_to_users() {
    let w = World::new().await;
    let ada = w.register("ada").await;
    let root = w.operator_with("root", &words(P::ALL.iter().copied())).await;
    let root = Holder { caller: caller("203.0.113.9"), ..root };
    let desk = w.desk_with_reason(&root, "asked by the owner").await;
    assert_eq!(desk.disable_user(ada.user.id).await.unwrap(), 1);
    for event in w.news().await {
        assert_eq!(event.caller, desk.operator().caller(), "{event:?}");
        assert_eq!(event.caller.reason.as_deref(), Some("asked by the owner"));
    }
    assert_eq!(w.refused(&ada).await, over(rotunda_core::model::Ending::UserDisabled));
    assert_eq!(desk.user(ada.user.id).await.unwrap().state, UserState::Disabled);
    assert!(desk.enable_user(ada.user.id).await.unwrap());
    let tab = w.sign_in("ada").await;
    let operators: IpAddr = "203.0.113.9".parse().unwrap();
    let mine = w.rotunda.my_events(&w.bearer(&tab).await).await.unwrap();
    assert!(mine.iter().any(|it| it.event.kind == EventKind::UserDisabled), "that it happened is told");
    assert!(mine.iter().all(|it| it.event.caller.address != Some(operators)), "{mine:?}");
    w.letters([LetterKind::NewDevice]).await;
    desk.delete_user(ada.user.id).await.unwrap();
    let [letter] = w.letters([LetterKind::AccountDeleted]).await;
    assert_eq!(device_label(letter.letter.caller.user_agent.as_deref()), "Unknown device");
    let deleted = w.news().await.pop().unwrap();
    assert_eq!(deleted.kind, EventKind::UserDeleted);
    assert_eq!(deleted.caller.actor, Some(Actor::User(root.user.id)));
}

#[tokio::test]
async fn users_are_found_page_by_page() {
    let w = World::new().await;
    for name in ["ada", "adam", "bob"] {
        w.register(name).await;
        w.pass(MINUTE);
    }
    let desk = w.operator();
    let begins =
        |text: &str| UserSearch { named: Some(Named::EmailBegins(text.to_owned())), ..UserSearch::default() };
    let first = desk.search_users(begins("ada"), None, 1).await.unwrap();
    assert_eq!(first.rows[0].email.as_str(), "ada@example.com");
    let second = desk.search_users(begins("ada"), first.next, 1).await.unwrap();
    assert_eq!(second.rows[0].email.as_str(), "adam@example.com");
    assert_eq!(
        desk.search_users(begins("b"), None, 0).await.unwrap().rows.len(),
        1,
        "a page has a row at least"
    );
}
