//! What was revoked and may still be alive: looked up for each request, in well under a microsecond.

use std::collections::HashMap;

use rotunda_token::Claims;

use super::page::Entry;
use crate::RevokedBy;

/// The most entries that are kept.
pub(crate) const MOST_ENTRIES: usize = 1_000_000;

/// Revocations by what they name, each with its `exp` in seconds since 1970.
#[derive(Default)]
pub(crate) struct Revoked {
    sessions: HashMap<Box<str>, i64>,
    /// With the first epoch that counts.
    users: HashMap<Box<str>, (u64, i64)>,
    tokens: HashMap<Box<str>, i64>,
    /// For what is counted; what refuses their tokens is [`crate::keys::Keys`].
    keys: HashMap<Box<str>, i64>,
}

impl Revoked {
    /// Adds entries; of two for the same, the stricter and the longer counts.
    pub(crate) fn add(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let (exps, id, exp) = match entry {
                Entry::Session { sid, exp } => (&mut self.sessions, sid, exp),
                Entry::Token { jti, exp } => (&mut self.tokens, jti, exp),
                Entry::Key { kid, exp } => (&mut self.keys, kid, exp),
                Entry::User { sub, ep, exp } => {
                    let known = self.users.entry(sub).or_insert((ep, exp));
                    *known = (known.0.max(ep), known.1.max(exp));
                    continue;
                }
                Entry::Unknown => continue,
            };
            let known = exps.entry(id).or_insert(exp);
            *known = (*known).max(exp);
        }
    }

    /// What refuses a token of these claims.
    pub(crate) fn refuses(&self, claims: &Claims) -> Option<RevokedBy> {
        if let Some(session) = claims.session() {
            if self.sessions.contains_key(session.sid) {
                return Some(RevokedBy::Session);
            }
            if self.users.get(claims.sub.as_str()).is_some_and(|&(first, _)| session.ep < first) {
                return Some(RevokedBy::User);
            }
        }
        self.tokens.contains_key(claims.jti.as_str()).then_some(RevokedBy::Token)
    }

    /// Forgets what expired before that second, and gives memory back that is no longer needed.
    pub(crate) fn purge(&mut self, before: i64) {
        fn within<T>(entries: &mut HashMap<Box<str>, T>, alive: impl Fn(&T) -> bool) {
            entries.retain(|_, value| alive(value));
            if entries.capacity() > 4 * entries.len() + 64 {
                entries.shrink_to(2 * entries.len());
            }
        }
        within(&mut self.sessions, |exp| *exp >= before);
        within(&mut self.users, |(_, exp)| *exp >= before);
        within(&mut self.tokens, |exp| *exp >= before);
        within(&mut self.keys, |exp| *exp >= before);
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.sessions.len() + self.users.len() + self.tokens.len() + self.keys.len()
    }
}
