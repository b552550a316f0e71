//! What is left of a user who is gone: looked for in every column of every table.

use rotunda_core::model::{Ending, EventKind, LetterKind};
use rotunda_core::store::{Accounts, Deleting, EndingOne, Journal, Post, Posting, Sessions};
use rotunda_testkit::fixtures::{
    NOW, a_caller, a_deletion, a_letter, a_login, a_posting, a_rotation, a_session, an_end, an_event,
};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::scene::{Place, a_signed_in_user};

#[tokio::test]
async fn nothing_in_the_file_tells_who_a_deleted_user_was() {
    let place = Place::new();
    let store = place.open();
    let (known, first) = a_signed_in_user(&store, 77).await;
    let (other, _) = a_signed_in_user(&store, 88).await;
    let second = a_session(&known.user, 78);
    store.login(a_login(&known, &second)).await.unwrap();
    let mut rotation = a_rotation(&first, NOW);
    rotation.caller = a_caller(77);
    assert!(store.rotate(rotation).await.unwrap());
    let mut noted = an_event(EventKind::ProofMissing, &known.user);
    noted.caller = a_caller(77);
    store.note(noted, NOW).await.unwrap();
    let end = EndingOne {
        caller: a_caller(78),
        post: vec![a_posting(&known.user, 77)],
        ..an_end(&second, Ending::Reused, NOW)
    };
    assert!(store.end(end).await.unwrap());
    store.post(vec![a_posting(&known.user, 78), a_posting(&other.user, 88)], Vec::new()).await.unwrap();
    let events = store.events_of_user(known.user.id, 100).await.unwrap().len();

    let password = known.password.expose().to_owned();
    let told = ["user-77", "User 77", "192.0.2.77", "192.0.2.78", "Testkit/77", "Testkit/78", &password];
    let before = text_of(&place.stranger());
    for word in told {
        assert!(before.contains(word), "{word} is there to be deleted");
    }
    let mut deletion = Deleting { asking: Some(first.id), ..a_deletion(&known.user) };
    deletion.events[0].caller = a_caller(77);
    let last = a_letter(&known.user, LetterKind::AccountDeleted, 77);
    deletion.post = vec![Posting { letter: last.clone(), link: None }];
    assert!(store.delete_user(deletion).await.unwrap());
    assert!(text_of(&place.stranger()).contains("user-77"), "the last letter waits");
    store.letter_done(last.id).await.unwrap();

    let after = text_of(&place.stranger());
    for word in told {
        assert!(!after.contains(word), "{word} is still there");
    }
    for word in ["user-88", "User 88"] {
        assert!(after.contains(word), "another user's {word} is as it was");
    }
    let left = store.events_of_user(known.user.id, 100).await.unwrap();
    assert_eq!(left.len(), events + 2, "what happened stays, with one end and the deletion");
}

/// Every value of every row of every table, one a line.
fn text_of(db: &Connection) -> String {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let tables: Vec<String> =
        db.prepare(tables).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut text = String::new();
    for table in tables {
        let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        text.push_str(&String::from_utf8_lossy(bytes));
                    }
                    value => text.push_str(&format!("{value:?}")),
                }
                text.push('\n');
            }
        }
    }
    text
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_does_not_stand_in_the_way_of_others() {
    let place = Place::new();
    let store = place.open();
    let (known, _) = a_signed_in_user(&store, 1).await;
    store.post(vec![a_posting(&known.user, 1), a_posting(&known.user, 2)], Vec::new()).await.unwrap();
    let strange = a_posting(&known.user, 1).letter.id;
    let from_the_future = "UPDATE letter SET kind = 'from_the_future' WHERE id = ?1";
    place.stranger().execute(from_the_future, [strange.as_bytes()]).unwrap();
    let claimed = store.claim_letters(NOW, a_later_moment(), 10).await.unwrap();
    let found: Vec<_> = claimed.iter().map(|waiting| waiting.letter.id).collect();
    assert_eq!(found, [a_posting(&known.user, 2).letter.id]);
    assert!(store.claim_letters(NOW, a_later_moment(), 10).await.unwrap().is_empty(), "both are put off");
    assert_eq!(place.count("SELECT count(*) FROM letter"), 2, "and none is lost");
}

fn a_later_moment() -> rotunda_core::model::UnixMillis {
    NOW.plus(std::time::Duration::from_mins(5))
}
