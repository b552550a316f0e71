//! The bytes: no two events look the same, and one is what the reference says.

use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::{collection, option};

use super::canonical;
use super::chain::is_checkpoint;
use crate::model::{
    Actor, AuditMark, Caller, ClientId, Ending, Event, EventKind, SessionId, UnixMillis, UserId,
};

/// Small and alike, so that fields that run into each other would be noticed.
fn text() -> impl Strategy<Value = Option<String>> {
    option::of(collection::vec("[\u{0}\u{1}a]", 0..3).prop_map(|parts| parts.concat()))
}

fn an_event() -> impl Strategy<Value = Event> {
    let kinds = [
        EventKind::SignedIn,
        EventKind::SessionEnded(Ending::Reused),
        EventKind::EpochRaised(Ending::Reused),
        EventKind::SessionEnded(Ending::Renewed),
    ];
    let ids = (option::of(any::<bool>()), option::of(any::<bool>()));
    (0..4_usize, 0..2_i64, ids, text(), text(), text()).prop_map(
        move |(kind, at, (user, session), about, actor, reason)| Event {
            kind: kinds[kind],
            at: UnixMillis(at),
            user_id: user.map(|it| UserId::from_bytes([u8::from(it); 16])),
            session_id: session.map(|it| SessionId::from_bytes([u8::from(it); 16])),
            about,
            caller: Caller {
                actor: actor.map(|it| Actor::Client(ClientId(it))),
                reason,
                ..Caller::default()
            },
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_events_have_the_same_bytes(one in an_event(), other in an_event(), seqs in (0..2_u64, 0..2_u64)) {
        let bytes = |seq, event| canonical::bytes(&canonical::START, seq, event, &canonical::NOWHERE);
        let same = one == other && seqs.0 == seqs.1;
        prop_assert_eq!(bytes(seqs.0, &one) == bytes(seqs.1, &other), same);
    }

    #[test]
    fn no_two_callers_have_the_same_commitment(agents in (text(), text()), addresses in any::<[Option<[u8; 4]>; 2]>()) {
        let caller = |user_agent, address: Option<[u8; 4]>| Caller {
            user_agent,
            address: address.map(Into::into),
            ..Caller::default()
        };
        let (one, other) = (caller(agents.0, addresses[0]), caller(agents.1, addresses[1]));
        let commitment = |caller| canonical::commitment(&[1; 16], caller);
        prop_assert_eq!(commitment(&one) == commitment(&other), one == other);
        prop_assert!(canonical::commitment(&[2; 16], &one) != commitment(&one), "nor with another salt");
    }
}

#[test]
fn a_link_keeps_both_halves() {
    let mut hash = [7; 32];
    hash[16..].fill(8);
    let link = canonical::link(&hash, &[9; 16], None);
    assert_eq!(canonical::halves(&link), ([7; 16], [9; 16]));
}

#[test]
fn a_checkpoint_is_due_with_each_hour_and_each_thousand() {
    const HOUR: i64 = 3_600_000;
    let from =
        |seq, at| AuditMark { seq, hash: [0; 32], at: UnixMillis(at), key_id: 1, signature: Vec::new() };
    let due = |from: &AuditMark, seq, at| is_checkpoint(Some(from), seq, UnixMillis(at));
    assert!(is_checkpoint(None, 1, UnixMillis(0)));
    assert!(!due(&from(1, 0), 999, HOUR - 1));
    assert!(due(&from(1, 0), 1_000, 1));
    assert!(due(&from(1, HOUR - 1), 2, HOUR));
    assert!(due(&from(1, HOUR), 2, HOUR - 1), "a clock that was put back is another hour as well");
}
