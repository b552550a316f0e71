//! What was revoked and may still be alive, and what is outdated: looked up for each request, in well under a microsecond.
//!
//! A user's epochs and the revision of the roles are numbers that only grow, and an entry names the first one that counts. A
//! token that does not say a number was made before there was any: that is 0.

use std::collections::HashMap;

use rotunda_token::Claims;

use super::page::Entry;
use crate::RevokedBy;

/// The most entries that are kept.
pub(crate) const MOST_ENTRIES: usize = 1_000_000;

/// The first number that counts, and the entry's `exp`.
type First = (u64, i64);

/// Revocations by what they name, each with its `exp` in seconds since 1970.
#[derive(Default)]
pub(crate) struct Revoked {
    sessions: HashMap<Box<str>, i64>,
    /// With the first epoch that counts.
    users: HashMap<Box<str>, First>,
    tokens: HashMap<Box<str>, i64>,
    /// For what is counted; what refuses their tokens is [`crate::keys::Keys`].
    keys: HashMap<Box<str>, i64>,
    /// Everyone with a session of a lower revision.
    everyone: Option<First>,
    /// Outdated, by user: with the first claims epoch that counts.
    claims: HashMap<Box<str>, First>,
    /// Outdated, by role: with the first revision that counts.
    roles: HashMap<Box<str>, First>,
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
                    stricter(self.users.entry(sub).or_default(), (ep, exp));
                    continue;
                }
                Entry::Everyone { rv, exp } => {
                    stricter(self.everyone.get_or_insert_default(), (rv, exp));
                    continue;
                }
                Entry::Claims { sub, ce, exp } => {
                    stricter(self.claims.entry(sub).or_default(), (ce, exp));
                    continue;
                }
                Entry::Role { role, rv, exp } => {
                    stricter(self.roles.entry(role).or_default(), (rv, exp));
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
            if self.everyone.is_some_and(|(first, _)| claims.rv.unwrap_or_default() < first) {
                return Some(RevokedBy::Everyone);
            }
        }
        self.tokens.contains_key(claims.jti.as_str()).then_some(RevokedBy::Token)
    }

    /// Whether a user's token says other roles or permissions than there are now.
    pub(crate) fn outdates(&self, claims: &Claims) -> bool {
        let (ce, rv) = (claims.ce.unwrap_or_default(), claims.rv.unwrap_or_default());
        let role = |role: &String| self.roles.get(role.as_str()).is_some_and(|&(first, _)| rv < first);
        claims.session().is_some()
            && (self.claims.get(claims.sub.as_str()).is_some_and(|&(first, _)| ce < first)
                || claims.roles.iter().any(role))
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
        within(&mut self.claims, |(_, exp)| *exp >= before);
        within(&mut self.roles, |(_, exp)| *exp >= before);
        self.everyone = self.everyone.filter(|(_, exp)| *exp >= before);
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        let revoked = self.sessions.len() + self.users.len() + self.tokens.len() + self.keys.len();
        revoked + usize::from(self.everyone.is_some()) + self.claims.len() + self.roles.len()
    }
}

/// Of two for the same, the stricter and the longer counts.
fn stricter(known: &mut First, entry: First) {
    *known = (known.0.max(entry.0), known.1.max(entry.1));
}
