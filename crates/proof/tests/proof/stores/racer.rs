//! One refresh on its way through the model's server, turn by turn. A turn is one call of the store, as in production:
//!
//! 1. It reads. What needs no write is answered then and there.
//! 2. It writes. If that no longer applies, it goes back to 1; if it was about to move on, it has been overtaken.

use rotunda_core::denied::Denied;
use rotunda_core::model::Ending;
use rotunda_core::refresh::Decision;
use rotunda_proof::normal::BASE;
use rotunda_proof::secrets::Token;
use rotunda_proof::state::{Answer, Write};
use rotunda_proof::whole::Turn;

use super::book::{Asked, Book, IDLE};

/// What a refresh is told, and by which rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    pub(crate) rule: &'static str,
    pub(crate) answer: Result<Token, Denied>,
}

/// A refresh under way.
#[derive(Clone)]
pub(crate) struct Racer {
    pub(crate) asked: Asked,
    arrived: i64,
    stage: Stage,
}

#[derive(Clone)]
enum Stage {
    Reads,
    Writes { write: Write, decision: Decision, decided_at: i64 },
    WritesDownExpiry { ending: Ending, at: i64, generation: u8, said: Said },
    Done(Said),
}

impl Racer {
    /// It arrives. Garbage is told so at once.
    pub(crate) fn arrive(asked: Asked, now: i64) -> Self {
        let garbage = Said { rule: "garbage", answer: Err(Denied::TokenUnknown) };
        let stage = if asked.garbled { Stage::Done(garbage) } else { Stage::Reads };
        Self { asked, arrived: now, stage }
    }

    /// It goes on.
    pub(crate) fn turn(&mut self, book: &mut Book) {
        self.stage = match self.stage.clone() {
            Stage::Reads => self.read(book),
            Stage::Writes { write, decision, decided_at } => self.write(book, write, decision, decided_at),
            Stage::WritesDownExpiry { ending, at, generation, said } => {
                let found = book.kept.sessions.get_mut(&self.asked.session).filter(|session| {
                    session.ended.is_none() && session.family.row().current.generation == generation
                });
                match found {
                    Some(session) => {
                        session.ended = Some((ending, at));
                        Stage::Done(said)
                    }
                    None => Stage::Reads,
                }
            }
            done @ Stage::Done(_) => done,
        };
        if let Stage::Done(Said { answer: Ok(token), .. }) = &self.stage {
            let given_out = &mut book.held[self.asked.session].tokens;
            if !given_out.contains(token) {
                given_out.push(*token);
            }
        }
    }

    /// It goes on to its end.
    pub(crate) fn finish(&mut self, book: &mut Book) -> Said {
        loop {
            if let Some(said) = self.said() {
                return said;
            }
            self.turn(book);
        }
    }

    /// What it was told, if it has come to its end.
    pub(crate) fn said(&self) -> Option<Said> {
        if let Stage::Done(said) = &self.stage { Some(said.clone()) } else { None }
    }

    fn read(&self, book: &mut Book) -> Stage {
        let (whole, now) = (book.whole.clone(), book.now);
        let Some(session) = book.settle(self.asked.session, self.arrived, now) else {
            return Stage::Done(Said { rule: "gone", answer: Err(Denied::SessionEnded(None)) });
        };
        let ending = session.ending_at(now);
        let generation = session.family.row().current.generation;
        let (decision, turn) = whole.read(&mut session.family, &self.asked.asks);
        let said = |answer| said_of(decision, answer, ending.map(|(ending, _)| ending), &self.asked);
        match (turn, ending) {
            (Turn::Writes(write), _) => Stage::Writes { write, decision, decided_at: now },
            (Turn::Answered(answer), Some((ending, at)))
                if matches!(decision, Decision::Ended { unrecorded: true, .. }) =>
            {
                Stage::WritesDownExpiry { ending, at, generation, said: said(answer) }
            }
            (Turn::Answered(answer), _) => Stage::Done(said(answer)),
        }
    }

    /// What is written was decided when it was read, and is judged by the time of then.
    fn write(&mut self, book: &mut Book, write: Write, decision: Decision, decided_at: i64) -> Stage {
        let whole = book.whole.clone();
        let written = book.settle(self.asked.session, self.arrived, decided_at).and_then(|session| {
            let answer = whole.write(&mut session.family, &self.asked.asks, write)?;
            match write {
                Write::Move(_) => {
                    session.rotated_at = Some(decided_at);
                    session.idle_expires_at = (decided_at + IDLE).min(session.absolute_expires_at);
                }
                Write::End(_) => session.ended = Some((Ending::Reused, decided_at)),
            }
            Some(answer)
        });
        match written {
            Some(answer) => Stage::Done(said_of(decision, answer, None, &self.asked)),
            None => {
                self.asked.asks.raced |= matches!(write, Write::Move(_));
                Stage::Reads
            }
        }
    }
}

/// Each refusal under its name on the wire.
fn said_of(decision: Decision, answer: Answer, ending: Option<Ending>, asked: &Asked) -> Said {
    let generation = u32::from(asked.asks.request.token.generation - BASE);
    let (rule, denied) = match decision {
        Decision::Mismatch => ("mismatch", Denied::ClientMismatch),
        Decision::Ended { .. } => ("ended", Denied::SessionEnded(ending)),
        Decision::Address => ("address", Denied::AddressMismatch),
        Decision::Moved => ("moved", Denied::TokenReused),
        Decision::Unproven => ("unproven", Denied::ProofMissing),
        Decision::AnotherGeneration => ("another generation", Denied::GenerationMismatch(generation)),
        Decision::AheadRefused => ("ahead refused", Denied::TokenAhead),
        Decision::Stale => ("stale", Denied::TokenStale),
        Decision::Reuse => ("reuse", Denied::TokenReused),
        // These grant; a refusal instead would be told as what it is not, and found.
        Decision::Rotate => ("rotate", Denied::TokenMissing),
        Decision::Debounce => ("debounce", Denied::TokenMissing),
        Decision::Replay => ("replay", Denied::TokenMissing),
        Decision::InFlight => ("in flight", Denied::TokenMissing),
        Decision::LateRetry => ("late retry", Denied::TokenMissing),
        Decision::Ahead => ("ahead", Denied::TokenMissing),
    };
    let answer = if let Answer::Granted(token) = answer { Ok(token) } else { Err(denied) };
    Said { rule, answer }
}
