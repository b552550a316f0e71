//! Who sits at the desk, and what they may do there.

use std::collections::BTreeSet;

use crate::Rotunda;
use crate::bearer::{Bearer, ServiceBearer};
use crate::denied::Denied;
use crate::failure::Error;
use crate::model::{Actor, AdminPermission, Caller, Permission, SessionId, UnixMillis, UserId};

/// Somebody who does something with Rotunda itself.
#[derive(Clone, Debug)]
pub struct Operator {
    actor: Actor,
    /// `None` for whoever may run commands on the machine: they could do it all anyway.
    may: Option<BTreeSet<Permission>>,
    /// When they entered their password; users only.
    proved_at: Option<UnixMillis>,
    session: Option<SessionId>,
    caller: Caller,
}

impl Operator {
    /// Whoever may run commands on a server's machine.
    #[must_use]
    pub fn command_line() -> Self {
        let caller = Caller { actor: Some(Actor::CommandLine), ..Caller::default() };
        Self { actor: Actor::CommandLine, may: None, proved_at: None, session: None, caller }
    }

    /// Who.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Their user, where they are one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self.actor {
            Actor::User(id) => Some(id),
            Actor::Client(_) | Actor::CommandLine => None,
        }
    }

    /// The session that they ask with, where they have one.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// When they entered their password; `None` for those who have none.
    #[must_use]
    pub fn proved_at(&self) -> Option<UnixMillis> {
        self.proved_at
    }

    /// From where they ask, as which actor, and why: what their events carry.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// The same, with why they do what they do.
    ///
    /// # Errors
    /// [`Denied::Unfit`] for an empty text, one of more than [`Caller::REASON_CHARS`] characters, or with control characters.
    pub fn with_reason(mut self, reason: &str) -> Result<Self, Denied> {
        let reason = reason.trim();
        let fits = (1..=Caller::REASON_CHARS).contains(&reason.chars().count())
            && !reason.chars().any(char::is_control);
        if !fits {
            let text = format!("Say why, in 1 to {} characters on one line.", Caller::REASON_CHARS);
            return Err(Denied::Unfit(text));
        }
        self.caller.reason = Some(reason.to_owned());
        Ok(self)
    }

    /// Whether they may.
    #[must_use]
    pub fn may(&self, permission: AdminPermission) -> bool {
        self.may.as_ref().is_none_or(|may| may.contains(&Permission::from(permission)))
    }

    /// Whether they may do anything at all here.
    #[must_use]
    pub fn may_anything(&self) -> bool {
        AdminPermission::ALL.iter().any(|permission| self.may(*permission))
    }

    /// Refuses whoever may not.
    ///
    /// # Errors
    /// [`Denied::PermissionMissing`].
    pub fn require(&self, permission: AdminPermission) -> Result<(), Denied> {
        if self.may(permission) { Ok(()) } else { Err(Denied::PermissionMissing(permission)) }
    }

    /// Refuses what is about permissions of Rotunda's own that the operator does not have. Those of services are for their
    /// operators to give: whoever may change roles may give them.
    ///
    /// # Errors
    /// [`Denied::AboveCaller`] names the first of them.
    pub fn reaches(&self, permissions: &BTreeSet<Permission>) -> Result<(), Denied> {
        let own = permissions.iter().filter_map(|it| AdminPermission::parse(it.as_str()));
        match own.into_iter().find(|permission| !self.may(*permission)) {
            Some(beyond) => Err(Denied::AboveCaller(beyond.as_str().to_owned())),
            None => Ok(()),
        }
    }
}

impl Rotunda {
    /// Who sits at the desk by a session of their own: by what their user may do now, whatever a token says of it.
    ///
    /// # Errors
    /// [`Denied::ActingForAnother`] for a session in which somebody acts for its user.
    pub fn operator(&self, bearer: &Bearer, caller: &Caller) -> Result<Operator, Denied> {
        let (session, user) = (&bearer.facts.session, &bearer.facts.user);
        if session.acting.is_some() {
            return Err(Denied::ActingForAnother);
        }
        let actor = Actor::User(user.id);
        Ok(Operator {
            caller: Caller { actor: Some(actor.clone()), ..caller.clone() },
            actor,
            may: Some(self.permissions_of(user)),
            proved_at: Some(session.auth_time),
            session: Some(session.id),
        })
    }

    /// Who sits at the desk by an access token: a user's, or a service's, whose scopes say what it may do.
    ///
    /// # Errors
    /// As [`Rotunda::bearer`] and [`Rotunda::service`]; [`Denied::ActingForAnother`].
    pub async fn operator_by_token(&self, token: &str, caller: &Caller) -> Result<Operator, Error> {
        let now = self.clock.now();
        let claims = self.verified(token, now).await?;
        if claims.sid.is_some() {
            let bearer = self.bearer_of(claims, now).await?;
            return Ok(self.operator(&bearer, caller)?);
        }
        Ok(Self::operator_of_service(&self.service_of(claims).await?, caller))
    }

    /// What the token says and its client still has.
    fn operator_of_service(service: &ServiceBearer, caller: &Caller) -> Operator {
        let actor = Actor::Client(service.client.id.clone());
        let scopes = service.client.scopes.iter().filter(|scope| service.has_scope(scope));
        Operator {
            caller: Caller { actor: Some(actor.clone()), ..caller.clone() },
            actor,
            may: Some(scopes.filter_map(|scope| Permission::parse(scope)).collect()),
            proved_at: None,
            session: None,
        }
    }
}
