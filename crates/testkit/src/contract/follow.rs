//! How the revocation feed is read, and who is woken.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rotunda_core::model::{Ending, EventKind, FeedPage, FeedPlace, Revoked, Session, SessionId, UnixMillis};
use rotunda_core::store::Editing;
use tokio::time::timeout;

use super::scene::{ALL, Shelf, a_signed_in_user, feed, refresh, sign_in};
use crate::fixtures::{
    NOW, a_changed_role, a_client, a_key_event, a_password_change, a_revoking, a_role, a_sealed_key,
    a_session, a_user, an_account, an_editing, an_end, an_end_of_all, an_event,
};

/// Longer than any store needs, and no test waits for it unless it fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn entries_come_in_order_and_page_by_page(store: Shelf) {
    let empty = store.revocations(None, NOW, 10).await.unwrap();
    assert_eq!(empty.entries, []);
    let sessions = ended_sessions(&store, 10).await;
    let mut after = Some(empty.next);
    let mut seen = Vec::new();
    for wanted in [4, 4, 2, 0] {
        let page = store.revocations(after, NOW, 4).await.unwrap();
        assert_eq!(page.entries.len(), wanted, "no more than asked, and no fewer than there are");
        let last = page.entries.last().map_or(page.next, |(place, _)| *place);
        assert_eq!(page.next, last, "the next one comes after the last one");
        after = Some(page.next);
        seen.extend(page.entries);
    }
    assert!(seen.is_sorted_by(|one, other| one.0 < other.0), "each place comes after the one before");
    assert_eq!(ids(&seen), sessions, "in the order in which they were written");
    assert_eq!(feed(&store).await.entries, seen, "without a place, from the beginning");
    let again = store.revocations(after, NOW, 4).await.unwrap();
    assert_eq!(again.next, after.unwrap(), "where nothing is new, one stays where one is");
    assert!(store.revocations(None, NOW, 0).await.unwrap().entries.is_empty());
}

pub(super) async fn young_entries_are_all_there_whatever_is_old(store: Shelf) {
    let (known, _) = a_signed_in_user(&store, 1).await;
    let mut young = Vec::new();
    for seed in 10..30_i64 {
        let session = a_session(&known.user, seed as u64);
        sign_in(&store, &known, &session).await;
        // Clocks differ: not every entry is younger than the one before it.
        let age = (seed * 7) % 20;
        assert!(store.end(an_end(&session, Ending::LoggedOut, UnixMillis(NOW.0 + age))).await.unwrap());
        if age >= 10 {
            young.push(session.id);
        }
    }
    let since = UnixMillis(NOW.0 + 10);
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.revocations(after, since, 3).await.unwrap();
        if page.entries.is_empty() {
            break;
        }
        after = Some(page.next);
        seen.extend(page.entries.into_iter().filter(|(_, entry)| entry.at >= since));
    }
    assert_eq!(ids(&seen), young);
}

/// The follower reads only when it is woken: a bell before the commit would leave it asleep with an entry unread.
pub(super) async fn whoever_follows_misses_nothing(store: Shelf) {
    const WRITERS: usize = 8;
    const EACH: usize = 12;
    let (known, _) = a_signed_in_user(&store, 1).await;
    let mut sessions = Vec::new();
    for seed in 0..WRITERS * EACH {
        let session = a_session(&known.user, 100 + seed as u64);
        sign_in(&store, &known, &session).await;
        sessions.push(session);
    }
    let start = feed(&store).await.next;
    let followers: Vec<_> =
        (1..=3).map(|limit| tokio::spawn(follow(store.clone(), start, limit, sessions.len()))).collect();
    let writers: Vec<_> =
        sessions.chunks(EACH).map(|mine| tokio::spawn(end_each(store.clone(), mine.to_vec()))).collect();
    for writer in writers {
        writer.await.expect("the writer did not panic");
    }
    let mut wanted: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    wanted.sort();
    for follower in followers {
        let seen = follower.await.expect("the follower saw everything in time");
        assert!(seen.is_sorted_by(|one, other| one.0 < other.0), "no entry comes before one that was read");
        let mut found = ids(&seen);
        found.sort();
        assert!(found == wanted, "{} of {} entries were seen", found.len(), wanted.len());
    }
}

async fn end_each(store: Shelf, sessions: Vec<Session>) {
    for session in sessions {
        assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
        tokio::task::yield_now().await;
    }
}

type Seen = Vec<(FeedPlace, rotunda_core::model::Revocation)>;

async fn follow(store: Shelf, start: FeedPlace, limit: u32, many: usize) -> Seen {
    let (mut after, mut seen) = (start, Vec::new());
    while seen.len() < many {
        let page = store.revocations(Some(after), NOW, limit).await.unwrap();
        after = page.next;
        if page.entries.is_empty() {
            timeout(PATIENCE, store.something_revoked()).await.expect("there is more to come");
        }
        seen.extend(page.entries);
    }
    seen
}

pub(super) async fn a_place_on_the_feed_is_never_reused(store: Shelf) {
    ended_sessions(&store, 3).await;
    let read = feed(&store).await;
    assert_eq!(store.forget_revocations(UnixMillis(i64::MAX), ALL).await.unwrap(), 3);
    let empty = store.revocations(Some(read.next), NOW, ALL).await.unwrap();
    assert_eq!(
        empty,
        FeedPage { entries: Vec::new(), ..read.clone() },
        "an empty feed stands where it stood"
    );
    let session = another_ended_session(&store, 50).await;
    let page = store.revocations(Some(read.next), NOW, ALL).await.unwrap();
    assert_eq!(ids(&page.entries), [session], "whoever had read all before sees it");
    assert!(page.next > read.next, "{} comes after {}", page.next, read.next);
}

pub(super) async fn a_place_that_was_never_given_is_no_place_to_go_on_after(store: Shelf) {
    let sessions = ended_sessions(&store, 3).await;
    let newest = feed(&store).await.next;
    for beyond in [newest + 1, newest + 1_000, i64::MAX.cast_unsigned(), u64::MAX] {
        let page = store.revocations(Some(beyond), NOW, ALL).await.unwrap();
        assert_eq!(ids(&page.entries), sessions, "after {beyond}");
        assert_eq!(page.next, newest, "after {beyond}");
    }
}

pub(super) async fn old_entries_are_forgotten_and_no_more_than_asked(store: Shelf) {
    let event = an_event(EventKind::TokenRevoked, &a_user(1));
    let revoke = async |number: i64| {
        let at = UnixMillis(NOW.0 + number);
        store.revoke_token(format!("jti-{number}"), at, event.clone()).await.unwrap();
    };
    for number in [5, 1, 4, 2, 3, 0] {
        revoke(number).await;
    }
    let before = UnixMillis(NOW.0 + 4);
    let read = feed(&store).await;
    for (limit, gone) in [(0, 0), (3, 3), (3, 1), (3, 0)] {
        assert_eq!(store.forget_revocations(before, limit).await.unwrap(), gone, "at most {limit}");
    }
    let kept: Vec<_> = read.entries.into_iter().filter(|(_, entry)| entry.at >= before).collect();
    assert_eq!(feed(&store).await.entries, kept, "the others are where they were");
    assert!(store.is_token_revoked("jti-4").await.unwrap());
    assert!(!store.is_token_revoked("jti-3").await.unwrap());
    revoke(3).await;
    assert_eq!(feed(&store).await.entries.len(), 3, "what is forgotten can be revoked again");
}

pub(super) async fn whoever_waits_is_woken_by_each_revocation(store: Shelf) {
    let (known, own) = a_signed_in_user(&store, 1).await;
    let (other, _) = a_signed_in_user(&store, 2).await;
    let session = a_session(&known.user, 3);
    sign_in(&store, &known, &session).await;
    let event = a_key_event(EventKind::KeyAdded);
    let key = |seed: u64| format!("kid-{seed}");
    let client = a_client(1);

    wakes(&store, "an end", store.end(an_end(&session, Ending::LoggedOut, NOW))).await;
    wakes(&store, "a change", store.amend(a_password_change(&known, &own, 5))).await;
    wakes(&store, "an end of all", store.end_all(an_end_of_all(&other.user, Ending::UserDisabled, NOW)))
        .await;
    wakes(&store, "a deletion", store.delete_user(crate::fixtures::a_deletion(&other.user))).await;
    wakes(&store, "a token", store.revoke_token("jti".to_owned(), NOW, event.clone())).await;
    wakes(&store, "a key", store.add_signing_key(a_sealed_key(1), None, None)).await;
    wakes(&store, "another key", store.add_signing_key(a_sealed_key(2), Some(key(1)), None)).await;
    wakes(&store, "a revoked key", store.revoke_key(a_revoking(1, 2))).await;
    wakes(&store, "a forgotten key", store.forget_key(key(1), NOW)).await;
    wakes(&store, "a client", store.add_client(client.clone(), event.clone())).await;
    let change = store.change_secrets(client.id.clone(), client.secrets, Vec::new(), event.clone());
    wakes(&store, "another secret", change).await;
    wakes(&store, "a removed client", store.remove_client(client.id, event)).await;
}

pub(super) async fn whoever_waits_is_woken_by_other_roles_and_everyones_end(store: Shelf) {
    let event = a_key_event(EventKind::RoleAdded);
    let (known, _) = a_signed_in_user(&store, 1).await;
    let role = a_role("support");
    wakes(&store, "a role", store.put_role(role.clone(), None, event.clone())).await;
    wakes(&store, "another role", store.put_role(a_changed_role(&role), Some(1), event.clone())).await;
    let editing = Editing { roles: [role.name.clone()].into(), ..an_editing(&known.user) };
    wakes(&store, "a holder", store.edit_user(editing)).await;
    wakes(&store, "everyone's end", store.end_everyone(NOW, event.clone())).await;
    wakes(&store, "a role of nobody", store.put_role(a_role("other"), None, event.clone())).await;
    wakes(&store, "a removed role", store.remove_role(a_role("other").name, 1, event)).await;
}

pub(super) async fn what_nobody_waited_for_is_heard_by_who_comes_next(store: Shelf) {
    quiet(&store);
    another_ended_session(&store, 1).await;
    timeout(PATIENCE, store.something_revoked()).await.expect("it has happened since the last call");
}

pub(super) async fn nobody_is_woken_by_an_ordinary_day(store: Shelf) {
    quiet(&store);
    let (known, session) = a_signed_in_user(&store, 1).await;
    let session = refresh(&store, &session, NOW).await;
    sign_in(&store, &known, &a_session(&known.user, 2)).await;
    assert!(!store.end(an_end(&a_session(&a_user(8), 8), Ending::LoggedOut, NOW)).await.unwrap());
    assert!(!store.forget_key("kid-9".to_owned(), NOW).await.unwrap());
    assert_eq!(store.expire(session.idle_expires_at, 10).await.unwrap(), 2);
    store.ready().await.unwrap();
    assert!(is_quiet(&store), "somebody was woken for nothing");
}

pub(super) async fn the_longest_keep_counts_for_as_long_as_it_says(store: Shelf) {
    another_ended_session(&store, 1).await;
    let (read, version) = (feed(&store).await, store.shelf_version().await.unwrap());
    quiet(&store);
    let at = |millis: i64| UnixMillis(NOW.0 + millis);
    for (millis, now, longest) in [
        (100, 0, 100),
        (1_000, 0, 1_000),
        (100, 500, 1_000),
        (1_000, 600, 1_000),
        // Seen by a clock that runs behind: it was seen later all the same.
        (1_000, 590, 1_000),
        (100, 1_600, 1_000),
        (100, 1_601, 100),
        // Over is over, whatever the clock does.
        (100, 1_600, 100),
        (50, 1_701, 100),
        (50, 1_702, 50),
    ] {
        let answer = store.keep(Duration::from_millis(millis), at(now)).await.unwrap();
        assert_eq!(answer, Duration::from_millis(longest), "{millis} at {now}");
    }
    assert_eq!(feed(&store).await, read, "that is no change of the feed");
    assert_eq!(store.shelf_version().await.unwrap(), version);
    assert!(is_quiet(&store), "somebody was woken for nothing");
}

/// That two who wait are woken by a write.
async fn wakes<T, E: std::fmt::Debug>(store: &Shelf, what: &str, write: impl Future<Output = Result<T, E>>) {
    quiet(store);
    let (mut one, mut other) = (pin!(store.something_revoked()), pin!(store.something_revoked()));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(
        one.as_mut().poll(cx).is_pending() && other.as_mut().poll(cx).is_pending(),
        "nothing yet: {what}"
    );
    write.await.expect("the write goes through");
    let woken = timeout(PATIENCE, async { (one.await, other.await) }).await;
    assert!(woken.is_ok(), "{what} wakes all who wait");
}

/// Hears whatever is left to be heard.
fn quiet(store: &Shelf) {
    assert!((0..100).any(|_| is_quiet(store)), "a bell that never stops");
}

fn is_quiet(store: &Shelf) -> bool {
    pin!(store.something_revoked()).poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending
}

/// So many sessions of one user that have ended one after the other.
async fn ended_sessions(store: &Shelf, many: u64) -> Vec<SessionId> {
    let mut ended = Vec::new();
    for seed in 0..many {
        ended.push(another_ended_session(store, seed).await);
    }
    ended
}

async fn another_ended_session(store: &Shelf, seed: u64) -> SessionId {
    let account = an_account(1_000 + seed);
    let session = a_session(&account.user, 1_000 + seed);
    super::scene::add(store, &account, Some(&session)).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    session.id
}

/// The sessions that these entries tell of.
fn ids(entries: &[(FeedPlace, rotunda_core::model::Revocation)]) -> Vec<SessionId> {
    let id = |what: &Revoked| match what {
        Revoked::Session { id, .. } => Some(*id),
        _ => None,
    };
    entries.iter().filter_map(|(_, entry)| id(&entry.what)).collect()
}
