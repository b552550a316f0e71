//! The password once more, before what is sensitive.
//!
//! 1. The password is right, or the form is shown again and nothing has happened.
//! 2. The session is renewed. From here on this browser has to get the cookies of the new one, whatever comes: the old one
//!    has ended.
//! 3. What was asked for is done as the new session.

use rotunda_core::Grant;
use rotunda_core::bearer::Bearer;
use rotunda_core::failure::{Error, Failure};
use rotunda_core::model::{Caller, Password};

use super::Asked;
use crate::App;

/// Somebody who has entered their password a moment ago.
pub(crate) struct Proved {
    /// What this browser gets with whatever answer.
    pub grant: Grant,
    /// The new session; or what went wrong when it was looked at.
    pub bearer: Result<Bearer, Error>,
}

impl Asked {
    /// Renews the session of whoever has sent the form, if the password in it is theirs.
    pub(super) async fn prove(&self, app: &App) -> Result<Proved, Error> {
        prove(app, &self.bearer, &self.form.password(), &self.caller).await
    }
}

/// Renews a session, if that is its user's password.
pub(crate) async fn prove(
    app: &App,
    bearer: &Bearer,
    password: &Password,
    caller: &Caller,
) -> Result<Proved, Error> {
    let grant = app.rotunda.reauthenticate(bearer, password, caller).await?;
    let bearer = match &grant.page_key {
        Some(key) => app.rotunda.bearer_of_page(key).await,
        None => Err(Failure::broken("renewing the session of a page", "it has no page key").into()),
    };
    Ok(Proved { grant, bearer })
}
