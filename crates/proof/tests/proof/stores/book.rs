//! What should be: the model's sessions, and around them what the model has no notion of (a clock, a user with
//! several sessions, a backup). Each step of a history becomes a list of [`Deed`]s for the real stores, with what each
//! should answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rotunda_core::model::Ending;
use rotunda_proof::normal::BASE;
use rotunda_proof::secrets::{Key, Keys, Token};
use rotunda_proof::state::{Life, Over, Request, Row};
use rotunda_proof::whole::{Asks, Family, Whole};

use super::history::{Ask, KeyPick, Mood, Oddity, Pick};
use super::racer::Said;

/// A day in 2027.
pub(crate) const START: i64 = 1_800_000_000_000;
pub(crate) const IDLE: i64 = 7 * 24 * 3_600_000;
/// Soon after one idle span, so that histories get there.
pub(crate) const ABSOLUTE: i64 = 9 * 24 * 3_600_000;
pub(crate) const KEEP_ENDED: i64 = 2 * 24 * 3_600_000;
pub(crate) const BELIEVED: i64 = 3_600_000;
/// The window, in seconds, where there is one.
pub(crate) const WINDOW: u8 = 10;
/// More sessions than this are not begun.
pub(crate) const MOST: usize = 6;

/// Everything that should be.
#[derive(Clone)]
pub(crate) struct Book {
    pub(crate) whole: Arc<Whole>,
    /// The window in milliseconds.
    pub(crate) window: i64,
    pub(crate) now: i64,
    pub(crate) kept: Kept,
    pub(crate) backup: Option<Kept>,
    /// What the clients hold, by session: a restore does not touch it.
    pub(crate) held: Vec<Held>,
    /// Every retry key that was ever made.
    pub(crate) keys: Vec<Key>,
    /// What the last step was.
    pub(crate) deeds: Vec<Deed>,
}

/// What a store keeps.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) sessions: BTreeMap<usize, Session>,
    pub(crate) disabled: bool,
    pub(crate) password: usize,
    pub(crate) believed_until: Option<i64>,
}

/// A session, with the times that the model does not count.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) family: Family,
    pub(crate) rotated_at: Option<i64>,
    pub(crate) idle_expires_at: i64,
    pub(crate) absolute_expires_at: i64,
    pub(crate) ended: Option<(Ending, i64)>,
}

/// What the client of a session has, or somebody who watched it.
#[derive(Clone, Default)]
pub(crate) struct Held {
    pub(crate) tokens: Vec<Token>,
    pub(crate) keys: BTreeMap<u8, Key>,
}

/// A refresh, told exactly.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) session: usize,
    pub(crate) asks: Asks,
    pub(crate) garbled: bool,
}

/// One thing to do with a real store.
#[derive(Clone)]
pub(crate) enum Deed {
    Clock(i64),
    /// With which password, and whether that lets them in.
    LogIn(usize, bool),
    LogOut(usize, Token),
    LogOutEverywhere(usize),
    ChangePassword(usize, usize),
    Disable,
    Enable,
    Sweep,
    Believe(Option<Duration>),
    Restart,
    BackUp,
    Restore,
    /// A refresh arrives.
    Arrive(Asked),
    /// The refresh that arrived at this place in the step reads or writes. What it is told, if that was its last turn.
    Turn(usize, Option<Said>),
    /// The same comes to its end, with this answer.
    Finish(usize, Said),
    /// All of them, and all that should be just before.
    AtOnce(Vec<Asked>, Box<Book>),
}

impl Book {
    pub(crate) fn new(whole: Whole, window: u8) -> Self {
        let (whole, window) = (Arc::new(whole), i64::from(window) * 1_000);
        let (kept, backup, held, keys) = (Kept::default(), None, Vec::new(), Vec::new());
        let mut book = Self { whole, window, now: START, kept, backup, held, keys, deeds: Vec::new() };
        book.log_in();
        book
    }

    pub(crate) fn mood(&self) -> Mood {
        let lives = |session: &Session| session.ending_at(self.now).is_none();
        let ahead = |(number, session): (&usize, &Session)| {
            let newest = self.held[*number].tokens.iter().max();
            lives(session) && newest.is_some_and(|token| *token > session.family.row().current)
        };
        let (sessions, backup) = (&self.kept.sessions, self.backup.iter().flat_map(|kept| &kept.sessions));
        if sessions.iter().any(ahead) {
            Mood::Ahead
        } else if !sessions.values().any(lives) {
            Mood::Over
        } else if backup.into_iter().any(ahead) {
            Mood::Restorable
        } else {
            Mood::Usual
        }
    }

    /// The session that is meant; the newest where there are not so many.
    pub(crate) fn session(&self, back: u8) -> usize {
        let newest = self.held.len() - 1;
        newest - usize::from(back) % self.held.len()
    }

    /// The token that is meant.
    pub(crate) fn token(&self, session: usize, pick: Pick) -> Token {
        let tokens = &self.held[session].tokens;
        let known = self.kept.sessions.get(&session).map(|session| *session.family.row());
        let of_row = |row: Row| match pick {
            Pick::Row(0) => Some(row.current),
            Pick::Row(1) => row.previous,
            Pick::Row(_) => row.before,
            Pick::GivenOut(_) => None,
        };
        let back = if let Pick::GivenOut(back) = pick { usize::from(back) } else { 0 };
        known.and_then(of_row).unwrap_or_else(|| tokens[tokens.len() - 1 - back % tokens.len()])
    }

    pub(crate) fn asked(&mut self, ask: &Ask) -> Asked {
        let session = self.session(ask.session);
        let token = self.token(session, ask.token);
        let believes = ask.believes.map(|off| token.generation.saturating_add_signed(off).max(BASE));
        let keys = self.keys_for(session, token.generation, &ask.keys);
        let asks = Asks {
            request: Request { token, keys, believes, device: ask.device },
            as_another: ask.oddity == Oddity::AsAnother,
            from_elsewhere: ask.oddity == Oddity::FromElsewhere,
            raced: false,
        };
        Asked { session, asks, garbled: ask.oddity == Oddity::Garbled }
    }

    fn keys_for(&mut self, session: usize, generation: u8, pick: &KeyPick) -> Keys {
        let collect = |keys: &[Key]| keys.iter().fold(Keys::NONE, |all, key| all.and(*key));
        if let KeyPick::None = pick {
            return Keys::NONE;
        }
        if let KeyPick::Foreign = pick {
            let key = self.new_key();
            return Keys::NONE.and(key);
        }
        if let (KeyPick::Any(which), false) = (pick, self.keys.is_empty()) {
            let any: Vec<Key> = which.iter().map(|n| self.keys[usize::from(*n) % self.keys.len()]).collect();
            return collect(&any);
        }
        if !self.held[session].keys.contains_key(&generation) {
            let key = self.new_key();
            self.held[session].keys.insert(generation, key);
        }
        let mut good: Vec<Key> = self.held[session].keys.range(..=generation).map(|(_, key)| *key).collect();
        good.drain(..good.len().saturating_sub(4));
        match pick {
            KeyPick::Stale => good.truncate(good.len() - 1),
            KeyPick::Reversed => good.reverse(),
            _ => {}
        }
        collect(&good)
    }

    fn new_key(&mut self) -> Key {
        let number = self.keys.len();
        let key = Key { generation: (number / 250) as u8 + 1, id: (number % 250) as u8 };
        self.keys.push(key);
        key
    }

    /// The session as it is to be judged: by when the request arrived, and by what the clock shows.
    pub(crate) fn settle(&mut self, session: usize, arrived: i64, now: i64) -> Option<&mut Session> {
        let believed = self.kept.believed_until.is_some_and(|until| now < until);
        let session = self.kept.sessions.get_mut(&session)?;
        let life = session.life(now);
        let ago = session.rotated_at.map(|rotated| Duration::from_millis(arrived.abs_diff(rotated)));
        session.family.lives(life);
        session.family.rotated_ago(ago);
        session.family.accept_ahead(believed);
        Some(session)
    }
}

impl Session {
    pub(crate) fn begin(family: Family, now: i64) -> Self {
        let (idle_expires_at, absolute_expires_at) = (now + IDLE, now + ABSOLUTE);
        Self { family, rotated_at: None, idle_expires_at, absolute_expires_at, ended: None }
    }

    /// Why and when it is over: what is on record, or the time that was up first.
    pub(crate) fn ending_at(&self, now: i64) -> Option<(Ending, i64)> {
        let idle = (Ending::IdleExpired, self.idle_expires_at);
        let absolute = (Ending::AbsoluteExpired, self.absolute_expires_at);
        let expiry = if idle.1 < absolute.1 { idle } else { absolute };
        self.ended.or((now >= expiry.1).then_some(expiry))
    }

    /// Writes down an ending, unless there is one, or its time was up before.
    pub(crate) fn end(&mut self, ending: Ending, now: i64) {
        self.ended = self.ending_at(now).or(Some((ending, now)));
    }

    pub(crate) fn life(&self, now: i64) -> Life {
        match (self.ended, self.ending_at(now)) {
            (Some((Ending::Reused, _)), _) => Life::Reused,
            (Some((Ending::LoggedOut, _)), _) => Life::Over(Over::LoggedOut),
            (Some((Ending::UserDisabled, _)), _) => Life::Over(Over::Disabled),
            (Some((Ending::IdleExpired | Ending::AbsoluteExpired, _)), _) => Life::Over(Over::Expired),
            (Some(_), _) => Life::Over(Over::PasswordChanged),
            (None, Some(_)) => Life::Expired,
            (None, None) => Life::Live,
        }
    }
}
