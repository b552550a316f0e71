//! Pages: what they are called, how they look, and where users may be sent from them.

use std::path::PathBuf;

use rotunda_core::model::ClientKind;
use rotunda_server::{Accent, Brand, BrandError, Colour, Language, Returns, Scheme};
use url::Url;

use super::check::{Check, file_path};
use super::clients::BUILTIN;
use super::file::{self, Given};
use super::site;
use super::values::{List, Spanned};

/// The most addresses that one client may have users sent back to.
const MOST_RETURNS: usize = 64;

/// What users see of this server.
#[derive(Debug)]
pub(crate) struct PagesSettings {
    /// Name and colours.
    pub brand: Brand,
    /// The file with the logo. It is read when the server starts.
    pub logo: Option<PathBuf>,
    /// The one language; `None` leaves it to each browser.
    pub language: Option<Language>,
    /// Where users may be sent back to.
    pub returns: Returns,
}

/// What `[pages]` says, and the clients' `return_urls`.
pub(super) fn pages(given: &Given, ours: &Url, check: &mut Check<'_>) -> PagesSettings {
    let pages = &given.pages;
    let named = check.text(&pages.name, "[pages] name", |text| Brand::default().named(text).map_err(told));
    let light = check.text(&pages.accent, "[pages] accent", |text| accent(Scheme::Light, text));
    let dark = check.text(&pages.accent_dark, "[pages] accent_dark", |text| accent(Scheme::Dark, text));
    let brand = named.unwrap_or_default();
    let brand = match (light, dark) {
        (Some(light), dark) => brand.with_accents(light, dark),
        (None, Some(dark)) => brand.with_dark_accent(dark),
        (None, None) => brand,
    };
    PagesSettings {
        brand,
        logo: check.text(&pages.logo, "[pages] logo", file_path),
        language: pages.language.as_ref().map(|chosen| chosen.get_ref().0),
        returns: returns(given, ours, check),
    }
}

fn accent(scheme: Scheme, text: &str) -> Result<Accent, String> {
    Colour::parse(text).and_then(|colour| Accent::on(scheme, colour)).map_err(told)
}

fn told(error: BrandError) -> String {
    error.to_string()
}

fn returns(given: &Given, ours: &Url, check: &mut Check<'_>) -> Returns {
    let mut returns = Returns::default();
    for (name, section) in &given.clients {
        let Some(urls) = &section.get_ref().return_urls else { continue };
        let key = format!("[clients.{name}] return_urls");
        if kind(name, section.get_ref()).is_some_and(|kind| kind != ClientKind::Web) {
            check.refuse(urls, &key, "only users of web clients sign in on our pages; leave this away");
            continue;
        }
        if urls.get_ref().0.len() > MOST_RETURNS {
            check.refuse(urls, &key, format_args!("has more than {MOST_RETURNS} addresses"));
            continue;
        }
        for text in &urls.get_ref().0 {
            match returns.clone().with(name, text) {
                Ok(more) => returns = more,
                Err(error) => check.refuse(urls, &key, error),
            }
            warn_of_another_site(urls, (&key, text), ours, check);
        }
    }
    returns
}

fn kind(name: &str, section: &file::Client) -> Option<ClientKind> {
    let builtin = BUILTIN.iter().find(|(builtin, _)| *builtin == name).map(|(_, kind)| *kind);
    builtin.or(section.kind.as_ref().map(|chosen| chosen.get_ref().0))
}

/// An application of another site never has the refresh cookie sent.
fn warn_of_another_site(urls: &Spanned<List>, (key, text): (&str, &str), ours: &Url, check: &mut Check<'_>) {
    let Ok(url) = Url::parse(text) else { return };
    if site::is_loopback(&url) && site::is_loopback(ours) {
        return;
    }
    if let Err(why) = site::same_site(&url, ours) {
        let what = format!(
            "a page at {text:?} will not have its cookies sent: {why}; users who are sent back there are not signed in there"
        );
        check.warn(check.source(urls), key, what);
    }
}
