//! Where the servers live: a folder, a port each, one configuration; and what runs there: servers, and the operator's
//! commands beside them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, bail};

use crate::Config;
use crate::server::{Server, forget_shared_memory};
use crate::store::Store;

/// Where the servers live.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub dir: PathBuf,
    /// One for each server.
    pub ports: Vec<u16>,
    rotunda: PathBuf,
    pub faketime: Option<PathBuf>,
}

impl Place {
    pub(crate) fn new(config: &Config, store: &Store, dir: &Path) -> anyhow::Result<Self> {
        let ports = (0..config.servers.max(1)).map(|_| free_port()).collect::<Result<Vec<_>, _>>()?;
        let rotunda = fs::canonicalize(&config.rotunda)
            .with_context(|| format!("there is no binary at {}", config.rotunda.display()))?;
        let faketime = config.faketime.clone().filter(|_| !config.mixed);
        let place = Self { dir: dir.to_owned(), ports, rotunda, faketime };
        fs::write(dir.join("rotunda.toml"), place.configuration(config, store))?;
        place.write_offset(0)?;
        if store.needs_master_key() {
            // Servers on PostgreSQL do not make a master key of their own.
            let made = place.run(&["key", "master", "master.key"])?;
            if !made.status.success() {
                bail!("no master key: {}", String::from_utf8_lossy(&made.stderr));
            }
        }
        Ok(place)
    }

    /// One for all servers; where each listens is told to it alone.
    fn configuration(&self, config: &Config, store: &Store) -> String {
        let window = config.window.as_millis();
        let master = if store.needs_master_key() { "[keys]\nmaster_file = \"master.key\"\n" } else { "" };
        format!(
            "[server]\npublic_url = \"{}\"\n[refresh]\nwindow = \"{window}ms\"\n\
             [clients.guest]\nkind = \"native\"\nidle = \"5s\"\naccess_ttl = \"2s\"\n\
             [password]\nmemory_mib = 19\niterations = 2\nthreads = 2\nqueue = 1000\n[log]\nlevel = \"warn\"\n\
             [limits]\nenabled = false\n{master}{}",
            self.origin(),
            store.configuration(),
        )
    }

    /// What browsers say where they come from.
    pub(crate) fn origin(&self) -> String {
        format!("http://localhost:{}", self.ports[0])
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.ports.iter().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port)))
    }

    pub(crate) fn log(&self, server: usize) -> PathBuf {
        self.dir.join(format!("server-{server}.log"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.rotunda);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROTUNDA_")) {
            command.env_remove(name);
        }
        command.current_dir(&self.dir).arg("--config").arg("rotunda.toml").args(arguments);
        if let Some(library) = &self.faketime {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", self.dir.join("clock"))
                .env("FAKETIME_NO_CACHE", "1")
                .env("DONT_FAKE_MONOTONIC", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("NO_FAKE_STAT", "1");
        }
        command
    }

    pub(crate) fn write_offset(&self, millis: i64) -> std::io::Result<()> {
        let new = self.dir.join("clock.new");
        let sign = if millis < 0 { '-' } else { '+' };
        fs::write(&new, format!("{sign}{}.{:03}\n", millis.abs() / 1000, millis.abs() % 1000))?;
        fs::rename(new, self.dir.join("clock"))
    }

    /// Runs a command of the operator to its end. Blocks.
    pub(crate) fn run(&self, arguments: &[&str]) -> std::io::Result<Output> {
        let child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let id = child.id();
        let output = child.wait_with_output();
        forget_shared_memory(id);
        output
    }

    /// Starts a server and waits until it says that it is ready. Blocks.
    pub(crate) fn start(&self, server: usize) -> anyhow::Result<Server> {
        let log = File::options().create(true).append(true).open(self.log(server))?;
        let listen = format!("127.0.0.1:{}", self.ports[server]);
        let mut child = self
            .command(&["serve"])
            .env("ROTUNDA_SERVER__LISTEN", listen)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("no output to read")?);
        let mut banner = String::new();
        stdout.read_line(&mut banner)?;
        let started = Server::new(server, child, Box::new(stdout));
        if !banner.contains("is ready at") {
            started.kill()?;
            bail!("server {server} did not start: {banner:?}\n{}", tail(&self.log(server)));
        }
        Ok(started)
    }
}

/// The end of a file.
pub(crate) fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
