//! Several hosts: whichever of them can be written to.
//!
//! They are tried in their order, each for a second at most, whatever it does: one that takes a connection and then says nothing, because
//! it stands still, must not hide the one that has taken over from it. The last one hides nobody: it has all the time that is
//! left (`pool.rs`).

use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long to wait for one host where there are others behind it.
pub(crate) const EACH: Duration = Duration::from_secs(1);
/// How long making a connection may take.
pub(crate) const ALL: Duration = Duration::from_secs(3);

/// A database, by the hosts that may have it.
pub(crate) struct Hosts {
    each: Vec<Config>,
    tls: MakeRustlsConnect,
}

impl Hosts {
    pub(crate) fn of(config: &Config, tls: &MakeRustlsConnect) -> Self {
        let each = (0..config.get_hosts().len()).map(|n| alone(config, n)).collect();
        Self { each, tls: tls.clone() }
    }

    async fn first(&self) -> Result<(Client, JoinHandle<()>), Error> {
        let mut refused = None;
        let last = self.each.len().saturating_sub(1);
        for (n, config) in self.each.iter().enumerate() {
            let connecting = config.connect(self.tls.clone());
            match timeout(if n == last { ALL } else { EACH }, connecting).await {
                Ok(Ok((client, connection))) => {
                    let served = tokio::spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::warn!(error = %crate::fault::Said(&error), "a connection to the database ended");
                        }
                    });
                    return Ok((client, served));
                }
                Ok(Err(error)) => refused = Some(error),
                Err(_) => {}
            }
        }
        match refused {
            Some(error) => Err(error),
            // All of them are silent: whoever waits for this has had enough by now.
            None => std::future::pending().await,
        }
    }
}

impl Connect for Hosts {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(self.first())
    }
}

/// The same with one of its hosts only.
fn alone(all: &Config, n: usize) -> Config {
    let mut one = Config::new();
    if let Some(host) = all.get_hosts().get(n) {
        match host {
            tokio_postgres::config::Host::Tcp(name) => one.host(name),
            tokio_postgres::config::Host::Unix(path) => one.host_path(path),
        };
    }
    if let Some(address) = all.get_hostaddrs().get(n) {
        one.hostaddr(*address);
    }
    if let Some(port) = all.get_ports().get(n).or(all.get_ports().first()) {
        one.port(*port);
    }
    all.get_user().map(|user| one.user(user));
    all.get_password().map(|password| one.password(password));
    all.get_dbname().map(|name| one.dbname(name));
    all.get_options().map(|options| one.options(options));
    all.get_application_name().map(|name| one.application_name(name));
    all.get_tcp_user_timeout().map(|time| one.tcp_user_timeout(*time));
    all.get_keepalives_interval().map(|time| one.keepalives_interval(time));
    all.get_keepalives_retries().map(|retries| one.keepalives_retries(retries));
    one.ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .target_session_attrs(all.get_target_session_attrs())
        .load_balance_hosts(all.get_load_balance_hosts())
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .connect_timeout(EACH);
    one
}
