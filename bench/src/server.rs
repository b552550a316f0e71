//! The real binary as a process, configured for a measurement.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::seed::Seed;

/// A running server; killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    _output: BufReader<ChildStdout>,
    folder: PathBuf,
    address: SocketAddr,
    binary: PathBuf,
    environment: Vec<(String, String)>,
}

/// Where a server keeps what.
#[derive(Clone, Default)]
pub(crate) struct Stores {
    /// `[store] url`; SQLite in the server's folder without one.
    pub(crate) main: Option<String>,
    /// `[sessions] store`; in the main store without one.
    pub(crate) sessions: Option<String>,
}

impl Server {
    /// Starts it in a folder of its own and waits until it is ready. The window is none, so that every refresh is a rotation;
    /// all else is as ever, but for `settings`: variables of its environment.
    pub(crate) fn start(
        binary: &Path,
        folder: &Path,
        stores: &Stores,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let keys = key_file(folder);
        if !keys.exists() {
            let made = command(binary, folder).args(["key", "master"]).arg(&keys).output()?;
            if !made.status.success() {
                bail!("rotunda key master: {}", String::from_utf8_lossy(&made.stderr));
            }
        }
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut environment = vec![
            ("ROTUNDA_DATA".to_owned(), text(&folder.join("data"))),
            ("ROTUNDA_SERVER__LISTEN".to_owned(), address.to_string()),
            ("ROTUNDA_REFRESH__WINDOW".to_owned(), "0s".to_owned()),
            ("ROTUNDA_KEYS__MASTER_FILE".to_owned(), text(&keys)),
        ];
        let urls = [("ROTUNDA_STORE__URL", &stores.main), ("ROTUNDA_SESSIONS__STORE", &stores.sessions)];
        let urls = urls.into_iter().filter_map(|(name, url)| Some((name, url.as_deref()?)));
        environment.extend(
            urls.chain(settings.iter().copied()).map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let log = File::options().create(true).append(true).open(folder.join("log"))?;
        let mut command = command(binary, folder);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("no output to read")?);
        let mut banner = String::new();
        output.read_line(&mut banner)?;
        let (folder, binary) = (folder.to_owned(), binary.to_owned());
        let server = Self { child, _output: output, folder, address, binary, environment };
        if !banner.contains("is ready at") {
            bail!("the server did not start: {banner}{}", server.log());
        }
        Ok(server)
    }

    /// Runs a command of the operator beside it; what it prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = command(&self.binary, &self.folder);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let output = command.args(arguments).output()?;
        if !output.status.success() {
            bail!("rotunda {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Its process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn seed(&self) -> anyhow::Result<Seed> {
        Seed::load(&key_file(&self.folder))
    }

    /// The SQLite file, where there is one.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("data/rotunda.db")
    }

    /// The processor time that it has taken so far.
    pub(crate) fn processor_time(&self) -> anyhow::Result<Duration> {
        crate::moment::processor_time(self.child.id())
    }

    fn log(&self) -> String {
        let mut text = String::new();
        let read = File::open(self.folder.join("log")).and_then(|mut file| file.read_to_string(&mut text));
        read.map_or_else(|e| e.to_string(), |_| text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("master.key")
}

/// Without what the caller's environment says about Rotunda.
fn command(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"ROTUNDA_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder);
    command
}
