//! Whom a request believes to be talking to.
//!
//! A server whose `public_url` is on loopback serves this machine only: registration is open, cookies are not `Secure`,
//! every loopback port may use them. A request for another host name shows that this is not so: a reverse proxy stands
//! before a server that was never told its name, or a page elsewhere had its name resolved to this machine (DNS
//! rebinding). Either is refused, with what to do.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::HOST;
use url::Url;

use crate::App;
use crate::reply::Problem;
use crate::web::is_loopback;

/// Refuses what was meant for another host, where `public_url` is on loopback.
pub(crate) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.headers().get_all(HOST).iter().nth(1).is_some() {
        return Problem::malformed("There is more than one Host header.").into_response();
    }
    let named = request.headers().get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    let named = named.or_else(|| request.uri().authority().map(ToString::to_string));
    let elsewhere = named.filter(|host| app.web.is_loopback() && !names_this_machine(host));
    match elsewhere {
        Some(_) => Problem::Misdirected(app.web.origin().to_owned()).into_response(),
        None => next.run(request).await,
    }
}

fn names_this_machine(host: &str) -> bool {
    Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
}

#[cfg(test)]
mod tests {
    use super::names_this_machine;

    #[test]
    fn only_loopback_names_name_this_machine() {
        for good in ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "app.localhost"] {
            assert!(names_this_machine(good), "{good}");
        }
        for bad in [
            "auth.example.com",
            "localhost.example.com",
            "10.0.0.1:8080",
            "",
            "a b",
            "127.0.0.1@evil.example",
        ] {
            assert!(!names_this_machine(bad), "{bad}");
        }
    }
}
