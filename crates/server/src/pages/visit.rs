//! What the application wants that has sent somebody to sign in or to register: for which client, and where to go after it.
//! Both travel through all forms, and are looked at each time.

use axum::response::Response;
use http::StatusCode;
use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::model::{ClientId, ClientKind};
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Page, problem, returns};
use crate::App;
use crate::edge::form::Form;
use crate::reply::Problem;

/// Where somebody goes whom nobody has sent.
const ACCOUNT: &str = "/account";

/// Why somebody is here.
pub(crate) struct Visit {
    /// The client that they will hold a session with, where one was named.
    pub client: Option<ClientId>,
    return_to: Option<Return>,
}

/// Where to.
enum Return {
    /// To the application that has sent them.
    App(Url),
    /// To a page of ours.
    Own(String),
}

impl Return {
    fn as_str(&self) -> &str {
        match self {
            Self::App(url) => url.as_str(),
            Self::Own(path) => path,
        }
    }
}

impl Visit {
    /// From a query or a form. Anything but a browser's client and a registered address is a page of its own, and nobody is
    /// sent anywhere.
    pub(crate) async fn of(app: &App, page: &Page, form: &Form) -> Result<Self, Response> {
        let client = form.value("client_id").map(ClientId);
        let kind = app.rotunda.client_kind(client.as_ref()).await.map_err(|error| problem(error.into()))?;
        // Any other client keeps its tokens by itself, and has no use for cookies.
        if kind != ClientKind::Web {
            return Err(problem(Problem::Denied(Denied::ClientMayNot)));
        }
        let name = client.clone().unwrap_or_else(ClientId::web).0;
        let return_to = match form.value("return_to") {
            None => None,
            Some(text) => {
                let app_page = || app.web.returns().find(&name, &text, app.web.is_loopback());
                let found = returns::own(&text).map(Return::Own).or_else(|| app_page().map(Return::App));
                let refused = || page.notice(StatusCode::BAD_REQUEST, &page.texts().return_refused, None);
                Some(found.ok_or_else(refused)?)
            }
        };
        Ok(Self { client, return_to })
    }

    /// Whether this session will do: one with another client is of no use to the client that was named.
    pub(crate) fn is_for(&self, bearer: &Bearer) -> bool {
        let held = &bearer.facts.session.client_id;
        match (&self.client, &self.return_to) {
            (Some(client), _) => client == held,
            // Whose return address it is, if nobody was named.
            (None, Some(Return::App(_))) => *held == ClientId::web(),
            (None, Some(Return::Own(_)) | None) => true,
        }
    }

    /// Where to go after it.
    pub(crate) fn target(&self) -> &str {
        self.return_to.as_ref().map_or(ACCOUNT, Return::as_str)
    }

    /// The origin that the form leads on to, where that is not ours.
    pub(crate) fn origin(&self) -> Option<String> {
        match &self.return_to {
            Some(Return::App(url)) => Some(url.origin().ascii_serialization()),
            Some(Return::Own(_)) | None => None,
        }
    }

    /// What travels along in a form.
    pub(crate) fn hidden(&self) -> Vec<(&'static str, String)> {
        let client = self.client.as_ref().map(|client| ("client_id", client.0.clone()));
        let return_to = self.return_to.as_ref().map(|to| ("return_to", to.as_str().to_owned()));
        client.into_iter().chain(return_to).collect()
    }

    /// The way to another page, for the same purpose.
    pub(crate) fn way(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.hidden()).extend_pairs(more);
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}
