//! What every store that can be copied must do: nothing is lost, and nothing is written over.
//!
//! Wired in like the [contract](crate::contract), by [`copying_suite!`](crate::copying_suite), by stores that are also
//! [`Copying`].

mod full;
mod operators;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::copy::{Compared, CopyError, Step, copy};
use rotunda_core::failure::Failure;
use rotunda_core::model::{EventKind, FeedId, Revoked, UnixMillis, UserState};
use rotunda_core::store::{
    Batch, Begun, Copying, Key, LoggedIn, Part, Registered, Registering, RemovedRole, Store, WebhookStep,
};

use crate::fixtures::{
    NOW, a_chaining, a_key_event, a_login, a_mark, a_registration, a_sealed_key, a_session, a_step,
    an_account,
};
use crate::memory::MemoryStore;

pub use full::a_full_store;

/// Fewer than most parts of a full store have, so that they take several batches.
const ROWS: u32 = 7;

/// A test for each of what this module says.
#[macro_export]
macro_rules! copying_suite {
    ($make:path) => {
        $crate::copying_tests! { $make,
            every_row_survives_there_and_back
            a_copy_goes_on_wherever_it_was_broken_off
            a_batch_that_is_written_twice_is_written_once
            nobody_copies_over_a_store_with_anything_in_it
            an_unfinished_copy_is_no_place_for_another_and_no_source
            places_and_versions_go_on_where_they_were
            what_operators_rely_on_goes_on_where_it_was
            an_empty_store_is_not_copied
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! copying_tests {
    ($make:path, $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (store, _guard) = $make().await;
                $crate::copying::$case(store).await;
            }
        )*
    };
}

/// Copies, and finds no difference.
pub async fn copied(source: &dyn Copying, target: &dyn Copying) {
    let found = copy(source, target, ROWS, &mut |_| {}).await.unwrap();
    let differing: Vec<&Compared> = found.iter().filter(|part| !part.is_same()).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(target.unfinished_copy().await.unwrap(), None, "the mark is gone");
}

/// Copies while somebody changes a row of either side just before they are compared; answers which part differs, and
/// where. The copy stays unfinished.
pub async fn copied_amiss(
    source: &dyn Copying,
    target: &dyn Copying,
    change: impl FnOnce() + Send,
) -> Vec<(Part, Option<Key>)> {
    let mut change = Some(change);
    // Users are compared first.
    let mut tell = |step| {
        if matches!(step, Step::Written(Part::Numbers, _))
            && let Some(change) = change.take()
        {
            change();
        }
    };
    let found = copy(source, target, ROWS, &mut tell).await.unwrap();
    assert!(target.unfinished_copy().await.unwrap().is_some(), "no server opens it");
    found.into_iter().filter(|part| !part.is_same()).map(|part| (part.part, part.differs_at)).collect()
}

/// Every part, with every field in use, of a store and of what it was copied from.
pub async fn every_row_survives_there_and_back<S: Copying>(store: Arc<S>) {
    let (full, back) = (a_full_store(), MemoryStore::new());
    copied(&full, &*store).await;
    copied(&*store, &back).await;
    for part in Part::ALL {
        let (there, here) = (full.snapshot().part(*part), back.snapshot().part(*part));
        assert!(there.len() > usize::from(part.is_paged()) * ROWS as usize, "{part}: enough of them");
        assert_eq!(there.checksums(), here.checksums(), "{part}");
        assert_eq!(store.about_how_many(*part).await.unwrap(), there.len() as u64, "{part}");
    }
}

/// Whatever batch it was, and whether or not that one was still written.
pub async fn a_copy_goes_on_wherever_it_was_broken_off<S: Copying>(store: Arc<S>) {
    let full = a_full_store();
    let mut breaks = 0;
    for writes in 1.. {
        let breaking = Breaking { store: &*store, left: AtomicU32::new(1), once_more: writes % 2 == 0 };
        match copy(&full, &breaking, ROWS, &mut |_| {}).await {
            Err(CopyError::Failure(_)) => breaks += 1,
            other => {
                assert!(other.unwrap().iter().all(Compared::is_same));
                break;
            }
        }
        assert!(store.unfinished_copy().await.unwrap().is_some(), "no server opens it");
        assert!(breaks < 200, "it gets on");
    }
    assert!(breaks > 10, "it was broken off {breaks} times");
}

/// However it is asked.
pub async fn a_batch_that_is_written_twice_is_written_once<S: Copying>(store: Arc<S>) {
    let full = a_full_store();
    for part in Part::ALL {
        let batch = full.snapshot().part(*part);
        store.write_part(batch.clone()).await.unwrap();
        store.write_part(batch.clone()).await.unwrap();
        let there = store.read_part(*part, None, 10_000).await.unwrap();
        assert_eq!(there.checksums(), batch.checksums(), "{part}");
    }
}

/// Not even one with nothing but a client, or with nothing left but the places that were given.
pub async fn nobody_copies_over_a_store_with_anything_in_it<S: Store + Copying>(store: Arc<S>) {
    let event = a_key_event(EventKind::KeyAdded);
    assert!(store.add_signing_key(a_sealed_key(1), None, Some(event)).await.unwrap());
    let before = store.read_part(Part::Events, None, 10).await.unwrap();
    let refused = copy(&a_full_store(), &*store, ROWS, &mut |_| {}).await;
    assert!(matches!(refused, Err(CopyError::NotEmpty)));
    assert_eq!(store.unfinished_copy().await.unwrap(), None);
    let after = store.read_part(Part::Events, None, 10).await.unwrap();
    assert_eq!(before.checksums(), after.checksums());

    assert!(store.forget_key(a_sealed_key(1).kid, NOW).await.unwrap());
    let last = store.events(0, 10).await.unwrap().last().expect("an event").seq;
    assert_eq!(store.forget_events(None, a_mark(last)).await.unwrap(), Some(1));
    store.forget_revocations(UnixMillis(i64::MAX), 10).await.unwrap();
    assert_eq!(store.begin_copy(FeedId(1)).await.unwrap(), Begun::NotEmpty);
}

/// It belongs to the store that it was begun from.
pub async fn an_unfinished_copy_is_no_place_for_another_and_no_source<S: Copying>(store: Arc<S>) {
    assert_eq!(store.begin_copy(FeedId(u64::MAX)).await.unwrap(), Begun::Anew);
    assert_eq!(store.begin_copy(FeedId(u64::MAX)).await.unwrap(), Begun::Again);
    assert_eq!(store.unfinished_copy().await.unwrap(), Some(FeedId(u64::MAX)));
    let into = copy(&a_full_store(), &*store, ROWS, &mut |_| {}).await;
    assert!(matches!(into, Err(CopyError::OfAnother)));
    let from = copy(&*store, &MemoryStore::new(), ROWS, &mut |_| {}).await;
    assert!(matches!(from, Err(CopyError::Unfinished)));
    store.end_copy().await.unwrap();
    assert_eq!(store.begin_copy(FeedId(7)).await.unwrap(), Begun::Anew);
}

/// Readers of events and followers of the feed keep their places; servers see that keys changed.
pub async fn places_and_versions_go_on_where_they_were<S: Store + Copying>(store: Arc<S>) {
    let full = a_full_store();
    copied(&full, &*store).await;
    let was = full.snapshot();
    let newest = was.signing_keys.last().unwrap().kid.clone();
    let event = a_key_event(EventKind::KeyAdded);
    assert!(store.add_signing_key(a_sealed_key(99), Some(newest), Some(event)).await.unwrap());
    let added = store.events(was.last_seq, 10).await.unwrap();
    assert_eq!(added.iter().map(|event| event.seq).collect::<Vec<_>>(), [was.last_seq + 1]);
    assert!(store.shelf_version().await.unwrap() > was.shelf_version);

    let event = a_key_event(EventKind::TokenRevoked);
    store.revoke_token("another".to_owned(), NOW, event).await.unwrap();
    let page = store.revocations(Some(was.feed.newest), UnixMillis(i64::MIN), 10).await.unwrap();
    assert_eq!(page.feed, was.feed.id);
    let what = Revoked::Token { jti: "another".to_owned() };
    assert_eq!(page.entries.len(), 1);
    assert_eq!((page.entries[0].0, &page.entries[0].1.what), (was.feed.newest + 1, &what));
    assert_eq!(store.keep(Duration::from_millis(1), NOW).await.unwrap(), full::LONGEST_KEEP);
}

/// Revisions, roles and the end of everyone count on, and the audit log goes on from its head.
pub async fn what_operators_rely_on_goes_on_where_it_was<S: Store + Copying>(store: Arc<S>) {
    let full = a_full_store();
    copied(&full, &*store).await;
    let was = full.snapshot();
    let known = was.accounts.values().find(|known| known.user.state == UserState::Active).unwrap();
    let session = a_session(&known.user, 5_000);
    assert_eq!(store.login(a_login(known, &session)).await.unwrap(), LoggedIn::Done);
    let facts = store.facts(session.id).await.unwrap().unwrap();
    assert_eq!((facts.session.revision, facts.everyone), (was.revision, was.everyone));
    assert_eq!(facts.user, known.user);
    let mine = Registering { first_admin: true, ..a_registration(&an_account(6_000), None) };
    assert_eq!(store.register(mine).await.unwrap(), Registered::AdminThere);
    for (role, version) in was.roles.values().map(|role| (role.name.clone(), role.version)) {
        let held = was.accounts.values().any(|known| known.user.roles.contains(&role));
        let event = a_key_event(EventKind::RoleRemoved);
        let removed = store.remove_role(role.clone(), version, event).await.unwrap();
        assert_eq!(removed == RemovedRole::Held, held, "{role}");
    }
    let unheld = 2;
    let event = a_key_event(EventKind::EveryoneSignedOut);
    assert_eq!(store.end_everyone(NOW, event).await.unwrap(), was.revision + unheld + 1);

    assert_eq!(store.audit_ends().await.unwrap(), was.audit);
    let unchained = was.events.iter().find(|known| known.link.is_none()).unwrap().seq;
    assert!(store.chain(a_chaining(was.audit.head, &[unchained])).await.unwrap());
    let hook = was.webhooks.values().find(|hook| hook.enabled).unwrap();
    let step = a_step(hook.id, (hook.place, hook.place + 1), vec![104]);
    assert!(store.enqueue(WebhookStep { version: hook.version, ..step }, NOW).await.unwrap());
}

/// It is the wrong one.
pub async fn an_empty_store_is_not_copied<S: Copying>(store: Arc<S>) {
    let refused = copy(&*store, &MemoryStore::new(), ROWS, &mut |_| {}).await;
    assert!(matches!(refused, Err(CopyError::Empty)));
    assert_eq!(store.begin_copy(FeedId(7)).await.unwrap(), Begun::Anew, "and nothing was done");
}

/// A store that fails after so many writes: before the next one, or after it.
struct Breaking<'s, S> {
    store: &'s S,
    left: AtomicU32,
    once_more: bool,
}

impl<S> Breaking<'_, S> {
    fn fail(&self) -> Result<(), Failure> {
        Err(Failure::unavailable("writing", "it breaks on purpose"))
    }

    /// Whether this write is the last one.
    fn breaks(&self) -> bool {
        let left = self.left.load(Ordering::SeqCst);
        self.left.store(left.saturating_sub(1), Ordering::SeqCst);
        NonZeroU32::new(left).is_none()
    }
}

#[async_trait]
impl<S: Copying> Copying for Breaking<'_, S> {
    async fn read_part(&self, part: Part, after: Option<Key>, limit: u32) -> Result<Batch, Failure> {
        self.store.read_part(part, after, limit).await
    }

    async fn write_part(&self, batch: Batch) -> Result<(), Failure> {
        // What has been written already does not count: each run gets a batch further.
        let last = self.store.last_key(batch.part()).await?;
        let is_news = batch.part().is_paged() && !batch.clone().after(last.as_ref()).is_empty();
        if is_news && self.breaks() {
            if self.once_more {
                self.store.write_part(batch).await?;
            }
            return self.fail();
        }
        self.store.write_part(batch).await
    }

    async fn last_key(&self, part: Part) -> Result<Option<Key>, Failure> {
        self.store.last_key(part).await
    }

    async fn about_how_many(&self, part: Part) -> Result<u64, Failure> {
        self.store.about_how_many(part).await
    }

    async fn begin_copy(&self, of: FeedId) -> Result<Begun, Failure> {
        self.store.begin_copy(of).await
    }

    async fn unfinished_copy(&self) -> Result<Option<FeedId>, Failure> {
        self.store.unfinished_copy().await
    }

    async fn end_copy(&self) -> Result<(), Failure> {
        self.store.end_copy().await
    }
}
