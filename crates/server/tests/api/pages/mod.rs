//! The pages, as people with a browser see them, and as mail scanners and strangers do.

mod bad_forms;
mod bad_links;
mod days;
mod demo;
mod join;
mod leave;
mod look;
mod looking;
mod returning;
mod sign_in;
mod strangers;
mod words;

use http::header::CONTENT_TYPE;
use rotunda_core::limits::Limits;
use rotunda_core::model::{
    Account, Device, LetterKind, Link, LinkPurpose, QueuedLetter, RecordedEvent, Session,
};
use rotunda_core::policy::Registration;
use rotunda_core::post;
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::support::{ADA, App, Ask, Browser, OTHER_PASSWORD, PASSWORD, Setup};

/// Where the server of these tests is.
const AUTH: &str = "https://auth.example.com";

/// Where Ada moves her mail to.
const ELSEWHERE: &str = "ada@elsewhere.example";

/// A form as a browser sends it.
fn form(path: &str, fields: &[(&str, &str)]) -> Ask {
    let text = Serializer::new(String::new()).extend_pairs(fields).finish();
    crate::support::post(path).with(CONTENT_TYPE, "application/x-www-form-urlencoded").body(text.as_bytes())
}

/// The token of the one letter of this kind, among those that are under way.
async fn token_of(app: &App, kind: LetterKind) -> String {
    app.rotunda.deliver().await.unwrap();
    let mut letters = app.mail.take();
    letters.retain(|sent| sent.letter.kind == kind);
    assert_eq!(letters.len(), 1, "{kind:?}");
    letters[0].token().expose().to_owned()
}

/// Ada, with a link from a letter.
pub(crate) struct Holder {
    pub(crate) app: App,
    purpose: LinkPurpose,
    pub(crate) token: String,
}

impl Holder {
    pub(crate) async fn of(purpose: LinkPurpose) -> Self {
        Self::under(Limits::off(), purpose).await
    }

    async fn under(limits: Limits, purpose: LinkPurpose) -> Self {
        let registration = match purpose {
            LinkPurpose::Register => Registration::Verified,
            _ => Registration::Unverified,
        };
        let setup = Setup::at(AUTH).policy(|policy| {
            policy.registration = registration;
            policy.limits = limits;
        });
        let app = setup.start().await;
        let mut ada = Browser::new(&app);
        ada.register(ADA, PASSWORD).await;
        let token = token_for(&app, &mut ada, purpose).await;
        app.news().await;
        Self { app, purpose, token }
    }

    /// The path of the page.
    pub(crate) fn path(&self) -> &'static str {
        post::page(self.purpose)
    }

    /// The path with the link's token.
    pub(crate) fn link(&self) -> String {
        format!("{}?token={}", self.path(), self.token)
    }

    /// The form, filled in as it should be.
    pub(crate) fn filled(&self) -> Ask {
        filled(self.path(), &self.token)
    }
}

/// The form of this page, filled in as it should be for whoever holds this token.
fn filled(path: &str, token: &str) -> Ask {
    match path {
        "/verify" => form(path, &[("token", token), ("password", PASSWORD)]),
        "/reset" => form(path, &[("token", token), ("password", OTHER_PASSWORD)]),
        _ => form(path, &[("token", token)]),
    }
}

async fn token_for(app: &App, ada: &mut Browser<'_>, purpose: LinkPurpose) -> String {
    let kind = match purpose {
        LinkPurpose::Register => LetterKind::VerifyEmail,
        LinkPurpose::VerifyEmail => {
            ada.post("/auth/email/verify", &json!({"email": ADA})).await;
            LetterKind::VerifyEmail
        }
        LinkPurpose::ResetPassword => {
            ada.post("/auth/password/forgot", &json!({"email": ADA})).await;
            LetterKind::ResetPassword
        }
        LinkPurpose::ChangeEmail | LinkPurpose::Report => {
            let change = crate::support::post("/auth/email/change").json(&json!({"email": ELSEWHERE}));
            assert_eq!(ada.send(change.bearer(&ada.access_token)).await.status, 202);
            if purpose == LinkPurpose::Report {
                LetterKind::EmailChangeAsked
            } else {
                LetterKind::ConfirmEmail
            }
        }
    };
    token_of(app, kind).await
}

/// All that a store keeps which a page could change.
#[derive(PartialEq)]
struct Kept {
    accounts: Vec<(rotunda_core::model::User, String)>,
    sessions: Vec<Session>,
    devices: Vec<Device>,
    links: Vec<Link>,
    letters: Vec<QueuedLetter>,
    events: Vec<RecordedEvent>,
}

fn kept(app: &App) -> Kept {
    let state = app.memory.snapshot();
    let told = |account: Account| (account.user, account.password.expose().to_owned());
    Kept {
        accounts: state.accounts.into_values().map(told).collect(),
        sessions: state.sessions.into_values().collect(),
        devices: state.devices,
        links: state.links.into_values().collect(),
        letters: state.letters.into_values().collect(),
        events: state.events,
    }
}
