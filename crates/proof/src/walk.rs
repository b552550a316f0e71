//! Larger systems at random: every step is drawn from a seed, so a failure is repeated by its seed.

use stateright::Model;

use crate::properties;
use crate::state::State;
use crate::system::{Action, System};
use crate::trace::Trace;

/// A number of walks, each of its own seed.
#[derive(Clone, Copy, Debug)]
pub struct Walks {
    /// The seed of the first; the next has the next.
    pub seed: u64,
    /// How many.
    pub walks: u64,
    /// How many steps each, at most.
    pub steps: usize,
}

/// A walk that broke a property.
#[derive(Debug)]
pub struct Stumble {
    /// Its seed.
    pub seed: u64,
    /// The properties that it broke.
    pub broken: Vec<&'static str>,
    /// The way there.
    pub trace: Trace,
}

impl Walks {
    /// Walks until a property is broken; answers how many steps were made, and the first stumble.
    #[must_use]
    pub fn through(self, system: &System) -> (u64, Option<Stumble>) {
        let system = System { tabs_have_names: true, ..system.clone() };
        let mut made = 0;
        for seed in self.seed..self.seed.saturating_add(self.walks) {
            let (steps, stumble) = walk(&system, seed, self.steps);
            made += steps;
            if stumble.is_some() {
                return (made, stumble);
            }
        }
        (made, None)
    }
}

fn walk(system: &System, seed: u64, most: usize) -> (u64, Option<Stumble>) {
    let mut dice = Dice(seed);
    let mut way: Vec<(State, Action)> = Vec::new();
    let mut actions = Vec::new();
    let Some(mut state) = system.init_states().pop() else { return (0, None) };
    for step in 0..most {
        let broken = properties::broken(system, &state);
        if !broken.is_empty() {
            let trace = Trace::new(system, way, state);
            return (step as u64, Some(Stumble { seed, broken, trace }));
        }
        system.actions(&state, &mut actions);
        let next = dice.draw(&actions).and_then(|action| Some((action, system.next_state(&state, action)?)));
        if let Some((action, next)) = next {
            way.push((std::mem::replace(&mut state, next), action));
        }
        actions.clear();
    }
    (most as u64, None)
}

/// `SplitMix64`: small, known, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Any action, but rarely one that changes everything: a walk should be long before its session ends.
    fn draw(&mut self, actions: &[Action]) -> Option<Action> {
        let sides: u64 = actions.iter().map(weight).sum();
        let mut rolled = self.roll().checked_rem(sides)?;
        actions.iter().copied().find(|action| {
            let found = rolled < weight(action);
            rolled = rolled.saturating_sub(weight(action));
            found
        })
    }
}

fn weight(action: &Action) -> u64 {
    match action {
        Action::End(_) | Action::Expire | Action::Copy(_) | Action::Restore | Action::BelieveNoMore => 1,
        Action::GiveUp(_) | Action::Lose(_) | Action::BackUp => 20,
        _ => 40,
    }
}
