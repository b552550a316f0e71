//! `[tls]` and `[server] proxy_protocol`: what comes before HTTP.

use ipnet::IpNet;
use url::Url;

use super::check::{Check, file_path};
use super::file::{self, Given};
use super::settings::TlsFiles;

/// What stands before HTTP: TLS, if there is any, and whether there is a PROXY header.
pub(super) fn front(
    given: &Given,
    public_url: &Url,
    trusted: &[IpNet],
    check: &mut Check<'_>,
) -> (Option<TlsFiles>, bool) {
    (tls(given, public_url, check), proxy_protocol(&given.server, trusted, check))
}

/// The two files; neither of them does without the other. They are read at the start.
fn tls(given: &Given, public_url: &Url, check: &mut Check<'_>) -> Option<TlsFiles> {
    let keys = &given.tls;
    let certificate = check.text(&keys.certificate_file, "[tls] certificate_file", file_path);
    let key = check.text(&keys.key_file, "[tls] key_file", file_path);
    match (&keys.certificate_file, &keys.key_file) {
        (Some(alone), None) => {
            check.refuse(alone, "[tls] certificate_file", "is of no use without key_file; set both")
        }
        (None, Some(alone)) => {
            check.refuse(alone, "[tls] key_file", "is of no use without certificate_file; set both")
        }
        (Some(certificate), Some(_)) if public_url.scheme() != "https" => {
            let ours = public_url.origin().ascii_serialization();
            let what = format!(
                "with it, browsers call this server by https, and public_url is {ours:?}; set that to what they call"
            );
            check.refuse(certificate, "[tls] certificate_file", what);
        }
        _ => {}
    }
    Some(TlsFiles { certificate: certificate?, key: key? })
}

/// A PROXY header is as good as the one who sends it, so somebody has to be named who may.
fn proxy_protocol(server: &file::Server, trusted: &[IpNet], check: &mut Check<'_>) -> bool {
    let Some(on) = server.proxy_protocol.as_ref().filter(|on| on.get_ref().0) else { return false };
    if trusted.is_empty() {
        let what = "takes connections from trusted_proxies only, and there are none: name the networks of the proxies there";
        check.refuse(on, "[server] proxy_protocol", what);
    }
    true
}
