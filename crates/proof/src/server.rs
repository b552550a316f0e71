//! The server's half: read and decide, then write if what was decided on still holds. Two steps, as on a real store.

use rotunda_core::refresh::Decision;

use crate::facts::{NOW, rotated};
use crate::rules::Rule;
use crate::secrets::{Key, Token};
use crate::state::{Answer, Device, Life, Message, Over, Request, Row, Seen, Sender, State, Write, Wrong};
use crate::system::System;

impl System {
    /// Loads the facts and decides. What needs no write is answered at once, the rest waits for [`System::write`].
    pub(crate) fn read(&self, state: &mut State, sender: Sender, request: &Request) -> (Decision, Message) {
        let decision = self.decide(&state.row, state.accept_ahead, request);
        (decision, self.decided(state, sender, request, decision))
    }

    /// What comes of a decision.
    pub(crate) fn decided(
        &self,
        state: &mut State,
        sender: Sender,
        request: &Request,
        decision: Decision,
    ) -> Message {
        let row = state.row;
        let answer = |answer| Message::Answer(sender, request.token, answer);
        match decision {
            Decision::Rotate | Decision::Ahead => {
                Message::Decided(sender, *request, Write::Move(row.current))
            }
            Decision::Reuse | Decision::Moved => Message::Decided(sender, *request, Write::End(row.current)),
            Decision::Debounce => {
                self.slide(state);
                answer(self.grant(state, sender, request, request.token))
            }
            Decision::Replay | Decision::LateRetry => {
                self.slide(state);
                answer(self.grant(state, sender, request, row.successor(request.token)))
            }
            Decision::InFlight => {
                let previous = row.previous_salt.map_or(Token::GARBAGE, |salt| salt.successor(request.token));
                answer(self.grant(state, sender, request, row.successor(previous)))
            }
            Decision::Stale => answer(Answer::Stale),
            Decision::Ended { unrecorded, .. } => {
                if unrecorded && row.life == Life::Expired {
                    state.end(Life::Over(Over::Expired));
                }
                answer(Answer::Ended)
            }
            Decision::AnotherGeneration => answer(Answer::OfAnotherGeneration),
            Decision::Mismatch | Decision::Address | Decision::Unproven | Decision::AheadRefused => {
                answer(Answer::Refused)
            }
        }
    }

    /// What the rules say, broken or not.
    pub(crate) fn decide(&self, row: &Row, accept_ahead: bool, request: &Request) -> Decision {
        let facts = self.office.facts(row, accept_ahead);
        let client = self.office.client();
        self.office.presented(request, |shown| self.setting.rule.decide(&facts, shown, client, NOW))
    }

    /// The guarded write. `None`: it did not apply, and the request is decided anew.
    pub(crate) fn write(
        &self,
        state: &mut State,
        sender: Sender,
        request: &Request,
        write: Write,
    ) -> Option<Message> {
        let row = state.row;
        let answer = match write {
            Write::Move(seen) => {
                let stands = row.current == seen || self.setting.rule == Rule::WriteUnguarded;
                let lives = row.life == Life::Live || self.setting.rule == Rule::WriteWhateverEnded;
                if !(stands && lives) {
                    return None;
                }
                self.rotate(state, sender, request)
            }
            Write::End(seen) => {
                if row.current.generation != seen.generation
                    || !matches!(row.life, Life::Live | Life::Expired)
                {
                    return None;
                }
                if self.setting.rule != Rule::ReuseRefusesOnly {
                    state.end(Life::Reused);
                }
                self.note_conflict(state, sender, request);
                Answer::Ended
            }
        };
        Some(Message::Answer(sender, request.token, answer))
    }

    fn rotate(&self, state: &mut State, sender: Sender, request: &Request) -> Answer {
        let old = state.row;
        let to = state.fresh_token(request.token.generation + 1);
        self.note_use(state, sender, request);
        let mut new = rotated(&old, request, to);
        match self.setting.rule {
            Rule::KeyForgotten => new.retry[0] = None,
            Rule::OldKeyCounts => new.retry[0] = request.keys.newest(),
            Rule::AheadForgetsKeys if old.current != request.token => {
                new.retry = [new.retry[0], None, None, None];
            }
            Rule::OneSalt => new.previous_salt = new.salt,
            Rule::AddsRows => state.seen.more_rows = 1,
            _ => {}
        }
        state.row = new;
        state.seen.since = 0;
        if self.setting.thief.is_some() {
            let bits = state.seen.by_thief << 1 | u8::from(sender == Sender::Thief);
            state.seen.by_thief = bits & ((1 << Seen::REMEMBERED) - 1);
        }
        if self.setting.rotations.is_some() {
            state.seen.rotations += 1;
        }
        let lost = self.setting.restore.map_or(0, |restore| restore.lost);
        state.backup =
            state.backup.filter(|b| new.current.generation.saturating_sub(b.current.generation) <= lost);
        Answer::Granted(to)
    }

    /// An answer that gives out a token without a write.
    fn grant(&self, state: &mut State, sender: Sender, request: &Request, token: Token) -> Answer {
        self.note_use(state, sender, request);
        if token != state.row.current {
            state.seen.note(Wrong::NotCurrent);
        }
        Answer::Granted(token)
    }

    fn slide(&self, state: &mut State) {
        if self.setting.rule == Rule::SlidingWindow {
            state.row.age = Some(0);
        }
    }

    /// For the properties: what is about to be granted, in the state before it is.
    fn note_use(&self, state: &mut State, sender: Sender, request: &Request) {
        let row = state.row;
        if row.life != Life::Live || state.seen.ended {
            state.seen.note(Wrong::AfterEnd);
        }
        if request.device == Device::Different || request.device == Device::Absent && row.device_shown {
            state.seen.note(Wrong::Alone);
        }
        if request.token.generation >= row.current.generation {
            return;
        }
        let key = state.key_that_used_up(request.token);
        let excused = key.is_some_and(|key| request.keys.iter().any(|k| k == key));
        if !excused && state.seen.since >= self.setting.window {
            state.seen.note(Wrong::AfterWindow);
        }
        self.note_conflict(state, sender, request);
    }

    /// For the properties, after a request with a used token: that the session lives on.
    ///
    /// A *conflict* is such a request after the window, where the other side's rotation has used the token up.
    fn note_conflict(&self, state: &mut State, sender: Sender, request: &Request) {
        let Some(ago) = state.row.current.generation.checked_sub(request.token.generation + 1) else {
            return;
        };
        if state.row.life != Life::Live {
            return;
        }
        if self.setting.is_strict() {
            state.seen.note(Wrong::NotStrict);
        }
        let by_thief = state.seen.by_thief >> ago.min(Seen::REMEMBERED - 1) & 1 == 1;
        let by_the_other = by_thief != (sender == Sender::Thief);
        let outside = state.seen.since >= self.setting.window;
        let another = request.token.generation > state.seen.conflict;
        if state.thief.is_some() && by_the_other && outside && another {
            state.seen.conflict = request.token.generation;
            state.seen.survived = (state.seen.survived + 1).min(Seen::MOST_SURVIVED);
        }
    }
}

impl State {
    /// The commit that ends the session.
    pub(crate) fn end(&mut self, life: Life) {
        self.row.life = life;
        self.seen.ended = true;
    }

    /// The retry key of the rotation that used up the token, where the row remembers one.
    pub(crate) fn key_that_used_up(&self, token: Token) -> Option<Key> {
        let ago = self.row.current.generation.checked_sub(token.generation + 1)?;
        self.row.retry.get(usize::from(ago)).copied().flatten()
    }
}

impl Row {
    /// The successor of a token under the salt of the last rotation.
    #[must_use]
    pub fn successor(&self, of: Token) -> Token {
        self.salt.map_or(Token::GARBAGE, |salt| salt.successor(of))
    }
}
