//! The client's half: when a tab asks, with what, and what it makes of an answer. "What the client must do" of
//! `rotation.md`, and the ways to get it wrong.

use crate::secrets::{Key, Keys};
use crate::setting::{AfterStale, Keeps, Keying};
use crate::state::{Answer, Asked, Device, Jar, Message, Request, Sender, State, Tab};
use crate::system::System;

impl System {
    /// A tab begins to refresh, at any moment and for whatever reason; a client that makes keys in two steps looks first.
    pub(crate) fn start(&self, state: &mut State, tab: u8) {
        let known = state.jar.known;
        if self.setting.keys == Keying::Raced && !state.jar.has_key() {
            let key = Key { generation: known, id: state.fresh_key(known) };
            state.tabs[usize::from(tab)] = Tab::Making(key);
        } else {
            self.ask(state, tab, Asked::First, true);
        }
    }

    /// The second of two steps: the key is stored, over one that another tab may have stored meanwhile.
    pub(crate) fn store_key(&self, state: &mut State, tab: u8, key: Key) {
        state.jar.keys = state.jar.keys.only(|other| other.generation != key.generation).and(key);
        self.ask(state, tab, Asked::First, true);
    }

    /// A tab sends what the jar holds, with its retry keys or without, and waits.
    fn ask(&self, state: &mut State, tab: u8, asked: Asked, with_keys: bool) {
        let mut keys = Keys::NONE;
        if with_keys && self.setting.keys != Keying::None {
            let id = state.fresh_key(state.jar.known);
            keys = state.jar.keys_to_send(id);
        }
        state.tabs[usize::from(tab)] = Tab::Waiting(asked);
        let believes = self.setting.declares.then_some(state.jar.known);
        let request = Request { token: state.jar.token, keys, believes, device: Device::Same };
        state.mail.push(Message::Request(Sender::Tab(tab), request));
    }

    /// A tab stops waiting. Whatever it sent goes on without it.
    pub(crate) fn give_up(&self, state: &mut State, tab: u8) {
        state.tabs[usize::from(tab)] = Tab::Idle;
        for message in &mut state.mail {
            if message.sender() == Sender::Tab(tab) {
                *message.sender_mut() = Sender::Nobody;
            }
        }
    }

    /// An answer arrives. A browser takes the cookie out of it before any page sees it.
    pub(crate) fn deliver(&self, state: &mut State, message: Message) {
        let Message::Answer(sender, sent, answer) = message else { return };
        let waiting = match sender {
            Sender::Tab(tab) => Some((tab, state.tabs[usize::from(tab)])),
            Sender::Nobody => None,
            Sender::Thief => return self.deliver_to_thief(state, answer),
        };
        if let Answer::Granted(token) = answer {
            state.jar.keep(self.setting.keeps, token, waiting.is_some());
            if self.setting.keys == Keying::ClearedAtSuccess {
                state.jar.keys = Keys::NONE;
            }
        }
        let Some((tab, Tab::Waiting(asked))) = waiting else { return };
        self.give_up(state, tab);
        match (answer, asked) {
            (Answer::Granted(_) | Answer::Refused, _) | (Answer::Stale, Asked::AfterStale) => {}
            (Answer::OfAnotherGeneration, _) => {
                // No key is ever made for an old generation: this answer may be late itself.
                let has_key = state.jar.keys.iter().any(|key| key.generation == sent.generation);
                if self.in_cookies() && (has_key || sent.generation > state.jar.known) {
                    state.jar.known = sent.generation;
                }
                self.ask(state, tab, Asked::First, true);
            }
            (Answer::Stale, _) => {
                let only_the_same = self.setting.after_stale == AfterStale::AsksWithoutKeysOnlyWithTheSame;
                if only_the_same && !state.jar.still_has(self.setting.keeps, sent) {
                    self.ask(state, tab, Asked::First, true);
                } else {
                    self.ask(state, tab, Asked::AfterStale, false);
                }
            }
            (Answer::Ended, Asked::AfterEnded) => {
                state.jar.out = true;
                state.tabs.fill(Tab::Idle);
            }
            (Answer::Ended, _) => self.ask(state, tab, Asked::AfterEnded, true),
        }
    }
}

impl Jar {
    /// Whether there is a retry key for the generation that the client believes to be in.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.keys.iter().any(|key| key.generation == self.known)
    }

    /// The keys that go with a request, the one for this generation last; it is made and stored first if it is new. Those
    /// of the last four generations: an older one excuses nothing honest any more, but a thief may pass it off as new.
    pub(crate) fn keys_to_send(&mut self, id: u8) -> Keys {
        if !self.has_key() {
            self.keys = self.keys.and(Key { generation: self.known, id });
        }
        let known = self.known;
        self.keys.only(|key| key != Key::DEAD && (known - 3..=known).contains(&key.generation))
    }

    /// Takes a token out of an answer; a page that waited for it also reads the generation.
    pub(crate) fn keep(&mut self, keeps: Keeps, token: crate::secrets::Token, read: bool) {
        match keeps {
            Keeps::Newer if token.generation <= self.token.generation => {}
            Keeps::NotOlder if token.generation < self.token.generation => {}
            Keeps::Newer | Keeps::NotOlder | Keeps::Latest | Keeps::CookiesWithGeneration => {
                self.token = token;
                self.known = token.generation;
            }
            Keeps::Cookies => {
                self.token = token;
                if read {
                    self.known = self.known.max(token.generation);
                }
            }
        }
    }

    /// Whether the token that was stale is still the one in the jar, as far as the client can tell. A page cannot see
    /// its token; it goes by the generations.
    fn still_has(&self, keeps: Keeps, sent: crate::secrets::Token) -> bool {
        if keeps == Keeps::Newer { sent == self.token } else { sent.generation == self.known }
    }
}
