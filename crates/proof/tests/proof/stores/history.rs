//! What can happen to the sessions of one user, drawn at random. Everything is said relative to what there is when it
//! happens (the newest session, the token before the current one), so that a history stays one when parts of it are
//! taken out: that is how proptest finds the shortest.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::BoxedStrategy;
use rotunda_proof::state::Device;

/// One step of a history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One refresh, undisturbed.
    Refresh(Ask),
    /// Several refreshes and what else happens between their readings and writings, turn by turn. What is left when the
    /// turns are over is finished in order.
    Race(Vec<Ask>, Vec<Turn>),
    /// Several refreshes at once, on threads. Then the stores go back to where they were.
    AtOnce(Vec<Ask>),
    /// Anything else.
    Act(Act),
    /// The server is stopped and started again.
    Restart,
    /// A backup is made.
    BackUp,
    /// The stores come back as the backup has them; the operator says so, or does not.
    Restore(bool),
}

/// A turn in a race.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// This refresh goes on.
    Of(u8),
    /// Something else happens.
    Act(Act),
}

/// What happens to sessions other than refreshes.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Pass(Span),
    LogIn,
    LogOut(u8, Pick),
    LogOutEverywhere(u8),
    ChangePassword(u8),
    Disable,
    Enable,
    /// The janitor comes by.
    Sweep,
    /// The operator says that newer tokens are to be believed for an hour, or takes it back.
    Believe(bool),
}

/// How the clock moves.
#[derive(Clone, Debug)]
pub(crate) enum Span {
    /// By so many milliseconds.
    By(i64),
    /// To so many milliseconds after the end of the window of a session's last rotation.
    Window(u8, i64),
    /// To so many milliseconds after the moment when a session expires.
    Expiry(u8, i64),
}

/// A refresh to be. Sessions are counted from the newest.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) session: u8,
    pub(crate) token: Pick,
    pub(crate) keys: KeyPick,
    pub(crate) device: Device,
    /// What is said about the generation: how much it is off.
    pub(crate) believes: Option<i8>,
    pub(crate) oddity: Oddity,
}

/// Which token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// The current one, or the one before it, or before that.
    Row(u8),
    /// The one that was given out last, or so many before.
    GivenOut(u8),
}

/// Which retry keys.
#[derive(Clone, Debug)]
pub(crate) enum KeyPick {
    /// Those of a good client that is in the token's generation; the newest is made if there is none.
    Good,
    /// The same, without the newest.
    Stale,
    /// The same, the other way round.
    Reversed,
    None,
    /// A new one.
    Foreign,
    /// Any that were ever made, for any session.
    Any(Vec<u8>),
}

/// What no client of ours does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Oddity {
    None,
    Garbled,
    AsAnother,
    FromElsewhere,
}

pub(crate) const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// How it stands with the user, which says what is likely next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    /// No session lives.
    Over,
    /// Somebody has a token that is newer than its row.
    Ahead,
    /// With the backup there is, somebody would have.
    Restorable,
    /// None of these.
    Usual,
}

/// Anything, but rarely what ends it all: a history should be long before its sessions are over.
pub(crate) fn step(mood: Mood) -> BoxedStrategy<Step> {
    if mood == Mood::Over {
        return prop_oneof![
            6 => act().prop_map(Step::Act),
            12 => Just(Step::Act(Act::LogIn)),
            4 => Just(Step::Act(Act::Enable)),
            5 => ask(mood).prop_map(Step::Refresh),
            3 => any::<bool>().prop_map(Step::Restore),
        ]
        .boxed();
    }
    let restore = if mood == Mood::Restorable { 16 } else { 1 };
    prop_oneof![
        34 => ask(mood).prop_map(Step::Refresh),
        26 => time().prop_map(|span| Step::Act(Act::Pass(span))),
        14 => (asks(mood), proptest::collection::vec(turn(), 0..10))
            .prop_map(|(asks, turns)| Step::Race(asks, turns)),
        4 => asks(mood).prop_map(Step::AtOnce),
        8 => act().prop_map(Step::Act),
        2 => Just(Step::Restart),
        4 => Just(Step::BackUp),
        restore => any::<bool>().prop_map(Step::Restore),
    ]
    .boxed()
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => time().prop_map(Act::Pass),
        8 => Just(Act::LogIn),
        2 => (session(), pick()).prop_map(|(session, token)| Act::LogOut(session, token)),
        1 => session().prop_map(Act::LogOutEverywhere),
        1 => session().prop_map(Act::ChangePassword),
        1 => Just(Act::Disable),
        2 => Just(Act::Enable),
        3 => Just(Act::Sweep),
        3 => any::<bool>().prop_map(Act::Believe),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![8 => (0..4_u8).prop_map(Turn::Of), 1 => act().prop_map(Turn::Act)]
}

fn time() -> impl Strategy<Value = Span> {
    let little = prop_oneof![Just(1_i64), 1..3_000_i64, 1..10_000_i64];
    let long = prop_oneof![10_000..40_000_i64, MINUTE..90 * MINUTE, Just(DAY), Just(3 * DAY)];
    let back = prop_oneof![Just(-1_i64), -9_999..0_i64, -40_000..-10_000_i64, Just(-DAY)];
    prop_oneof![
        4 => little.prop_map(Span::By),
        7 => (session(), -1..=1_i64).prop_map(|(session, off)| Span::Window(session, off)),
        7 => long.prop_map(Span::By),
        1 => back.prop_map(Span::By),
        1 => (session(), -1..=1_i64).prop_map(|(session, off)| Span::Expiry(session, off)),
    ]
}

fn asks(mood: Mood) -> impl Strategy<Value = Vec<Ask>> {
    // Often the very same, as a page does that is opened twice.
    let same = (ask(mood), 2..=4_usize).prop_map(|(ask, times)| vec![ask; times]);
    prop_oneof![1 => same, 2 => proptest::collection::vec(ask(mood), 2..=4)]
}

fn ask(mood: Mood) -> impl Strategy<Value = Ask> {
    let device =
        prop_oneof![40 => Just(Device::Same), 4 => Just(Device::Absent), 1 => Just(Device::Different)];
    let ahead = if mood == Mood::Ahead { 20 } else { 1 };
    let token = prop_oneof![ahead => (0..3_u8).prop_map(Pick::GivenOut), 12 => pick()];
    let believes = prop_oneof![12 => Just(None), 6 => Just(Some(0_i8)), 1 => (-2..=2_i8).prop_map(Some)];
    let oddity = prop_oneof![
        40 => Just(Oddity::None),
        1 => Just(Oddity::Garbled),
        1 => Just(Oddity::AsAnother),
        1 => Just(Oddity::FromElsewhere),
    ];
    (session(), token, keys(), device, believes, oddity).prop_map(
        |(session, token, keys, device, believes, oddity)| Ask {
            session,
            token,
            keys,
            device,
            believes,
            oddity,
        },
    )
}

fn session() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(0_u8), 2 => Just(1), 1 => 0..6_u8]
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![
        8 => Just(Pick::GivenOut(0)),
        6 => Just(Pick::Row(0)),
        4 => Just(Pick::Row(1)),
        3 => Just(Pick::Row(2)),
        3 => (1..9_u8).prop_map(Pick::GivenOut),
    ]
}

fn keys() -> impl Strategy<Value = KeyPick> {
    prop_oneof![
        12 => Just(KeyPick::Good),
        3 => Just(KeyPick::None),
        1 => Just(KeyPick::Stale),
        1 => Just(KeyPick::Reversed),
        1 => Just(KeyPick::Foreign),
        2 => proptest::collection::vec(any::<u8>(), 1..=4).prop_map(KeyPick::Any),
    ]
}
