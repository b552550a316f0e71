//! Connections: how they are made, lent and thrown away, and how long anybody waits for one.
//!
//! | what | how long |
//! |---|---|
//! | waiting until one is free | 4 s, and no more than 4,096 wait |
//! | making one: name, TCP, TLS, password, settings | 3 s; 1 s of it for each host that has others behind it (`hosts.rs`) |
//! | a whole call of a port | 5 s (`lib.rs`), so the rest is for the work |
//! | one statement, by the server's clock | 4 s (`statement_timeout`) |
//! | a transaction that nobody goes on with | 5 s (`idle_in_transaction_session_timeout`) |
//! | a peer that does not acknowledge | 5 s (TCP user timeout), 30 s without traffic (keepalives) |
//!
//! | setting | why |
//! |---|---|
//! | `target_session_attrs=read-write` | several hosts in the URL mean: whichever is the primary |
//! | `default_transaction_isolation` | what is said about locks in this crate holds for READ COMMITTED |
//! | `plan_cache_mode=force_generic_plan` | a statement is planned once per connection, not at every call |
//! | no sequential or bitmap scans, no hash or merge joins, nothing materialized or half sorted, no JIT | that one plan is made when tables may still be empty, and has to be right when they are large: every statement that has an index uses it |
//!
//! A connection on which something was left unfinished, because its caller has gone or its time was up, is closed: no
//! transaction, lock or answer of one caller ever reaches the next.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime,
    TimeoutType,
};
use futures_util::future::{join, join_all};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Options;
use crate::db::{Error, Result};
use crate::hosts::{self, Hosts};
use crate::stats::Connections;

/// How long to wait until a connection is free.
const WAIT: Duration = Duration::from_secs(4);
/// How many may wait.
const WAITING: usize = 4_096;

const SETTINGS: &str = "\
    SET statement_timeout = 4000; SET idle_in_transaction_session_timeout = 5000; \
    SET default_transaction_isolation = 'read committed'";
/// Not every database that speaks PostgreSQL's language has these, and none needs them to be right.
const PLANS: [&str; 8] = [
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET enable_material = off",
    "SET enable_incremental_sort = off",
    "SET jit = off",
];

/// A bounded number of connections to one database.
#[derive(Clone)]
pub(crate) struct Pool(deadpool_postgres::Pool);

/// A connection that is closed, not returned, unless somebody says that nothing is left unfinished on it.
pub(crate) struct Held(Option<Object>);

impl Pool {
    pub(crate) fn new(
        config: &Config,
        tls: &MakeRustlsConnect,
        most: usize,
    ) -> std::result::Result<Self, String> {
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(config.clone(), Hosts::of(config, tls), recycling);
        deadpool_postgres::Pool::builder(manager)
            .max_size(most)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(hosts::ALL))
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move { settle(client).await.map_err(HookError::Backend) })
            }))
            .build()
            .map(Self)
            .map_err(|e| e.to_string())
    }

    /// How it is.
    pub(crate) fn state(&self) -> Connections {
        let status = self.0.status();
        Connections {
            open: status.size,
            idle: status.available,
            most: status.max_size,
            waiting: status.waiting,
        }
    }

    /// Borrows a connection, a new one where none is free and there may be more.
    pub(crate) async fn get(&self) -> Result<Held> {
        if self.0.status().waiting >= WAITING {
            return Err(Error::Busy);
        }
        match self.0.get().await {
            Ok(client) => Ok(Held(Some(client))),
            Err(PoolError::Backend(e) | PoolError::PostCreateHook(HookError::Backend(e))) => {
                Err(Error::Sql(e))
            }
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(Error::Busy),
            Err(_) => Err(Error::Late("connecting")),
        }
    }
}

impl Held {
    /// Nothing is left unfinished: the next caller may have the connection.
    pub(crate) fn done(mut self) {
        drop(self.0.take());
    }

    /// For whoever needs the bare connection.
    pub(crate) fn client(&mut self) -> Option<&mut tokio_postgres::Client> {
        self.0.as_mut().map(|object| -> &mut tokio_postgres::Client { object })
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.as_ref().is_some_and(|client| !client.is_closed())
    }

    pub(crate) fn get(&self) -> Result<&ClientWrapper> {
        self.0.as_deref().ok_or(Error::Busy)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

/// In one round trip.
async fn settle(client: &ClientWrapper) -> std::result::Result<(), tokio_postgres::Error> {
    let plans = join_all(PLANS.iter().map(|setting| client.batch_execute(setting)));
    let (settings, plans) = join(client.batch_execute(SETTINGS), plans).await;
    settings?;
    match plans.into_iter().filter_map(|set| set.err()).find(|e| e.code().is_none()) {
        Some(ended) => Err(ended),
        None => Ok(()),
    }
}

/// What the URL says, with our deadlines. What it says wrong is told without the password in it.
pub(crate) fn config(options: &Options) -> std::result::Result<Config, String> {
    let (before, settings) = apart(&options.url);
    // Whoever asks for TLS gets the server's name and certificate verified, as these two of libpq's modes do.
    let verified = settings
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config = format!("{before}{verified}")
        .parse()
        .map_err(|e: tokio_postgres::Error| format!("the URL of the database: {}", crate::fault::Said(&e)))?;
    if config.get_hosts().is_empty() {
        return Err("the URL of the database names no host".to_owned());
    }
    // Hosts are shown, and this one is the end of a password.
    if config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@'))) {
        return Err("the URL of the database: write \"@\" in a user name or password as %40".to_owned());
    }
    if !settings.contains("sslmode=") {
        config.ssl_mode(if is_all_here(&config) { SslMode::Disable } else { SslMode::Require });
    }
    if !settings.contains("target_session_attrs=") {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if config.get_application_name().is_none() {
        config.application_name("rotunda");
    }
    config.connect_timeout(hosts::EACH);
    config.tcp_user_timeout(Duration::from_secs(5));
    config.keepalives_idle(Duration::from_secs(15));
    config.keepalives_interval(Duration::from_secs(5));
    config.keepalives_retries(3);
    Ok(config)
}

/// A URL up to its password, and what follows: a password may look like a setting.
fn apart(url: &str) -> (&str, &str) {
    url.split_at(url.find('@').unwrap_or(0))
}

/// Whether every host is this machine, so that there is no network to listen on.
fn is_all_here(config: &Config) -> bool {
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// What certificates are believed: those of the file where one is given, otherwise those that the system believes. Where TLS is
/// not used, none: a system without any is none the worse for it.
pub(crate) fn tls(config: &Config, ca_file: Option<&Path>) -> std::result::Result<MakeRustlsConnect, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|e| e.to_string())?;
    let builder = match ca_file {
        Some(path) => builder.with_root_certificates(roots(path)?),
        None if config.get_ssl_mode() == SslMode::Disable => {
            builder.with_root_certificates(RootCertStore::empty())
        }
        None => builder.with_platform_verifier().map_err(|e| e.to_string())?,
    };
    Ok(MakeRustlsConnect::new(builder.with_no_client_auth()))
}

fn roots(path: &Path) -> std::result::Result<RootCertStore, String> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let pem = fs::read(path).map_err(|e| wrong(&e))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| wrong(&e))?;
        roots.add(certificate).map_err(|e| wrong(&e))?;
    }
    if roots.is_empty() { Err(wrong(&"there is no certificate in this file")) } else { Ok(roots) }
}

/// Hosts and database, for people. Never the user or the password.
pub(crate) fn shown(config: &Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(n, host)| {
            let port = config.get_ports().get(n).or(config.get_ports().first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(path) => path.display().to_string(),
            }
        })
        .collect();
    format!("database {} on {}", config.get_dbname().unwrap_or("(default)"), hosts.join(", "))
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::config;
    use crate::Options;

    fn mode(url: &str) -> SslMode {
        config(&Options { url: url.to_owned(), connections: 1, ca_file: None }).unwrap().get_ssl_mode()
    }

    #[test]
    fn whoever_says_nothing_gets_tls_over_a_network() {
        for (url, expected) in [
            ("postgres://ada:secret@db/rotunda", SslMode::Require),
            ("postgres://ada:sslmode=@db/rotunda", SslMode::Require),
            ("postgres://ada:sslmode=disable@db/rotunda", SslMode::Require),
            ("postgres://ada@localhost,db/rotunda", SslMode::Require),
            ("postgres://ada@localhost/rotunda?hostaddr=10.0.0.1", SslMode::Require),
            ("postgres://ada@localhost,127.0.0.1:1,[::1]/rotunda", SslMode::Disable),
            ("postgres://ada@%2Frun%2Fpostgresql/rotunda", SslMode::Disable),
            ("postgres://db/rotunda?sslmode=verify-full", SslMode::Require),
            ("postgres://ada@localhost/rotunda?sslmode=verify-ca", SslMode::Require),
            ("postgres://ada@db/rotunda?sslmode=disable", SslMode::Disable),
        ] {
            assert_eq!(mode(url), expected, "{url}");
        }
    }
}
