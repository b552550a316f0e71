//! Redis.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::patience::until;
use crate::port::free_port;
use crate::process::{Process, attempt, folder, run};

/// A Redis server; gone with its data when it goes out of scope, or with the process.
pub struct Redis {
    process: Process,
    port: u16,
}

/// How a server is to be.
#[derive(Default)]
pub struct Builder {
    lines: String,
}

impl Builder {
    /// A line of `redis.conf`, such as `appendonly yes` or `maxmemory-policy allkeys-lru`.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        let _ = writeln!(self.lines, "{line}");
        self
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it does not within half a minute.
    #[must_use]
    pub fn start(self) -> Redis {
        let (folder, port) = (folder(), free_port());
        let here = folder.display();
        let config = format!(
            "port {port}\nbind 127.0.0.1\ndir {here}\nsave \"\"\nrepl-diskless-sync-delay 0\n{}",
            self.lines
        );
        let path = folder.join("redis.conf");
        std::fs::write(&path, config).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let command = ["redis-server".into(), path.into()];
        let redis = Redis { process: Process::new(folder, "KILL", &command), port };
        redis.start_again();
        redis
    }
}

impl Redis {
    /// A server that keeps everything in memory and nothing on disk.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// A server with other lines in its configuration; the last word is theirs.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The TCP port on 127.0.0.1; it stays the same as long as there is this value.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// The folder with data and log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.process.folder()
    }

    /// What the server logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Sends a command; answers what `redis-cli` prints for it.
    ///
    /// # Panics
    /// When the server does not answer, or with an error.
    pub fn cli(&self, words: &[&str]) -> String {
        run(self.client().arg("-e").args(words))
    }

    pub(crate) fn client(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]);
        command
    }

    /// What a command answers, unless the server is down or refuses it.
    pub(crate) fn ask(&self, words: &[&str]) -> Option<String> {
        let output = attempt(self.client().arg("-e").args(words));
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// SIGKILL. Without `appendonly` its memory is lost.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// SIGTERM: what it is to keep is written.
    pub fn stop(&self) {
        self.process.end(Signal::TERM);
    }

    /// Starts what was stopped or killed, and waits until it answers. Nothing, when it runs.
    ///
    /// # Panics
    /// When it does not within half a minute.
    pub fn start_again(&self) {
        self.process.start(|| self.ask(&["PING"]).is_some_and(|pong| pong == "PONG"));
    }

    /// SIGSTOP: connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.process.signal_all(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.process.signal_all(Signal::CONT);
    }

    /// A replica of this server that has everything when this returns, and lags behind from then on.
    ///
    /// # Panics
    /// When it does not get there within 10 seconds.
    #[must_use]
    pub fn replica(&self) -> Self {
        let replica = Self::builder().line(&format!("replicaof 127.0.0.1 {}", self.port)).start();
        assert!(until(10, || replica.is_linked()), "no replica:\n{}", replica.log());
        replica
    }

    /// Whether this is a replica whose primary is there.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.ask(&["INFO", "replication"]).is_some_and(|info| info.contains("master_link_status:up"))
    }

    /// Makes a primary of this replica.
    ///
    /// # Panics
    /// When it refuses.
    pub fn promote(&self) {
        assert_eq!(self.cli(&["REPLICAOF", "NO", "ONE"]), "OK");
    }
}
