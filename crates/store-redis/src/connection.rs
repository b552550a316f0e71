//! The connection: one multiplexed one to a Redis, or one to each node of a cluster; it comes back by itself.
//!
//! 1. Commands of all tasks share a connection and its round trips. Each has [`DEADLINE`], whatever the server does:
//!    one that is away, paused or overloaded is [`Failure::unavailable`], never an answer about a session.
//! 2. On one server the client library sends nothing twice. In a cluster it follows redirections ([`REDIRECTS`]), and may
//!    then send a script again whose answer was lost. Each script here can bear that: it is guarded by what it changes.
//! 3. A connection that is well and leads nowhere is left, once, for a new one: that to a server which has become a replica
//!    and refuses writes, and that on which nothing comes back in time. The host at its end may be gone without a word, and
//!    the client library would go on writing to it until the system gives up, which takes a quarter of an hour.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, ResponsePolicy, RoutingInfo};
use redis::io::tcp::TcpSettings;
use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, RedisError, ServerErrorKind, TlsCertificates,
};
use rotunda_core::failure::Failure;

use crate::scripts::Script;
use crate::stats::{Counters, Stats};

/// How long a command may take, with everything: connecting, redirections, waiting for its turn.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);

/// How long a look at a whole cluster may take: several nodes may hang, and each is waited for.
const LOOKING_AROUND: Duration = Duration::from_secs(10);

/// How many redirections a command follows in a cluster.
const REDIRECTS: u32 = 3;

/// How many commands are under way at once on one server; more wait for their turn until their deadline.
const UNDER_WAY: usize = 4_096;

/// Where Redis is.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://`, `rediss://`, or for a cluster `redis+cluster://host:port,host:port` and `rediss+cluster://…`; a user name
    /// and a password may stand before the hosts.
    pub url: String,
    /// The certificates that sign the server's, PEM; `None` takes those of the system.
    pub ca_file: Option<PathBuf>,
    /// What every key begins with: `rotunda`, unless several servers share a Redis.
    pub prefix: String,
}

impl RedisOptions {
    /// At that URL, with the system's certificates and the usual prefix.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ca_file: None, prefix: "rotunda".to_owned() }
    }
}

#[derive(Clone)]
enum Link {
    One(Arc<One>),
    Cluster(Arc<Cluster>),
}

/// One server, and the connection to it as long as that is of use.
struct One {
    client: Client,
    current: RwLock<Current>,
}

/// The connection that is used now, and how many there were before.
#[derive(Clone)]
struct Current {
    manager: ConnectionManager,
    number: u64,
}

/// A cluster, and the connections to its nodes as long as those are of use.
struct Cluster {
    client: ClusterClient,
    current: RwLock<Nodes>,
}

/// The connections that are used now, how many there were before, and whether others are being made.
struct Nodes {
    connection: ClusterConnection,
    number: u64,
    is_left: bool,
}

/// A handle; clones share the connection.
#[derive(Clone)]
pub(crate) struct Redis {
    link: Link,
    prefix: Arc<str>,
    counters: Arc<Counters>,
}

impl Redis {
    /// Connects, and sees that somebody answers.
    ///
    /// # Errors
    /// When the URL is none, the certificates cannot be read, or nobody answers. The password is in none of them.
    pub(crate) async fn open(options: &RedisOptions) -> Result<Self, Failure> {
        const DOING: &str = "connecting to Redis";
        // The client library asks for the provider of the process; whoever was first has set the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let link = match hosts_of_cluster(&options.url) {
            Some(hosts) => {
                let client = cluster(&hosts, options)?;
                let connection =
                    connected(&client).await.map_err(|e| Failure::unavailable(DOING, e.to_string()))?;
                let current = RwLock::new(Nodes { connection, number: 0, is_left: false });
                Link::Cluster(Arc::new(Cluster { client, current }))
            }
            None => {
                let client = client(options)?;
                let manager = manager(&client).map_err(|e| Failure::unavailable(DOING, e.to_string()))?;
                let current = RwLock::new(Current { manager, number: 0 });
                Link::One(Arc::new(One { client, current }))
            }
        };
        let redis = Self { link, prefix: options.prefix.as_str().into(), counters: Arc::default() };
        redis.is_there(DOING).await?;
        Ok(redis)
    }

    /// Whether somebody answers. In a cluster one primary suffices: while a shard is away the sessions of the others go on,
    /// and no server may stand aside for it.
    pub(crate) async fn is_there(&self, doing: &'static str) -> Result<(), Failure> {
        let ping = redis::cmd("PING");
        let Link::Cluster(cluster) = &self.link else { return self.ask(doing, &ping).await };
        let one_of_all = (MultipleNodeRoutingInfo::AllMasters, Some(ResponsePolicy::OneSucceeded));
        let (mut nodes, _) = cluster.nodes();
        let answer = in_time(DEADLINE, nodes.route_command(ping, RoutingInfo::MultiNode(one_of_all))).await;
        answer.map(drop).map_err(|e| fault(doing, &e))
    }

    /// The key of something of that kind.
    pub(crate) fn key(&self, kind: char, id: &[u8; 16]) -> String {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut key = String::with_capacity(self.prefix.len() + 35);
        key.push_str(&self.prefix);
        key.extend([':', kind, ':']);
        for byte in id {
            for digit in [byte >> 4, byte & 15] {
                key.push(char::from(HEX.get(usize::from(digit)).copied().unwrap_or_default()));
            }
        }
        key
    }

    /// One command, inside the deadline.
    pub(crate) async fn ask<T: FromRedisValue>(&self, doing: &'static str, cmd: &Cmd) -> Result<T, Failure> {
        self.send(cmd).await.map_err(|e| fault(doing, &e))
    }

    /// A script, by its name; it is sent as a whole only where the server does not know it.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        doing: &'static str,
        script: &Script,
        call: &Cmd,
    ) -> Result<T, Failure> {
        match self.send(call).await {
            Err(e) if e.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.ask(doing, &script.whole(call)).await
            }
            answer => answer.map_err(|e| fault(doing, &e)),
        }
    }

    async fn send<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, RedisError> {
        let answer = match &self.link {
            Link::One(one) => one.send(cmd).await,
            Link::Cluster(cluster) => cluster.send(cmd).await,
        };
        self.counters.count(answer.as_ref().err());
        answer
    }

    /// What was sent since it was opened.
    pub(crate) fn stats(&self) -> Stats {
        self.counters.read()
    }
}

impl One {
    async fn send<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, RedisError> {
        let Current { mut manager, number } =
            self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = in_time(DEADLINE, cmd.query_async(&mut manager)).await;
        if answer.as_ref().is_err_and(leads_nowhere) {
            self.leave(number);
        }
        answer
    }

    /// Many commands may find out at once; the first of them leaves.
    fn leave(&self, number: u64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.number == number
            && let Ok(manager) = manager(&self.client)
        {
            *current = Current { manager, number: number + 1 };
        }
    }
}

impl Cluster {
    async fn send<T: FromRedisValue>(self: &Arc<Self>, cmd: &Cmd) -> Result<T, RedisError> {
        let (mut nodes, number) = self.nodes();
        let answer = in_time(DEADLINE, cmd.query_async(&mut nodes)).await;
        if answer.as_ref().is_err_and(leads_nowhere) && self.is_first_to_leave(number) {
            let cluster = Arc::clone(self);
            tokio::spawn(async move { cluster.ask_around().await });
        }
        answer
    }

    fn nodes(&self) -> (ClusterConnection, u64) {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        (current.connection.clone(), current.number)
    }

    fn is_first_to_leave(&self, number: u64) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.number == number && !std::mem::replace(&mut current.is_left, true)
    }

    /// Connects anew, which asks who is responsible for what: the client library does so only where a node says that it
    /// is not, and one that hangs says nothing. Until then the connections that there are serve whom they can.
    async fn ask_around(&self) {
        let connected = connected(&self.client).await;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        match connected {
            Ok(connection) => *current = Nodes { connection, number: current.number + 1, is_left: false },
            Err(_) => current.is_left = false,
        }
    }
}

/// Whether another connection may do better.
fn leads_nowhere(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) || error.is_timeout()
}

async fn in_time<T>(
    deadline: Duration,
    answer: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, RedisError> {
    let late = |_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer inside the deadline").into());
    tokio::time::timeout(deadline, answer).await.unwrap_or_else(late)
}

fn client(options: &RedisOptions) -> Result<Client, Failure> {
    let info = options.url.as_str().into_connection_info();
    let info = info.map(|info| info.set_tcp_settings(tcp()));
    let opened = match certificates(options)? {
        Some(certificates) => info.and_then(|info| Client::build_with_tls(info, certificates)),
        None => info.and_then(Client::open),
    };
    opened.map_err(|e| Failure::broken("reading the URL of Redis", e.to_string()))
}

/// Nothing waits to be sent with more. What a host has not even acknowledged in the time of two commands it never will: in
/// a cluster that is how a node is found that is gone without a word.
fn tcp() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(DEADLINE * 2);
    settings
}

fn manager(client: &Client) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(DEADLINE))
        .set_response_timeout(Some(DEADLINE))
        // Each command that meets a broken connection starts a new one; none waits for many attempts.
        .set_number_of_retries(0)
        .set_concurrency_limit(UNDER_WAY);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

fn cluster(hosts: &[String], options: &RedisOptions) -> Result<ClusterClient, Failure> {
    let mut builder = ClusterClientBuilder::new(hosts.iter().map(String::as_str))
        .retries(REDIRECTS)
        .min_retry_wait(20)
        .max_retry_wait(200)
        .connection_timeout(DEADLINE)
        .response_timeout(DEADLINE)
        .connection_concurrency_limit(UNDER_WAY)
        .tcp_settings(tcp());
    if let Some(certificates) = certificates(options)? {
        builder = builder.certs(certificates);
    }
    builder.build().map_err(|e| Failure::broken("reading the URL of Redis", e.to_string()))
}

async fn connected(client: &ClusterClient) -> Result<ClusterConnection, RedisError> {
    in_time(LOOKING_AROUND, client.get_async_connection()).await
}

fn certificates(options: &RedisOptions) -> Result<Option<TlsCertificates>, Failure> {
    let Some(path) = &options.ca_file else { return Ok(None) };
    let pem = std::fs::read(path).map_err(|e| {
        Failure::unavailable("reading the certificates for Redis", format!("{}: {e}", path.display()))
    })?;
    Ok(Some(TlsCertificates { client_tls: None, root_cert: Some(pem) }))
}

/// The URLs of the nodes that a cluster's URL names; `None` where it is the URL of one server.
fn hosts_of_cluster(url: &str) -> Option<Vec<String>> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.strip_suffix("+cluster")?;
    let (who, hosts) = match rest.rsplit_once('@') {
        Some((who, hosts)) => (format!("{who}@"), hosts),
        None => (String::new(), rest),
    };
    let hosts = hosts.trim_end_matches('/');
    Some(hosts.split(',').map(|host| format!("{scheme}://{who}{host}")).collect())
}

/// What went wrong, and whether another try may help. The text has the causes in it already.
fn fault(doing: &'static str, error: &RedisError) -> Failure {
    let senseless = match error.kind() {
        ErrorKind::UnexpectedReturnType | ErrorKind::Server(ServerErrorKind::ResponseError) => true,
        _ => error.code() == Some("WRONGTYPE"),
    };
    match senseless {
        true => Failure::broken(doing, error.to_string()),
        false => Failure::unavailable(doing, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::hosts_of_cluster;

    #[test]
    fn the_url_of_a_cluster_names_its_nodes_and_who_calls() {
        let nodes = |url| hosts_of_cluster(url);
        assert_eq!(nodes("redis://127.0.0.1:6379"), None);
        assert_eq!(nodes("nonsense"), None);
        let wanted = ["redis://a:1", "redis://b:2"].map(str::to_owned).to_vec();
        assert_eq!(nodes("redis+cluster://a:1,b:2"), Some(wanted.clone()));
        assert_eq!(nodes("redis+cluster://a:1,b:2/"), Some(wanted));
        let wanted = ["rediss://me:p@ss@a:1", "rediss://me:p@ss@b"].map(str::to_owned).to_vec();
        assert_eq!(nodes("rediss+cluster://me:p@ss@a:1,b"), Some(wanted));
    }
}
