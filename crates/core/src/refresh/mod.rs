//! A refresh, from the token to the next one (RFC 6749 §6, RFC 9700 §4.14).
//!
//! 1. Read the token. Garbage ends here, without touching the store.
//! 2. Load the facts: the session's row and its user, at one moment.
//!    A client that must authenticate has done so, or nothing is decided at all: whoever has copied its token, and not its
//!    secret, neither gets the next one nor ends the session.
//! 3. [`decide`]: pure rules, the first that fits.
//! 4. Apply the decision only if the facts still hold. If they do not, somebody was faster: go back to 2.
//! 5. Sign the access token before the write, hand it out after the write is durable.
//!
//! A refusal that changes something is committed like any success, and only then answered.

mod decide;
mod lineage;
mod read;
mod token;
mod twice;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use decide::{Decision, DeviceShown, Presented, decide};
pub use lineage::{Step, Successor};
pub use token::RefreshToken;
pub use twice::{Picked, Twice};

use crate::Rotunda;
use crate::clients::{ClientProof, speaks_for};
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::keys::MasterKeys;
use crate::limits::BucketKey;
use crate::model::{
    Caller, Carrier, Client, ClientId, DeviceSecret, Ending, Event, EventKind, Facts, LetterKind, PageHash,
    RetryHash, RetryKeys, Salt, SecretText, Session, Tally, TokenHash, UnixMillis,
};
use crate::outside::random;
use crate::store::{EndingOne, Rotating};
use decide::network;

/// How often a refresh is decided anew because somebody else was faster. Under the widest race one extra round
/// suffices, since a rotation makes every other attempt a replay; more means that the store does not keep its word.
const ROUNDS: usize = 8;

/// A repeated refusal is written down once in this span, so that nobody can fill the disk with a leaked token.
pub(crate) const QUIET: Duration = Duration::from_secs(60);

/// A refresh as the client sent it.
#[derive(Clone)]
pub struct Attempt {
    /// The text that was presented as a refresh token.
    pub token: SecretText,
    /// Where it was found.
    pub carrier: Carrier,
    /// The client that the request names, where it names one.
    pub client_id: Option<ClientId>,
    /// That the client has authenticated, where it has.
    pub proof: Option<ClientProof>,
    /// The device secret beside it, where one came.
    pub device: Option<DeviceSecret>,
    /// The page keys beside it, from a browser whose page cookie no neighbour of the domain can set (`__Host-`): one of them has to be
    /// the session's. Else the token was put there by somebody else, to have the user go on as them.
    pub pages: Option<Vec<PageHash>>,
    /// Its retry keys.
    pub retry_keys: RetryKeys,
    /// The generation that the client believes to be in, where it says so.
    pub generation: Option<u32>,
    /// From where it came.
    pub caller: Caller,
}

/// An attempt with its secrets hashed, ready to be compared with a row.
struct Prepared<'a> {
    attempt: &'a Attempt,
    token: RefreshToken,
    hash: TokenHash,
    retry: Vec<RetryHash>,
    arrived: UnixMillis,
    raced: bool,
}

/// One round of a refresh: what was asked, and what was read for it.
#[derive(Clone, Copy)]
struct Round<'a> {
    prepared: &'a Prepared<'a>,
    facts: &'a Facts,
    client: &'a Client,
    /// The revision that was known here before the facts were read.
    revision: u64,
    now: UnixMillis,
}

/// How a round ended that did not end in a refusal.
enum Outcome {
    /// Here is the answer.
    Granted(Box<Grant>),
    /// The token was current when it was read, and was no more when it was to be rotated.
    Overtaken,
    /// Something else has changed since it was read.
    Changed,
}

impl Rotunda {
    /// Gives the next refresh token and a fresh access token for a refresh token, or says why not.
    ///
    /// # Errors
    /// [`Denied::ClientRefused`], or [`Denied`] with one of `token_missing` (another browser's), `token_unknown`, `session_ended`, `client_mismatch`, `address_mismatch`, `proof_missing`,
    /// `generation_mismatch`, `token_stale`, `token_reused`; [`Failure`] when the store does not answer.
    pub async fn refresh(&self, attempt: &Attempt) -> Result<Grant, Error> {
        self.refresh_explained(attempt).await.0
    }

    /// The same, and the row of the table that answered; `None` where the table was not asked, or its answer could not be carried out.
    pub async fn refresh_explained(&self, attempt: &Attempt) -> (Result<Grant, Error>, Option<Decision>) {
        let mut answered_by = None;
        let granted = self.refresh_counted(attempt, &mut answered_by).await;
        self.tallies.count_outcome(&granted, Tally::Refreshes, Tally::RefreshesRefused);
        (granted, answered_by)
    }

    async fn refresh_counted(
        &self,
        attempt: &Attempt,
        answered_by: &mut Option<Decision>,
    ) -> Result<Grant, Error> {
        let token = self.read_token(attempt.token.expose())?.ok_or(Denied::TokenUnknown)?;
        let hash = token.hash(&self.keys).ok_or(Denied::TokenUnknown)?;
        // Whoever has a token of this session, current or not: nobody else can use the bucket up.
        let (key, quota) =
            (BucketKey::refresh_by_session(token.session_id), self.policy.limits.refresh_per_session);
        self.limit(key, quota, self.clock.now()).await?;
        let retry = attempt.retry_keys.hashes(&token.session_id);
        let mut prepared = Prepared { attempt, token, hash, retry, arrived: self.clock.now(), raced: false };
        for _ in 0..ROUNDS {
            match self.refresh_once(&prepared, answered_by).await? {
                Outcome::Granted(grant) => return Ok(*grant),
                Outcome::Overtaken => prepared.raced = true,
                Outcome::Changed => {}
            }
        }
        Err(Failure::overload("refreshing a session that never stands still").into())
    }

    /// Reads, decides, applies: one round.
    async fn refresh_once(
        &self,
        prepared: &Prepared<'_>,
        answered_by: &mut Option<Decision>,
    ) -> Result<Outcome, Error> {
        let id = prepared.token.session_id;
        let revision = self.shelf().revision;
        let facts = &self.store.facts(id).await?.ok_or(Denied::SessionEnded(None))?;
        let now = self.clock.now();
        // A client that was taken out of the configuration has no sessions any more.
        let client = &*self.client_of(&facts.session.client_id, facts.session.created_at).await?;
        self.roles_no_older_than(&facts.session).await?;
        let round = Round { prepared, facts, client, revision, now };
        if !prepared.attempt.is_in_its_browser(&facts.session) && facts.ending_at(now).is_none() {
            return Err(Denied::TokenMissing.into());
        }
        match speaks_for(client, prepared.attempt.proof.as_ref()) {
            Ok(()) => {}
            Err(Denied::ClientRefused) => {
                return self.refuse(round, EventKind::ClientRefused, Denied::ClientRefused).await;
            }
            Err(other) => return Err(other.into()),
        }
        if facts.ending_at(now).is_none() && !self.may_go_on_acting(&facts.session).await? {
            let ending = Ending::RevokedByAdmin;
            return self.end(round.ending(ending, now), Denied::SessionEnded(Some(ending))).await;
        }
        let decision = decide(facts, &prepared.presented(facts), client, now);
        let outcome = self.apply(round, decision).await;
        match &outcome {
            Ok(Outcome::Granted(_)) | Err(Error::Denied(_)) => {
                self.counters.decided(decision);
                *answered_by = Some(decision);
            }
            Ok(Outcome::Overtaken | Outcome::Changed) => self.counters.round_repeated(),
            Err(Error::Failure(_)) => {}
        }
        outcome
    }

    /// Does what the table says.
    async fn apply(&self, round: Round<'_>, decision: Decision) -> Result<Outcome, Error> {
        use Decision as D;
        let Prepared { token, .. } = round.prepared;
        match decision {
            D::Rotate => {
                self.rotate(round, round.moves().then(|| round.event(EventKind::AddressChanged))).await
            }
            D::Ahead => self.rotate(round, Some(round.event(EventKind::TokenAheadAccepted))).await,
            D::Debounce => self.answer(round, token),
            D::Replay => self.answer(round, &round.successor_of_previous(&self.keys)?),
            D::LateRetry => {
                self.store.note(round.event(EventKind::LateRetry), round.now.minus(QUIET)).await?;
                self.answer(round, &round.successor_of_previous(&self.keys)?)
            }
            D::InFlight => self.answer(round, &round.current_from_before(&self.keys)?),
            D::Mismatch => Err(Denied::ClientMismatch.into()),
            D::AnotherGeneration => Err(Denied::GenerationMismatch(token.generation).into()),
            D::Stale => Err(Denied::TokenStale.into()),
            D::Address => self.refuse(round, EventKind::AddressMismatch, Denied::AddressMismatch).await,
            D::Unproven => self.refuse(round, EventKind::ProofMissing, Denied::ProofMissing).await,
            D::AheadRefused => self.refuse(round, EventKind::TokenAheadRefused, Denied::TokenAhead).await,
            D::Ended { ending, unrecorded: false, .. } => Err(Denied::SessionEnded(Some(ending)).into()),
            D::Ended { ending, at, unrecorded: true } => {
                self.end(round.ending(ending, at), Denied::SessionEnded(Some(ending))).await
            }
            D::Moved | D::Reuse => self.end_stolen(round).await,
        }
    }

    /// Moves the session on from the presented token: signs, then writes, then answers.
    async fn rotate(&self, round: Round<'_>, event: Option<Event>) -> Result<Outcome, Error> {
        let Round { prepared, facts, now, .. } = round;
        let session = &facts.session;
        let salt = Salt(random(&*self.entropy)?);
        let key_id = self.keys.current_id();
        let successor = prepared.token.successor(&self.keys, key_id, &salt).ok_or_else(out_of_generations)?;
        let hash = successor.hash(&self.keys).ok_or_else(underivable)?;
        let rotating = Rotating {
            id: session.id,
            from_generation: session.lineage.generation,
            from_hash: session.lineage.current_hash,
            to: prepared.step().rotate(&session.lineage, Successor { hash, salt, key_id }, now),
            now,
            idle_expires_at: now.plus(session.idle).min(session.absolute_expires_at),
            device_shown: session.device_shown || prepared.attempt.device.is_some(),
            caller: prepared.attempt.caller.clone(),
            event,
        };
        let grant = self.answer(Round { facts: &moved(facts, &rotating), ..round }, &successor)?;
        if matches!(grant, Outcome::Changed) {
            return Ok(grant);
        }
        if self.store.rotate(rotating).await? { Ok(grant) } else { Ok(Outcome::Overtaken) }
    }

    /// The answer of every rule that grants: this refresh token, and a fresh access token. A token that says a later revision
    /// than was known when the facts were read would say that nobody has signed everyone out between the two: they are read again.
    fn answer(&self, round: Round<'_>, token: &RefreshToken) -> Result<Outcome, Error> {
        let Round { prepared, facts, client, revision, now } = round;
        let device = prepared.attempt.device.clone();
        let grant = self.grant(&facts.session, &facts.user, client, token, device, now)?;
        if self.shelf().revision != revision {
            return Ok(Outcome::Changed);
        }
        Ok(Outcome::Granted(Box::new(grant)))
    }

    /// The answer of a rule that refuses and leaves a trace, at most once in [`QUIET`].
    async fn refuse(&self, round: Round<'_>, kind: EventKind, denied: Denied) -> Result<Outcome, Error> {
        self.store.note(round.event(kind), round.now.minus(QUIET)).await?;
        Err(denied.into())
    }

    /// The answer of a rule that ends the session, if it still stands as it was read. If it does not, somebody has
    /// written an ending first, or has rotated with a clock that is a little behind.
    async fn end(&self, end: EndingOne, denied: Denied) -> Result<Outcome, Error> {
        if self.store.end(end).await? { Err(denied.into()) } else { Ok(Outcome::Changed) }
    }
}

impl Rotunda {
    /// Ends the session because somebody has a copy of its token, and tells its user.
    async fn end_stolen(&self, round: Round<'_>) -> Result<Outcome, Error> {
        let Round { prepared, facts, now, .. } = round;
        let (session, caller) = (facts.session.id, &prepared.attempt.caller);
        let notice = self.notice(LetterKind::TheftFound, &facts.user, Some(session), (caller, now))?;
        let about = Some(prepared.token.generation.to_string());
        let end = EndingOne { post: vec![notice], about, ..round.ending(Ending::Reused, now) };
        let ended = self.end(end, Denied::TokenReused).await;
        if matches!(ended, Err(Error::Denied(_))) {
            self.tallies.count(Tally::Thefts);
        }
        ended
    }
}

impl Attempt {
    /// Whether the browser that shows the token is the one that the session began in, as far as it can be told.
    fn is_in_its_browser(&self, session: &Session) -> bool {
        let (Some(shown), Some(own)) = (&self.pages, &session.page_hash) else { return true };
        shown.contains(own)
    }
}

impl Prepared<'_> {
    fn presented(&self, facts: &Facts) -> Presented<'_> {
        let device = match &self.attempt.device {
            None => DeviceShown::Absent,
            Some(secret) if secret.hash() == facts.session.device_hash => DeviceShown::Same,
            Some(_) => DeviceShown::Different,
        };
        Presented {
            generation: self.token.generation,
            hash: self.hash,
            client_id: self.attempt.client_id.as_ref(),
            carrier: self.attempt.carrier,
            device,
            retry: &self.retry,
            believes: self.attempt.generation,
            caller: &self.attempt.caller,
            arrived: self.arrived,
            raced: self.raced,
        }
    }

    fn step(&self) -> Step {
        let mut newest_first = self.retry.iter().rev().copied();
        Step {
            generation: self.token.generation,
            hash: self.hash,
            key_id: self.token.key_id,
            retry: std::array::from_fn(|_| newest_first.next()),
        }
    }
}

impl Round<'_> {
    /// The current token, from the previous one in hand.
    fn successor_of_previous(&self, keys: &MasterKeys) -> Result<RefreshToken, Failure> {
        let lineage = &self.facts.session.lineage;
        let salt = lineage.salt.ok_or_else(underivable)?;
        self.prepared.token.successor(keys, lineage.key_id, &salt).ok_or_else(underivable)
    }

    /// The current token, from the one before the previous in hand: two steps along the family.
    fn current_from_before(&self, keys: &MasterKeys) -> Result<RefreshToken, Failure> {
        let lineage = &self.facts.session.lineage;
        let salt = lineage.previous_salt.ok_or_else(underivable)?;
        let previous = self.prepared.token.successor(keys, lineage.previous_key_id, &salt);
        let salt = lineage.salt.ok_or_else(underivable)?;
        previous.and_then(|token| token.successor(keys, lineage.key_id, &salt)).ok_or_else(underivable)
    }

    /// Whether it comes from another network than the refresh before it, as far as both are known.
    fn moves(&self) -> bool {
        let before = self.facts.session.last_address;
        before
            .zip(self.prepared.attempt.caller.address)
            .is_some_and(|(from, to)| network(from) != network(to))
    }

    /// What happens in this round; where it is about the presented token, it says of which generation that is.
    fn event(&self, kind: EventKind) -> Event {
        let about = matches!(kind, EventKind::LateRetry | EventKind::AddressChanged)
            .then(|| self.prepared.token.generation.to_string());
        Event {
            about,
            kind,
            at: self.now,
            user_id: Some(self.facts.user.id),
            session_id: Some(self.facts.session.id),
            caller: self.facts.session.caller(&self.prepared.attempt.caller),
        }
    }

    fn ending(&self, ending: Ending, at: UnixMillis) -> EndingOne {
        EndingOne {
            about: None,
            id: self.facts.session.id,
            at_generation: Some(self.facts.session.lineage.generation),
            ending,
            at,
            caller: self.facts.session.caller(&self.prepared.attempt.caller),
            post: Vec::new(),
        }
    }
}

/// The facts as the rotation leaves them.
fn moved(facts: &Facts, rotating: &Rotating) -> Facts {
    let mut moved = facts.clone();
    let session = &mut moved.session;
    session.lineage = rotating.to.clone();
    session.idle_expires_at = rotating.idle_expires_at;
    session.device_shown = rotating.device_shown;
    session.last_address = rotating.caller.address;
    session.last_user_agent.clone_from(&rotating.caller.user_agent);
    moved
}

fn underivable() -> Failure {
    Failure::broken("deriving a refresh token", "its master key or salt is missing")
}

fn out_of_generations() -> Failure {
    Failure::broken("deriving a refresh token", "the session has run out of generations")
}
