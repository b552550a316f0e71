//! Reads the numbers of all parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rotunda_core::Rotunda;
use rotunda_core::counts::Counted;
use rotunda_core::model::{Tally, UnixMillis};
use rotunda_core::outside::Clock;
use rotunda_outside::{ArgonPool, SystemClock};
use rotunda_server::Watch;
use rotunda_server::serve::metrics::Page;
use rotunda_store_postgres::{Connections, Stats as PostgresStats};
use rotunda_store_sqlite::Stats as SqliteStats;

use super::exposition::Exposition;
use super::families as f;
use super::process::Process;
use super::traces::SpanCounts;
use crate::keep_backups::Newest;
use crate::log;
use crate::stores::CountedStores;

/// A second, in what the server counts.
const NANOS: f64 = 1e9;

/// Whatever counts.
pub(crate) struct Sources {
    rotunda: Arc<Rotunda>,
    watch: Watch,
    stores: CountedStores,
    pool: Arc<ArgonPool>,
    /// Whether the stores take writes.
    are_there: Arc<AtomicBool>,
    started: UnixMillis,
    spans: Option<SpanCounts>,
    backup: Option<Newest>,
}

impl Sources {
    pub(crate) fn new(
        rotunda: &Arc<Rotunda>,
        watch: Watch,
        stores: CountedStores,
        pool: Arc<ArgonPool>,
        are_there: &Arc<AtomicBool>,
        spans: Option<SpanCounts>,
        backup: Option<Newest>,
    ) -> Self {
        let (rotunda, are_there) = (Arc::clone(rotunda), Arc::clone(are_there));
        Self { rotunda, watch, stores, pool, are_there, started: SystemClock.now(), spans, backup }
    }

    /// What makes the page, whenever somebody asks for it.
    pub(crate) fn page(self) -> Page {
        Arc::new(move || self.text())
    }

    fn text(&self) -> String {
        let mut page = Exposition::default();
        self.requests(&mut page);
        let counted = self.rotunda.counted();
        sessions(&mut page, &counted);
        self.passwords(&mut page);
        self.stores(&mut page);
        self.feed(&mut page);
        errands(&mut page, &counted);
        self.backup(&mut page);
        self.process(&mut page);
        page.into_text()
    }

    fn requests(&self, page: &mut Exposition) {
        let requests = self.watch.requests();
        for it in &requests {
            for (status, number) in &it.statuses {
                page.put(&f::REQUESTS, &[&it.route, it.method, status], number);
            }
        }
        for it in &requests {
            for (outcome, took) in &it.took {
                page.histogram(&f::REQUEST_SECONDS, &[&it.route, it.method, outcome], took, NANOS);
            }
        }
        page.put(&f::IN_FLIGHT, &[], self.watch.in_flight());
        page.each(&f::REFUSALS, self.watch.refusals());
        let connections = self.watch.connections();
        page.put(&f::CONNECTIONS, &[], connections.accepted);
        page.put(&f::CONNECTIONS_OPEN, &[], connections.open);
    }

    fn passwords(&self, page: &mut Exposition) {
        let pool = self.pool.stats();
        page.put(&f::HASHES, &[], pool.hashed);
        page.put(&f::HASHES_SHED, &[], pool.shed);
        page.put(&f::HASH_THREADS, &[], pool.threads);
        page.put(&f::HASH_BUSY, &[], pool.busy);
        page.put(&f::HASH_QUEUE, &[], pool.waiting);
        page.put(&f::HASH_MOST, &[], pool.most_waiting);
    }

    fn stores(&self, page: &mut Exposition) {
        page.put(&f::STORES_UP, &[], u8::from(self.are_there.load(Ordering::Relaxed)));
        if let Some(store) = &self.stores.sqlite {
            sqlite(page, &store.stats());
        }
        if let Some(store) = &self.stores.postgres {
            postgres(page, &store.stats());
        }
        if let Some(read) = &self.stores.redis {
            let commands = read();
            page.each(&f::REDIS_COMMANDS, [("answered", commands.answered), ("failed", commands.failed)]);
        }
    }

    fn feed(&self, page: &mut Exposition) {
        let Some(feed) = self.watch.feed() else { return };
        page.put(&f::FEED_STREAMS, &[], feed.streams);
        page.put(&f::FEED_ENTRIES, &[], feed.entries);
        if let Some(behind) = feed.behind {
            page.put(&f::FEED_BEHIND, &[], behind.as_secs_f64());
        }
    }

    fn backup(&self, page: &mut Exposition) {
        let Some(newest) = &self.backup else { return };
        page.put(&f::BACKUP_NEWEST, &[], newest.taken_at().seconds());
        page.put(&f::BACKUP_EVERY, &[], newest.every().as_secs());
    }

    fn process(&self, page: &mut Exposition) {
        let CountedStores { sqlite, redis, .. } = &self.stores;
        let store = if sqlite.is_some() { "sqlite" } else { "postgres" };
        let sessions = if redis.is_some() { "redis" } else { store };
        page.put(&f::BUILD, &[env!("CARGO_PKG_VERSION"), store, sessions], 1);
        if let Some(read) = &self.spans {
            page.each(&f::SPANS, read());
        }
        page.each(&f::LOG_LINES, log::counted());
        if let Some(process) = Process::look() {
            page.put(&f::CPU, &[], process.cpu_seconds);
            page.put(&f::RESIDENT, &[], process.resident_bytes);
            page.put(&f::VIRTUAL, &[], process.virtual_bytes);
            process.open_files.into_iter().for_each(|open| page.put(&f::FILES, &[], open));
            process.most_files.into_iter().for_each(|most| page.put(&f::FILES_MOST, &[], most));
            page.put(&f::THREADS, &[], process.threads);
        }
        page.put(&f::STARTED, &[], self.started.seconds());
    }
}

fn sessions(page: &mut Exposition, counted: &Counted) {
    let tally = |what| counted.tallies.iter().find(|(it, _)| *it == what).map_or(0, |(_, number)| *number);
    let outcomes = |granted, refused| [("granted", tally(granted)), ("refused", tally(refused))];
    page.each(&f::DECISIONS, counted.decisions.iter().copied());
    page.put(&f::ROUNDS, &[], counted.refresh_rounds_repeated);
    page.each(&f::REFRESHES, outcomes(Tally::Refreshes, Tally::RefreshesRefused));
    page.each(&f::SIGN_INS, outcomes(Tally::SignIns, Tally::SignInsRefused));
    page.put(&f::THEFTS, &[], tally(Tally::Thefts));
    page.each(&f::ENDINGS, counted.endings.iter().copied());
    page.each(&f::EVENTS, counted.events.iter().copied());
    if let Some(around) = &counted.around {
        page.put(&f::SESSIONS, &[], around.live_sessions);
        page.put(&f::USERS, &[], around.users);
    }
    page.put(&f::UNOPENED, &[], counted.unopened_keys);
}

/// What is done beside the requests.
fn errands(page: &mut Exposition, counted: &Counted) {
    page.each(&f::LETTERS, counted.letters.iter().copied());
    page.each(&f::DELIVERIES, counted.deliveries.iter().copied());
    if let Some(around) = &counted.around {
        page.put(&f::LETTERS_WAITING, &[], around.letters_waiting);
        page.put(&f::DELIVERIES_WAITING, &[], around.deliveries_waiting);
        page.put(&f::DELIVERIES_DEAD, &[], around.deliveries_dead);
    }
    page.each(&f::SWEEPS, counted.sweeps.iter().copied());
    page.each(&f::SWEPT, counted.swept.iter().copied());
}

fn sqlite(page: &mut Exposition, stats: &SqliteStats) {
    page.histogram(&f::GROUP_SIZE, &[], &stats.groups, 1.0);
    page.put(&f::FAILED_GROUPS, &[], stats.failed_commits);
    page.put(&f::SQLITE_READS, &[], stats.reads);
    page.put(&f::SQLITE_REFUSED, &[], stats.refused);
    let queues = [("writes", stats.writes_waiting), ("reads", stats.reads_waiting)];
    page.each(&f::SQLITE_QUEUE, queues.map(|(name, queue)| (name, queue.now)));
    page.each(&f::SQLITE_QUEUE_MOST, queues.map(|(name, queue)| (name, queue.most)));
    let at_hand = stats.at_hand;
    page.each(&f::AT_HAND, [("busy", at_hand.all.saturating_sub(at_hand.free)), ("idle", at_hand.free)]);
}

fn postgres(page: &mut Exposition, stats: &PostgresStats) {
    page.histogram(&f::BATCH_SIZE, &["rotations"], &stats.rotation_batches, 1.0);
    page.histogram(&f::BATCH_SIZE, &["facts"], &stats.facts_batches, 1.0);
    let of = |rotations, facts| [("rotations", rotations), ("facts", facts)];
    page.each(&f::STATEMENTS, of(stats.rotation_statements, stats.facts_statements));
    page.each(&f::PG_QUEUE, of(stats.rotations_waiting as u64, stats.facts_waiting as u64));
    page.put(&f::PG_COMMITS, &[], stats.commits);
    page.put(&f::PG_READS, &[], stats.reads);
    page.put(&f::PG_RETRIES, &[], stats.retries);
    page.put(&f::PG_FAILURES, &[], stats.failures);
    page.put(&f::PG_REFUSED, &[], stats.refused);
    let pools = [("calls", stats.pool), ("batches", stats.lanes)];
    for (name, Connections { open, idle, .. }) in pools {
        page.put(&f::PG_CONNECTIONS, &[name, "busy"], open.saturating_sub(idle));
        page.put(&f::PG_CONNECTIONS, &[name, "idle"], idle);
    }
    page.each(&f::PG_MOST, pools.map(|(name, pool)| (name, pool.most)));
    page.each(&f::PG_WAITING, pools.map(|(name, pool)| (name, pool.waiting)));
}
