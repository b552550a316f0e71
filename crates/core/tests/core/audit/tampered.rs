//! Whatever somebody with the database does to the log, with or without computing all hashes anew: it is found.

use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::test_runner::{RngSeed, TestCaseError, TestRunner};
use rotunda_core::model::Actor;
use rotunda_core::model::{AuditMark, ChainLink, ClientId, RecordedEvent, UnixMillis};
use rotunda_testkit::MemoryState;
use rotunda_testkit::fixtures::{a_caller, a_session, a_user, every_kind};

use super::{a_log, forger, touched, verified};

/// What is done: what, where, where else, how much; and whether the hashes are made to fit.
type Deed = (u8, usize, usize, u8, bool);

#[test]
fn whatever_is_done_to_a_log_is_found() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let w = runtime.block_on(a_log());
    let log = w.store.inner.snapshot();
    let untouched = touched(&log);
    let deeds = (0..DEEDS, any::<usize>(), any::<usize>(), any::<u8>(), any::<bool>());
    let config = ProptestConfig {
        cases: 3_000,
        rng_seed: RngSeed::Fixed(8),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let done = std::cell::Cell::new([0_u32; DEEDS as usize]);
    let deed = |deed: Deed| {
        let mut state = log.clone();
        tamper(&mut state, deed);
        state.checkpoints = state.checkpoints.into_values().map(|mark| (mark.seq, mark)).collect();
        if deed.4 {
            forger::chain_anew(&mut state);
        }
        if touched(&state) == untouched {
            return Ok(());
        }
        let mut counted = done.get();
        counted[usize::from(deed.0)] += 1;
        done.set(counted);
        w.store.inner.restore(state);
        let found = runtime.block_on(verified(&w));
        if found.found == 0 { Err(TestCaseError::fail("it was not found")) } else { Ok(()) }
    };
    TestRunner::new(config).run(&deeds.prop_map(|deed| deed), deed).unwrap();
    assert!(done.get().iter().all(|times| *times > 20), "each of them was done: {:?}", done.get());
}

const DEEDS: u8 = 21;

fn tamper(state: &mut MemoryState, (what, i, j, byte, _): Deed) {
    let many = state.events.len();
    let (i, j) = (i % many, j % many);
    match what {
        0..=11 => change(&mut state.events[i], what, byte),
        12 => drop(state.events.remove(i)),
        13 => drop(state.events.drain(i.min(j)..=i.max(j))),
        14 => {
            let mut new = state.events[i].clone();
            new.event.about = Some("put in".to_owned());
            state.events.insert(j, new);
            number_anew(state);
        }
        15 => {
            let (one, other) = (state.events[i].seq, state.events[j].seq);
            state.events.swap(i, j);
            (state.events[i].seq, state.events[j].seq) = (one, other);
        }
        16 => cut(state, i, byte),
        17 => {
            if let Some(mark) = state.audit.floor.as_mut() {
                alter(mark, byte);
            }
        }
        18 => {
            if let Some(mark) = state.audit.head.as_mut() {
                alter(mark, byte);
            }
        }
        19 => {
            let floor = state.audit.floor.as_ref().unwrap().seq;
            let old = RecordedEvent { seq: u64::from(byte) % (floor + 1), ..state.events[i].clone() };
            state.events.insert(0, old);
        }
        _ => swap_marks(state, i, j, byte),
    }
}

fn change(recorded: &mut RecordedEvent, column: u8, byte: u8) {
    let (event, seed) = (&mut recorded.event, u64::from(byte));
    match column {
        0 => event.at = UnixMillis(event.at.0 + 1 + i64::from(byte)),
        1 => event.kind = every_kind().nth(usize::from(byte) % 40).unwrap(),
        2 => event.user_id = event.user_id.is_none().then(|| a_user(seed).id),
        3 => event.session_id = event.session_id.is_none().then(|| a_session(&a_user(seed), seed).id),
        4 => event.about = event.about.is_none().then(String::new),
        5 => {
            event.caller.actor = event.caller.actor.is_none().then(|| Actor::Client(ClientId(String::new())))
        }
        6 => event.caller.reason = event.caller.reason.is_none().then(String::new),
        7 => event.caller.address = event.caller.address.is_none().then(|| a_caller(seed).address).flatten(),
        8 => event.caller.user_agent = event.caller.user_agent.is_none().then(String::new),
        9 => recorded.link.as_mut().unwrap().hash[usize::from(byte % 32)] ^= 1,
        10 => {
            let salt = &mut recorded.link.as_mut().unwrap().salt;
            *salt = salt.is_none().then_some([byte; 16]);
        }
        _ => recorded.link = None::<ChainLink>,
    }
}

fn number_anew(state: &mut MemoryState) {
    let first = state.events.iter().map(|event| event.seq).min().unwrap();
    for (seq, event) in (first..).zip(&mut state.events) {
        event.seq = seq;
    }
}

/// Cuts the log off at a checkpoint or anywhere, and puts one thing or another in place of its head.
fn cut(state: &mut MemoryState, i: usize, byte: u8) {
    let kept: Vec<AuditMark> = state.checkpoints.values().cloned().collect();
    let at = match byte & 1 {
        0 => kept[i % kept.len()].clone(),
        _ => AuditMark { seq: state.events[i].seq, ..kept[0].clone() },
    };
    state.events.retain(|event| event.seq <= at.seq);
    state.checkpoints.retain(|seq, _| *seq <= at.seq);
    match byte >> 1 & 3 {
        0 => state.audit.head = Some(at),
        1 => state.audit.head = None,
        2 => {
            if let Some(head) = state.audit.head.as_mut() {
                (head.seq, head.hash, head.at) = (at.seq, at.hash, at.at);
            }
        }
        _ => {}
    }
}

fn alter(mark: &mut AuditMark, byte: u8) {
    match byte % 5 {
        0 => mark.seq += 1,
        1 => mark.hash[usize::from(byte % 32)] ^= 1,
        2 => mark.at = UnixMillis(mark.at.0 + 1),
        3 => mark.key_id = mark.key_id.wrapping_add(byte.max(1)),
        _ => mark.signature[usize::from(byte % 64)] ^= 1,
    }
}

/// One mark in the place of another, or a checkpoint altered.
fn swap_marks(state: &mut MemoryState, i: usize, j: usize, byte: u8) {
    let mut all: Vec<AuditMark> = state.checkpoints.values().cloned().collect();
    all.extend(state.audit.floor.clone());
    all.extend(state.audit.head.clone());
    let (other, many) = (all[j % all.len()].clone(), state.checkpoints.len());
    match byte % 4 {
        0 => state.audit.floor = Some(other),
        1 => state.audit.head = Some(other),
        2 => {
            // There is one of each place.
            let mark = state.checkpoints.values_mut().nth(i % many).unwrap();
            *mark = AuditMark { seq: mark.seq, ..other };
        }
        _ => alter(state.checkpoints.values_mut().nth(i % many).unwrap(), byte / 4),
    }
}
