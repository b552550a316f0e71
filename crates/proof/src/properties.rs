//! The invariants of `rotation.md`, each a property of every state.

use stateright::{Model, Property};

use crate::secrets::{Keys, Token};
use crate::setting::Steals;
use crate::state::{Device, Life, Message, Request, State, Tab, Wrong};
use crate::system::System;
use rotunda_core::refresh::Decision;

/// At most one token moves the session on.
pub const ONE_LEAF: &str = "one live leaf per session";
/// No honest session ends in reuse, and no honest client believes that a live session is over.
pub const HONEST: &str = "honest runs never end in a revoked session";
/// An honest client that asks again in peace, now or later, gets a token.
pub const GETS_IN: &str = "an honest client always gets in";
/// The session does not survive a conflict, but for the one that a copy taken in the middle of an attempt excuses.
pub const FOUND: &str = "theft is found within a cycle of the first conflict";
/// After the end is committed, nothing is granted.
pub const REVOKED: &str = "a revoked session never yields a token";
/// One row for ever.
pub const ONE_ROW: &str = "row count equals session count";
/// In strict mode, a used token ends its family.
pub const STRICT: &str = "strict mode: every used token ends its family";
/// All grants of one generation hold the same token, and it is the current one.
pub const ONE_SUCCESSOR: &str = "one successor for all grants of a generation";
/// A used token without its retry key is good for no longer than W.
pub const WINDOW_CLOSES: &str = "the window closes";
/// A token without the device secret opens nothing.
pub const NOT_ALONE: &str = "a token alone opens nothing";

/// Every property.
#[must_use]
pub fn all() -> Vec<Property<System>> {
    vec![
        Property::always(ONE_LEAF, one_leaf),
        Property::always(HONEST, |system: &System, state: &State| {
            system.setting.thief.is_some() || honest(state)
        }),
        Property::always(GETS_IN, |system: &System, state: &State| {
            system.setting.thief.is_some() || gets_in(system, state)
        }),
        Property::always(FOUND, |system: &System, state: &State| {
            state.seen.survived <= excused(system.setting.thief)
        }),
        Property::always(REVOKED, |_: &System, state: &State| !state.seen.has(Wrong::AfterEnd)),
        Property::always(ONE_ROW, |_: &System, state: &State| state.seen.more_rows == 0),
        Property::always(STRICT, |_: &System, state: &State| !state.seen.has(Wrong::NotStrict)),
        Property::always(ONE_SUCCESSOR, one_successor),
        Property::always(WINDOW_CLOSES, |_: &System, state: &State| !state.seen.has(Wrong::AfterWindow)),
        Property::always(NOT_ALONE, |_: &System, state: &State| !state.seen.has(Wrong::Alone)),
    ]
}

/// A copy of everything may hold the key of an attempt that is under way: it excuses one conflict, not a second.
fn excused(steals: Option<Steals>) -> u8 {
    match steals {
        Some(Steals::Everything | Steals::EverythingAndPassesOffOldKeys) => 1,
        Some(Steals::Token | Steals::TokenForOwnDevice) | None => 0,
    }
}

fn tokens(state: &State) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(16);
    state.clone().each_token(&mut |token| tokens.push(*token));
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// Of all tokens that there are, after the window, with the right device secret.
fn one_leaf(system: &System, state: &State) -> bool {
    if state.accept_ahead || (system.setting.may_lose_writes && state.seen.restores > 0) {
        // The store knows less than its clients: there may be several until they have met.
        return true;
    }
    let mut row = state.row;
    row.age = row.age.map(|_| system.setting.window);
    let moves_on = |token: &Token| {
        let request = Request { token: *token, keys: Keys::NONE, believes: None, device: Device::Same };
        matches!(system.decide(&row, false, &request), Decision::Rotate | Decision::Ahead)
    };
    let real = |token: &&Token| **token != Token::GARBAGE;
    tokens(state).iter().filter(real).filter(|token| moves_on(token)).count() <= 1
}

fn one_successor(system: &System, state: &State) -> bool {
    let tokens = tokens(state);
    // A store that lost its last writes gives out some generations anew.
    let unique =
        system.setting.restore.is_some() || tokens.windows(2).all(|t| t[0].generation != t[1].generation);
    unique && !state.seen.has(Wrong::NotCurrent)
}

fn honest(state: &State) -> bool {
    let lives = matches!(state.row.life, Life::Live | Life::Expired);
    state.row.life != Life::Reused && !(lives && state.jar.out)
}

/// The network falls silent, and one tab asks until it has an answer: as it is now, and when the window is over.
fn gets_in(system: &System, state: &State) -> bool {
    if state.row.life != Life::Live || state.jar.out {
        return true;
    }
    let mut calm = state.clone();
    calm.mail.clear();
    calm.tabs.fill(Tab::Idle);
    let mut later = calm.clone();
    later.row.age = later.row.age.map(|_| system.setting.window);
    later.seen.since = system.setting.window;
    let unkeyed = state.row.retry[0].is_none() && state.jar.token != state.row.current;
    let only_now = system.setting.assumed.keyless_in_time && unkeyed;
    asks_in_peace(system, calm) && (only_now || later.row == state.row || asks_in_peace(system, later))
}

fn asks_in_peace(system: &System, mut calm: State) -> bool {
    system.start(&mut calm, 0);
    if let Tab::Making(key) = calm.tabs[0] {
        system.store_key(&mut calm, 0, key);
    }
    // Ask, stale, ask again, ended, ask again: no client needs more.
    for _ in 0..8 {
        let Some(message) = calm.mail.pop() else { break };
        let next = match message {
            Message::Request(sender, request) => Some(system.read(&mut calm, sender, &request).1),
            Message::Decided(sender, request, write) => system.write(&mut calm, sender, &request, write),
            Message::Answer(..) => {
                system.deliver(&mut calm, message);
                None
            }
        };
        calm.mail.extend(next);
    }
    calm.jar.token == calm.row.current && calm.row.life == Life::Live && !calm.jar.out
}

/// For traces.
#[must_use]
pub fn broken(system: &System, state: &State) -> Vec<&'static str> {
    system.properties().iter().filter(|p| !(p.condition)(system, state)).map(|p| p.name).collect()
}
