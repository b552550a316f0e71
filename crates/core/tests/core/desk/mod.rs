//! The operators' desk: who may do what there, and what comes of it.

mod acting;
mod answers;
mod everyone;
mod overview;
mod permissions;
mod sessions;
mod users;

use rotunda_core::desk::{Desk, Operator};
use rotunda_core::model::{AdminPermission, Event, EventKind};

use crate::support::{Holder, World};

/// The names of permissions.
fn words(permissions: impl IntoIterator<Item = AdminPermission>) -> Vec<&'static str> {
    permissions.into_iter().map(AdminPermission::as_str).collect()
}

impl World {
    /// A new user with a role of that name and these permissions. What was written down about it is told already.
    pub(crate) async fn operator_with(&self, name: &str, permissions: &[&str]) -> Holder {
        let holder = self.register(name).await;
        self.role(name, permissions).await;
        let user = self.holds(holder.user.id, &[name]).await;
        self.news().await;
        Holder { user, ..holder }
    }

    /// The desk with that user at it, who says why.
    async fn desk_with_reason(&self, holder: &Holder, reason: &str) -> Desk<'_> {
        let bearer = self.bearer(holder).await;
        let operator = self.rotunda.operator(&bearer, &holder.caller).unwrap();
        self.rotunda.desk(operator.with_reason(reason).unwrap())
    }
}

/// The event of something that this operator does now, to somebody where there is one.
fn done(w: &World, desk: &Desk<'_>, kind: EventKind, to: Option<&Holder>) -> Event {
    let (at, user_id) = (w.clock_now(), to.map(|holder| holder.user.id));
    Event { kind, at, user_id, session_id: None, about: None, caller: desk.operator().caller() }
}

/// Whoever sits at the machine.
fn command_line() -> Operator {
    Operator::command_line()
}
