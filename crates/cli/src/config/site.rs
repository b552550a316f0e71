//! URLs, origins and cookie domains: which pages a browser sends our cookies from.
//!
//! The refresh cookie is `SameSite=Strict`. A page of another *site* (scheme and registrable domain, HTML Standard
//! §7.1.3.1) never has it sent, so an application on another site could sign in and would never be refreshed. Better
//! to say so at the start.

use psl::{List, Psl};
use url::{Host, Url};

/// The server's own URL: scheme, host and port.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    // The text is shown nowhere here: it may have a password in it.
    let url = Url::parse(text).map_err(|e| format!("not a URL, such as https://auth.example.com: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "begins with {}:, but must begin with https: (or http: on localhost)",
            url.scheme()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name in it; leave that away".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        let origin = url.origin().ascii_serialization();
        return Err(format!("has more than scheme, host and port; should it be {origin:?}?"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let host = url.host_str().unwrap_or_default();
        return Err(format!("is http with host {host:?}: cookies need https; only localhost may do without"));
    }
    Ok(url)
}

/// Scheme, host and port, as a browser puts it into `Origin`.
pub(super) fn origin(text: &str) -> Result<Url, String> {
    let wrong = || format!("{text:?} is not an origin, such as \"https://app.example.com\"");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let web =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    // `*` is a letter like any other in a URL, but nobody means it so.
    if bare && web && !text.contains('*') { Ok(url) } else { Err(wrong()) }
}

/// Whether this host is always this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whether a page of `app` has our strict cookies sent; why not, if it has not.
pub(super) fn same_site(app: &Url, ours: &Url) -> Result<(), String> {
    if app.scheme() != ours.scheme() {
        return Err(format!("one is {} and the other {}", app.scheme(), ours.scheme()));
    }
    let (app, ours) = (site(app), site(ours));
    if app == ours { Ok(()) } else { Err(format!("one belongs to {app:?} and the other to {ours:?}")) }
}

/// The registrable domain of a host; the host itself where it has none (an address, `localhost`, a public suffix).
fn site(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let registrable = match url.host() {
        Some(Host::Domain(name)) => List.domain(name.as_bytes()),
        _ => None,
    };
    let registrable = registrable.and_then(|domain| std::str::from_utf8(domain.as_bytes()).ok());
    registrable.unwrap_or(host).to_owned()
}

/// What a host is called: all of its name, the registrable domain, and each label of it before the public suffix. An
/// address has no words.
pub(super) fn words(url: &Url) -> Vec<String> {
    let Some(Host::Domain(host)) = url.host() else { return Vec::new() };
    let domain = site(url);
    let suffix = List.suffix(host.as_bytes()).and_then(|suffix| std::str::from_utf8(suffix.as_bytes()).ok());
    // `localhost` is a suffix to the list, and a name to everybody else.
    let labels = suffix.and_then(|suffix| host.strip_suffix(suffix)).filter(|labels| !labels.is_empty());
    let labels =
        labels.unwrap_or(host).split(['.', '-']).filter(|label| !label.is_empty()).map(str::to_owned);
    [host.to_owned(), domain].into_iter().chain(labels).collect()
}

/// A domain that browsers accept from our host (RFC 6265 §5.3), in lower case and without a dot before it.
pub(super) fn cookie_domain(text: &str, ours: &Url) -> Result<String, String> {
    let domain = text.strip_prefix('.').unwrap_or(text).to_ascii_lowercase();
    let host = match ours.host() {
        Some(Host::Domain(host)) if !is_loopback(ours) => host,
        _ => {
            let host = ours.host_str().unwrap_or_default();
            return Err(format!("cookies of {host:?}, the host of public_url, cannot have a domain"));
        }
    };
    if host != domain && !host.ends_with(&format!(".{domain}")) {
        return Err(format!("{text:?} does not cover {host:?}, the host of public_url"));
    }
    if domain.is_empty() || List.domain(domain.as_bytes()).is_none() {
        return Err(format!("{text:?} is a public suffix, under which others have their domains too"));
    }
    Ok(domain)
}

/// A path that covers `/auth/refresh` (RFC 6265 §5.1.4), which is where the refresh cookie is needed; `None` for that one itself.
pub(super) fn refresh_path(text: &str) -> Result<Option<String>, String> {
    match text {
        "/auth/refresh" => return Ok(None),
        "/" | "/auth" | "/auth/" => return Ok(Some(text.to_owned())),
        _ => {}
    }
    Err(format!("{text:?} does not cover \"/auth/refresh\"; \"/auth\" and \"/\" do"))
}
