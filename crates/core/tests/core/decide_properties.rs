//! What holds for the decision whatever the facts and whatever is presented.

use std::net::IpAddr;
use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::RngSeed;
use proptest::{option, prop_oneof};
use rotunda_core::model::{
    AddressBinding, Caller, Carrier, Client, ClientId, ClientKind, Ending, Facts, LateRetry, Lineage,
    RetryHash, Standing, TokenHash, UnixMillis, UserState,
};
use rotunda_core::policy::Policy;
use rotunda_core::refresh::{Decision, DeviceShown, Presented, decide};
use rotunda_testkit::fixtures::{NOW, a_session, a_user};

/// Facts and an attempt that may or may not fit together.
#[derive(Clone, Debug)]
struct Any {
    facts: Facts,
    client: Client,
    generation: u32,
    hash: TokenHash,
    named: Option<ClientId>,
    carrier: Carrier,
    device: DeviceShown,
    retry: Vec<RetryHash>,
    believes: Option<u32>,
    caller: Caller,
    now: UnixMillis,
}

impl Any {
    fn decide(&self) -> Decision {
        let presented = Presented {
            generation: self.generation,
            hash: self.hash,
            client_id: self.named.as_ref(),
            carrier: self.carrier,
            device: self.device,
            retry: &self.retry,
            caller: &self.caller,
            believes: self.believes,
            arrived: self.now,
            raced: false,
        };
        decide(&self.facts, &presented, &self.client, self.now)
    }

    fn is_over(&self) -> bool {
        let (session, user) = (&self.facts.session, &self.facts.user);
        session.standing != Standing::Live
            || self.now >= session.idle_expires_at
            || self.now >= session.absolute_expires_at
            || user.state == UserState::Disabled
            || user.ep != session.ep
    }

    fn is_current(&self) -> bool {
        let lineage = &self.facts.session.lineage;
        self.generation == lineage.generation && self.hash == lineage.current_hash
    }

    fn is_older(&self) -> bool {
        self.generation < self.facts.session.lineage.generation
    }
}

/// A secret that no row knows.
const FORGED: TokenHash = TokenHash([9; 32]);

fn grants(decision: Decision) -> bool {
    use Decision as D;
    matches!(decision, D::Rotate | D::Debounce | D::Replay | D::InFlight | D::LateRetry | D::Ahead)
}

/// Few values, so that tokens and keys often fit.
fn token_hash() -> impl Strategy<Value = TokenHash> {
    (0..4_u8).prop_map(|seed| TokenHash([seed; 32]))
}

fn retry_hash() -> impl Strategy<Value = RetryHash> {
    (0..4_u8).prop_map(|seed| RetryHash([seed; 16]))
}

/// Near the pinned moment, or anywhere at all.
fn moment() -> impl Strategy<Value = UnixMillis> {
    let near = (-20_000_i64..20_000).prop_map(|ms| UnixMillis(NOW.0 + ms));
    prop_oneof![6 => near, 1 => Just(UnixMillis(i64::MIN)), 1 => Just(UnixMillis(i64::MAX)), 1 => any::<i64>().prop_map(UnixMillis)]
}

fn generation() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..8_u32, 1 => Just(u32::MAX), 1 => Just(u32::MAX - 1), 1 => any::<u32>()]
}

fn lineage() -> impl Strategy<Value = Lineage> {
    let hashes = (token_hash(), option::of(token_hash()), option::of(token_hash()));
    let retry = [(); 4].map(|()| option::of(retry_hash()));
    (generation(), hashes, option::of(moment()), retry).prop_map(
        |(generation, hashes, rotated_at, retry_hashes)| {
            let (current_hash, previous_hash, before_hash) = hashes;
            let first = Lineage::first(current_hash, 1);
            Lineage { generation, previous_hash, before_hash, rotated_at, retry_hashes, ..first }
        },
    )
}

fn facts() -> impl Strategy<Value = Facts> {
    let late = moment().prop_map(|at| at.plus(Duration::from_secs(60)));
    let standing = prop_oneof![
        9 => Just(Standing::Live),
        1 => Just(Standing::Ended { ending: Ending::LoggedOut, at: NOW }),
    ];
    let user = (
        prop_oneof![9 => Just(UserState::Active), 1 => Just(UserState::Disabled)],
        prop_oneof![9 => Just(0), 1 => 0..3_u64],
    );
    let ends = (late, moment().prop_map(|at| at.plus(Duration::from_secs(90))));
    let behind = (option::of(moment()), any::<bool>());
    (lineage(), standing, user, ends, any::<bool>(), behind, address()).prop_map(
        |(lineage, standing, (state, ep), (idle, absolute), shown, behind, last_address)| {
            let (accept_ahead_until, may_lose_writes) = behind;
            let mut user = a_user(1);
            let mut session = a_session(&user, 1);
            (user.state, user.ep) = (state, ep);
            (session.lineage, session.standing, session.device_shown) = (lineage, standing, shown);
            (session.idle_expires_at, session.absolute_expires_at) = (idle, absolute);
            session.last_address = last_address;
            Facts { session, user, accept_ahead_until, may_lose_writes, everyone: None }
        },
    )
}

fn address() -> impl Strategy<Value = Option<IpAddr>> {
    let few = ["192.0.2.7", "192.0.2.8", "203.0.113.1", "2001:db8::1", "2001:db8:0:1::1"];
    option::of((0..few.len()).prop_map(move |n| few[n].parse().unwrap()))
}

fn client() -> impl Strategy<Value = Client> {
    let window = prop_oneof![Just(0), Just(1), Just(10_000), Just(60_000)];
    let late = prop_oneof![Just(LateRetry::Key), Just(LateRetry::Device), Just(LateRetry::Never)];
    let bind = prop_oneof![3 => Just(AddressBinding::Off), 1 => Just(AddressBinding::Address), 1 => Just(AddressBinding::Network)];
    (window, late, bind).prop_map(|(window, late_retry, bind_address)| Client {
        window: Duration::from_millis(window),
        late_retry,
        bind_address,
        ..Policy::builtin("web", ClientKind::Web)
    })
}

fn anything() -> impl Strategy<Value = Any> {
    let device = prop_oneof![3 => Just(DeviceShown::Same), 1 => Just(DeviceShown::Absent), 1 => Just(DeviceShown::Different)];
    let carrier = prop_oneof![8 => Just(Carrier::Cookie), 1 => Just(Carrier::Body)];
    let named = prop_oneof![4 => Just(None), 2 => Just(Some("web")), 1 => Just(Some("native"))];
    let retry = proptest::collection::vec(retry_hash(), 0..5);
    // The token: often one that the row knows.
    let token = (0..5_u8, generation(), token_hash(), 0..12_u8);
    (facts(), client(), token, (named, carrier, device), retry, address(), moment()).prop_map(
        |(
            facts,
            client,
            (known, generation, hash, believes),
            (named, carrier, device),
            retry,
            address,
            now,
        )| {
            let lineage = &facts.session.lineage;
            let back = |by: u32, hash: Option<TokenHash>| Some((lineage.generation.checked_sub(by)?, hash?));
            let fitting = match known {
                0 => back(0, Some(lineage.current_hash)),
                1 => back(1, lineage.previous_hash),
                2 => back(2, lineage.before_hash),
                _ => None,
            };
            let (generation, hash) = fitting.unwrap_or((generation, hash));
            // Mostly nothing, or the token's own.
            let believes = match believes {
                0 => Some(generation.wrapping_add(1)),
                1..=4 => Some(generation),
                _ => None,
            };
            let named = named.map(|name: &str| ClientId(name.to_owned()));
            let caller = Caller { address, ..Caller::default() };
            Any { facts, client, generation, hash, named, carrier, device, retry, believes, caller, now }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn what_is_over_never_yields_a_grant_and_never_escalates(any in anything()) {
        let decision = any.decide();
        let told = matches!(decision, Decision::Mismatch | Decision::Ended { .. });
        prop_assert!(told || !any.is_over(), "{:?}", decision);
        prop_assert!(any.is_over() || !matches!(decision, Decision::Ended { .. }), "nor is anything over that is not");
    }

    #[test]
    fn an_ending_on_record_is_told_as_it_is(mut any in anything()) {
        any.facts.session.standing = Standing::Ended { ending: Ending::LoggedOut, at: NOW };
        let on_record = Decision::Ended { ending: Ending::LoggedOut, at: NOW, unrecorded: false };
        let decision = any.decide();
        prop_assert!(decision == on_record || decision == Decision::Mismatch);
    }

    #[test]
    fn another_device_never_yields_a_grant(mut any in anything()) {
        any.device = DeviceShown::Different;
        prop_assert!(!grants(any.decide()), "{:?}", any.decide());
    }

    #[test]
    fn without_the_device_that_a_session_has_shown_nothing_is_granted_and_nothing_ends(mut any in anything()) {
        any.device = DeviceShown::Absent;
        any.facts.session.device_shown = true;
        let decision = any.decide();
        prop_assert!(!grants(decision) && !matches!(decision, Decision::Reuse | Decision::Moved), "{:?}", decision);
    }

    #[test]
    fn strict_grants_the_current_token_alone_and_excuses_nothing(mut any in anything()) {
        any.client.window = Duration::ZERO;
        any.client.late_retry = LateRetry::Never;
        let decision = any.decide();
        let ahead = (any.facts.accept_ahead_until.is_some() || any.facts.may_lose_writes) && decision == Decision::Ahead;
        prop_assert!(!grants(decision) || ahead || (any.is_current() && decision == Decision::Rotate), "{:?}", decision);
        prop_assert!(decision != Decision::Stale);
        if any.is_older() && !any.is_over() {
            let refusals = [Decision::Mismatch, Decision::Address, Decision::Moved, Decision::Unproven, Decision::Reuse];
            prop_assert!(refusals.contains(&decision), "{:?}", decision);
        }
    }

    #[test]
    fn a_forged_secret_at_the_current_generation_is_never_the_current_token(mut any in anything()) {
        any.generation = any.facts.session.lineage.generation;
        any.hash = FORGED;
        prop_assert!(!matches!(any.decide(), Decision::Rotate | Decision::Debounce), "{:?}", any.decide());
    }

    #[test]
    fn a_token_more_than_two_generations_old_is_never_granted(mut any in anything(), older in 3..9_u32) {
        let lineage = &mut any.facts.session.lineage;
        lineage.generation = lineage.generation.max(older);
        any.generation = lineage.generation - older;
        prop_assert!(!grants(any.decide()), "{:?}", any.decide());
    }

    #[test]
    fn a_token_that_the_row_does_not_know_is_granted_only_where_the_store_may_be_behind(mut any in anything()) {
        any.hash = FORGED;
        let decision = any.decide();
        let said = any.facts.accept_ahead_until.is_some_and(|until| any.now < until);
        let believed = (said || any.facts.may_lose_writes) && any.device == DeviceShown::Same;
        prop_assert!(!grants(decision) || (decision == Decision::Ahead && believed), "{:?}", decision);
    }

    #[test]
    fn a_wrong_belief_about_the_generation_never_yields_a_grant_and_never_ends_anything_by_itself(mut any in anything()) {
        any.believes = Some(any.generation.wrapping_add(1));
        any.client.late_retry = LateRetry::Key;
        let decision = any.decide();
        prop_assert!(!grants(decision) && !matches!(decision, Decision::Reuse | Decision::Stale), "{:?}", decision);
        any.believes = Some(any.generation);
        let said = any.decide();
        any.believes = None;
        prop_assert_eq!(said, any.decide(), "and a right one changes nothing");
    }

    #[test]
    fn reuse_is_told_of_used_tokens_only(any in anything()) {
        let decision = any.decide();
        prop_assert!(any.is_older() || !matches!(decision, Decision::Reuse | Decision::Stale), "{:?}", decision);
    }

    #[test]
    fn the_honest_device_always_goes_on_with_the_current_token_of_a_live_session(mut any in anything()) {
        let lineage = &any.facts.session.lineage;
        (any.generation, any.hash) = (lineage.generation, lineage.current_hash);
        (any.device, any.carrier, any.named, any.believes) = (DeviceShown::Same, Carrier::Cookie, None, None);
        any.client.bind_address = AddressBinding::Off;
        let goes_on = matches!(any.decide(), Decision::Rotate | Decision::Debounce);
        prop_assert_eq!(goes_on, !any.is_over());
    }
}
