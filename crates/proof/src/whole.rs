//! The model's server for whole requests, one at a time or interleaved by hand: what a real store is compared with
//! (`tests/proof/stores`). It is the very server that is explored, over the same production rules.
//!
//! 1. [`Whole::read`] puts a request through what was read: production decides. What needs no write is answered.
//! 2. [`Whole::write`] writes, if what was decided on still holds; otherwise the request goes back to 1, and is
//!    [`raced`](Asks::raced) if it was about to move on. [`Whole::refresh`] is both, for a request that nobody disturbs.
//! 3. What else changes a session comes from outside ([`Family`]): an end, an expiry, the passing of time, what the
//!    operator believes, a restored row. How long ago the last rotation was is told before each reading, since here
//!    time is not counted in steps.
//!
//! Beyond the explored model a request may name another client and come from another address.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rotunda_core::model::{AddressBinding, Caller, Client, ClientId};
use rotunda_core::refresh::{Decision, Presented};
use stateright::Model;

use crate::facts::{NOW, TICK};
use crate::secrets::Token;
use crate::setting::Setting;
use crate::state::{Answer, Life, Message, Request, Row, Seen, Sender, State, Write, Wrong};
use crate::system::System;

/// A server under a [`Setting`]: its window, counted in seconds, and its `late_retry`.
#[derive(Clone)]
pub struct Whole(System);

/// A session: its row, and every token of it that was ever given out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Family(State);

/// A refresh, as it comes to the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asks {
    /// What the explored model knows of it.
    pub request: Request,
    /// It names another client than the session's.
    pub as_another: bool,
    /// The session is bound to an address, and this comes from another one.
    pub from_elsewhere: bool,
    /// It has read its token as current already, and was overtaken.
    pub raced: bool,
}

/// What comes of a reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// This is the answer.
    Answered(Answer),
    /// This has to be written first.
    Writes(Write),
}

impl Whole {
    /// For a setting.
    #[must_use]
    pub fn new(setting: Setting) -> Self {
        Self(System::new(setting))
    }

    /// A session that has just begun, with its first token.
    ///
    /// # Panics
    /// Never: there is one state to begin with.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the model begins in one state")]
    pub fn begin(&self) -> Family {
        let mut state = self.0.init_states().pop().expect("one state");
        state.give_out(state.row.current);
        Family(state)
    }

    /// Reads the row and decides.
    pub fn read(&self, family: &mut Family, asks: &Asks) -> (Decision, Turn) {
        let decision = self.decide(&family.0, asks);
        let message = self.0.decided(&mut family.0, Sender::Nobody, &asks.request, decision);
        (decision, family.turn(message))
    }

    /// Writes what was decided. `None`: it did not apply, and has to be read again.
    pub fn write(&self, family: &mut Family, asks: &Asks, write: Write) -> Option<Answer> {
        let message = self.0.write(&mut family.0, Sender::Nobody, &asks.request, write)?;
        match family.turn(message) {
            Turn::Answered(answer) => Some(answer),
            Turn::Writes(_) => None,
        }
    }

    /// A whole request that nobody disturbs: reads, and writes until it applies.
    pub fn refresh(&self, family: &mut Family, asks: &Asks) -> (Decision, Answer) {
        loop {
            let (decision, turn) = self.read(family, asks);
            let answer = match turn {
                Turn::Answered(answer) => Some(answer),
                Turn::Writes(write) => self.write(family, asks, write),
            };
            if let Some(answer) = answer {
                return (decision, answer);
            }
        }
    }

    fn decide(&self, state: &State, asks: &Asks) -> Decision {
        let System { office, setting, .. } = &self.0;
        let facts = office.facts(&state.row, state.accept_ahead);
        let bound = Client { bind_address: AddressBinding::Address, ..office.client().clone() };
        let another = ClientId("another".to_owned());
        let elsewhere = Caller {
            actor: None,
            reason: None,
            address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            user_agent: None,
        };
        office.presented(&asks.request, |shown| {
            let shown = Presented {
                client_id: asks.as_another.then_some(&another),
                caller: if asks.from_elsewhere { &elsewhere } else { shown.caller },
                raced: asks.raced,
                ..shown.clone()
            };
            setting.rule.decide(&facts, &shown, &bound, NOW)
        })
    }
}

impl Family {
    /// A session of which a backup has this row, and whose client has these tokens.
    #[must_use]
    pub fn restored(&self, row: Row, given_out: impl IntoIterator<Item = Token>) -> Self {
        let mut state = self.0.clone();
        (state.row, state.seen) = (row, Seen::default());
        given_out.into_iter().for_each(|token| state.give_out(token));
        Self(state)
    }

    /// The row.
    #[must_use]
    pub fn row(&self) -> &Row {
        &self.0.row
    }

    /// Says whether it lives: also what its time being up, or a clock that goes back, does to it.
    pub fn lives(&mut self, life: Life) {
        self.0.row.life = life;
        self.0.seen.ended = matches!(life, Life::Reused | Life::Over(_));
    }

    /// Says how far the last rotation is from the arrival of what is read next. What is less than a second is left out:
    /// the model asks how many whole ones there are, as the window is a number of whole ones.
    pub fn rotated_ago(&mut self, span: Option<Duration>) {
        let ticks = |span: Duration| u8::try_from(span.as_secs() / TICK.as_secs()).unwrap_or(u8::MAX);
        self.0.row.age = span.map(ticks);
    }

    /// Says whether tokens newer than the store are believed.
    pub fn accept_ahead(&mut self, accept: bool) {
        self.0.accept_ahead = accept;
    }

    /// What must never be and was, whatever was asked.
    #[must_use]
    pub fn wrong(&self) -> Option<Wrong> {
        [Wrong::NotCurrent, Wrong::AfterEnd, Wrong::Alone].into_iter().find(|wrong| self.0.seen.has(*wrong))
    }

    fn turn(&mut self, message: Message) -> Turn {
        match message {
            Message::Answer(_, _, answer) => {
                if let Answer::Granted(token) = answer {
                    self.0.give_out(token);
                }
                Turn::Answered(answer)
            }
            Message::Decided(_, _, write) => Turn::Writes(write),
            Message::Request(..) => Turn::Answered(Answer::Refused),
        }
    }
}

impl State {
    /// A token that was given out stays where a new one is not to be mistaken for it.
    fn give_out(&mut self, token: Token) {
        let out = Message::Answer(Sender::Nobody, Token::GARBAGE, Answer::Granted(token));
        if !self.mail.contains(&out) {
            self.mail.push(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rotunda_core::refresh::Decision;

    use super::{Asks, Whole};
    use crate::secrets::Keys;
    use crate::setting::Setting;
    use crate::state::{Answer, Device, Life, Over, Request};

    #[test]
    fn a_lost_answer_is_given_again_in_the_window_and_is_reuse_after_it() {
        let whole = Whole::new(Setting::keyed(1, 1).but(|s| s.window = 10));
        let mut family = whole.begin();
        let (token, keys, device) = (family.row().current, Keys::NONE, Device::Same);
        let request = Request { token, keys, believes: None, device };
        let asks = Asks { request, as_another: false, from_elsewhere: false, raced: false };
        let (decision, first) = whole.refresh(&mut family, &asks);
        assert_eq!((decision, first), (Decision::Rotate, Answer::Granted(family.row().current)));
        family.rotated_ago(Some(Duration::from_millis(9_999)));
        assert_eq!(whole.refresh(&mut family, &asks), (Decision::Replay, first));
        let raced = Asks { raced: true, ..asks };
        family.rotated_ago(Some(Duration::from_secs(10)));
        assert_eq!(whole.refresh(&mut family, &raced), (Decision::Replay, first), "it lost a race");
        assert_eq!(whole.refresh(&mut family, &asks), (Decision::Reuse, Answer::Ended));
        assert_eq!(family.wrong(), None);
    }

    #[test]
    fn what_is_beyond_the_explored_model_is_refused_and_changes_nothing() {
        let whole = Whole::new(Setting::keyed(1, 1));
        let mut family = whole.begin();
        let before = family.clone();
        let (token, keys, device) = (family.row().current, Keys::NONE, Device::Same);
        let request = Request { token, keys, believes: None, device };
        let another = Asks { request, as_another: true, from_elsewhere: true, raced: false };
        assert_eq!(whole.refresh(&mut family, &another), (Decision::Mismatch, Answer::Refused));
        let elsewhere = Asks { as_another: false, ..another };
        assert_eq!(whole.refresh(&mut family, &elsewhere), (Decision::Address, Answer::Refused));
        assert_eq!(family, before);
        family.lives(Life::Over(Over::LoggedOut));
        assert_eq!(whole.refresh(&mut family, &elsewhere).1, Answer::Ended);
    }
}
