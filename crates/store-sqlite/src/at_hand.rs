//! Connections at hand: a read of one row, on the thread that asks.
//!
//! A refresh reads its session before it decides. From memory that takes some ten microseconds: too little to hand it to another
//! thread and to be woken when it is done. So the only hop between a request and its answer is the one to the writer
//! (`docs/decisions/0023-reads-at-hand.md`).
//!
//! 1. Whoever asks takes a connection, reads, and puts it back. Nobody waits for one: when all are in use, a reader is asked.
//!    There are fewer than threads that serve requests, from two of those on: on a disk that hangs, one is left to say so.
//! 2. Such a connection does not wait for a lock either, as far as SQLite lets us: what is locked is read by a reader, who may.
//! 3. One that failed is given up. Its place is lent to the reader who is asked instead, and who opens another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::available_parallelism;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use rotunda_core::failure::Failure;
use rusqlite::{Connection, Result as SqlResult};

use crate::fault;
use crate::presence::Presence;
use crate::readers::connect;

/// No more memory than this many caches.
const MOST: usize = 8;

/// The connections that nobody uses just now; in the place of one that failed there is `None`.
pub(crate) struct AtHand {
    give: Sender<Option<Connection>>,
    take: Receiver<Option<Connection>>,
}

/// A place that is put back when this is dropped, with whatever is in it by then.
pub(crate) struct Lent {
    connection: Option<Connection>,
    back: Sender<Option<Connection>>,
}

/// What became of a read on the thread that asked.
pub(crate) enum Here<T> {
    /// It is done.
    Done(Result<T, Failure>),
    /// A reader has to be asked; where a place comes along, it needs another connection.
    Not(Option<Lent>),
}

impl AtHand {
    pub(crate) fn open(presence: &Presence) -> SqlResult<Self> {
        let places = available_parallelism().map_or(1, usize::from).saturating_sub(1).clamp(1, MOST);
        let (give, take) = bounded(places);
        let at_hand = Self { give, take };
        for _ in 0..places {
            let mut lent = Lent { connection: None, back: at_hand.give.clone() };
            lent.open(presence)?;
        }
        Ok(at_hand)
    }

    /// How many nobody uses just now.
    pub(crate) fn free(&self) -> usize {
        self.take.len()
    }

    /// How many there are.
    pub(crate) fn all(&self) -> usize {
        self.take.capacity().unwrap_or_default()
    }

    /// Runs `work` at once, if a connection is free.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        work: &impl Fn(&Connection) -> SqlResult<T>,
    ) -> Here<T> {
        let Ok(connection) = self.take.try_recv() else { return Here::Not(None) };
        let mut lent = Lent { connection: None, back: self.give.clone() };
        let Some(open) = connection else { return Here::Not(Some(lent)) };
        match catch_unwind(AssertUnwindSafe(|| work(&open))) {
            Ok(Ok(value)) => {
                lent.connection = Some(open);
                Here::Done(Ok(value))
            }
            Ok(Err(_)) => Here::Not(Some(lent)),
            Err(panic) => Here::Done(Err(fault::panicked(doing, &*panic))),
        }
    }
}

impl Lent {
    /// Puts another connection into the place.
    pub(crate) fn open(&mut self, presence: &Presence) -> SqlResult<()> {
        let connection = connect(presence)?;
        connection.busy_timeout(Duration::ZERO)?;
        self.connection = Some(connection);
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // There is room: the place was taken from there.
        drop(self.back.try_send(self.connection.take()));
    }
}
