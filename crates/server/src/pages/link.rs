//! What the pages have in common that links lead to: the link in the query, and the form with its button.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::link::Arrival;
use rotunda_core::model::{Caller, LinkPurpose, SecretText};
use rotunda_core::post;

use super::{Words, come_back, notice, page};
use crate::App;
use crate::edge::cookies::Cookies;
use crate::edge::form::Form;

/// A form for whoever holds a link.
pub(super) struct LinkForm {
    pub heading: &'static str,
    /// Why they are asked, or what the button does.
    pub lead: &'static str,
    /// What else the button does.
    pub consequences: &'static [&'static str],
    /// The path that the form goes to.
    pub action: &'static str,
    /// Where a password is asked for.
    pub password: Option<Field>,
    pub button: &'static str,
    /// For whoever does not know what this is about.
    pub otherwise: &'static str,
}

/// The field for a password.
pub(super) struct Field {
    pub label: &'static str,
    /// How password managers know it.
    pub autocomplete: &'static str,
    /// The fewest characters of a new one. Browsers count UTF-16 units, of which no text has fewer than characters: none
    /// refuses what we would take.
    pub least: Option<usize>,
}

/// The form on its page.
#[derive(Template)]
#[template(path = "link_form.html")]
struct Shown<'a> {
    form: &'a LinkForm,
    token: &'a str,
    /// What was wrong with what was sent.
    refused: Option<&'a str>,
}

impl Shown<'_> {
    /// The ids of what is to be read out with the field.
    fn described_by(&self) -> Option<&'static str> {
        let has_hint = self.form.password.as_ref().is_some_and(|field| field.least.is_some());
        match (self.refused.is_some(), has_hint) {
            (true, true) => Some("refused hint"),
            (true, false) => Some("refused"),
            (false, true) => Some("hint"),
            (false, false) => None,
        }
    }
}

impl LinkForm {
    pub(super) fn show(&self, token: &SecretText) -> Response {
        page(StatusCode::OK, &Shown { form: self, token: token.expose(), refused: None })
    }

    /// Once more, with what was wrong; for a link that is not good, its page.
    pub(super) fn show_again(&self, token: &SecretText, error: Error) -> Response {
        if matches!(error, Error::Denied(Denied::LinkInvalid)) {
            return bad();
        }
        // Where the words of the rules speak of what was not asked for here.
        let here = match error {
            Error::Denied(Denied::CredentialsInvalid) => Some("The password is not right."),
            Error::Denied(Denied::UsernameTaken) => {
                Some("Somebody else took the user name meanwhile. Register again with another one.")
            }
            _ => None,
        };
        let Words { told, text } = Words::of(error.into());
        let text = here.unwrap_or(&text);
        let mut response =
            page(told.status, &Shown { form: self, token: token.expose(), refused: Some(text) });
        come_back(response.headers_mut(), told.retry_after);
        response
    }
}

/// The token of the link that a query names. One that names none, or two, is as good as a wrong one.
pub(super) fn in_query(query: Option<&str>) -> SecretText {
    Form::parse(query.unwrap_or_default()).unwrap_or_default().token()
}

/// What a link is for, if it is good and leads to this page.
pub(super) async fn look(
    app: &App,
    path: &str,
    token: &SecretText,
    caller: &Caller,
) -> Result<LinkPurpose, Response> {
    match app.rotunda.look_at_link(token, caller).await {
        Ok(purpose) if post::page(purpose) == path => Ok(purpose),
        Ok(_) | Err(Error::Denied(Denied::LinkInvalid)) => Err(bad()),
        Err(error) => Err(super::problem(error.into())),
    }
}

/// Whoever comes with a link and will be signed in by it, in this browser.
pub(super) fn arrival(token: &SecretText, cookies: &Cookies, caller: Caller) -> Arrival {
    Arrival {
        token: token.clone(),
        client_id: None,
        proof: None,
        device: cookies.known_device(),
        page: cookies.page(),
        caller,
    }
}

/// One page for every link that is not good.
fn bad() -> Response {
    notice(
        StatusCode::BAD_REQUEST,
        "This link is not good",
        &[
            "It was used before, is too old, or is not complete. Nothing has changed.",
            "If it was broken into two lines, copy all of it from the letter into the address bar. \
             Otherwise ask for a new one where you asked for this one.",
            "If you wanted to say that something was not you, set a new password, as if you had forgotten yours.",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: LinkForm = LinkForm {
        heading: "A heading",
        lead: "What for.",
        consequences: &[],
        action: "/verify",
        password: None,
        button: "Do it",
        otherwise: "Or not.",
    };

    #[test]
    fn what_a_stranger_sent_is_text_and_nothing_else() {
        let hostile = r#""><script>alert(1)</script><a href='x' onclick=y>&amp;"#;
        let shown = Shown { form: &FORM, token: hostile, refused: Some(hostile) }.render().unwrap();
        for markup in ["<script", "<a ", "href='"] {
            assert!(!shown.contains(markup), "{markup} in {shown}");
        }
        let escaped = "&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#60;a href=&#39;x&#39; onclick=y&#62;&#38;amp;";
        assert_eq!(shown.matches(escaped).count(), 2, "{shown}");
    }
}
