//! The one write of the fast path.

use std::time::Duration;

use rotunda_core::model::{Caller, Ending, Event, EventKind, Session, SessionId, TokenHash, UnixMillis};
use rotunda_core::store::Rotating;

use super::scene::{
    Shelf, a_signed_in_user, account, add, at_once, happened, journal, refresh, row, sign_in, view,
};
use crate::fixtures::{NOW, a_rotation, a_session, an_account, an_end, an_event, ended, next, rotated};

const HOUR: Duration = Duration::from_hours(1);

pub(super) async fn a_rotation_moves_the_session_and_writes_nothing_else(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let rotation = Rotating { device_shown: true, ..a_rotation(&session, NOW.plus(HOUR)) };
    assert!(store.rotate(rotation.clone()).await.unwrap());
    assert_eq!(row(&store, session.id).await, rotated(&session, &rotation));
    assert_eq!(account(&store, known.user.id).await.user, known.user);
    assert!(journal(&store).await.is_empty(), "an ordinary day leaves no event");
}

pub(super) async fn a_rotation_needs_the_generation_that_was_decided_on(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let session = refresh(&store, &session, NOW).await;
    for generation in [0, 2, u32::MAX] {
        refused(&store, Rotating { from_generation: generation, ..a_rotation(&session, NOW) }).await;
    }
}

pub(super) async fn a_rotation_needs_the_hash_that_was_decided_on(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let session = refresh(&store, &session, NOW).await;
    let previous = session.lineage.previous_hash.unwrap();
    for hash in [previous, TokenHash([0; 32])] {
        refused(&store, Rotating { from_hash: hash, ..a_rotation(&session, NOW) }).await;
    }
}

pub(super) async fn a_rotation_needs_a_session(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    refused(&store, Rotating { id: SessionId::from_bytes([7; 16]), ..a_rotation(&session, NOW) }).await;
}

pub(super) async fn an_ended_session_does_not_rotate(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    refused(&store, a_rotation(&session, NOW)).await;
    refused(&store, a_rotation(&session, NOW.minus(HOUR))).await;
    assert_eq!(row(&store, session.id).await, ended(&session, Ending::LoggedOut, NOW));
}

pub(super) async fn a_session_rotates_until_its_idle_expiry_and_not_at_it(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    assert!(session.idle_expires_at < session.absolute_expires_at);
    rotates_until(&store, &session, session.idle_expires_at).await;
}

pub(super) async fn a_session_rotates_until_its_absolute_expiry_and_not_at_it(store: Shelf) {
    let known = an_account(1);
    let end = NOW.plus(HOUR);
    let session = Session { absolute_expires_at: end, ..a_session(&known.user, 1) };
    assert!(session.absolute_expires_at < session.idle_expires_at);
    add(&store, &known, Some(&session)).await;
    rotates_until(&store, &session, end).await;
}

pub(super) async fn a_rotation_happens_once_however_many_ask(store: Shelf) {
    const MANY: usize = 50;
    let (_, mut session) = a_signed_in_user(&store, 1).await;
    for round in 1..=5 {
        let now = NOW.plus(HOUR * round);
        let event = Event { at: now, ..an_event(EventKind::TokenAheadAccepted, &an_account(1).user) };
        let rotation = Rotating { event: Some(event), ..a_rotation(&session, now) };
        let answers = at_once(MANY, |number| {
            let store = store.clone();
            let mut mine = rotation.clone();
            mine.caller.user_agent = Some(format!("caller {number}"));
            async move { store.rotate(mine).await.unwrap() }
        })
        .await;
        let winners: Vec<usize> = (0..MANY).filter(|number| answers[*number]).collect();
        let [winner] = winners[..] else { panic!("{winners:?} all rotated generation {}", round - 1) };
        let mut won = rotation.clone();
        won.caller.user_agent = Some(format!("caller {winner}"));
        session = row(&store, session.id).await;
        assert_eq!(session.lineage, rotation.to);
        assert_eq!(session.last_user_agent, won.caller.user_agent, "what is on record is the winner's");
        assert_eq!(journal(&store).await.len(), round as usize, "one event a rotation");
    }
}

pub(super) async fn a_device_once_shown_stays_shown(store: Shelf) {
    let (_, mut session) = a_signed_in_user(&store, 1).await;
    for (shown, wanted) in [(false, false), (true, true), (false, true), (true, true)] {
        let rotation = Rotating { device_shown: shown, ..a_rotation(&session, NOW) };
        assert!(store.rotate(rotation).await.unwrap());
        session = row(&store, session.id).await;
        assert_eq!(session.device_shown, wanted, "after generation {}", session.lineage.generation);
    }
}

pub(super) async fn a_rotation_writes_its_event_once(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let event =
        Event { session_id: Some(session.id), ..an_event(EventKind::TokenAheadAccepted, &known.user) };
    let rotation = Rotating { event: Some(event.clone()), ..a_rotation(&session, NOW) };
    assert!(store.rotate(rotation.clone()).await.unwrap());
    assert!(!store.rotate(rotation).await.unwrap(), "the same write again finds another generation");
    assert_eq!(happened(&store).await, [event]);
}

pub(super) async fn a_rotation_takes_the_caller_as_it_is(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let v6 = Caller {
        actor: None,
        reason: None,
        address: Some("2001:db8::7".parse().unwrap()),
        user_agent: Some("Later/2".to_owned()),
    };
    let mut session = session;
    for caller in [v6, Caller::default()] {
        let rotation = Rotating { caller: caller.clone(), ..a_rotation(&session, NOW) };
        assert!(store.rotate(rotation).await.unwrap());
        session = row(&store, session.id).await;
        assert_eq!((session.last_address, &session.last_user_agent), (caller.address, &caller.user_agent));
    }
}

pub(super) async fn a_rotation_can_skip_to_the_last_generation(store: Shelf) {
    let (_, session) = a_signed_in_user(&store, 1).await;
    let mut rotation = a_rotation(&session, NOW);
    rotation.to.generation = u32::MAX - 1;
    assert!(
        store.rotate(rotation).await.unwrap(),
        "a token that is ahead moves the session by more than one"
    );
    let session = row(&store, session.id).await;
    let last = refresh(&store, &session, NOW).await;
    assert_eq!(last.lineage, next(&session.lineage, NOW));
    assert_eq!(last.lineage.generation, u32::MAX);
    assert!(!store.rotate(a_rotation(&session, NOW)).await.unwrap());
}

pub(super) async fn a_rotation_leaves_other_sessions_alone(store: Shelf) {
    let (known, session) = a_signed_in_user(&store, 1).await;
    let twin = Session { lineage: session.lineage.clone(), ..a_session(&known.user, 2) };
    sign_in(&store, &known, &twin).await;
    refresh(&store, &session, NOW.plus(HOUR)).await;
    assert_eq!(row(&store, twin.id).await, twin);
}

pub(super) async fn a_thousand_rotations_leave_one_session_and_no_events(store: Shelf) {
    let (known, mut session) = a_signed_in_user(&store, 1).await;
    for _ in 0..1_000 {
        let rotation = a_rotation(&session, NOW);
        session = rotated(&session, &rotation);
        assert!(store.rotate(rotation).await.unwrap());
    }
    assert_eq!(session.lineage.generation, 1_000);
    assert_eq!(store.sessions_of(known.user.id, NOW, 10).await.unwrap(), [session]);
    assert!(journal(&store).await.is_empty(), "history is for what is unusual");
}

/// A millisecond before that moment the session rotates, at it and after it does not.
async fn rotates_until(store: &Shelf, session: &Session, end: UnixMillis) {
    let late = Duration::from_millis(1);
    for now in [end, end.plus(late), UnixMillis(i64::MAX)] {
        refused(store, a_rotation(session, now)).await;
    }
    assert!(store.rotate(a_rotation(session, end.minus(late))).await.unwrap(), "it is live until then");
}

/// Tries a rotation that must not go through: nothing changes, and its event is not written.
async fn refused(store: &Shelf, rotation: Rotating) {
    let event = an_event(EventKind::TokenAheadAccepted, &an_account(1).user);
    let id = a_session(&an_account(1).user, 1).id;
    let before = view(store, id).await;
    let answer = store.rotate(Rotating { device_shown: true, event: Some(event), ..rotation }).await.unwrap();
    assert!(!answer, "this rotation does not go through");
    assert_eq!(view(store, id).await, before, "nothing changes");
}
