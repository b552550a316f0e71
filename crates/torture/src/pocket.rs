//! What a client stores, and how it follows "What the client must do" of rotation.md. Pure.
//!
//! 1. A browser's tokens are cookies: whatever reply arrives last sets them, older or newer, also when its body is never
//!    read. Which generation is in the jar no script can see; it believes the newest that a body named.
//! 2. A native client reads the generation in each answer and never puts an older token over a newer one.
//! 3. A retry key is made when the generation is new, stored before it is sent, shared by all tabs. Those of the last
//!    four generations are sent, oldest first.

use std::sync::Arc;

use crate::history::{Device, Refresh};
use crate::reply::{Reply, read_token};
use crate::world::{Kind, Last, Session};

/// What all tabs of a browser, or all threads of a program, share.
#[derive(Clone, Default)]
pub(crate) struct Pocket {
    pub session: Option<Arc<Session>>,
    pub token: Option<String>,
    pub secret: Option<String>,
    pub page: Option<String>,
    pub access: Option<String>,
    /// The generation that it believes to be in.
    pub generation: u32,
    /// Retry keys with the generation that each was made for, oldest first.
    pub keys: Vec<(u32, u32)>,
    /// It has been told, twice, that the session is over.
    pub over: bool,
}

/// What goes with a refresh.
#[derive(Clone)]
pub(crate) struct Ready {
    pub token: String,
    pub secret: Option<String>,
    pub page: Option<String>,
    pub refresh: Refresh,
    /// The session of the token, which in a browser need not be the one it thinks it has.
    pub session: String,
}

impl Pocket {
    /// What to send; a new retry key is stored here first. `None` when there is nothing to refresh with.
    pub(crate) fn ready(&mut self, keys: Keys<'_>) -> Option<Ready> {
        if self.over {
            return None;
        }
        let token = self.token.clone()?;
        let (session, generation) = read_token(&token)?;
        let secret = self.secret.clone();
        let device = if secret.is_some() { Device::Same } else { Device::Absent };
        let sent = match keys {
            Keys::Send(make) => {
                if self.keys.last().is_none_or(|(of, _)| *of < self.generation) {
                    self.keys.push((self.generation, make()));
                    let spare = self.keys.len().saturating_sub(4);
                    self.keys.drain(..spare);
                }
                // Those of the last four generations, which may be fewer.
                let recent = self.keys.iter().filter(|(of, _)| of + 4 > self.generation);
                let mut sent = [0; 4];
                for (place, (_, key)) in sent.iter_mut().zip(recent) {
                    *place = *key;
                }
                sent
            }
            Keys::None => [0; 4],
        };
        let refresh = Refresh { generation, keys: sent, device };
        Some(Ready { token, secret, page: self.page.clone(), refresh, session })
    }

    /// Takes a session that has just begun, in place of whatever was there.
    pub(crate) fn begin(&mut self, session: Arc<Session>, reply: &Reply) {
        let secret = reply.secret.clone().or(self.secret.take());
        *self = Self {
            session: Some(session),
            token: reply.token.clone(),
            secret,
            page: reply.page.clone(),
            access: reply.access.clone(),
            generation: reply.generation.unwrap_or(0),
            ..Self::default()
        };
    }

    /// Takes the answer to a refresh, whenever it arrives. A browser takes its cookies even if the body is missing.
    pub(crate) fn refreshed(&mut self, kind: Kind, reply: &Reply) {
        let granted = matches!(reply.status, 200);
        let ours = self.session.as_ref().map(|session| &session.id) == reply.session.as_ref();
        if kind == Kind::Web && granted {
            self.token = reply.token.clone().or(self.token.take());
            self.secret = reply.secret.clone().or(self.secret.take());
        }
        let Some(generation) = reply.generation.filter(|_| granted && ours) else { return };
        if kind == Kind::Native && generation >= self.generation {
            self.token = reply.token.clone().or(self.token.take());
        }
        if generation >= self.generation {
            self.generation = generation;
            self.access = reply.access.clone();
        }
    }

    /// A reply to a logout has emptied the jar.
    pub(crate) fn empty(&mut self) {
        self.token = None;
        self.page = None;
    }

    /// What is written down for the last question.
    pub(crate) fn last(&self) -> Option<Last> {
        let token = self.token.clone()?;
        Some(Last {
            token,
            secret: self.secret.clone(),
            keys: self.keys.iter().map(|(_, key)| *key).collect(),
        })
    }
}

/// Which retry keys a refresh brings.
pub(crate) enum Keys<'a> {
    /// All that there are, with a new one if the generation is new.
    Send(&'a mut dyn FnMut() -> u32),
    None,
}

/// The text of a retry key.
pub(crate) fn key_text(number: u32) -> String {
    format!("torture-retry-key-{number:010}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str =
        "rt1_AQEBof2VglR1hqsffX5bNirmAAAAAA3BWziOU3G6opxsdc4yINSY7CRRiBLfLH4lukj6S95LVQj2iE3nh-AqnXhiwr0SSA";

    fn pocket() -> Pocket {
        Pocket { token: Some(TOKEN.to_owned()), ..Pocket::default() }
    }

    fn keys(pocket: &mut Pocket, next: u32) -> [u32; 4] {
        pocket.ready(Keys::Send(&mut || next)).unwrap().refresh.keys
    }

    #[test]
    fn a_key_is_made_once_a_generation_and_four_are_kept() {
        let mut pocket = pocket();
        assert_eq!(keys(&mut pocket, 10), [10, 0, 0, 0]);
        assert_eq!(keys(&mut pocket, 11), [10, 0, 0, 0], "the same generation, the same key");
        for generation in 1..5 {
            pocket.generation = generation;
            keys(&mut pocket, 10 + generation);
        }
        assert_eq!(keys(&mut pocket, 99), [11, 12, 13, 14]);
        assert_eq!(pocket.ready(Keys::None).unwrap().refresh.keys, [0; 4]);
        assert_eq!(pocket.keys.len(), 4, "and they stay");
    }

    #[test]
    fn a_browser_takes_whatever_cookie_arrives_last() {
        let mut browser = Pocket { generation: 7, ..pocket() };
        let late = Reply { status: 200, token: Some("older".to_owned()), ..Reply::default() };
        browser.refreshed(Kind::Web, &late);
        assert_eq!((browser.token.as_deref(), browser.generation), (Some("older"), 7));
        let mut program = Pocket { generation: 7, ..pocket() };
        program.refreshed(Kind::Native, &Reply { generation: Some(5), ..late });
        assert_eq!(program.token.as_deref(), Some(TOKEN));
    }
}
