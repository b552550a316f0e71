//! Rows of sessions that may be behind: brought up to date, and found when their time is up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rotunda_core::model::{Ending, EventKind, Session, SessionId, UnixMillis};
use rotunda_core::store::{Moved, Skeletons};

use super::scene::{ALL, Shelf, a_signed_in_user, journal, refresh, row, sign_in, view};
use crate::fixtures::{NOW, a_key_event, a_rotation, a_session, an_end, rotated};

const MINUTE: Duration = Duration::from_mins(1);

/// The session as two refreshes elsewhere have left it, and what tells of that.
fn moved_on(session: &Session) -> (Session, Moved) {
    let once = rotated(session, &a_rotation(session, NOW.plus(MINUTE)));
    let mut twice = rotated(&once, &a_rotation(&once, NOW.plus(MINUTE * 2)));
    twice.device_shown = true;
    let moved = Moved::of(&twice);
    (twice, moved)
}

/// Every field that a rotation changes, of the sessions that are named and of no other; and nothing is told of it.
pub async fn settling_brings_rows_up_to_date(store: Arc<dyn Skeletons>) {
    let shelf: Shelf = store.clone();
    let (known, first) = a_signed_in_user(&shelf, 1).await;
    let (second, third) = (a_session(&known.user, 2), a_session(&known.user, 3));
    for session in [&second, &third] {
        sign_in(&shelf, &known, session).await;
    }
    let before = journal(&shelf).await;
    let (first, second) = (moved_on(&first), moved_on(&second));
    assert_eq!(store.settle(vec![first.1.clone(), second.1]).await.unwrap(), 2);
    for wanted in [&first.0, &second.0, &third] {
        assert_eq!(row(&shelf, wanted.id).await, *wanted);
    }
    assert_eq!(journal(&shelf).await, before, "to settle is no event");
    let later =
        Moved { idle_expires_at: first.1.idle_expires_at.plus(MINUTE), device_shown: false, ..first.1 };
    assert_eq!(store.settle(vec![later.clone()]).await.unwrap(), 1, "at the same generation too");
    let settled = row(&shelf, first.0.id).await;
    assert_eq!((settled.idle_expires_at, settled.device_shown), (later.idle_expires_at, true));
    assert_eq!(store.settle(Vec::new()).await.unwrap(), 0);
}

/// A row that is newer, has ended or is not there stays as it is; the others of the same call do not.
pub async fn settling_leaves_what_is_newer_or_over(store: Arc<dyn Skeletons>) {
    let shelf: Shelf = store.clone();
    let (known, newer) = a_signed_in_user(&shelf, 1).await;
    let (over, behind) = (a_session(&known.user, 2), a_session(&known.user, 3));
    for session in [&over, &behind] {
        sign_in(&shelf, &known, session).await;
    }
    let at_two = moved_on(&newer).1;
    let mut stands = newer;
    for minute in 1..=3 {
        stands = refresh(&shelf, &stands, NOW.plus(MINUTE * minute)).await;
    }
    assert!(store.end(an_end(&over, Ending::LoggedOut, NOW)).await.unwrap());
    let before = [view(&shelf, stands.id).await, view(&shelf, over.id).await];
    let nobody = Moved { id: SessionId::from_bytes([9; 16]), ..at_two.clone() };
    let settled = store.settle(vec![at_two, nobody, moved_on(&over).1, moved_on(&behind).1]).await.unwrap();
    assert_eq!(settled, 1);
    assert_eq!([view(&shelf, stands.id).await, view(&shelf, over.id).await], before);
    assert_eq!(row(&shelf, behind.id).await, moved_on(&behind).0);
}

/// The absolute expiry is not passed, whatever is brought.
pub async fn settling_keeps_the_absolute_expiry(store: Arc<dyn Skeletons>) {
    let shelf: Shelf = store.clone();
    let (_, session) = a_signed_in_user(&shelf, 1).await;
    let idle_expires_at = session.absolute_expires_at.plus(MINUTE);
    assert_eq!(store.settle(vec![Moved { idle_expires_at, ..Moved::of(&session) }]).await.unwrap(), 1);
    assert_eq!(row(&shelf, session.id).await.idle_expires_at, session.absolute_expires_at);
}

/// They are told as they stand in their rows, and nothing ends by it.
pub async fn what_is_due_is_told_and_ends_not(store: Arc<dyn Skeletons>) {
    let shelf: Shelf = store.clone();
    let (known, lives) = a_signed_in_user(&shelf, 1).await;
    let short = |seed, idle, absolute| Session {
        idle_expires_at: NOW.plus(MINUTE * idle),
        absolute_expires_at: NOW.plus(MINUTE * absolute),
        ..a_session(&known.user, seed)
    };
    let (idle, absolute, over) = (short(2, 5, 99), short(3, 99, 5), short(4, 5, 5));
    let (last_moment, settled) = (short(5, 6, 99), short(6, 5, 99));
    for session in [&idle, &absolute, &over, &last_moment, &settled] {
        sign_in(&shelf, &known, session).await;
    }
    assert!(store.end(an_end(&over, Ending::LoggedOut, NOW)).await.unwrap());
    store.settle(vec![moved_on(&settled).1]).await.unwrap();
    let before = journal(&shelf).await;
    let at = UnixMillis(NOW.plus(MINUTE * 6).0 - 1);
    for _ in 0..2 {
        let mut due = store.due(at, ALL).await.unwrap();
        due.sort_by_key(|session| session.id);
        let mut wanted = vec![idle.clone(), absolute.clone()];
        wanted.sort_by_key(|session| session.id);
        assert_eq!(due, wanted);
    }
    assert_eq!(journal(&shelf).await, before);
    for session in [&lives, &idle, &absolute, &last_moment] {
        assert_eq!(row(&shelf, session.id).await, *session);
    }
}

/// Whoever ends what is told comes to the end, a few at a time.
pub async fn what_is_due_is_told_a_few_at_a_time_and_reaches_all(store: Arc<dyn Skeletons>) {
    const MANY: u64 = 10;
    let shelf: Shelf = store.clone();
    let (known, first) = a_signed_in_user(&shelf, 1).await;
    let mut left: BTreeSet<SessionId> = BTreeSet::from([first.id]);
    for seed in 2..=MANY {
        let session = a_session(&known.user, seed);
        sign_in(&shelf, &known, &session).await;
        left.insert(session.id);
    }
    for _ in 0..MANY {
        let due = store.due(first.idle_expires_at, 3).await.unwrap();
        assert!(due.len() <= 3, "no more than was asked");
        for session in due {
            assert!(left.remove(&session.id), "each is told while it is live");
            assert!(store.end(an_end(&session, Ending::IdleExpired, session.idle_expires_at)).await.unwrap());
        }
    }
    assert!(left.is_empty(), "{left:?} were never told");
}

/// They are over, though no ending is on record; who comes after lives.
pub async fn who_was_signed_out_with_everyone_is_due(store: Arc<dyn Skeletons>) {
    let shelf: Shelf = store.clone();
    let (known, before) = a_signed_in_user(&shelf, 1).await;
    assert!(store.due(NOW, ALL).await.unwrap().is_empty());
    store.end_everyone(NOW, a_key_event(EventKind::EveryoneSignedOut)).await.unwrap();
    sign_in(&shelf, &known, &a_session(&known.user, 2)).await;
    assert_eq!(store.due(NOW, ALL).await.unwrap(), [before]);
}
