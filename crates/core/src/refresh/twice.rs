//! A browser that sends a cookie twice: which of the two is the session's?
//!
//! After a change of `[cookies]` a browser has the cookie of before beside the one of now, each for another domain or path,
//! and sends both. Another site of the domain may have put one there as well.
//!
//! 1. What is no token of ours, by its tag, does not count.
//! 2. Of the tokens of one session the newest generation counts: the others are what it has left behind.
//! 3. Of several sessions, those that are over do not count; nor those of another browser, where the page cookie can tell.
//! 4. One session is left. Of several device secrets, its own counts.
//!
//! Two sessions that live, or several device secrets that are all another's, are not guessed about: one of them may have been
//! put there to sign somebody in as somebody else. Nothing is written here and nobody is called a thief: what is picked
//! goes through a refresh as if it had come alone.

use std::collections::BTreeMap;

use crate::Rotunda;
use crate::denied::Denied;
use crate::failure::{Error, Failure};
use crate::model::{DeviceSecret, Facts, PageHash, PageKey, SecretText, SessionId};

/// Everything of ours that a browser sent, some of it twice.
pub struct Twice {
    /// What came as refresh tokens.
    pub tokens: Vec<SecretText>,
    /// What came as device secrets.
    pub devices: Vec<DeviceSecret>,
    /// The page keys, as in [`super::Attempt::pages`]: what is not of their sessions does not count.
    pub pages: Option<Vec<PageHash>>,
}

impl Twice {
    /// How many sessions are looked for in the store. Nobody honest has as many, and each costs a read.
    pub const MOST_SESSIONS: usize = 4;
    /// How many page keys. They have no tag, so anybody can make up some where the cookie can be set from elsewhere.
    pub const MOST_PAGES: usize = 16;
}

/// What counts of it.
pub struct Picked {
    /// The refresh token; where none of ours came, one that nobody has made.
    pub token: SecretText,
    /// The device secret.
    pub device: Option<DeviceSecret>,
}

impl Rotunda {
    /// Which token, and which device secret, a browser means. `None` where there is no telling, or where no token came.
    ///
    /// # Errors
    /// [`Failure`] when the store does not answer, or a token cannot be read here.
    pub async fn pick(&self, twice: Twice) -> Result<Option<Picked>, Failure> {
        let Twice { tokens, devices, pages } = twice;
        let newest = self.newest_of_each(&tokens)?;
        if newest.len() > Twice::MOST_SESSIONS {
            return Ok(None);
        }
        let now = self.clock.now();
        let (mut live, mut over) = (Vec::new(), None);
        for (session, (_, token)) in newest {
            match self.store.facts(session).await? {
                Some(facts) if facts.ending_at(now).is_none() => {
                    let own = facts.session.page_hash;
                    if own.is_none_or(|own| pages.as_ref().is_none_or(|shown| shown.contains(&own))) {
                        live.push((token, facts));
                    }
                }
                // Sessions come in the order in which they began: the last word is about the last one.
                _ => over = Some(token),
            }
        }
        let picked = |token: SecretText, device| Picked { token, device };
        Ok(match (live.pop(), live.is_empty()) {
            (Some((token, facts)), true) => own(devices, &facts).map(|device| picked(token, device)),
            (Some(_), false) => None,
            // A refresh says what is wrong with it.
            (None, _) => over
                .or_else(|| tokens.into_iter().next())
                .map(|token| picked(token, devices.into_iter().next())),
        })
    }

    /// Which page key a browser means: the only one, or the only one whose session lives.
    ///
    /// # Errors
    /// [`Denied::TokenUnknown`] where there is none, or no telling; [`Failure`] when the store does not answer.
    pub async fn pick_page(&self, mut keys: Vec<PageKey>) -> Result<PageKey, Error> {
        if keys.len() > Twice::MOST_PAGES {
            return Err(Denied::TokenUnknown.into());
        }
        if keys.len() > 1 {
            let now = self.clock.now();
            let mut live = Vec::new();
            for key in keys {
                let facts = self.store.facts_of_page(key.hash()).await?;
                live.extend(facts.filter(|facts| facts.ending_at(now).is_none()).map(|_| key));
            }
            keys = live;
        }
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(key),
            _ => Err(Denied::TokenUnknown.into()),
        }
    }

    /// One that may be good on another server is not passed over: an older one of its session would be taken for the newest.
    fn newest_of_each(
        &self,
        tokens: &[SecretText],
    ) -> Result<BTreeMap<SessionId, (u32, SecretText)>, Failure> {
        let mut newest = BTreeMap::new();
        for text in tokens {
            let Some(token) = self.read_token(text.expose())? else { continue };
            let (generation, kept) =
                newest.entry(token.session_id).or_insert((token.generation, text.clone()));
            if *generation < token.generation {
                (*generation, *kept) = (token.generation, text.clone());
            }
        }
        Ok(newest)
    }
}

/// The session's own device secret; the only one that came, whosever it is; `None` where several came and none is its own.
fn own(mut devices: Vec<DeviceSecret>, facts: &Facts) -> Option<Option<DeviceSecret>> {
    if devices.len() <= 1 {
        return Some(devices.pop());
    }
    devices.into_iter().find(|secret| secret.hash() == facts.session.device_hash).map(Some)
}
