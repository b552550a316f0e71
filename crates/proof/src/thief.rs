//! Somebody who has copied something: once, at any moment. Then they do as a client does, with a jar of their own.

use crate::secrets::{Key, Keys, Token};
use crate::setting::{Keeps, Steals};
use crate::state::{Answer, Asked, Device, Jar, Message, Request, Sender, State, Thief};
use crate::system::System;

impl System {
    /// What there is to take now: the jar, or each token in it and under way.
    pub(crate) fn loot(&self, state: &State) -> Vec<Jar> {
        let whole = state.jar;
        let mut tokens = vec![whole.token];
        match self.setting.thief {
            None => return Vec::new(),
            Some(Steals::Everything | Steals::EverythingAndPassesOffOldKeys) => return vec![whole],
            Some(Steals::Token | Steals::TokenForOwnDevice) => {}
        }
        for message in &state.mail {
            match message {
                Message::Request(_, request) | Message::Decided(_, request, _) => tokens.push(request.token),
                Message::Answer(_, _, Answer::Granted(token)) => tokens.push(*token),
                Message::Answer(..) => {}
            }
        }
        tokens.sort_unstable();
        tokens.dedup();
        let jar = |token: Token| Jar { token, known: token.generation, keys: Keys::NONE, out: false };
        tokens.into_iter().map(jar).collect()
    }

    /// The keys that a thief may pass off as the newest, besides one of their own making.
    pub(crate) fn passed_off(&self, thief: &Thief) -> Vec<Key> {
        let passes_off = self.setting.thief == Some(Steals::EverythingAndPassesOffOldKeys);
        thief.jar.keys.iter().filter(|key| passes_off && *key != Key::DEAD).collect()
    }

    /// The thief refreshes, with all keys in their order or with one of the old ones as the newest.
    pub(crate) fn steal(&self, state: &mut State, asked: Asked, newest: Option<Key>) {
        let fresh = state.thief.map(|thief| state.fresh_key(thief.jar.known));
        let (Some(thief), Some(fresh)) = (&mut state.thief, fresh) else { return };
        let keys = match (asked, newest) {
            (Asked::AfterStale, _) => Keys::NONE,
            (_, None) => thief.jar.keys_to_send(fresh),
            (_, Some(newest)) => thief.jar.keys.only(|key| key != Key::DEAD && key != newest).and(newest),
        };
        thief.waits = Some(asked);
        let device = match self.setting.thief {
            Some(Steals::Token) => Device::Absent,
            Some(Steals::TokenForOwnDevice) => Device::Different,
            _ => Device::Same,
        };
        state.mail.push(Message::Request(
            Sender::Thief,
            Request { token: thief.jar.token, keys, believes: None, device },
        ));
    }

    pub(crate) fn deliver_to_thief(&self, state: &mut State, answer: Answer) {
        let Some(thief) = &mut state.thief else { return };
        let asked = thief.waits.take();
        match answer {
            Answer::Granted(token) => thief.jar.keep(Keeps::Newer, token, true),
            Answer::Stale if asked == Some(Asked::First) => self.steal(state, Asked::AfterStale, None),
            Answer::Ended => thief.jar.out = true,
            Answer::Stale | Answer::OfAnotherGeneration | Answer::Refused => {}
        }
    }
}
