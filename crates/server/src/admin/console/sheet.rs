//! What the console's pages are made of: a heading, a way around, and parts in a row. One template shows them all.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use rotunda_core::model::{AdminPermission, UnixMillis};
use url::form_urlencoded::Serializer;

use super::charts::{Chart, Hours};
use super::drawing::Drawing;
use super::moments::At;
use super::seat::Seat;
use crate::edge::form::Form;
use crate::pages::Page;

/// Where one gets from every page, and what it takes.
const WAYS: [(&str, &str, AdminPermission); 8] = [
    (super::ADMIN, "Overview", AdminPermission::OverviewRead),
    (super::users::PATH, "Users", AdminPermission::UsersRead),
    (super::sessions::PATH, "Sessions", AdminPermission::SessionsRead),
    (super::roles::PATH, "Roles", AdminPermission::RolesRead),
    (super::clients::PATH, "Clients", AdminPermission::ClientsRead),
    (super::keys::PATH, "Keys", AdminPermission::KeysRead),
    (super::audit::PATH, "Audit", AdminPermission::AuditRead),
    (super::webhooks::PATH, "Webhooks", AdminPermission::WebhooksRead),
];

/// A page of the console.
#[derive(Template)]
#[template(path = "console/sheet.html")]
pub(super) struct Sheet<'a> {
    page: &'a Page,
    who: String,
    nav: Vec<Link>,
    heading: String,
    done: Option<&'static str>,
    parts: Vec<Part>,
}

/// A part of a page.
pub(super) enum Part {
    /// What follows is about this.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// The sentence that matters most; whether all is well.
    Verdict { is_well: bool, lines: Vec<String> },
    /// A form that looks for something; it changes nothing, and its address can be kept.
    Search(Search),
    /// What is known of one thing.
    Facts(Vec<(&'static str, Cell)>),
    /// Many things.
    Table(Table),
    /// Ways to what can be done.
    Ways(Vec<Link>),
    /// Charts, and the same as a table.
    Charts(Vec<Chart>, Hours),
    /// A picture, for wide windows and for narrow ones.
    Picture(Box<[Drawing; 2]>),
    /// What happened, numbered as in the picture.
    Steps(Vec<Step>),
    /// A secret that is shown once.
    Secret(String),
}

/// A link.
pub(super) struct Link {
    pub href: String,
    pub label: String,
    /// Whether it leads to the page that it stands on.
    pub is_here: bool,
}

impl Link {
    /// To this place.
    pub(super) fn to(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into(), is_here: false }
    }
}

/// What stands in a table or beside a name.
#[derive(Default)]
pub(super) struct Cell {
    pub text: String,
    pub href: Option<String>,
    /// For programs, where it is a moment.
    pub iso: Option<String>,
    /// Whether it is something to look at.
    pub is_wrong: bool,
}

impl Cell {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A text that leads somewhere.
    pub(super) fn link(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: Some(href.into()), ..Self::text(text) }
    }

    /// A moment.
    pub(super) fn at(at: UnixMillis) -> Self {
        let At { iso, text } = At::of(at);
        Self { iso: Some(iso), ..Self::text(text) }
    }

    /// A text, or that there is none.
    pub(super) fn maybe(text: Option<impl Into<String>>) -> Self {
        Self::text(text.map_or_else(|| "–".to_owned(), Into::into))
    }

    /// The same, as something to look at.
    pub(super) fn wrong(self, is_wrong: bool) -> Self {
        Self { is_wrong, ..self }
    }
}

/// Many things of a kind.
pub(super) struct Table {
    /// What they are, for those who do not see it.
    pub caption: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Cell>>,
    /// Where there are none.
    pub nothing: &'static str,
    /// Where there are more.
    pub next: Option<String>,
}

/// A form that looks for something.
pub(super) struct Search {
    pub action: &'static str,
    pub fields: Vec<SearchField>,
}

/// A field of it.
pub(super) struct SearchField {
    pub name: &'static str,
    pub label: &'static str,
    pub value: String,
    /// What may be chosen, each with its name; empty where anything may be typed.
    pub choices: Vec<(&'static str, &'static str)>,
}

impl SearchField {
    /// For a text, with what the query says.
    pub(super) fn text(query: &Form, name: &'static str, label: &'static str) -> Self {
        Self { name, label, value: query.value(name).unwrap_or_default(), choices: Vec::new() }
    }

    /// For one of these.
    pub(super) fn choice(
        query: &Form,
        name: &'static str,
        label: &'static str,
        choices: &[(&'static str, &'static str)],
    ) -> Self {
        Self { choices: choices.to_vec(), ..Self::text(query, name, label) }
    }
}

/// Something that happened, with its number in the picture.
pub(super) struct Step {
    pub number: usize,
    pub at: At,
    pub text: String,
    /// Where: the letter of the place, and what it is.
    pub place: Option<(char, String)>,
    pub is_wrong: bool,
}

impl<'a> Sheet<'a> {
    /// An empty page for somebody.
    pub(super) fn new(seat: &'a Seat, path: &str, heading: impl Into<String>) -> Self {
        let ways = WAYS.iter().filter(|(_, _, permission)| seat.may(*permission));
        let nav = ways.map(|(href, label, _)| Link { is_here: *href == path, ..Link::to(*href, *label) });
        Self {
            page: &seat.page,
            who: seat.bearer.facts.user.email.to_string(),
            nav: nav.collect(),
            heading: heading.into(),
            done: None,
            parts: Vec::new(),
        }
    }

    /// With what was done, told once.
    pub(super) fn done(self, done: Option<&'static str>) -> Self {
        Self { done, ..self }
    }

    /// With one more part.
    pub(super) fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// With these, where they are given.
    pub(super) fn with_all(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.parts.extend(parts);
        self
    }

    /// The page.
    pub(super) fn show(&self) -> Response {
        self.page.show(StatusCode::OK, self)
    }
}

/// The first page that somebody may see.
pub(super) fn first_way(seat: &Seat) -> Option<&'static str> {
    WAYS.iter().find(|(_, _, permission)| seat.may(*permission)).map(|(href, _, _)| *href)
}

/// The same page with these in its query, besides what it looks for.
pub(super) fn further(path: &str, query: &Form, names: &[&str], name: &str, value: &str) -> String {
    let mut text = Serializer::new(String::new());
    for kept in names {
        if let Some(value) = query.value(kept) {
            text.append_pair(kept, &value);
        }
    }
    text.append_pair(name, value);
    format!("{path}?{}", text.finish())
}
