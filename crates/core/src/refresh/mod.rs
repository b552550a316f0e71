//! A refresh, from the token to the next one (RFC 6749 §6, RFC 9700 §4.14).
//!
//! 1. Read the token. Garbage ends here, without touching the store.
//! 2. Load the facts: the session's row and its user, at one moment.
//! 3. [`decide`]: pure rules, the first that fits.
//! 4. Apply the decision only if the facts still hold. If they do not, somebody was faster: go back to 2.
//! 5. Sign the access token before the write, hand it out after the write is durable.
//!
//! A refusal that changes something is committed like any success, and only then answered.

mod decide;
mod lineage;
mod token;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use decide::{Decision, DeviceShown, Presented, decide};
pub use lineage::{Step, Successor};
pub use token::RefreshToken;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::grant::Grant;
use crate::model::{
    Caller, Carrier, Client, ClientId, DeviceSecret, Ending, Event, EventKind, Facts, Lineage, RetryHash,
    RetryKeys, Salt, SecretText, TokenHash, UnixMillis,
};
use crate::outside::random;
use crate::store::{EndingOne, Rotating};

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
    /// The device secret beside it, where one came.
    pub device: Option<DeviceSecret>,
    /// Its retry keys.
    pub retry_keys: RetryKeys,
    /// From where it came.
    pub caller: Caller,
}

/// An attempt with its secrets hashed, ready to be compared with a row.
struct Prepared<'a> {
    attempt: &'a Attempt,
    token: RefreshToken,
    hash: TokenHash,
    retry: Vec<RetryHash>,
}

impl Rotunda {
    /// Gives the next refresh token and a fresh access token for a refresh token, or says why not.
    ///
    /// # Errors
    /// [`Denied`] with one of `token_unknown`, `session_ended`, `client_mismatch`, `address_mismatch`, `proof_missing`,
    /// `token_stale`, `token_reused`; [`Failure`] when the store does not answer.
    pub async fn refresh(&self, attempt: &Attempt) -> Result<Grant, Error> {
        let token = RefreshToken::parse(&self.keys, attempt.token.expose()).ok_or(Denied::TokenUnknown)?;
        let hash = token.hash(&self.keys).ok_or(Denied::TokenUnknown)?;
        let retry = attempt.retry_keys.hashes(&token.session_id);
        let prepared = Prepared { attempt, token, hash, retry };
        for _ in 0..ROUNDS {
            if let Some(grant) = self.refresh_once(&prepared).await? {
                return Ok(grant);
            }
        }
        Err(Failure::overload("refreshing a session that never stands still").into())
    }

    /// One round; `None` when the facts no longer held.
    async fn refresh_once(&self, prepared: &Prepared<'_>) -> Result<Option<Grant>, Error> {
        let id = prepared.token.session_id;
        let facts = self.store.facts(id).await?.ok_or(Denied::SessionEnded(None))?;
        let now = self.clock.now();
        // A client that was taken out of the configuration has no sessions any more.
        let client =
            self.policy.client(Some(&facts.session.client_id)).map_err(|_| Denied::ClientMismatch)?;
        match decide(&facts, &prepared.presented(&facts), client, now) {
            Decision::Rotate => self.rotate(prepared, &facts, client, now, None).await,
            Decision::Ahead => {
                let event = prepared.event(EventKind::TokenAheadAccepted, &facts, now);
                self.rotate(prepared, &facts, client, now, Some(event)).await
            }
            Decision::Debounce => {
                self.answer(prepared, &facts, client, prepared.token.clone(), now).map(Some)
            }
            Decision::Replay | Decision::LateRetry => {
                let successor = prepared.successor_of_previous(self, &facts.session.lineage);
                self.answer(prepared, &facts, client, successor?, now).map(Some)
            }
            Decision::InFlight => {
                let current = prepared.current_from_before(self, &facts.session.lineage);
                self.answer(prepared, &facts, client, current?, now).map(Some)
            }
            refused => self.refuse(prepared, &facts, refused, now).await.map(|()| None),
        }
    }

    /// Moves the session on from the presented token: signs, then writes, then answers.
    async fn rotate(
        &self,
        prepared: &Prepared<'_>,
        facts: &Facts,
        client: &Client,
        now: UnixMillis,
        event: Option<Event>,
    ) -> Result<Option<Grant>, Error> {
        let session = &facts.session;
        let salt = Salt(random(&*self.entropy)?);
        let key_id = self.keys.current_id();
        let successor = prepared.token.successor(&self.keys, key_id, &salt).ok_or_else(out_of_generations)?;
        let hash = successor.hash(&self.keys).ok_or_else(missing_key)?;
        let to = prepared.step().rotate(&session.lineage, Successor { hash, salt, key_id }, now);
        let idle_expires_at = now.plus(session.idle).min(session.absolute_expires_at);

        let rotating = Rotating {
            id: session.id,
            from_generation: session.lineage.generation,
            from_hash: session.lineage.current_hash,
            to,
            now,
            idle_expires_at,
            device_shown: session.device_shown || prepared.attempt.device.is_some(),
            caller: prepared.attempt.caller.clone(),
            event,
        };
        let grant = self.answer(prepared, &moved(facts, &rotating), client, successor, now)?;
        Ok(self.store.rotate(rotating).await?.then_some(grant))
    }

    /// The answer of every rule that grants: this refresh token, and a fresh access token.
    fn answer(
        &self,
        prepared: &Prepared<'_>,
        facts: &Facts,
        client: &Client,
        token: RefreshToken,
        now: UnixMillis,
    ) -> Result<Grant, Error> {
        let device = prepared.attempt.device.clone();
        Ok(self.grant(&facts.session, &facts.user, client, &token, device, now)?)
    }

    /// The answer of every rule that refuses; `Ok` only when an ending did not apply, so that the facts are read anew.
    async fn refuse(
        &self,
        prepared: &Prepared<'_>,
        facts: &Facts,
        decision: Decision,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let noted = match decision {
            Decision::Address => Some((EventKind::AddressMismatch, Denied::AddressMismatch)),
            Decision::Unproven => Some((EventKind::ProofMissing, Denied::ProofMissing)),
            Decision::AheadRefused => Some((EventKind::TokenAheadRefused, Denied::TokenAhead)),
            _ => None,
        };
        if let Some((kind, denied)) = noted {
            self.store.note(prepared.event(kind, facts, now), now.minus(QUIET)).await?;
            return Err(denied.into());
        }
        match decision {
            Decision::Mismatch => Err(Denied::ClientMismatch.into()),
            Decision::Stale => Err(Denied::TokenStale.into()),
            Decision::Ended { ending, at, unrecorded } => {
                // Somebody else has written it down first, or has rotated with a clock that is a little behind.
                if unrecorded && !self.store.end(prepared.ending(facts, ending, at)).await? {
                    return Ok(());
                }
                Err(Denied::SessionEnded(Some(ending)).into())
            }
            // Moved and Reuse.
            _ => {
                let ended = self.store.end(prepared.ending(facts, Ending::Reused, now)).await?;
                if ended { Err(Denied::TokenReused.into()) } else { Ok(()) }
            }
        }
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
            caller: &self.attempt.caller,
        }
    }

    fn step(&self) -> Step {
        Step {
            generation: self.token.generation,
            hash: self.hash,
            key_id: self.token.key_id,
            newest_retry: self.retry.last().copied(),
        }
    }

    /// The current token, from the previous one in hand.
    fn successor_of_previous(&self, rotunda: &Rotunda, lineage: &Lineage) -> Result<RefreshToken, Failure> {
        let salt = lineage.salt.ok_or_else(missing_key)?;
        self.token.successor(&rotunda.keys, lineage.key_id, &salt).ok_or_else(missing_key)
    }

    /// The current token, from the one before the previous in hand: two steps along the family.
    fn current_from_before(&self, rotunda: &Rotunda, lineage: &Lineage) -> Result<RefreshToken, Failure> {
        let salt = lineage.previous_salt.ok_or_else(missing_key)?;
        let previous =
            self.token.successor(&rotunda.keys, lineage.previous_key_id, &salt).ok_or_else(missing_key)?;
        let salt = lineage.salt.ok_or_else(missing_key)?;
        previous.successor(&rotunda.keys, lineage.key_id, &salt).ok_or_else(missing_key)
    }

    fn event(&self, kind: EventKind, facts: &Facts, at: UnixMillis) -> Event {
        Event {
            kind,
            at,
            user_id: Some(facts.user.id),
            session_id: Some(facts.session.id),
            caller: self.attempt.caller.clone(),
        }
    }

    fn ending(&self, facts: &Facts, ending: Ending, at: UnixMillis) -> EndingOne {
        EndingOne {
            id: facts.session.id,
            at_generation: Some(facts.session.lineage.generation),
            ending,
            at,
            caller: self.attempt.caller.clone(),
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

fn missing_key() -> Failure {
    Failure::broken("deriving a refresh token", "its master key or salt is missing")
}

fn out_of_generations() -> Failure {
    Failure::broken("deriving a refresh token", "the session has run out of generations")
}
