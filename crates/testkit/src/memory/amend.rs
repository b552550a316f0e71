//! Accounts that change, and users who go.

use rotunda_core::failure::Failure;
use rotunda_core::model::{
    Account, Caller, Ending, LinkPurpose, Session, SessionId, Standing, UnixMillis, UserId, UserState,
};
use rotunda_core::store::{Amended, Amending, Deleting, EndingOne, Ends, Right};

use super::MemoryState;

impl MemoryState {
    pub(super) fn amend(&mut self, amending: Amending) -> Result<Amended, Failure> {
        let user = amending.account.user.id;
        let right = match amending.right {
            Right::Session(id) => self.is_live_session_of(id, user),
            Right::Link(id) => self.links.get(&id).is_some_and(|link| link.user_id == Some(user)),
        };
        let as_read = self.accounts.get(&user).is_some_and(|now| as_read(now, &amending.account));
        if !right || !as_read {
            return Ok(Amended::Changed);
        }
        let anothers = |known: &Account| {
            known.user.id != user
                && amending.email.as_ref().is_some_and(|new| new.key() == known.user.email.key())
        };
        if self.accounts.values().any(anothers) {
            return Ok(Amended::EmailTaken);
        }
        if let Some(session) = &amending.session {
            self.check_new(session)?;
        }
        let brings_back = amending.email.is_some();
        if let Some(account) = self.accounts.get_mut(&user) {
            account.password = amending.password.unwrap_or(account.password.clone());
            // Another address is not theirs until that is shown.
            account.user.email_verified =
                amending.verified || (account.user.email_verified && amending.email.is_none());
            account.user.email = amending.email.unwrap_or(account.user.email.clone());
        }
        match amending.ends {
            Ends::Nothing => {}
            Ends::One(end) => {
                let (id, ending) = (end.id, end.ending);
                let over = !self.end_one(end);
                if over
                    && matches!(ending, Ending::Reported | Ending::Reused)
                    && let Some(session) = self.sessions.get(&id).cloned()
                {
                    self.forget_device(session.user_id, session.device_hash);
                }
            }
            Ends::All { ending, at } => drop(self.end_all_of(user, ending, at, &amending.caller)),
            Ends::Others { than, at } => self.end_others(user, (than, at), &amending.caller),
        }
        if let Right::Link(id) = amending.right
            && let Some(used) = self.links.remove(&id)
            && used.purpose == LinkPurpose::Report
            && brings_back
        {
            self.links.retain(|_, link| {
                let later = link.user_id == used.user_id && link.created_at >= used.created_at;
                !(later && link.purpose == LinkPurpose::Report)
            });
        }
        amending.session.map_or(Ok(()), |session| self.add_session(session))?;
        self.record_all(amending.events);
        self.post_all(amending.post);
        Ok(Amended::Done)
    }

    pub(super) fn delete(&mut self, deleting: Deleting) -> bool {
        let user = deleting.user_id;
        let allowed = deleting.asking.is_none_or(|id| self.is_live_session_of(id, user));
        if !allowed || !self.accounts.contains_key(&user) {
            return false;
        }
        self.end_all_of(user, Ending::UserDeleted, deleting.at, &Caller::default());
        self.record_all(deleting.events);
        self.sessions.retain(|_, session| session.user_id != user);
        self.devices.retain(|device| device.user_id != user);
        self.links.retain(|_, link| link.user_id != Some(user));
        self.letters.retain(|_, waiting| waiting.letter.user_id != Some(user));
        self.accounts.remove(&user);
        for known in self.events.iter_mut().filter(|known| known.event.user_id == Some(user)) {
            known.event.caller.address = None;
            known.event.caller.user_agent = None;
            if let Some(link) = &mut known.link {
                link.salt = None;
            }
        }
        self.post_all(deleting.post);
        true
    }

    fn end_others(&mut self, user: UserId, (than, at): (SessionId, UnixMillis), caller: &Caller) {
        let everyone = self.everyone;
        // Whoever was signed out with everyone has another ending, which is only not on record yet.
        let lives = |session: &Session| everyone.is_none_or(|everyone| session.revision >= everyone.below);
        let other = |session: &&Session| session.user_id == user && session.id != than && lives(session);
        let others: Vec<SessionId> = self.sessions.values().filter(other).map(|session| session.id).collect();
        for id in others {
            let (ending, caller, post) = (Ending::RevokedByUser, caller.clone(), Vec::new());
            self.end_one(EndingOne { about: None, id, at_generation: None, ending, at, caller, post });
        }
    }

    fn is_live_session_of(&self, id: SessionId, user: UserId) -> bool {
        self.sessions
            .get(&id)
            .is_some_and(|session| session.user_id == user && session.standing == Standing::Live)
    }
}

fn as_read(now: &Account, read: &Account) -> bool {
    now.user.state == UserState::Active
        && now.user.ep == read.user.ep
        && now.password == read.password
        && now.user.email.key() == read.user.email.key()
}
