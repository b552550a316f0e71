//! The table of the decision: a session at generation 9 that rotated a moment ago, and one refresh of it.
//!
//! The token of generation `g` hashes to `[g; 32]`, the retry key of the rotation that consumed it to `[g; 16]`.

mod gates;
mod late;
mod lineage;
mod losing;

use std::collections::BTreeSet;
use std::time::Duration;

use super::decide::{Decision as D, DeviceShown, Presented, decide};
use crate::model::{
    AddressBinding, Caller, Carrier, Client, ClientId, ClientKind, DeviceHash, DeviceId, Email, Ending,
    Facts, LateRetry, Lineage, RetryHash, Salt, Session, SessionId, Standing, TokenHash, UnixMillis, User,
    UserId, UserState,
};
use crate::policy::Policy;

const ROTATED: i64 = 1_800_000_000_000;
const W: i64 = 10_000;
const LATER: i64 = 3_600_000;
const NOW_9: u32 = 9;

/// One refresh; on an ordinary day unless a test says otherwise.
#[derive(Clone)]
struct Case {
    facts: Facts,
    client: Client,
    names: Option<ClientId>,
    carrier: Carrier,
    generation: u32,
    hash: TokenHash,
    device: DeviceShown,
    retry: Vec<RetryHash>,
    believes: Option<u32>,
    caller: Caller,
    raced: bool,
    now: UnixMillis,
}

/// The token of that generation, with the device secret and no retry keys, so many milliseconds after the last rotation.
fn token(generation: u32, after: i64) -> Case {
    Case {
        facts: Facts {
            session: session(),
            user: user(),
            accept_ahead_until: None,
            may_lose_writes: false,
            everyone: None,
        },
        client: Policy::builtin("web", ClientKind::Web),
        names: None,
        carrier: Carrier::Cookie,
        generation,
        hash: token_hash(generation),
        device: DeviceShown::Same,
        retry: Vec::new(),
        believes: None,
        caller: from("192.0.2.7"),
        raced: false,
        now: UnixMillis(ROTATED + after),
    }
}

impl Case {
    fn decision(&self) -> D {
        let presented = Presented {
            generation: self.generation,
            hash: self.hash,
            client_id: self.names.as_ref(),
            carrier: self.carrier,
            device: self.device,
            retry: &self.retry,
            caller: &self.caller,
            believes: self.believes,
            arrived: self.now,
            raced: self.raced,
        };
        decide(&self.facts, &presented, &self.client, self.now)
    }

    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// With the keys of the rotations that consumed these generations.
    fn keys(self, of: &[u32]) -> Self {
        self.but(|case| case.retry = of.iter().map(|g| retry_hash(*g)).collect())
    }

    /// From a client that believes to be in this generation.
    fn believes(self, generation: u32) -> Self {
        self.but(|case| case.believes = Some(generation))
    }

    fn shows(self, device: DeviceShown) -> Self {
        self.but(|case| case.device = device)
    }

    fn never_shown(self) -> Self {
        self.but(|case| case.facts.session.device_shown = false)
    }

    fn under(self, late_retry: LateRetry) -> Self {
        self.but(|case| case.client.late_retry = late_retry)
    }

    fn window(self, ms: u64) -> Self {
        self.but(|case| case.client.window = Duration::from_millis(ms))
    }

    fn forged(self) -> Self {
        self.but(|case| case.hash = TokenHash([0xee; 32]))
    }

    fn raced(self) -> Self {
        self.but(|case| case.raced = true)
    }

    fn believed(self) -> Self {
        self.but(|case| case.facts.accept_ahead_until = Some(case.now.plus(Duration::from_millis(1))))
    }

    /// Of a store that may lose its last writes on any day.
    fn losing(self) -> Self {
        self.but(|case| case.facts.may_lose_writes = true)
    }

    fn bound(self, binding: AddressBinding, to: &str, from_address: &str) -> Self {
        self.but(|case| {
            case.client.bind_address = binding;
            case.facts.session.last_address = from(to).address;
            case.caller = from(from_address);
        })
    }
}

fn token_hash(generation: u32) -> TokenHash {
    TokenHash([u8::try_from(generation).unwrap(); 32])
}

fn retry_hash(generation: u32) -> RetryHash {
    RetryHash([u8::try_from(generation).unwrap(); 16])
}

fn from(address: &str) -> Caller {
    Caller::new(address.parse().ok(), None)
}

fn session() -> Session {
    let began = UnixMillis(ROTATED).minus(Duration::from_secs(86_400));
    Session {
        id: SessionId::from_bytes([1; 16]),
        user_id: UserId::from_bytes([2; 16]),
        client_id: ClientId::web(),
        device_id: DeviceId::from_bytes([3; 16]),
        device_hash: DeviceHash([4; 32]),
        device_shown: true,
        page_hash: None,
        remember: true,
        lineage: Lineage {
            generation: NOW_9,
            current_hash: token_hash(9),
            previous_hash: Some(token_hash(8)),
            before_hash: Some(token_hash(7)),
            salt: Some(Salt([8; 32])),
            previous_salt: Some(Salt([7; 32])),
            key_id: 1,
            previous_key_id: 1,
            rotated_at: Some(UnixMillis(ROTATED)),
            retry_hashes: [8, 7, 6, 5].map(|generation| Some(retry_hash(generation))),
        },
        created_at: began,
        auth_time: began,
        amr: vec!["pwd".to_owned()],
        idle: Duration::from_secs(7 * 86_400),
        idle_expires_at: UnixMillis(ROTATED).plus(Duration::from_secs(7 * 86_400)),
        absolute_expires_at: began.plus(Duration::from_secs(30 * 86_400)),
        ep: 3,
        revision: 0,
        acting: None,
        standing: Standing::Live,
        last_address: from("192.0.2.7").address,
        last_user_agent: None,
    }
}

fn user() -> User {
    User {
        id: UserId::from_bytes([2; 16]),
        subject: None,
        email: Email::parse("ada@example.com").unwrap(),
        username: None,
        name: None,
        email_verified: false,
        state: UserState::Active,
        ep: 3,
        ce: 0,
        roles: BTreeSet::new(),
        created_at: UnixMillis(0),
    }
}

fn ended(ending: Ending, at: i64, unrecorded: bool) -> D {
    D::Ended { ending, at: UnixMillis(at), unrecorded }
}

#[test]
fn each_row_of_the_table_has_a_refresh_that_hits_exactly_it() {
    let rows = [
        (token(9, LATER).but(|c| c.names = Some(ClientId("native".to_owned()))), D::Mismatch),
        (token(9, LATER).but(|c| c.facts.user.state = UserState::Disabled), {
            ended(Ending::UserDisabled, ROTATED + LATER, true)
        }),
        (token(9, LATER).bound(AddressBinding::Address, "192.0.2.7", "192.0.2.8"), D::Address),
        (token(9, LATER).shows(DeviceShown::Different), D::Moved),
        (token(9, LATER).shows(DeviceShown::Absent), D::Unproven),
        (token(9, LATER).believes(8), D::AnotherGeneration),
        (token(9, LATER), D::Rotate),
        (token(9, 1), D::Debounce),
        (token(8, 1), D::Replay),
        (token(7, 1), D::InFlight),
        (token(8, LATER).keys(&[8]), D::LateRetry),
        (token(10, LATER).believed(), D::Ahead),
        (token(10, LATER), D::AheadRefused),
        (token(7, LATER).keys(&[7]), D::InFlight),
        (token(6, LATER).keys(&[6]), D::Stale),
        (token(8, LATER).believed(), D::Stale),
        (token(8, LATER), D::Reuse),
        (token(7, LATER), D::Reuse),
        (token(0, LATER), D::Reuse),
    ];
    for (number, (case, wanted)) in rows.iter().enumerate() {
        assert_eq!(case.decision(), *wanted, "row {number}");
    }
}

#[test]
fn a_session_that_never_rotated_rotates_at_once() {
    let fresh = token(0, 0).but(|case| {
        case.facts.session.lineage = Lineage::first(token_hash(0), 1);
    });
    assert_eq!(fresh.decision(), D::Rotate);
}

#[test]
fn the_window_ends_after_w_milliseconds_in_both_directions() {
    let inside = [0, 1, W - 1, -1, -(W - 1)];
    let outside = [W, W + 1, LATER, -W, -(W + 1), -LATER];
    for after in inside {
        let answers = [9, 8, 7].map(|generation| token(generation, after).decision());
        assert_eq!(answers, [D::Debounce, D::Replay, D::InFlight], "{after} ms after the rotation");
    }
    for after in outside {
        let answers = [9, 8, 7].map(|generation| token(generation, after).decision());
        assert_eq!(answers, [D::Rotate, D::Reuse, D::Reuse], "{after} ms after the rotation");
    }
}

#[test]
fn a_window_of_zero_has_no_inside() {
    for after in [0, 1, -1] {
        let answers = [9, 8, 7].map(|generation| token(generation, after).window(0).decision());
        assert_eq!(answers, [D::Rotate, D::Reuse, D::Reuse], "{after} ms after the rotation");
    }
}

#[test]
fn inside_the_window_keys_make_no_difference() {
    for keys in [&[][..], &[8], &[5, 6, 7, 8], &[1]] {
        let answers = [9, 8, 7].map(|generation| token(generation, 1).keys(keys).decision());
        assert_eq!(answers, [D::Debounce, D::Replay, D::InFlight], "with the keys {keys:?}");
    }
    // Older than three generations, it is what it is outside.
    assert_eq!(token(6, 1).decision(), D::Reuse);
    assert_eq!(token(6, 1).keys(&[6]).decision(), D::Stale);
}

#[test]
fn a_session_expires_at_its_limit_and_not_a_millisecond_before() {
    let idle = ROTATED + LATER;
    let with_idle = |after: i64| {
        token(9, after).but(|case| case.facts.session.idle_expires_at = UnixMillis(idle)).decision()
    };
    assert_eq!(with_idle(LATER - 1), D::Rotate);
    assert_eq!(with_idle(LATER), ended(Ending::IdleExpired, idle, true));
    assert_eq!(with_idle(LATER + 5), ended(Ending::IdleExpired, idle, true));
    let with_absolute = |idle_lead: i64, after: i64| {
        let both = |case: &mut Case| {
            case.facts.session.absolute_expires_at = UnixMillis(idle);
            case.facts.session.idle_expires_at = UnixMillis(idle - idle_lead);
        };
        token(9, after).but(both).decision()
    };
    assert_eq!(with_absolute(0, LATER - 1), D::Rotate);
    assert_eq!(with_absolute(0, LATER), ended(Ending::AbsoluteExpired, idle, true));
    assert_eq!(with_absolute(1, LATER), ended(Ending::IdleExpired, idle - 1, true), "whichever came first");
}

#[test]
fn an_ending_on_record_is_told_as_it_was_whatever_came_after() {
    for ending in Ending::ALL {
        let over = |case: &mut Case| {
            case.facts.session.standing = Standing::Ended { ending: *ending, at: UnixMillis(7) };
            case.facts.session.idle_expires_at = UnixMillis(8);
            case.facts.user.state = UserState::Disabled;
            case.facts.user.ep += 1;
        };
        for generation in [0, 7, 8, 9, 10] {
            assert_eq!(token(generation, 1).but(over).decision(), ended(*ending, 7, false));
        }
    }
}

#[test]
fn a_raised_epoch_ends_the_session_though_its_row_was_never_written() {
    let raised = token(9, LATER).but(|case| case.facts.user.ep += 1);
    assert_eq!(raised.decision(), ended(Ending::LoggedOutEverywhere, ROTATED + LATER, true));
    let expired_first = raised.but(|case| case.facts.session.idle_expires_at = UnixMillis(ROTATED + 1));
    assert_eq!(expired_first.decision(), ended(Ending::IdleExpired, ROTATED + 1, true));
}

#[test]
fn a_client_is_held_to_its_name_and_its_carrier() {
    let name = |text: &str| Some(ClientId(text.to_owned()));
    assert_eq!(token(9, LATER).but(|c| c.names = name("web")).decision(), D::Rotate);
    assert_eq!(token(9, LATER).but(|c| c.names = name("Web")).decision(), D::Mismatch);
    assert_eq!(token(9, LATER).but(|c| c.carrier = Carrier::Body).decision(), D::Mismatch);
    assert_eq!(token(9, LATER).but(|c| c.client.id = ClientId("native".to_owned())).decision(), D::Mismatch);
    let native = |case: &mut Case| {
        case.client = Policy::builtin("native", ClientKind::Native);
        case.facts.session.client_id = case.client.id.clone();
    };
    assert_eq!(token(9, LATER).but(native).but(|c| c.carrier = Carrier::Body).decision(), D::Rotate);
    assert_eq!(token(9, LATER).but(native).decision(), D::Mismatch, "an app has no cookies");
}

#[test]
fn a_bound_session_stays_at_its_address_or_in_its_network() {
    use AddressBinding::{Address, Network, Off};
    let cases = [
        (Off, "192.0.2.7", "203.0.113.1", D::Rotate),
        (Address, "192.0.2.7", "192.0.2.7", D::Rotate),
        (Address, "192.0.2.7", "::ffff:192.0.2.7", D::Rotate),
        (Address, "192.0.2.7", "192.0.2.8", D::Address),
        (Address, "192.0.2.7", "nowhere", D::Address),
        (Address, "nowhere", "192.0.2.7", D::Address),
        (Address, "2001:db8::7", "2001:db8::7", D::Rotate),
        (Address, "2001:db8::7", "2001:db8::8", D::Address),
        (Network, "192.0.2.7", "192.0.2.255", D::Rotate),
        (Network, "192.0.2.7", "192.0.3.7", D::Address),
        (Network, "192.0.2.7", "nowhere", D::Address),
        (Network, "2001:db8::7", "2001:db8::ffff:ffff:ffff:ffff", D::Rotate),
        (Network, "2001:db8::7", "2001:db8:0:1::7", D::Address),
        (Network, "192.0.2.7", "2001:db8::7", D::Address),
    ];
    for (binding, to, from_address, wanted) in cases {
        let found = token(9, LATER).bound(binding, to, from_address).decision();
        assert_eq!(found, wanted, "{binding:?}: from {to} to {from_address}");
    }
}
