//! What changes something: a page of its own that says what will happen, and asks for the password again where that is more
//! than a word.
//!
//! 1. The page says what it does, with figures, and asks for what it takes: a reason, the password, what is to change.
//! 2. With the password the session is renewed ([`crate::pages::account::proved`]); from then on this browser gets the cookies of
//!    the new one, whatever comes. The desk itself looks whether the password was entered lately.
//! 3. What was refused is said on the same page, with what was typed. What was done is told on the page that it leads to.

use std::future::Future;
use std::pin::Pin;

use axum::response::Response;
use rotunda_core::Grant;
use rotunda_core::denied::Denied;
use rotunda_core::desk::{Desk, Operator};
use rotunda_core::failure::Error;
use rotunda_core::logout::Logout;

use super::done::Done;
use super::seat::{Seat, Sent};
use crate::App;
use crate::pages::account::proved::{Proved, prove};
use crate::pages::field::Field;
use crate::pages::form::FormPage;
use crate::pages::page::Way;
use crate::pages::redirect;
use crate::reply::with_cookies;
use crate::session::answer::with_session;

/// The field with why something is done.
const REASON: &str = "reason";

/// The unseen field with the version that somebody has looked at.
pub(super) const VERSION: &str = "version";

/// What is about to be done.
pub(super) struct Act {
    pub heading: String,
    /// What it does.
    pub lead: String,
    /// What else it does.
    pub consequences: Vec<String>,
    /// Where its form goes.
    pub path: String,
    pub button: &'static str,
    /// Where one gets from it without doing it.
    pub back: String,
    /// What it takes, besides what is asked of every one.
    pub fields: Vec<Field>,
    /// Another way on from it.
    pub instead: Option<(String, &'static str)>,
    /// As what of its kind it was looked at: what was changed meanwhile is not changed again.
    pub version: Option<String>,
    pub reason: Reason,
    pub password: bool,
}

/// Whether it says why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// It cannot.
    None,
    /// It may.
    Optional,
    /// It has to.
    Needed,
}

impl Act {
    /// Something dangerous, which asks for the password and may say why.
    pub(super) fn new(
        heading: impl Into<String>,
        path: String,
        button: &'static str,
        back: impl Into<String>,
    ) -> Self {
        Self {
            heading: heading.into(),
            lead: String::new(),
            consequences: Vec::new(),
            path,
            button,
            back: back.into(),
            fields: Vec::new(),
            instead: None,
            version: None,
            reason: Reason::Optional,
            password: true,
        }
    }

    /// With what it does.
    pub(super) fn leads(self, lead: impl Into<String>) -> Self {
        Self { lead: lead.into(), ..self }
    }

    /// With one thing more that it does.
    pub(super) fn also(mut self, consequence: impl Into<String>) -> Self {
        self.consequences.push(consequence.into());
        self
    }

    /// With one thing more that it takes.
    pub(super) fn asks(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// With another way on from it.
    pub(super) fn or(self, href: String, label: &'static str) -> Self {
        Self { instead: Some((href, label)), ..self }
    }

    /// The same, of something as it is now.
    pub(super) fn of_version(self, version: impl Into<String>) -> Self {
        Self { version: Some(version.into()), ..self }
    }

    /// The same, with or without a reason.
    pub(super) fn because(self, reason: Reason) -> Self {
        Self { reason, ..self }
    }

    /// The same without a password: it takes away nothing.
    pub(super) fn unproved(self) -> Self {
        Self { password: false, ..self }
    }

    /// The page.
    pub(super) fn show(self, seat: &Seat) -> Response {
        let mut act = self;
        let fields = act.take_fields(seat, String::new());
        let consequences: Vec<&str> = act.consequences.iter().map(String::as_str).collect();
        act.form(seat, fields, &consequences).show()
    }

    /// The page once more, with what was wrong.
    fn again(mut self, seat: &Seat, reason: String, error: Error) -> Response {
        if let Error::Denied(Denied::SessionEnded(_)) = error {
            return redirect("/login");
        }
        let fields = self.take_fields(seat, reason);
        let consequences: Vec<&str> = self.consequences.iter().map(String::as_str).collect();
        self.form(seat, fields, &consequences).show_again(error.into())
    }

    fn take_fields(&mut self, seat: &Seat, reason: String) -> Vec<Field> {
        let mut fields = std::mem::take(&mut self.fields);
        let why = Field::text(REASON, "Reason", reason);
        match self.reason {
            Reason::None => {}
            Reason::Optional => {
                fields.push(why.optional().with_hint("It is kept in the audit log. You may leave it out."));
            }
            Reason::Needed => {
                fields.push(why.with_hint("It is kept in the audit log, and the user can read it."));
            }
        }
        let own = || Field { label: "Your password", ..Field::password(seat.page.texts()) };
        fields.extend(self.password.then(own));
        fields
    }

    fn form<'a>(&'a self, seat: &'a Seat, fields: Vec<Field>, consequences: &'a [&'a str]) -> FormPage<'a> {
        let lead = (!self.lead.is_empty()).then(|| self.lead.clone());
        let username = self.password.then(|| seat.bearer.facts.user.email.to_string());
        let hidden = self.version.iter().map(|version| (VERSION, version.clone())).collect();
        let instead = self.instead.iter().map(|(href, label)| Way::to(href.clone(), label));
        let ways = instead.chain([Way::to(self.back.clone(), "Back, without doing it")]).collect();
        FormPage {
            lead,
            hidden,
            consequences,
            fields,
            username,
            ways,
            ..FormPage::new(&seat.page, &self.heading, &self.path, self.button)
        }
    }
}

/// What came of it.
pub(super) enum Outcome {
    /// It was done: leads there, where it is told.
    Done(String, Done),
    /// It is told at once, by an answer of its own.
    Told(Response),
    /// The same, and the session of whoever did it has ended with it.
    SignedOut(Response),
    /// This browser has a session of somebody else from now on.
    Became(Box<Grant>),
}

/// What an [`Act`] does, at the desk of whoever has sent its form.
pub(super) type Doing<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Error>> + Send + 'a>>;

/// Does it, or shows the page again with what was wrong.
pub(super) async fn carry_out<'a>(
    app: &'a App,
    sent: &'a Sent,
    act: Act,
    does: impl FnOnce(Desk<'a>) -> Doing<'a>,
) -> Response {
    let Sent { seat, form } = sent;
    let reason = form.value(REASON).unwrap_or_default();
    let proved = match act.password {
        false => None,
        true => match prove(app, &seat.bearer, &form.password(), &seat.caller).await {
            Ok(proved) => Some(proved),
            Err(error) => return act.again(seat, reason, error),
        },
    };
    let (grant, operator) = match proved {
        None => (None, Ok(seat.operator.clone())),
        Some(Proved { grant, bearer }) => {
            let operator = bearer.and_then(|bearer| Ok(app.rotunda.operator(&bearer, &seat.caller)?));
            (Some(grant), operator)
        }
    };
    let outcome = match operator.and_then(|operator| with_reason(operator, act.reason, &reason)) {
        Ok(operator) => does(app.rotunda.desk(operator)).await,
        Err(error) => Err(error),
    };
    let response = match outcome {
        Ok(Outcome::Done(to, done)) => done.tell(&to),
        Ok(Outcome::Told(response)) => response,
        Ok(Outcome::Became(other)) => return become_other(app, seat, grant, &other).await,
        Ok(Outcome::SignedOut(response)) => return with_cookies(response, app.web.expire_session()),
        Err(error) => act.again(seat, reason, error),
    };
    match grant {
        Some(grant) => with_session(response, &app.web, &grant),
        None => response,
    }
}

/// The browser forgets the session of its own, so that one ends: nobody could sign out of it any more.
async fn become_other(app: &App, seat: &Seat, own: Option<Grant>, other: &Grant) -> Response {
    let pages = own.and_then(|own| own.page_key).into_iter().collect();
    let logout = Logout { pages, caller: seat.caller.clone(), ..Logout::default() };
    match app.rotunda.logout(&logout).await {
        Ok(_) => with_session(redirect("/account"), &app.web, other),
        Err(error) => seat.refused(error),
    }
}

fn with_reason(operator: Operator, wanted: Reason, reason: &str) -> Result<Operator, Error> {
    match wanted {
        Reason::None => Ok(operator),
        Reason::Optional if reason.is_empty() => Ok(operator),
        Reason::Optional | Reason::Needed => Ok(operator.with_reason(reason)?),
    }
}
