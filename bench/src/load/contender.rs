//! Who is measured: a server, and how it is spoken to.

use std::any::Any;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use base64ct::{Base64, Encoding};
use rotunda_grounds::{Postgres, Redis};
use serde_json::Value;

use super::program::{Program, free_port};
use super::reply::Reply;
use super::request::Request;
use super::talk::{Repeated, Rotation, Talk, Wants};
use super::target::{Call, Target};
use crate::fill;
use crate::moment::{processor_time, resident};
use crate::server::{Server, Stores};

/// What Rotunda is asked. A web client, as the client library for browsers speaks: cookies, and a retry key.
pub const ROTUNDA: &str = include_str!("rotunda.json");
/// What the floor is asked.
pub const FLOOR: &str = include_str!("floor.json");

/// No limits, because one machine stands for thousands of them.
const FOR_LOAD: [(&str, &str); 1] = [("ROTUNDA_LIMITS__ENABLED", "false")];
/// As `docs/guide/scaling.md` has it for a server of this size. All that is durable is on.
const POSTGRES: [(&str, &str); 3] =
    [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("synchronous_commit", "on")];
/// Each answer is on the disk: only what is durable is compared.
const REDIS: [&str; 3] = ["maxmemory-policy noeviction", "appendonly yes", "appendfsync always"];

/// A server that runs.
pub struct Contender {
    /// What it is called in tables.
    pub name: String,
    /// What runs.
    pub version: String,
    target: Target,
    address: SocketAddr,
    /// The value of `{secret}`.
    secret: String,
    /// Users that there are.
    users: u64,
    process: Option<u32>,
    /// The program that prints first tokens.
    seeds: Option<PathBuf>,
    /// Ended in this order when it goes out of scope.
    _running: Vec<Box<dyn Any>>,
}

/// What somebody has who signed in.
struct SignedIn {
    token: String,
    access: Option<String>,
    /// Of the cookies to keep.
    cookies: String,
}

impl Contender {
    /// Rotunda on one of its stores: `sqlite`, `postgres` or `redis`, with so many users who will sign in, and so many sessions of
    /// others who do nothing. `settings` are variables of its environment, beside those that every measurement has.
    ///
    /// # Errors
    /// When it does not start, or the store is none of these.
    pub fn rotunda(
        binary: &Path,
        folder: &Path,
        store: &str,
        settings: &[(&str, &str)],
        (users, sessions): (u64, u64),
    ) -> anyhow::Result<Self> {
        let (stores, beside) = started(store)?;
        let settings: Vec<_> = FOR_LOAD.iter().chain(settings).copied().collect();
        let server = Server::start(binary, &folder.join(store), &stores, &settings)?;
        let filled = match &stores {
            _ if sessions == 0 => Ok(()),
            Stores { main: Some(url), .. } => fill::postgres(&server.seed()?, url, sessions),
            Stores { sessions: Some(url), .. } => {
                fill::redis(server.seed()?, &server.database(), url.clone(), sessions)
            }
            _ => fill::sqlite(server.seed()?, &server.database(), sessions),
        };
        filled.context("filling the store")?;
        let told = server.command(&["client", "add", "asker", "--kind", "confidential", "--json"])?;
        let told: Value = serde_json::from_str(&told)?;
        let secret = told["client_secret"].as_str().context("a client without a secret")?;
        let secret = Base64::encode_string(format!("asker:{secret}").as_bytes());
        let version = server.command(&["--version"])?.trim().to_owned();
        let (address, process) = (server.address(), Some(server.process()));
        let mut running: Vec<Box<dyn Any>> = vec![Box::new(server)];
        running.extend(beside);
        let mut it = Self {
            name: format!("Rotunda, {}", store_name(store)),
            version,
            secret,
            process,
            ..Self::new(Target::parse(ROTUNDA)?, address, running)
        };
        it.register(users)?;
        Ok(it)
    }

    /// The floor.
    ///
    /// # Errors
    /// When it does not start.
    pub fn floor(binary: &Path, folder: &Path) -> anyhow::Result<Self> {
        let data = folder.join("floor");
        std::fs::create_dir_all(&data)?;
        let mut command = Command::new(binary);
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(&data);
        let program = Program::start(&mut command, &folder.join("floor.log"))?;
        let (address, process) = (program.address(), Some(program.process()));
        Ok(Self { process, ..Self::new(Target::parse(FLOOR)?, address, vec![Box::new(program)]) })
    }

    /// A peer out of the folder with its description and its `run`.
    ///
    /// # Errors
    /// When the description is not good, or it does not start.
    pub fn peer(description: &Path, folder: &Path, users: u64) -> anyhow::Result<Self> {
        let path = description.join("target.json");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let target = Target::parse(&text).with_context(|| path.display().to_string())?;
        let (data, port, run) = (folder.join(&target.name), free_port()?, description.join("run"));
        let mut command = Command::new(&run);
        command.arg(port.to_string()).arg(&data).arg(users.to_string());
        let program = Program::start(&mut command, &folder.join(format!("{}.log", target.name)))?;
        let seeds = target.seed.then_some(run);
        // Whoever reads the table has to see that less was asked of it.
        let note = if target.rotates { "" } else { " (rotates nothing)" };
        let name = format!("{}{note}", target.name);
        let mut it = Self { name, seeds, ..Self::new(target, program.address(), vec![Box::new(program)]) };
        it.register(users)?;
        Ok(it)
    }

    /// A server that runs already, somebody else's.
    #[must_use]
    pub fn at(target: Target, address: SocketAddr) -> Self {
        Self::new(target, address, Vec::new())
    }

    fn new(target: Target, address: SocketAddr, running: Vec<Box<dyn Any>>) -> Self {
        Self {
            name: target.name.clone(),
            version: target.version.clone(),
            target,
            address,
            secret: String::new(),
            users: 0,
            process: None,
            seeds: None,
            _running: running,
        }
    }
}

impl Contender {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it is spoken to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The memory that it has in use, in MiB, where it is one process.
    #[must_use]
    pub fn memory(&self) -> Option<f64> {
        resident(self.process?).ok()
    }

    /// The processor time that it has taken so far, where it is one process.
    #[must_use]
    pub fn processor_time(&self) -> Option<Duration> {
        processor_time(self.process?).ok()
    }

    /// So many clients, each with a session of its own that it rotates.
    ///
    /// # Errors
    /// When somebody cannot sign in.
    pub fn rotations(&self, clients: u64) -> anyhow::Result<Vec<Box<dyn Talk>>> {
        let mut seeded = self.seeded(clients)?.into_iter();
        let mut rotation = |n: u64| -> anyhow::Result<Box<dyn Talk>> {
            let seeded = seeded.next().map(|token| SignedIn { token, access: None, cookies: String::new() });
            let SignedIn { token, cookies, .. } = seeded.map_or_else(|| self.sign_in(n), Ok)?;
            let call = self.of_user(&self.target.refreshing(&cookies), n);
            let (take, may_stay) = (self.target.take.clone(), !self.target.rotates);
            Ok(Box::new(Rotation { may_stay, request: self.request(&call)?, take, token, sent: 0 }))
        };
        (0..clients).map(&mut rotation).collect()
    }

    /// So many clients that sign in again and again.
    ///
    /// # Errors
    /// Where nobody signs in by a request.
    pub fn logins(&self, clients: u64) -> anyhow::Result<Vec<Box<dyn Talk>>> {
        let call = self.target.login.as_ref().with_context(|| format!("{} has no login", self.name))?;
        let login = |n: u64| self.repeated(&self.of_user(call, n), Wants::Token(self.target.take.clone()));
        (0..clients).map(login).collect()
    }

    /// So many clients that ask whether their access token is good.
    ///
    /// # Errors
    /// Where that cannot be asked, or somebody cannot sign in.
    pub fn verifications(&self, clients: u64) -> anyhow::Result<Vec<Box<dyn Talk>>> {
        self.asking(self.target.verify.as_ref(), clients, || Wants::Nothing)
    }

    /// So many services that ask what is known of somebody's access token.
    ///
    /// # Errors
    /// As [`Self::verifications`].
    pub fn introspections(&self, clients: u64) -> anyhow::Result<Vec<Box<dyn Talk>>> {
        self.asking(self.target.introspect.as_ref(), clients, || Wants::Text("\"active\":true"))
    }

    fn asking(
        &self,
        call: Option<&Call>,
        clients: u64,
        wants: impl Fn() -> Wants,
    ) -> anyhow::Result<Vec<Box<dyn Talk>>> {
        let call = call.with_context(|| format!("{} has no such request", self.name))?;
        let asking = |n: u64| {
            let access = self.sign_in(n)?.access.context("a login without an access token")?;
            let call = call.with(&[("{access}", access.as_str()), ("{secret}", self.secret.as_str())]);
            self.repeated(&self.of_user(&call, n), wants())
        };
        (0..clients).map(asking).collect()
    }

    fn repeated(&self, call: &Call, wants: Wants) -> anyhow::Result<Box<dyn Talk>> {
        Ok(Box::new(Repeated { request: self.request(call)?, wants, sent: 0 }))
    }

    fn register(&mut self, users: u64) -> anyhow::Result<()> {
        self.users = users;
        if let Some(call) = &self.target.register {
            for n in 0..users {
                self.once(&self.of_user(call, n), |_| Some(()))?;
            }
        }
        Ok(())
    }

    /// First tokens, where they come from a program.
    fn seeded(&self, sessions: u64) -> anyhow::Result<Vec<String>> {
        let Some(run) = &self.seeds else { return Ok(Vec::new()) };
        let told = Command::new(run)
            .args(["seed", &sessions.to_string()])
            .arg(self.address.port().to_string())
            .output()?;
        let tokens: Vec<String> = String::from_utf8(told.stdout)?.lines().map(str::to_owned).collect();
        if tokens.len() as u64 != sessions {
            bail!("{}: seed: {}", self.name, String::from_utf8_lossy(&told.stderr));
        }
        Ok(tokens)
    }

    fn sign_in(&self, n: u64) -> anyhow::Result<SignedIn> {
        let call = self.target.login.as_ref().with_context(|| format!("{} has no login", self.name))?;
        self.once(&self.of_user(call, n), |reply| {
            let kept = self.target.keep.iter();
            let cookies = kept.filter_map(|name| Some(format!("{name}={}", reply.cookie(name)?)));
            let cookies = cookies.collect::<Vec<_>>().join("; ");
            let access = self.target.access.as_ref().and_then(|place| place.find(reply));
            Some(SignedIn { token: self.target.take.find(reply)?, access, cookies })
        })
    }

    /// For the user of client `n`: there may be fewer users than clients.
    fn of_user(&self, call: &Call, n: u64) -> Call {
        match &self.target.users {
            Some(users) => call.with(&users.of(n % self.users.max(1))),
            None => call.clone(),
        }
    }

    fn request(&self, call: &Call) -> anyhow::Result<Request> {
        Request::of(call, &self.address.to_string()).with_context(|| self.name.clone())
    }

    /// One request on a connection of its own, and what is wanted of its reply.
    fn once<T>(&self, call: &Call, take: impl Fn(&Reply<'_>) -> Option<T>) -> anyhow::Result<T> {
        use std::io::{Read as _, Write as _};
        let (mut out, mut input, mut piece) = (Vec::new(), Vec::new(), [0; 8192]);
        self.request(call)?.write(&mut out, "", 0);
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(&out)?;
        loop {
            let count = stream.read(&mut piece).with_context(|| format!("{}: no reply", self.name))?;
            input.extend_from_slice(&piece[..count]);
            let Some(reply) = Reply::read(&input, count == 0).map_err(anyhow::Error::msg)? else { continue };
            let taken = take(&reply).filter(|_| (200..300).contains(&reply.status));
            return taken.with_context(|| {
                format!("{}: {} {}: {} {}", self.name, call.method, call.path, reply.status, reply.sample())
            });
        }
    }
}

/// A store, and what runs for it.
fn started(store: &str) -> anyhow::Result<(Stores, Option<Box<dyn Any>>)> {
    match store {
        "sqlite" => Ok((Stores::default(), None)),
        "postgres" => {
            let builder = Postgres::builder().durable(true);
            let postgres = POSTGRES.iter().fold(builder, |it, (name, value)| it.setting(name, value)).start();
            Ok((Stores { main: Some(postgres.url()), ..Stores::default() }, Some(Box::new(postgres))))
        }
        "redis" => {
            let redis = REDIS.iter().fold(Redis::builder(), |it, line| it.line(line)).start();
            Ok((Stores { sessions: Some(redis.url()), ..Stores::default() }, Some(Box::new(redis))))
        }
        other => bail!("there is no store {other:?}; there are sqlite, postgres and redis"),
    }
}

fn store_name(store: &str) -> &str {
    match store {
        "sqlite" => "SQLite",
        "postgres" => "PostgreSQL",
        _ => "Redis and SQLite",
    }
}
