//! `rotunda health`: asks the server on this machine how it is, for a supervisor that can run a program and no more, such as a
//! container engine where there is neither a shell nor an HTTP client.
//!
//! 1. Only the configuration is read: no store is opened and no key. What is asked is what anybody may ask.
//! 2. With `[tls]` it speaks TLS, and takes whatever certificate it is shown: what is asked is whether the server lives, and nothing
//!    secret is said. With `[server] proxy_protocol` it says of itself what a proxy says that looks whether the server lives.
//! 3. The way is the shortest, to where the server listens. What browsers meet on theirs, `rotunda doctor` looks at.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use rustls::StreamOwned;
use serde_json::json;

use super::health_tls::any_certificate;
use crate::args::{self, Global, Serve};
use crate::config::Settings;
use crate::output;
use crate::wiring::settings;

/// How long each step may take: connecting, asking, each piece of the answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most bytes of an answer that are read; its first line is what counts.
const MOST_BYTES: u64 = 16 * 1024;

pub(crate) fn run(global: &Global, health: &args::Health) -> anyhow::Result<ExitCode> {
    let settings = settings(global, &Serve::default())?;
    let asked = Asked::of(&settings, if health.ready { "/readyz" } else { "/healthz" });
    let told = asked.told().unwrap_or_else(|error| error.to_string());
    let is_good = told.starts_with("HTTP/1.1 200 ");
    let place = format!("{}{}", asked.origin(), asked.path);
    if global.json {
        output::json(&json!({"ok": is_good, "where": place, "what": told}))?;
    } else if is_good {
        output::print("ok\n")?;
    } else {
        return Ok(output::refused(&format!("{place}: {}", output::plain(&told))));
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What is asked, where and how.
pub(crate) struct Asked {
    at: SocketAddr,
    host: String,
    path: &'static str,
    has_tls: bool,
    is_proxied: bool,
}

impl Asked {
    /// As the server that is configured so wants to be asked.
    pub(crate) fn of(settings: &Settings, path: &'static str) -> Self {
        // The name that browsers call: a server whose public URL is on loopback refuses all others.
        let host = settings.public_url.as_str().split('/').nth(2).unwrap_or("localhost").to_owned();
        let at = reachable(settings.listen);
        Self { at, host, path, has_tls: settings.tls.is_some(), is_proxied: settings.proxy_protocol }
    }

    /// Where it is, with the scheme.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.has_tls { "https" } else { "http" }, self.at)
    }

    /// The first line of the answer. Waits for it: not to be called where others would wait too.
    pub(crate) fn told(&self) -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.at, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        if self.is_proxied {
            stream.write_all(b"PROXY UNKNOWN\r\n")?;
        }
        if self.has_tls {
            self.over(StreamOwned::new(any_certificate(&self.host)?, stream))
        } else {
            self.over(stream)
        }
    }

    fn over(&self, mut stream: impl Read + Write) -> io::Result<String> {
        let (path, host) = (self.path, &self.host);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(MOST_BYTES).read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.lines().next().unwrap_or("it hung up without an answer").to_owned())
    }
}

/// Where a server that listens there is reached on this machine.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
