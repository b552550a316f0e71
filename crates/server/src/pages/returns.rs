//! Where a browser may be sent after a sign-in (ASVS 5.0, 10.4.1; RFC 9700 §2.1): nowhere but to addresses that are
//! registered with the client, so that no link to our sign-in leads to somebody else's page.
//!
//! 1. The text is an absolute http or https address without user name and fragment, and its host is of letters that nobody
//!    can mistake. It is read once, and what is sent to the browser is what was read, never the text itself.
//! 2. It is one of the client's, letter by letter; where the registered one has no query, it may have one.
//! 3. On a loopback `public_url`, every loopback address is good as well: development, as with CORS.

use std::collections::BTreeMap;

use url::{Host, Url};

use crate::web::is_loopback;

/// The addresses of each client.
#[derive(Clone, Default, Debug)]
pub struct Returns(BTreeMap<String, Vec<Url>>);

/// Why an address cannot be one to return to; says what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReturnError {
    /// Not an absolute address.
    #[error("{0:?} is not an address to return to, such as \"https://app.example.com/signed-in\"")]
    Form(String),
    /// Not encrypted, and not on this machine.
    #[error(
        "{0:?} is http: whoever listens could change the page that users come back to; only localhost may do without https"
    )]
    Plain(String),
}

impl Returns {
    /// The most bytes of an address.
    pub const MOST_BYTES: usize = 2_048;

    /// With one more address for a client.
    ///
    /// # Errors
    /// [`ReturnError`]
    pub fn with(mut self, client: &str, text: &str) -> Result<Self, ReturnError> {
        // `*` is a letter like any other in an address, but nobody means it so.
        let url =
            read(text).filter(|_| !text.contains('*')).ok_or_else(|| ReturnError::Form(text.to_owned()))?;
        if url.scheme() != "https" && !is_loopback(&url) {
            return Err(ReturnError::Plain(text.to_owned()));
        }
        self.0.entry(client.to_owned()).or_default().push(url);
        Ok(self)
    }

    /// The address as it is to be sent to the browser, if this client's users may be sent there.
    pub(crate) fn find(&self, client: &str, text: &str, on_loopback: bool) -> Option<Url> {
        let url = read(text)?;
        let registered = self.0.get(client).is_some_and(|all| all.iter().any(|one| is_same(one, &url)));
        (registered || (on_loopback && is_loopback(&url))).then_some(url)
    }
}

/// A page of our own that asks for a sign-in and wants its visitor back: the console's. It is a path of ours, letter by letter:
/// nothing in it can be read as another host, another folder or a query.
pub(crate) fn own(text: &str) -> Option<String> {
    const CONSOLE: &str = "/admin";
    let rest = text.strip_prefix(CONSOLE).filter(|_| text.len() <= Returns::MOST_BYTES)?;
    let is_clear = (rest.is_empty() || rest.starts_with('/'))
        && !rest.contains("//")
        && !rest.contains("..")
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.".contains(&b));
    is_clear.then(|| text.to_owned())
}

fn is_same(registered: &Url, url: &Url) -> bool {
    if registered.query().is_some() {
        return registered == url;
    }
    let mut bare = url.clone();
    bare.set_query(None);
    *registered == bare
}

/// An address that can be one to return to.
fn read(text: &str) -> Option<Url> {
    if text.len() > Returns::MOST_BYTES {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    // In `Content-Security-Policy` a host with a semicolon would begin a directive.
    let has_clear_host = match url.host()? {
        Host::Domain(name) => name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')),
        Host::Ipv4(_) => true,
        // It cannot stand in a policy at all, so a browser would not go there.
        Host::Ipv6(_) => false,
    };
    (matches!(url.scheme(), "http" | "https") && is_plain && has_clear_host).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: &str = "https://app.example.com/done";

    fn returns() -> Returns {
        let all = [
            ("web", DONE),
            ("web", "https://app.example.com/x?a=1"),
            ("kiosk", "https://kiosk.example.com/"),
        ];
        all.into_iter()
            .fold(Returns::default(), |returns, (client, text)| returns.with(client, text).unwrap())
    }

    #[test]
    fn an_address_is_good_letter_by_letter() {
        let returns = returns();
        for (good, sent) in [
            (DONE, DONE),
            ("https://app.example.com/done?next=%2Fx&y", "https://app.example.com/done?next=%2Fx&y"),
            ("https://app.example.com/x?a=1", "https://app.example.com/x?a=1"),
            // What a browser makes of it is what was registered.
            ("HTTPS://APP.example.com:443/./done", DONE),
            ("https:app.example.com\\done", DONE),
            ("  https://app.exa\tmple.com/done\n", DONE),
        ] {
            assert_eq!(returns.find("web", good, false).map(String::from).as_deref(), Some(sent), "{good}");
        }
        for bad in BAD {
            assert_eq!(returns.find("web", bad, false), None, "{bad}");
        }
        assert_eq!(returns.find("kiosk", DONE, false), None);
        assert_eq!(returns.find("", DONE, false), None);
        let long = format!("{DONE}?{}", "a".repeat(Returns::MOST_BYTES));
        assert_eq!(returns.find("web", &long, false), None);
    }

    const BAD: [&str; 33] = [
        "",
        "/",
        "/done",
        "//app.example.com/done",
        "done",
        "http://app.example.com/done",
        "https://app.example.com/",
        "https://app.example.com/done/",
        "https://app.example.com/done/../x",
        "https://app.example.com/done%2F..",
        "https://app.example.com/Done",
        "https://app.example.com:444/done",
        "https://app.example.com/done#x",
        "https://app.example.com/x",
        "https://app.example.com/x?a=1&b=2",
        "https://app.example.com/x?a=2",
        "https://app.example.com.evil.example/done",
        "https://evil.example/done",
        "https://evil.example/https://app.example.com/done",
        "https://evil.example?https://app.example.com/done",
        "https://evil.example\\@app.example.com/done",
        "https://app.example.com@evil.example/done",
        "https://user@app.example.com/done",
        "https://:x@app.example.com/done",
        "https://app.example.com./done",
        "https://app.example.com;x/done",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "blob:https://app.example.com/done",
        "https://",
        "http://localhost:3000/",
        "https://аpp.example.com/done",
    ];

    #[test]
    fn a_page_of_our_own_is_the_console_and_nothing_else() {
        for good in
            ["/admin", "/admin/users", "/admin/users/0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21/roles", "/admin/"]
        {
            assert_eq!(own(good).as_deref(), Some(good));
        }
        for bad in BAD.iter().copied().chain([
            "/administrator",
            "/admin@evil.example",
            "/admin.evil.example",
            "/admin//evil.example",
            "/admin/..//evil.example",
            "/admin/../login",
            "/admin/\\evil.example",
            "/admin/%2e%2e/login",
            "/admin?x",
            "/admin#x",
            "/admin/\r\nx",
            " /admin",
            "//admin",
            "admin",
        ]) {
            assert_eq!(own(bad), None, "{bad}");
        }
    }

    #[test]
    fn on_this_machine_every_place_of_this_machine_is_good() {
        let returns = Returns::default();
        for good in ["http://localhost:3000/x?y", "http://127.0.0.1:5173/", "https://app.localhost/"] {
            assert!(returns.find("web", good, true).is_some(), "{good}");
            assert!(returns.find("web", good, false).is_none(), "{good}");
        }
        for bad in [
            "http://localhost.evil.example/",
            "http://10.0.0.1/",
            "http://[::1]/",
            "http://evil.example/",
            "http://a;script-src.localhost/",
            "http://localhost/#x",
            "ftp://localhost/",
            "/x",
        ] {
            assert!(returns.find("web", bad, true).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_returned_to_cannot_be_registered() {
        let refused = |text: &str| Returns::default().with("web", text).unwrap_err();
        for bad in
            ["", "/x", "https://*.example.com/", "https://x/#y", "app://x", "https://a@b/", "https://a;b/"]
        {
            assert_eq!(refused(bad), ReturnError::Form(bad.to_owned()));
        }
        for plain in ["http://app.example.com/", "http://10.0.0.1/"] {
            assert_eq!(refused(plain), ReturnError::Plain(plain.to_owned()));
        }
        Returns::default().with("web", "http://localhost:3000/x").unwrap();
    }
}
