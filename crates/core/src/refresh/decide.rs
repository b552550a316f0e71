//! The decision: facts in, decision out. Pure; the first rule that fits.
//!
//! This page is the table of the engine, row by row, in its order. *Inside W* means `|arrived - rotated_at| < W`: a clock
//! that went back further than that counts as outside, and a store that takes its time does not make a request late.
//! Milliseconds throughout.

use crate::model::{
    AddressBinding, Caller, Carrier, Client, ClientId, Ending, Facts, LateRetry, RetryHash, Standing,
    TokenHash, UnixMillis, UserState,
};
use std::net::IpAddr;

/// What a refresh brings, hashed and compared as far as secrets go.
#[derive(Clone, Debug)]
pub struct Presented<'a> {
    /// The token's generation.
    pub generation: u32,
    /// The hash of the token's secret.
    pub hash: TokenHash,
    /// The client that the request names, where it names one.
    pub client_id: Option<&'a ClientId>,
    /// Where the token was found.
    pub carrier: Carrier,
    /// The device secret beside it.
    pub device: DeviceShown,
    /// The hashes of its retry keys, oldest first.
    pub retry: &'a [RetryHash],
    /// The generation that the client believes to be in, where it says so.
    pub believes: Option<u32>,
    /// From where it came.
    pub caller: &'a Caller,
    /// When it arrived: the window is judged by that, however long the store took since.
    pub arrived: UnixMillis,
    /// Whether this very request has read its token as current already, and was overtaken before it could write. What
    /// overtook it is younger than it, so it counts as inside the window however long that took.
    pub raced: bool,
}

/// The device secret of a request, compared with the session's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceShown {
    /// None came. Absent is not different.
    Absent,
    /// The session's own.
    Same,
    /// Another one: the token has moved.
    Different,
}

/// What to do with an authentic refresh token. One variant a row of the table, in its order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Another client, or a carrier that this kind of client does not use. Nothing changes.
    Mismatch,
    /// The session is over. Never escalates.
    Ended {
        /// Why.
        ending: Ending,
        /// When.
        at: UnixMillis,
        /// Its time is up and nobody has written that down yet.
        unrecorded: bool,
    },
    /// The session is bound to an address and this is another one. Nothing changes, an event is noted.
    Address,
    /// A token of this session beside another device's secret: ends the session as reuse does.
    Moved,
    /// The device secret is missing. Nothing changes, an event is noted.
    Unproven,
    /// The client believes to be in another generation than its token's, as a page does whose cookie was set by an answer
    /// that it never saw: its retry keys are not this token's. Nothing changes; it is told the generation, and asks again.
    AnotherGeneration,
    /// Move to the next generation: successor and access token, one conditional write.
    Rotate,
    /// The current token just came from a rotation: the same token again.
    Debounce,
    /// The previous token inside the window: the same successor again.
    Replay,
    /// The token that was *previous* until the last rotation, inside the window, or with the retry key of the rotation
    /// that consumed it: the current token.
    InFlight,
    /// The previous token after the window, with what `late_retry` asks for: the same successor again.
    LateRetry,
    /// Newer than the store, which has lost its last writes: its operator has said so, or it is of a kind that may at any
    /// time. Move on from it.
    Ahead,
    /// Newer than the store, and nobody has said that it may be, or not beside the device's secret: refused, with an alarm.
    AheadRefused,
    /// An older token with the retry key of the rotation that consumed it, or of a request that was overtaken more often
    /// than the row remembers, or while the store is known to have lost what would excuse it: refused, nothing changes.
    Stale,
    /// Any other authentic token was used before: end this session, tell the user.
    Reuse,
}

/// Where a token stands in its family.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Current,
    Previous,
    BeforePrevious,
    Older,
    Ahead,
}

impl Decision {
    /// The names of the rows, in their order.
    pub const ROWS: [&'static str; 15] = [
        "mismatch",
        "ended",
        "address",
        "moved",
        "unproven",
        "another_generation",
        "rotate",
        "debounce",
        "replay",
        "in_flight",
        "late_retry",
        "ahead",
        "ahead_refused",
        "stale",
        "reuse",
    ];

    /// The place of its row, in [`Decision::ROWS`].
    #[must_use]
    pub fn row(self) -> usize {
        match self {
            Self::Mismatch => 0,
            Self::Ended { .. } => 1,
            Self::Address => 2,
            Self::Moved => 3,
            Self::Unproven => 4,
            Self::AnotherGeneration => 5,
            Self::Rotate => 6,
            Self::Debounce => 7,
            Self::Replay => 8,
            Self::InFlight => 9,
            Self::LateRetry => 10,
            Self::Ahead => 11,
            Self::AheadRefused => 12,
            Self::Stale => 13,
            Self::Reuse => 14,
        }
    }
}

/// Decides what happens to a refresh, from the facts and what was presented.
#[must_use]
pub fn decide(facts: &Facts, presented: &Presented<'_>, client: &Client, now: UnixMillis) -> Decision {
    use Decision as D;
    let session = &facts.session;
    let place = place(facts, presented);
    let inside = inside_window(facts, presented, client);
    // A used token counts as inside however long it took to overtake its request, except where there is no window at all.
    let excused = inside || (presented.raced && !client.window.is_zero());

    if mismatched(facts, presented, client) {
        return D::Mismatch;
    }
    if let Some(ended) = ended(facts, now) {
        return ended;
    }
    if !address_fits(session.last_address, presented.caller.address, client.bind_address) {
        return D::Address;
    }
    if place != Place::Ahead && presented.device == DeviceShown::Different {
        return D::Moved;
    }
    // A session bound to a key (DPoP, DBSC) and no valid proof of it: this row is theirs too, when they come.
    if session.device_shown && presented.device == DeviceShown::Absent {
        return D::Unproven;
    }
    // Where no key counts, nobody is protected from sending the wrong one: a used token is what it is.
    let keys_count = client.late_retry != LateRetry::Never;
    if keys_count && presented.believes.is_some_and(|generation| generation != presented.generation) {
        return D::AnotherGeneration;
    }
    match place {
        Place::Current if !inside => D::Rotate,
        Place::Current => D::Debounce,
        Place::Previous if excused => D::Replay,
        Place::BeforePrevious if excused => D::InFlight,
        Place::Previous if late_retry_fits(facts, presented, client) => D::LateRetry,
        // A browser whose cookie a very late answer has set back by two.
        Place::BeforePrevious if retry_key_fits(facts, presented, client) => D::InFlight,
        Place::Ahead if ahead_is_believed(facts, presented, now) => D::Ahead,
        Place::Ahead => D::AheadRefused,
        Place::Older if retry_key_fits(facts, presented, client) => D::Stale,
        // The store has lost its last writes, and with them the keys that excuse what was under way.
        _ if keys_count && said_to_be_behind(facts, presented, now) => D::Stale,
        // The same, where the store loses writes without anybody noticing: what was under way when the session moved on
        // from a newer token arrives inside the window, or never.
        _ if inside && left_behind(facts, presented) => D::Stale,
        // Overtaken more often than the row remembers: it lost a race, and nobody has used its token twice.
        Place::Older if presented.raced && excused => D::Stale,
        Place::Previous | Place::BeforePrevious | Place::Older => D::Reuse,
    }
}

fn place(facts: &Facts, presented: &Presented<'_>) -> Place {
    let lineage = &facts.session.lineage;
    let is = |hash: &Option<TokenHash>| hash.as_ref() == Some(&presented.hash);
    match lineage.generation.checked_sub(presented.generation) {
        Some(0) if lineage.current_hash == presented.hash => Place::Current,
        Some(1) if is(&lineage.previous_hash) => Place::Previous,
        Some(2) if is(&lineage.before_hash) => Place::BeforePrevious,
        // The same generation with another secret, or a later one: the store knows less than the client.
        Some(0) | None => Place::Ahead,
        Some(_) => Place::Older,
    }
}

fn inside_window(facts: &Facts, presented: &Presented<'_>, client: &Client) -> bool {
    let rotated_at = facts.session.lineage.rotated_at;
    rotated_at.is_some_and(|rotated| presented.arrived.distance(rotated) < client.window)
}

fn mismatched(facts: &Facts, presented: &Presented<'_>, client: &Client) -> bool {
    presented.client_id.is_some_and(|named| *named != facts.session.client_id)
        || client.id != facts.session.client_id
        || presented.carrier != client.kind.carrier()
}

fn ended(facts: &Facts, now: UnixMillis) -> Option<Decision> {
    if let Some((ending, at)) = facts.ending_at(now) {
        let unrecorded = facts.session.standing == Standing::Live;
        return Some(Decision::Ended { ending, at, unrecorded });
    }
    // Whatever ends all sessions writes their rows and raises the epoch at once; these two are the second lock on
    // the door, for a store that keeps users and sessions in two places.
    if facts.user.state == UserState::Disabled {
        return Some(Decision::Ended { ending: Ending::UserDisabled, at: now, unrecorded: true });
    }
    (facts.session.ep != facts.user.ep).then_some(Decision::Ended {
        ending: Ending::LoggedOutEverywhere,
        at: now,
        unrecorded: true,
    })
}

fn address_fits(bound_to: Option<IpAddr>, from: Option<IpAddr>, binding: AddressBinding) -> bool {
    match binding {
        AddressBinding::Off => true,
        AddressBinding::Address => bound_to == from,
        AddressBinding::Network => bound_to.map(network) == from.map(network),
    }
}

/// The network an address is in: IPv4 /24, IPv6 /64.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & (u32::MAX << 8)).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << 64)).into()),
    }
}

/// The retry key of the rotation that consumed the presented generation. Under `never`, no key excuses a used token.
fn retry_key_fits(facts: &Facts, presented: &Presented<'_>, client: &Client) -> bool {
    let consumed_with = facts.session.lineage.retry_hash_of(presented.generation);
    client.late_retry != LateRetry::Never && consumed_with.is_some_and(|key| presented.retry.contains(&key))
}

fn late_retry_fits(facts: &Facts, presented: &Presented<'_>, client: &Client) -> bool {
    let device_suffices = client.late_retry == LateRetry::Device && presented.device == DeviceShown::Same;
    device_suffices || retry_key_fits(facts, presented, client)
}

fn ahead_is_believed(facts: &Facts, presented: &Presented<'_>, now: UnixMillis) -> bool {
    let by_itself = facts.may_lose_writes && presented.device == DeviceShown::Same;
    by_itself || said_to_be_behind(facts, presented, now)
}

/// The operator has said that the store lost its last writes, and this is the session's device.
fn said_to_be_behind(facts: &Facts, presented: &Presented<'_>, now: UnixMillis) -> bool {
    presented.device == DeviceShown::Same && facts.accept_ahead_until.is_some_and(|until| now < until)
}

/// A token of the branch that the store has lost, from the session's device.
fn left_behind(facts: &Facts, presented: &Presented<'_>) -> bool {
    facts.may_lose_writes && facts.session.lineage.begins_anew() && presented.device == DeviceShown::Same
}
