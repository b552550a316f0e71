//! Reverse proxies before servers on this machine: each in turn, another one when a connection is refused.

use std::ffi::OsString;
use std::net::TcpStream;
use std::path::Path;

use crate::port::free_port;
use crate::process::{Process, folder};

/// HAProxy; gone when it goes out of scope, or with the process.
pub struct Haproxy(Proxy);

/// Where it says how its servers are.
const HAPROXY_STATS: &str = "/haproxy";

/// nginx; gone when it goes out of scope, or with the process.
pub struct Nginx(Proxy);

struct Proxy {
    _process: Process,
    port: u16,
}

impl Haproxy {
    /// Starts it before the servers on these ports of 127.0.0.1, which need not be there yet.
    ///
    /// # Panics
    /// When it takes no connections within half a minute.
    #[must_use]
    pub fn start(ports: &[u16]) -> Self {
        Self::sending(ports, "")
    }

    /// The same, with these words after each server: `send-proxy`, `send-proxy-v2`, or `check`, which asks `/readyz` whether it is ready.
    ///
    /// # Panics
    /// When it takes no connections within half a minute.
    #[must_use]
    pub fn sending(ports: &[u16], words: &str) -> Self {
        Self(Proxy::start("haproxy.cfg", haproxy(ports, words), |config| {
            ["/usr/sbin/haproxy", "-db", "-f"]
                .map(OsString::from)
                .into_iter()
                .chain([config.into()])
                .collect()
        }))
    }

    /// Where clients find the servers.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Where it says how its servers are: a table with commas (CSV).
    #[must_use]
    pub fn stats_url(&self) -> String {
        format!("{}{HAPROXY_STATS};csv", self.0.url())
    }

    /// Whether that table says of the server on this port that it was found ready.
    #[must_use]
    pub fn is_up(stats: &str, port: u16) -> bool {
        let server = format!("servers,s{port},");
        stats.lines().any(|line| line.starts_with(&server) && line.contains(",UP,"))
    }
}

impl Nginx {
    /// Starts it before the servers on these ports of 127.0.0.1, which need not be there yet.
    ///
    /// # Panics
    /// When it takes no connections within half a minute.
    #[must_use]
    pub fn start(ports: &[u16]) -> Self {
        Self::passing(ports, PASSED)
    }

    /// The same, badly configured: these directives say what it passes on, in the place of those that pass on everything.
    ///
    /// # Panics
    /// As with [`start`](Self::start).
    #[must_use]
    pub fn passing(ports: &[u16], directives: &str) -> Self {
        Self::of(nginx(ports, directives, ""))
    }

    /// The same as [`start`](Self::start), with TLS by this certificate, PEM, and its key.
    ///
    /// # Panics
    /// As with [`start`](Self::start), and where the two do not belong together.
    #[must_use]
    pub fn with_tls(ports: &[u16], certificate: &Path, key: &Path) -> Self {
        let (certificate, key) = (certificate.display(), key.display());
        let tls = format!(" ssl;\n        ssl_certificate {certificate};\n        ssl_certificate_key {key}");
        Self::of(nginx(ports, PASSED, &tls))
    }

    fn of(config: String) -> Self {
        Self(Proxy::start("nginx.conf", config, |config| {
            let mut command: Vec<OsString> =
                ["/usr/sbin/nginx", "-e", "stderr", "-p"].map(OsString::from).into();
            command.extend(config.parent().map(Into::into));
            command.extend(["-c".into(), config.into()]);
            command
        }))
    }

    /// Where clients find the servers.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }
}

impl Proxy {
    fn start(name: &str, config: String, command: impl Fn(&Path) -> Vec<OsString>) -> Self {
        let (folder, port) = (folder(), free_port());
        let path = folder.join(name);
        std::fs::write(&path, config.replace("PORT", &port.to_string()))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let process = Process::new(folder, "KILL", &command(&path));
        process.start(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { _process: process, port }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn haproxy(ports: &[u16], words: &str) -> String {
    let servers: String =
        ports.iter().map(|port| format!("    server s{port} 127.0.0.1:{port} {words}\n")).collect();
    format!(
        "defaults
    mode http
    option forwardfor
    option redispatch 1
    retries {retries}
    timeout connect 5s
    timeout client 60s
    timeout server 60s

frontend all
    bind 127.0.0.1:PORT
    stats uri {HAPROXY_STATS}
    default_backend servers

backend servers
    balance roundrobin
    timeout check 6s
    option httpchk GET /readyz
    http-check expect status 200
{servers}",
        retries = ports.len().max(3)
    )
}

/// What a proxy has to say of the browser.
const PASSED: &str = "proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";

/// One process without a master: what is killed is all that there is.
fn nginx(ports: &[u16], directives: &str, tls: &str) -> String {
    let servers: String =
        ports.iter().map(|port| format!("        server 127.0.0.1:{port} max_fails=0;\n")).collect();
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {kind};\n"))
        .concat();
    format!(
        "daemon off;
master_process off;
pid pid;
error_log stderr;
events {{}}
http {{
    access_log off;
{paths}    upstream servers {{
{servers}        keepalive 32;
    }}
    server {{
        listen 127.0.0.1:PORT{tls};
        location / {{
            proxy_pass http://servers;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            {directives}
        }}
    }}
}}
"
    )
}
