//! The state while a call holds it. When that is over, those who wait for revocations are woken if there are any.

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;

use rotunda_core::model::FeedPlace;
use tokio::sync::Notify;

use super::MemoryState;

pub(super) struct Opened<'a> {
    state: MutexGuard<'a, MemoryState>,
    mark: (FeedPlace, u64),
    bell: &'a Notify,
}

impl<'a> Opened<'a> {
    pub(super) fn new(state: MutexGuard<'a, MemoryState>, bell: &'a Notify) -> Self {
        Self { mark: mark(&state), state, bell }
    }
}

/// The newest entry and the version of the shelf.
fn mark(state: &MemoryState) -> (FeedPlace, u64) {
    (state.feed.newest, state.shelf_version)
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        if mark(&self.state) != self.mark {
            // All who wait, and the next one who comes: they may have been busy with what was before this.
            self.bell.notify_waiters();
            self.bell.notify_one();
        }
    }
}

impl Deref for Opened<'_> {
    type Target = MemoryState;

    fn deref(&self) -> &MemoryState {
        &self.state
    }
}

impl DerefMut for Opened<'_> {
    fn deref_mut(&mut self) -> &mut MemoryState {
        &mut self.state
    }
}
