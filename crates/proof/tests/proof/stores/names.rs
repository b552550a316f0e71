//! Which real token is which of the model's. Two real ones are equal exactly when the model's are.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::model::{Lineage, RetryHash, RetryKeys, Session, SessionId, Standing, TokenHash};
use rotunda_core::refresh::RefreshToken;
use rotunda_proof::normal::BASE;
use rotunda_proof::secrets::{Key, Keys, Token};

use super::book;

static MASTERS: LazyLock<MasterKeys> = LazyLock::new(masters);

pub(crate) fn masters() -> MasterKeys {
    MasterKeys::new([(1, MasterKey::from_bytes([1; 32]))]).unwrap()
}

/// The names of one store's sessions and tokens.
#[derive(Clone, Default)]
pub(crate) struct Names {
    sessions: Vec<SessionId>,
    texts: BTreeMap<(usize, Token), String>,
    tokens: BTreeMap<String, (usize, Token)>,
}

impl Names {
    pub(crate) fn add_session(&mut self, id: SessionId) {
        self.sessions.push(id);
    }

    pub(crate) fn session(&self, number: usize) -> SessionId {
        self.sessions[number]
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = (usize, SessionId)> + '_ {
        self.sessions.iter().copied().enumerate()
    }

    /// The text of a token that was given out.
    pub(crate) fn text(&self, session: usize, token: Token) -> &str {
        &self.texts[&(session, token)]
    }

    /// This text was given out as this token.
    pub(crate) fn meet(&mut self, session: usize, token: Token, text: &str) -> Result<(), String> {
        let (named, known) = ((session, token), text.to_owned());
        let same_text = self.texts.entry(named).or_insert_with(|| known.clone()) == text;
        let same_token = *self.tokens.entry(known).or_insert(named) == named;
        let read = RefreshToken::parse(&MASTERS, text).ok_or("a token that is not authentic")?;
        let place = read.session_id == self.sessions[session]
            && read.generation == u32::from(token.generation) - u32::from(BASE);
        (same_text && same_token && place)
            .then_some(())
            .ok_or_else(|| format!("the answer is not {token:?} of session {session}"))
    }

    /// The row is as the book has it.
    pub(crate) fn fits(&self, number: usize, real: &Session, wanted: &book::Session) -> Result<(), String> {
        let row = wanted.family.row();
        let hash = |token: Token| self.hash(number, token);
        let lineage = Lineage {
            generation: u32::from(row.current.generation) - u32::from(BASE),
            current_hash: hash(row.current)?,
            previous_hash: row.previous.map(hash).transpose()?,
            before_hash: row.before.map(hash).transpose()?,
            retry_hashes: row.retry.map(|key| key.map(|key| self.key_hash(number, key))),
            rotated_at: wanted.rotated_at.map(rotunda_core::model::UnixMillis),
            // Whether they derive what they should is seen in the answers.
            salt: real.lineage.salt.filter(|_| row.salt.is_some()),
            previous_salt: real.lineage.previous_salt.filter(|_| row.previous_salt.is_some()),
            key_id: 1,
            previous_key_id: 1,
        };
        let standing = match wanted.ended {
            Some((ending, at)) => Standing::Ended { ending, at: rotunda_core::model::UnixMillis(at) },
            None => Standing::Live,
        };
        let differs =
            |what: &str| Err(format!("session {number} differs in {what}: {real:#?}\nwanted {row:?}"));
        if real.lineage != lineage {
            differs("its lineage")
        } else if real.standing != standing {
            differs(&format!("its standing, which should be {standing:?}"))
        } else if real.device_shown != row.device_shown {
            differs("whether the device was shown")
        } else if (real.idle_expires_at.0, real.absolute_expires_at.0)
            != (wanted.idle_expires_at, wanted.absolute_expires_at)
        {
            differs("its expiry")
        } else {
            Ok(())
        }
    }

    fn hash(&self, session: usize, token: Token) -> Result<TokenHash, String> {
        let text =
            self.texts.get(&(session, token)).ok_or("the model's row has a token that nobody was given")?;
        RefreshToken::parse(&MASTERS, text).and_then(|token| token.hash(&MASTERS)).ok_or_else(String::new)
    }

    fn key_hash(&self, session: usize, key: Key) -> RetryHash {
        real_keys(&Keys::NONE.and(key)).hashes(&self.sessions[session])[0]
    }
}

/// The model's retry keys as a client sends them.
pub(crate) fn real_keys(keys: &Keys) -> RetryKeys {
    let texts: Vec<String> =
        keys.iter().map(|key| format!("key-{:03}-{:03}-----------", key.generation, key.id)).collect();
    if texts.is_empty() { RetryKeys::default() } else { RetryKeys::parse(&texts).unwrap() }
}
