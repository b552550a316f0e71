//! Sessions begin: here first, then in SQL.
//!
//! 1. The hash is written. Without a skeleton nobody can use it.
//! 2. What the new session replaces is held, where that rests on a generation (`logout.rs`).
//! 3. SQL decides, as one transaction.
//! 4. What was refused is taken back; what SQL has ended is ended here. If nobody can tell what SQL did, all stays as it
//!    is: the hash goes by its time, the hold lapses.

use redis::Cmd;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Session, SessionId, Standing};
use rotunda_core::store::{
    Amended, Amending, Deleting, EndingOne, Ends, LoggedIn, LoggingIn, Registered, Registering, Skeletons,
};

use crate::RedisSessions;
use crate::logout::Hold;

/// What was done here before SQL was asked.
struct Prepared {
    created: Option<SessionId>,
    hold: Option<Hold>,
}

impl<S: Skeletons + ?Sized> RedisSessions<S> {
    pub(crate) async fn register(&self, mut new: Registering) -> Result<Registered, Failure> {
        let prepared = self.prepare(new.session.as_ref(), new.replaces.as_mut()).await?;
        let answer = self.sql.register(new).await?;
        self.conclude(prepared, answer == Registered::Done).await;
        Ok(answer)
    }

    pub(crate) async fn login(&self, mut login: LoggingIn) -> Result<LoggedIn, Failure> {
        let user = login.session.user_id;
        let capped = !login.caps.is_empty();
        if capped {
            self.settle_user(user).await?;
        }
        let prepared = self.prepare(Some(&login.session), login.replaces.as_mut()).await?;
        let answer = self.sql.login(login).await?;
        self.conclude(prepared, answer == LoggedIn::Done).await;
        if capped && answer == LoggedIn::Done {
            self.finish_ended(user, Vec::new()).await;
        }
        Ok(answer)
    }

    pub(crate) async fn amend(&self, mut amending: Amending) -> Result<Amended, Failure> {
        let user = amending.account.user.id;
        let stays = match amending.ends {
            Ends::Others { than, .. } => Some(than),
            _ => None,
        };
        let many = stays.is_some() || matches!(amending.ends, Ends::All { .. });
        let mut theirs = if many { self.ids_of(user).await? } else { Vec::new() };
        theirs.retain(|id| Some(*id) != stays);
        let ends = match &mut amending.ends {
            Ends::One(end) => Some(end),
            Ends::All { .. } | Ends::Others { .. } | Ends::Nothing => None,
        };
        let prepared = self.prepare(amending.session.as_ref(), ends).await?;
        let answer = self.sql.amend(amending).await?;
        self.conclude(prepared, answer == Amended::Done).await;
        if many && answer == Amended::Done {
            self.finish_ended(user, theirs).await;
        }
        Ok(answer)
    }

    pub(crate) async fn delete_user(&self, deleting: Deleting) -> Result<bool, Failure> {
        let user = deleting.user_id;
        let theirs = self.ids_of(user).await?;
        let deleted = self.sql.delete_user(deleting).await?;
        if deleted {
            self.finish_ended(user, theirs).await;
        }
        Ok(deleted)
    }

    async fn prepare(
        &self,
        begins: Option<&Session>,
        ends: Option<&mut EndingOne>,
    ) -> Result<Prepared, Failure> {
        let mut prepared = Prepared { created: None, hold: None };
        if let Some(session) = begins.filter(|session| session.standing == Standing::Live)
            && self.create(session).await?
        {
            prepared.created = Some(session.id);
        }
        if let Some(end) = ends {
            prepared.hold = Some(self.hold(end).await?);
        }
        Ok(prepared)
    }

    async fn conclude(&self, prepared: Prepared, done: bool) {
        if let Some(hold) = &prepared.hold {
            self.settle_hold(hold, done).await;
        }
        if let Some(id) = prepared.created.filter(|_| !done) {
            let mut forget = Cmd::new();
            forget.arg("DEL").arg(self.key(id));
            if let Err(failure) = self.redis.ask::<()>("taking a session back from Redis", &forget).await {
                tracing::warn!(%failure, "the hash of a session that did not begin goes by its time");
            }
        }
    }
}
