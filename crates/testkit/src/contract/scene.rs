//! What the cases begin with, and how they look at a store.

use std::sync::Arc;

use rotunda_core::model::{
    Account, Caller, Ending, Event, EventKind, Facts, FeedPage, RecordedEvent, Revocation, Session,
    SessionId, UnixMillis, UserId,
};
use rotunda_core::store::{LoggedIn, Registered, Registering, Store};
use tokio::sync::Barrier;

use crate::fixtures::{a_chaining, a_login, a_mark, a_rotation, a_session, an_account};

/// More than any case writes.
pub(super) const ALL: u32 = 10_000;

/// The store under test.
pub(super) type Shelf = Arc<dyn Store>;

/// A user with one live session, both of that seed, and no event.
pub(super) async fn a_signed_in_user(store: &Shelf, seed: u64) -> (Account, Session) {
    let account = an_account(seed);
    let session = a_session(&account.user, seed);
    add(store, &account, Some(&session)).await;
    (account, session)
}

/// Registers a user without an event.
pub(super) async fn add(store: &Shelf, account: &Account, session: Option<&Session>) {
    let new = Registering {
        first_admin: false,
        account: account.clone(),
        session: session.cloned(),
        replaces: None,
        uses: None,
        events: Vec::new(),
    };
    assert_eq!(
        store.register(new).await.unwrap(),
        Registered::Done,
        "nothing stands in the way of this user"
    );
}

/// Signs a user in once more.
pub(super) async fn sign_in(store: &Shelf, account: &Account, session: &Session) {
    let answer = store.login(a_login(account, session)).await.unwrap();
    assert_eq!(answer, LoggedIn::Done, "nothing stands in the way of this login");
}

/// Rotates a session and answers it as it stands then.
pub(super) async fn refresh(store: &Shelf, session: &Session, now: UnixMillis) -> Session {
    assert!(
        store.rotate(a_rotation(session, now)).await.unwrap(),
        "nothing stands in the way of this rotation"
    );
    row(store, session.id).await
}

/// A session as the store has it.
pub(super) async fn row(store: &Shelf, id: SessionId) -> Session {
    store.facts(id).await.unwrap().expect("the session is there").session
}

/// An account as the store has it.
pub(super) async fn account(store: &Shelf, id: UserId) -> Account {
    store.account_of(id).await.unwrap().expect("the user is there")
}

/// Chains every event that is not yet, and moves the head to the last one.
pub(super) async fn chain_all(store: &Shelf) {
    let unchained: Vec<u64> =
        journal(store).await.iter().filter(|known| known.link.is_none()).map(|known| known.seq).collect();
    let head = store.audit_ends().await.unwrap().head;
    assert!(store.chain(a_chaining(head, &unchained)).await.unwrap(), "the head is where it was read");
}

/// Chains what is there and forgets it up to that place. Answers how many events that were.
pub(super) async fn forget_to(store: &Shelf, seq: u64) -> u32 {
    chain_all(store).await;
    let floor = store.audit_ends().await.unwrap().floor;
    store.forget_events(floor, a_mark(seq)).await.unwrap().expect("the floor is where it was read")
}

/// Everything that happened.
pub(super) async fn journal(store: &Shelf) -> Vec<RecordedEvent> {
    store.events(0, ALL).await.unwrap()
}

/// What happened, without the places.
pub(super) async fn happened(store: &Shelf) -> Vec<Event> {
    journal(store).await.into_iter().map(|known| known.event).collect()
}

/// The whole feed.
pub(super) async fn feed(store: &Shelf) -> FeedPage {
    store.revocations(None, UnixMillis(i64::MIN), ALL).await.unwrap()
}

/// What the feed tells, without the places.
pub(super) async fn revoked(store: &Shelf) -> Vec<Revocation> {
    feed(store).await.entries.into_iter().map(|(_, entry)| entry).collect()
}

/// The endings of sessions that are on record, in no order that counts.
pub(super) async fn endings(store: &Shelf) -> Vec<Event> {
    happened(store)
        .await
        .into_iter()
        .filter(|event| matches!(event.kind, EventKind::SessionEnded(_)))
        .collect()
}

/// The one event of a session that ended.
pub(super) fn end_event(session: &Session, ending: Ending, at: UnixMillis, caller: Caller) -> Event {
    let kind = EventKind::SessionEnded(ending);
    Event { about: None, kind, at, user_id: Some(session.user_id), session_id: Some(session.id), caller }
}

/// That the same things happened, whatever their order: the order within one write is the store's own.
pub(super) fn assert_same_events(mut found: Vec<Event>, mut wanted: Vec<Event>) {
    let order = |event: &Event| format!("{event:?}");
    found.sort_by_key(order);
    wanted.sort_by_key(order);
    assert_eq!(found, wanted, "these events and no others are on record");
}

/// All that can be seen of a session and of the journal: a write that answers `false` leaves it as it was.
#[derive(PartialEq, Debug)]
pub(super) struct View {
    facts: Option<Facts>,
    journal: Vec<RecordedEvent>,
}

/// Looks at a session and the journal.
pub(super) async fn view(store: &Shelf, id: SessionId) -> View {
    View { facts: store.facts(id).await.unwrap(), journal: journal(store).await }
}

/// Does something many times at once, all let go together; the answers in the order of their numbers.
pub(super) async fn at_once<T, F>(many: usize, act: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let gate = Arc::new(Barrier::new(many));
    let start = |act: F| {
        let gate = Arc::clone(&gate);
        tokio::spawn(async move {
            gate.wait().await;
            act.await
        })
    };
    let tasks: Vec<_> = (0..many).map(|number| start(act(number))).collect();
    let mut answers = Vec::with_capacity(many);
    for task in tasks {
        answers.push(task.await.expect("the task did not panic"));
    }
    answers
}
