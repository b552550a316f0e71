//! The configuration as the rest of the program uses it: checked, typed, with nothing left open.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use rotunda_core::policy::Policy;
use rotunda_outside::{ArgonParameters, PoolSize};
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use super::mail::MailSettings;
use super::pages::PagesSettings;
use super::store::StoreSettings;
use super::telemetry::TelemetrySettings;

/// The operator's decisions about everything.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How browsers reach this server: scheme, host and port, nothing else.
    pub public_url: Url,
    /// The other origins that may call from a browser, as browsers write them.
    pub app_origins: Vec<String>,
    /// The networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether each connection begins with a PROXY header.
    pub proxy_protocol: bool,
    /// The files with the certificate and its key, if this server speaks TLS itself.
    pub tls: Option<TlsFiles>,
    /// The domain of all cookies; `None` for the host alone.
    pub cookie_domain: Option<String>,
    /// The path of the refresh cookie, if it is not the usual one.
    pub refresh_path: Option<String>,
    /// The folder for what has no place of its own.
    pub data: PathBuf,
    /// Where everything is kept.
    pub store: StoreSettings,
    /// The file with the master keys.
    pub master_file: PathBuf,
    /// What core is held to.
    pub policy: Policy,
    /// The file with the breached passwords, if there is one.
    pub breached_list: Option<PathBuf>,
    /// How much work a new password's hash is.
    pub argon: ArgonParameters,
    /// How many of them at once.
    pub pool: PoolSize,
    /// How letters reach users.
    pub mail: MailSettings,
    /// What users see of this server.
    pub pages: PagesSettings,
    /// The networks that are not public and may be told of events.
    pub private_networks: Vec<IpNet>,
    /// The least important lines that are logged.
    pub log_level: LevelFilter,
    /// How they are written.
    pub log_format: LogFormat,
    /// What is told to those who watch.
    pub telemetry: TelemetrySettings,
}

/// The two files of `[tls]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TlsFiles {
    /// The chain of certificates.
    pub certificate: PathBuf,
    /// The private key of the first of them.
    pub key: PathBuf,
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
