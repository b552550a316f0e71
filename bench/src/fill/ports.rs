//! Through a store's own ports: a registration with the first session of each user, logins for the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::ensure;
use rotunda_core::model::{Event, EventKind};
use rotunda_core::store::{Accounts, LoggedIn, LoggingIn, Registered, Registering};

use crate::moment::time_of_day;
use crate::seed::{self, Seed};

/// How many users are under way at once: they share transactions.
const TOGETHER: u64 = 512;

/// Fills a store.
///
/// # Errors
/// When something is there already, or the store does not take it.
pub(super) async fn ports<S>(store: S, seed: Seed, sessions: u64) -> anyhow::Result<()>
where
    S: Accounts + Clone + 'static,
{
    let shared = Arc::new((seed, AtomicU64::new(0)));
    let last = seed::user_of(sessions.saturating_sub(1));
    let mut workers = Vec::new();
    for _ in 0..TOGETHER {
        let (shared, store) = (Arc::clone(&shared), store.clone());
        workers.push(tokio::spawn(async move {
            loop {
                let user = shared.1.fetch_add(1, Ordering::Relaxed);
                if user > last {
                    return anyhow::Ok(());
                }
                sign_in(&store, &shared.0, user, sessions).await?;
            }
        }));
    }
    for worker in workers {
        worker.await??;
    }
    Ok(())
}

/// One user with all of their sessions.
async fn sign_in(store: &impl Accounts, seed: &Seed, user: u64, sessions: u64) -> anyhow::Result<()> {
    let now = time_of_day();
    let mut own = seed::sessions_of(user, sessions);
    let Some(first) = own.next() else { return Ok(()) };
    let account = seed::account(user, now)?;
    let password = account.password.clone();
    let new = Registering {
        first_admin: false,
        account,
        session: Some(seed.session(first, now)?),
        replaces: None,
        uses: None,
        events: Vec::new(),
    };
    let registered = store.register(new).await?;
    ensure!(registered == Registered::Done, "user {user} was there before: {registered:?}");
    for n in own {
        let session = seed.session(n, now)?;
        let event = Event {
            about: None,
            kind: EventKind::SignedIn,
            at: now,
            user_id: Some(session.user_id),
            session_id: Some(session.id),
            caller: seed::caller(),
        };
        let (caps, post) = (Vec::new(), Vec::new());
        let login = LoggingIn { session, password: password.clone(), replaces: None, caps, event, post };
        ensure!(store.login(login).await? == LoggedIn::Done, "session {n} was not begun");
    }
    Ok(())
}
