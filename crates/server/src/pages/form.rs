//! A page with one form. All pages that ask for something are made of it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use rotunda_core::denied::Denied;

use super::field::{Asks, Field, Wrong};
use super::page::{Page, Way, come_back};
use crate::reply::Problem;

/// The field that says whose password is asked for. It is hidden from view, and comes back with the form; nothing is decided
/// by it.
pub(crate) const USERNAME: &str = "username";

/// The form on its page.
#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct FormPage<'a> {
    pub page: &'a Page,
    /// For whom somebody acts, where they do.
    pub acting: Option<String>,
    pub heading: &'a str,
    /// What has happened, and why they are here.
    pub news: Option<&'a str>,
    /// What it is for.
    pub lead: Option<String>,
    /// What else the button does.
    pub consequences: &'a [&'a str],
    /// The path that the form goes to.
    pub action: &'a str,
    /// What travels along unseen.
    pub hidden: Vec<(&'static str, String)>,
    /// Whose password it is, where nobody is asked: password managers file it under that.
    pub username: Option<String>,
    /// What was wrong with what was sent, where no field of it is to blame.
    pub refused: Option<String>,
    pub fields: Vec<Field>,
    /// Whether to stay signed in, where that is asked.
    pub remember: Option<bool>,
    pub button: &'a str,
    /// For whoever does not know what this is about.
    pub otherwise: Option<&'a str>,
    pub ways: Vec<Way<'a>>,
}

impl<'a> FormPage<'a> {
    /// A form with nothing but its button.
    pub(crate) fn new(page: &'a Page, heading: &'a str, action: &'a str, button: &'a str) -> Self {
        Self {
            page,
            acting: None,
            heading,
            news: None,
            lead: None,
            consequences: &[],
            action,
            hidden: Vec::new(),
            username: None,
            refused: None,
            fields: Vec::new(),
            remember: None,
            button,
            otherwise: None,
            ways: Vec::new(),
        }
    }

    /// The page.
    pub(crate) fn show(&self) -> Response {
        self.page.show(StatusCode::OK, self)
    }

    /// The page once more, with what was wrong, at the field that it is about.
    pub(crate) fn show_again(mut self, problem: Problem) -> Response {
        let (blame, own) = match &problem {
            Problem::Denied(denied) => (Blame::of(denied), self.own_words(denied)),
            _ => (Blame::Nobody, None),
        };
        let (told, text) = self.page.worded(problem);
        self.blame(&blame, own.map_or(text, str::to_owned));
        let mut response = self.page.show(told.status, &self);
        come_back(response.headers_mut(), told.retry_after);
        response
    }

    /// Says it at the field that is to blame, where there is one, and above the form otherwise. The cursor goes to the first
    /// wrong field.
    fn blame(&mut self, blame: &Blame, text: String) {
        let mut to_blame = self.fields.iter_mut().filter(|field| blame.is_on(field.asks));
        match (to_blame.next(), to_blame.next()) {
            (Some(field), None) => {
                field.wrong = Wrong::Here(text);
                field.focus = true;
            }
            (Some(first), Some(second)) => {
                first.focus = true;
                first.wrong = Wrong::Above;
                second.wrong = Wrong::Above;
                self.refused = Some(text);
            }
            (None, _) => self.refused = Some(text),
        }
    }

    /// What a refusal says here, where the words of the rules speak of what was not asked for.
    fn own_words(&self, denied: &Denied) -> Option<&'static str> {
        let links = &self.page.texts().links;
        let asks = |what| self.fields.iter().any(|field| field.asks == what);
        match denied {
            Denied::CredentialsInvalid if !asks(Asks::Handle) => Some(links.password_wrong),
            Denied::UsernameTaken if !asks(Asks::Handle) && !asks(Asks::Email) => Some(links.username_taken),
            _ => None,
        }
    }

    fn is_refused(&self) -> bool {
        self.refused.is_some() || self.fields.iter().any(|field| field.wrong != Wrong::No)
    }
}

/// What a refusal is about.
enum Blame {
    /// Whatever these ask for.
    On(&'static [Asks]),
    /// Nothing that was typed.
    Nobody,
}

impl Blame {
    fn of(denied: &Denied) -> Self {
        match denied {
            // Which of the two it is, nobody is told.
            Denied::CredentialsInvalid => Self::On(&[Asks::Handle, Asks::Password]),
            Denied::EmailTaken | Denied::EmailInvalid => Self::On(&[Asks::Email]),
            Denied::PasswordTooShort { .. }
            | Denied::PasswordTooLong
            | Denied::PasswordCommon
            | Denied::PasswordBreached
            | Denied::PasswordPredictable(_) => Self::On(&[Asks::NewPassword]),
            _ => Self::Nobody,
        }
    }

    fn is_on(&self, asks: Asks) -> bool {
        match self {
            Self::On(all) => all.contains(&asks),
            Self::Nobody => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::brand::Brand;
    use super::super::language::Language;
    use super::*;

    const HOSTILE: &str = r#""><script>alert(1)</script><a href='x' onclick=y>&amp;"#;
    const ESCAPED: &str =
        "&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#60;a href=&#39;x&#39; onclick=y&#62;&#38;amp;";

    fn page() -> Page {
        Page::new(Language::English, Brand::default().named(&HOSTILE[..40]).unwrap())
    }

    #[test]
    fn what_a_stranger_sent_is_text_and_nothing_else() {
        let page = page();
        let texts = page.texts();
        let mut form = FormPage::new(&page, "A heading", "/verify", "Do it");
        form.hidden = vec![("token", HOSTILE.to_owned()), ("return_to", HOSTILE.to_owned())];
        form.username = Some(HOSTILE.to_owned());
        form.refused = Some(HOSTILE.to_owned());
        form.lead = Some(HOSTILE.to_owned());
        form.fields = vec![Field::email(texts, HOSTILE.to_owned()), Field::handle(texts, HOSTILE.to_owned())];
        form.ways = vec![Way::to(HOSTILE, "way")];
        let shown = form.render().unwrap();
        for markup in ["<script", "<a href='", "href='"] {
            assert!(!shown.contains(markup), "{markup} in {shown}");
        }
        assert_eq!(shown.matches(ESCAPED).count(), 8, "{shown}");
    }

    #[test]
    fn a_refusal_stands_at_its_field_and_the_cursor_in_it() {
        let page = page();
        let texts = page.texts();
        let form = || {
            let mut form = FormPage::new(&page, "Register", "/register", "Do it");
            form.fields = vec![
                Field::email(texts, "ada".to_owned()),
                Field::new_password(texts, "password", texts.fields.password, 12),
            ];
            form
        };
        let found = |denied: Denied| {
            let mut form = form();
            form.blame(&Blame::of(&denied), "why".to_owned());
            let fields: Vec<_> = form.fields.iter().map(|field| (field.wrong.clone(), field.focus)).collect();
            assert!(form.is_refused());
            (form.refused, fields)
        };
        let here = || Wrong::Here("why".to_owned());
        assert_eq!(found(Denied::EmailInvalid), (None, vec![(here(), true), (Wrong::No, false)]));
        assert_eq!(found(Denied::PasswordCommon), (None, vec![(Wrong::No, false), (here(), true)]));
        let nobody = (Some("why".to_owned()), vec![(Wrong::No, false), (Wrong::No, false)]);
        assert_eq!(found(Denied::RegistrationOff), nobody);
        assert!(!form().is_refused());
    }
}
