//! What operators do, and what the previous release makes of it on the same file.

use rotunda_core::model::{Ending, EventKind, RoleName};
use rotunda_core::store::{Accounts, Amended, Amending, Counting, Ends, Right, Search, Sessions, UserSearch};
use rotunda_testkit::fixtures::{
    NOW, a_deletion, a_key_event, a_registration, a_session, an_account, an_amendment, an_end, role_names,
};

use crate::scene::{Place, a_signed_in_user};

/// Decided a moment before everyone was signed out, and written a moment after: it begins no session that would live on.
#[tokio::test]
async fn nobody_who_was_signed_out_with_everyone_begins_another_session() {
    let place = Place::new();
    let store = place.open();
    let (known, asking) = a_signed_in_user(&store, 1).await;
    let next = a_session(&known.user, 2);
    let renewing = || Amending {
        ends: Ends::One(an_end(&asking, Ending::Renewed, NOW)),
        session: Some(next.clone()),
        ..an_amendment(&known, Right::Session(asking.id))
    };
    store.end_everyone(NOW, a_key_event(EventKind::EveryoneSignedOut)).await.unwrap();
    assert_eq!(store.amend(renewing()).await.unwrap(), Amended::Changed);
    let deletion = rotunda_core::store::Deleting { asking: Some(asking.id), ..a_deletion(&known.user) };
    assert!(!store.delete_user(deletion).await.unwrap());
    assert!(store.facts(next.id).await.unwrap().is_none());
}

/// It knows nothing of who holds a role, and the file sees to it.
#[tokio::test]
async fn the_previous_release_deletes_a_user_who_holds_roles() {
    let place = Place::new();
    let store = place.open();
    let mut known = an_account(1);
    known.user.roles = role_names(["admin", "support"]);
    store.register(a_registration(&known, None)).await.unwrap();
    let db = place.stranger();
    db.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    assert_eq!(place.count("SELECT count(*) FROM user_role"), 2);
    assert_eq!(db.execute("DELETE FROM user WHERE id = ?1", [known.user.id.as_bytes()]).unwrap(), 1);
    assert_eq!(place.count("SELECT count(*) FROM user_role"), 0);
    let admins = UserSearch { role: Some(RoleName::admin()), ..UserSearch::default() };
    assert_eq!(store.count(Counting::Users(admins), NOW).await.unwrap(), 0);
}
