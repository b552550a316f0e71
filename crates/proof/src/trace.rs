//! A way to a broken property, told so that it can be followed by hand.
//!
//! The session begins with token `t0`; `t3` is of generation 3, and `t3'` is another of it, which only a store that
//! lost writes gives out. `k2` is a retry key that was made by a client that believed to be in generation 2.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use stateright::Model;

use crate::normal::BASE;
use crate::secrets::{Key, Keys, Token};
use crate::state::{Answer, Message, Request, Sender, State, Write};
use crate::system::{Action, System};

/// What happened, step by step.
#[derive(Clone, Debug)]
pub struct Trace {
    steps: Vec<(State, Action)>,
    end: State,
    /// How far the row had come before each step, and at the end.
    generations: Vec<i16>,
}

impl Trace {
    /// From the steps of a walk or a search.
    #[must_use]
    pub fn new(system: &System, steps: Vec<(State, Action)>, end: State) -> Self {
        let mut generations = vec![0];
        for (state, action) in &steps {
            let after = system.step(state, *action).map_or(BASE, |after| after.row.current.generation);
            let at = generations.last().copied().unwrap_or(0);
            generations.push(at + i16::from(after) - i16::from(BASE));
        }
        Self { steps, end, generations }
    }

    /// The shortest one that breaks a property, breadth first; `None` if none of the first `most` states does.
    #[must_use]
    pub fn shortest(system: &System, property: &'static str, most: usize) -> Option<Self> {
        let system = System { tabs_have_names: true, ..system.clone() };
        let holds = system.property(property).condition;
        let mut next: VecDeque<State> = system.init_states().into();
        let mut from: BTreeMap<State, Option<(State, Action)>> =
            next.iter().map(|s| (s.clone(), None)).collect();
        let mut actions = Vec::new();
        while let Some(state) = next.pop_front() {
            if !holds(&system, &state) {
                return Some(Self::back(&system, &from, state));
            }
            system.actions(&state, &mut actions);
            for action in actions.drain(..) {
                let Some(after) = system.next_state(&state, action) else { continue };
                if from.len() < most && !from.contains_key(&after) {
                    from.insert(after.clone(), Some((state.clone(), action)));
                    next.push_back(after);
                }
            }
        }
        None
    }

    fn back(system: &System, from: &BTreeMap<State, Option<(State, Action)>>, end: State) -> Self {
        let mut steps = Vec::new();
        let mut at = &end;
        while let Some(Some((before, action))) = from.get(at) {
            steps.push((before.clone(), *action));
            at = before;
        }
        steps.reverse();
        Self::new(system, steps, end)
    }

    /// How many steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it is broken from the beginning.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, ((state, action), at)) in self.steps.iter().zip(&self.generations).enumerate() {
            writeln!(f, "  {:>2}. {}", number + 1, Names(*at).action(state, action))?;
        }
        let names = Names(self.generations.last().copied().unwrap_or(0));
        let (row, jar) = (&self.end.row, &self.end.jar);
        let (current, held) = (names.token(row.current), names.token(jar.token));
        write!(f, "      Then the row is at {current}, {:?}, and the client has {held}.", row.life)
    }
}

/// The names of things while the row is at this generation.
struct Names(i16);

impl Names {
    fn action(&self, state: &State, action: &Action) -> String {
        let mail = |at: &usize| state.mail.get(*at).map_or_else(String::new, |message| self.message(message));
        match action {
            Action::Start(tab) => format!("tab {tab} begins to refresh with {}", self.token(state.jar.token)),
            Action::StoreKey(tab) => format!("tab {tab} stores its retry key and refreshes"),
            Action::GiveUp(tab) => format!("tab {tab} gives up waiting"),
            Action::Read(at) => format!("decided: {}", mail(at)),
            Action::Write(at) => format!("written: {}", mail(at)),
            Action::Deliver(at) => format!("arrives: {}", mail(at)),
            Action::Repeat(at) => format!("repeated: {}", mail(at)),
            Action::Lose(at) => format!("lost: {}", mail(at)),
            Action::Tick => "a tick passes".to_owned(),
            Action::TickBack => "the next server's clock is a tick behind".to_owned(),
            Action::End(over) => format!("the session ends: {over:?}"),
            Action::Expire => "the session's time is up".to_owned(),
            Action::BackUp => "a backup is made".to_owned(),
            Action::Restore => "the store is restored from the backup".to_owned(),
            Action::BelieveNoMore => "newer tokens are believed no more".to_owned(),
            Action::Copy(jar) => format!("a thief copies {} {}", self.token(jar.token), self.keys(&jar.keys)),
            Action::Steal(None) => "the thief refreshes".to_owned(),
            Action::Steal(Some(newest)) => {
                format!("the thief refreshes, {} as the newest key", self.key(*newest))
            }
        }
    }

    fn message(&self, message: &Message) -> String {
        let whose = match message.sender() {
            Sender::Tab(tab) => format!("tab {tab}'s"),
            Sender::Nobody => "nobody's".to_owned(),
            Sender::Thief => "the thief's".to_owned(),
        };
        match message {
            Message::Request(_, r) => format!("{whose} request {}", self.request(r)),
            Message::Decided(_, r, Write::Move(_)) => {
                format!("{whose} request {}, to move on", self.request(r))
            }
            Message::Decided(_, r, Write::End(_)) => {
                format!("{whose} request {}, to end the session", self.request(r))
            }
            Message::Answer(_, _, Answer::Granted(t)) => format!("{whose} answer {}", self.token(*t)),
            Message::Answer(_, _, answer) => format!("{whose} answer {answer:?}"),
        }
    }

    fn request(&self, request: &Request) -> String {
        format!("{} {}", self.token(request.token), self.keys(&request.keys))
    }

    fn token(&self, token: Token) -> String {
        self.name('t', token.generation, token.id)
    }

    fn key(&self, key: Key) -> String {
        if key == Key::DEAD { "-".to_owned() } else { self.name('k', key.generation, key.id) }
    }

    fn keys(&self, keys: &Keys) -> String {
        let told: Vec<_> = keys.iter().map(|key| self.key(key)).collect();
        format!("[{}]", told.join(" "))
    }

    fn name(&self, what: char, generation: u8, id: u8) -> String {
        format!("{what}{}{}", self.0 + i16::from(generation) - i16::from(BASE), "'".repeat(usize::from(id)))
    }
}
