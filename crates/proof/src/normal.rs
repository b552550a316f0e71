//! One state for all that differ only in names: so that any number of rotations is a finite number of states.
//!
//! 1. Generations are counted from the row's: production compares them and never asks for their size.
//! 2. What is too old to be recognised is all the same: a token of which the row, its backup and the keys of the last
//!    four rotations know nothing, and a key that nobody can pass off as new.
//! 3. Tabs have no names, and what is under way has no order.

use crate::secrets::{Key, Keys, Token};
use crate::setting::{Keeps, Keying, Setting, Steals};
use crate::state::{Message, Row, Seen, Sender, State, Tab};

/// The row's generation in every normal state.
pub const BASE: u8 = 100;
/// How many rotations ago a token is merely old.
const OLD: u8 = 5;

impl Key {
    /// Any key that can no longer matter. It keeps its place in a jar of four.
    pub const DEAD: Self = Self { generation: 0, id: 0 };
}

impl State {
    /// The representative of all states that differ only in names.
    pub(crate) fn normalise(&mut self, setting: &Setting, tabs_have_names: bool) {
        self.shift();
        self.forget_old_tokens(setting.assumed.at_most_four_rotations_late);
        if setting.keys == Keying::None {
            self.jar.known = BASE;
            self.thief.iter_mut().for_each(|thief| thief.jar.known = BASE);
        }
        if setting.keeps == Keeps::Newer
            && setting.restore.is_none()
            && setting.thief != Some(Steals::EverythingAndPassesOffOldKeys)
        {
            self.forget_dead_keys();
        }
        self.mail.sort_unstable();
        if !tabs_have_names {
            self.sort_tabs(setting.tabs);
        }
    }

    fn shift(&mut self) {
        let from = self.row.current.generation;
        if from == BASE {
            return;
        }
        let moved = |generation: u8| {
            // Whatever is older than OLD has been forgotten; a client that lags behind for ever is out of bounds.
            assert!(generation + BASE > from, "a generation fell out of the model: bound the rotations");
            generation + BASE - from
        };
        self.each_token(&mut |token| {
            if *token != Token::GARBAGE {
                token.generation = moved(token.generation);
            }
        });
        self.each_key(&mut |key| {
            if *key != Key::DEAD {
                key.generation = moved(key.generation);
            }
        });
        self.jar.known = moved(self.jar.known);
        if self.seen.conflict > 0 {
            self.seen.conflict = moved(self.seen.conflict);
        }
        for message in &mut self.mail {
            if let Message::Request(_, request) | Message::Decided(_, request, _) = message {
                request.believes = request.believes.map(moved);
            }
        }
        if let Some(thief) = &mut self.thief {
            thief.jar.known = moved(thief.jar.known);
        }
    }

    fn forget_old_tokens(&mut self, never_arrive: bool) {
        let oldest_row = self.backup.map_or(BASE, |backup| backup.current.generation.min(BASE));
        let floor = oldest_row - OLD;
        self.each_token(&mut |token| {
            if token.generation < floor {
                *token = Token { generation: floor, id: 0 };
            }
        });
        if self.seen.conflict < BASE - Seen::REMEMBERED {
            self.seen.conflict = 0;
        }
        let jars = [Some(&mut self.jar), self.thief.as_mut().map(|thief| &mut thief.jar)];
        for jar in jars.into_iter().flatten().filter(|jar| jar.token.generation <= floor) {
            // No key excuses such a token, and there is no way back.
            (jar.known, jar.keys) = (floor, Keys::NONE);
        }
        if never_arrive {
            let old = |message: &Message| {
                matches!(message, Message::Request(sender, request)
                    if *sender != Sender::Thief && request.token.generation <= floor)
            };
            self.mail.retain(|message| !old(message));
        }
        for message in &mut self.mail {
            if let Message::Request(_, request) | Message::Decided(_, request, _) = message {
                let old = request.token.generation <= floor;
                request.keys = if old { Keys::NONE } else { request.keys };
                request.believes = request.believes.map(|b| if old { floor } else { b.max(floor - 1) });
            }
        }
    }

    /// A key matters while the row or its backup remembers it, while a request may make the row remember it, and while
    /// it is the newest of a client.
    fn forget_dead_keys(&mut self) {
        let mut live: Vec<Key> = self.row.retry.iter().flatten().copied().collect();
        live.extend(self.backup.iter().flat_map(|backup| backup.retry).flatten());
        live.extend(self.jar.keys.newest());
        live.extend(self.thief.iter().filter_map(|thief| thief.jar.keys.newest()));
        for message in &self.mail {
            if let Message::Request(_, request) | Message::Decided(_, request, _) = message {
                live.extend(request.keys.newest());
            }
        }
        let or_dead = |key: Key| if live.contains(&key) { key } else { Key::DEAD };
        self.jar.keys = self.jar.keys.map(or_dead);
        if let Some(thief) = &mut self.thief {
            thief.jar.keys = thief.jar.keys.map(or_dead);
        }
        for message in &mut self.mail {
            if let Message::Request(_, request) | Message::Decided(_, request, _) = message {
                request.keys = request.keys.only(|key| live.contains(&key));
            }
        }
    }

    fn sort_tabs(&mut self, tabs: u8) {
        let mut better = true;
        while better {
            better = false;
            for one in 0..tabs {
                for other in one + 1..tabs {
                    let swapped = self.with_tabs_swapped(one, other);
                    if swapped < *self {
                        *self = swapped;
                        better = true;
                    }
                }
            }
        }
    }

    fn with_tabs_swapped(&self, one: u8, other: u8) -> Self {
        let mut state = self.clone();
        state.tabs.swap(usize::from(one), usize::from(other));
        for message in &mut state.mail {
            let sender = message.sender_mut();
            *sender = match *sender {
                Sender::Tab(tab) if tab == one => Sender::Tab(other),
                Sender::Tab(tab) if tab == other => Sender::Tab(one),
                same => same,
            };
        }
        state.mail.sort_unstable();
        state
    }

    /// An id that no other token of that generation has, anywhere.
    pub(crate) fn fresh_token(&mut self, generation: u8) -> Token {
        let mut taken = Vec::new();
        self.each_token(&mut |token| taken.extend((token.generation == generation).then_some(token.id)));
        Token { generation, id: smallest_but(&taken) }
    }

    /// An id that no other key of that generation has, anywhere.
    pub(crate) fn fresh_key(&mut self, generation: u8) -> u8 {
        let mut taken = Vec::new();
        self.each_key(&mut |key| taken.extend((key.generation == generation).then_some(key.id)));
        smallest_but(&taken)
    }

    /// Every place where a token stands.
    pub(crate) fn each_token(&mut self, visit: &mut impl FnMut(&mut Token)) {
        self.row.each_token(visit);
        if let Some(backup) = &mut self.backup {
            backup.each_token(visit);
        }
        visit(&mut self.jar.token);
        for message in &mut self.mail {
            message.each_token(visit);
        }
        if let Some(thief) = &mut self.thief {
            visit(&mut thief.jar.token);
        }
    }

    fn each_key(&mut self, visit: &mut impl FnMut(&mut Key)) {
        let rows = [Some(&mut self.row), self.backup.as_mut()];
        rows.into_iter().flatten().flat_map(|row| row.retry.iter_mut().flatten()).for_each(&mut *visit);
        self.jar.keys.each(visit);
        for tab in &mut self.tabs {
            if let Tab::Making(key) = tab {
                visit(key);
            }
        }
        for message in &mut self.mail {
            if let Message::Request(_, request) | Message::Decided(_, request, _) = message {
                request.keys.each(visit);
            }
        }
        if let Some(thief) = &mut self.thief {
            thief.jar.keys.each(visit);
        }
    }
}

impl Row {
    fn each_token(&mut self, visit: &mut impl FnMut(&mut Token)) {
        visit(&mut self.current);
        self.previous.iter_mut().for_each(&mut *visit);
        self.before.iter_mut().for_each(&mut *visit);
        for salt in [&mut self.salt, &mut self.previous_salt].into_iter().flatten() {
            visit(&mut salt.from);
            visit(&mut salt.to);
        }
    }
}

fn smallest_but(taken: &[u8]) -> u8 {
    (0..u8::MAX).find(|id| !taken.contains(id)).unwrap_or(u8::MAX)
}
