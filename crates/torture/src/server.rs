//! The server as a process: started, killed, told to stop, started again on the same port and data; its clock; and the
//! operator's commands beside it.
//!
//! 1. The clock: libfaketime reads its offset from a file at every look at the time of day. The file is replaced by a
//!    rename, so that nobody reads half of it. The monotonic clock is left alone.
//! 2. A death is `kill -9`, one time of sixteen `SIGTERM`. Between death and start the clock may move.
//! 3. Every process is stopped by its own id, and whatever libfaketime leaves in `/dev/shm` for that id is removed.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::Config;
use crate::chance::Chance;
use crate::moment::{now, time_of_day_ahead};
use crate::world::World;

/// How far the clock may go astray: less than an access token lives, so that it is not about expiry.
const FARTHEST: i64 = 6 * 60 * 1000;

/// Where the server lives.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub dir: PathBuf,
    pub port: u16,
    rotunda: PathBuf,
    pub faketime: Option<PathBuf>,
}

impl Place {
    pub(crate) fn new(config: &Config, dir: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let window = config.window.as_millis();
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n[refresh]\nwindow = \"{window}ms\"\n\
             [password]\nmemory_mib = 19\niterations = 2\nthreads = 2\nqueue = 1000\n[log]\nlevel = \"warn\"\n\
             [limits]\nenabled = false\n"
        );
        fs::write(dir.join("rotunda.toml"), text)?;
        let rotunda = fs::canonicalize(&config.rotunda)
            .with_context(|| format!("there is no binary at {}", config.rotunda.display()))?;
        let place = Self { dir: dir.to_owned(), port, rotunda, faketime: config.faketime.clone() };
        place.write_offset(0)?;
        Ok(place)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("rotunda-data/rotunda.db")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("server.log")
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

    fn write_offset(&self, millis: i64) -> std::io::Result<()> {
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

    /// Starts the server and waits until it says that it is ready. Blocks.
    pub(crate) fn start(&self) -> anyhow::Result<Server> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut child =
            self.command(&["serve"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("no output to read")?);
        let mut banner = String::new();
        stdout.read_line(&mut banner)?;
        let server = Server { child, _stdout: Box::new(stdout) };
        if !banner.contains("is ready at") {
            server.kill()?;
            bail!("the server did not start: {banner:?}\n{}", tail(&self.log()));
        }
        Ok(server)
    }
}

/// The end of a file.
pub(crate) fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A running server; killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    _stdout: Box<dyn Read + Send>,
}

impl Server {
    /// `kill -9`.
    pub(crate) fn kill(mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// `SIGTERM`, and the exit code.
    pub(crate) fn stop(mut self) -> std::io::Result<Option<i32>> {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if !status.success() {
            return Err(std::io::Error::other("the server could not be told to stop"));
        }
        self.child.wait().map(|status| status.code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        forget_shared_memory(self.child.id());
    }
}

/// libfaketime makes two files for each process and removes them only when the process ends by itself.
fn forget_shared_memory(id: u32) {
    for name in [format!("faketime_shm_{id}"), format!("sem.faketime_sem_{id}")] {
        drop(fs::remove_file(Path::new("/dev/shm").join(name)));
    }
}

/// Kills the server and starts it again until the run is closing. Hands the last server over.
pub(crate) async fn kill_again_and_again(world: Arc<World>, mut server: Server) -> anyhow::Result<Server> {
    let mut chance = world.chance("kills", 0);
    while !world.is_closing() {
        let pause = chance.part(world.config.kill_every, 40, 160);
        tokio::time::sleep(pause).await;
        if world.is_closing() {
            break;
        }
        server = restart(&world, server, chance.permille(60), &mut chance).await?;
    }
    Ok(server)
}

/// One death and one start.
pub(crate) async fn restart(
    world: &Arc<World>,
    server: Server,
    gently: bool,
    chance: &mut Chance,
) -> anyhow::Result<Server> {
    let mut server = server;
    if let Some(status) = server.child.try_wait()? {
        bail!("the server ended by itself: {status}\n{}", tail(&world.place.log()));
    }
    let code = tokio::task::spawn_blocking(
        move || {
            if gently { server.stop() } else { server.kill().map(|()| None) }
        },
    )
    .await??;
    if gently && code != Some(0) {
        bail!("told to stop, the server ended with {code:?}");
    }
    let told = if gently { "the server was told to stop" } else { "kill -9" };
    world.tell(told.to_owned());
    if gently {
        world.stats.stops.add(1)
    } else {
        world.stats.kills.add(1)
    };
    world.to_server.forget();
    if chance.permille(300) {
        move_clock(world, chance)?;
    }
    tokio::time::sleep(Duration::from_millis(chance.below(250))).await;
    let place = world.place.clone();
    let server = tokio::task::spawn_blocking(move || place.start()).await??;
    world.tell("the server is ready".to_owned());
    Ok(server)
}

/// Moves the clock again and again until the run is closing, and watches the machine's own.
pub(crate) async fn disturb_clock(world: Arc<World>) -> anyhow::Result<()> {
    let mut chance = world.chance("clock", 0);
    let mut rest = 0;
    while !world.is_closing() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        watch_clock(&world);
        if rest > 0 {
            rest -= 1;
        } else if world.place.faketime.is_some() {
            move_clock(&world, &mut chance)?;
            rest = chance.between(2, 25);
        }
    }
    Ok(())
}

/// Moves the clock by less or more than W, to and fro.
fn move_clock(world: &World, chance: &mut Chance) -> anyhow::Result<()> {
    if world.place.faketime.is_none() {
        return Ok(());
    }
    let window = i64::try_from(world.window().as_millis()).unwrap_or(i64::MAX);
    let share = i64::try_from(match chance.below(10) {
        0..5 => chance.between(5, 95),
        5..9 => chance.between(110, 600),
        _ => chance.between(1_000, 20_000),
    })?;
    let by = window * share / 100 * if chance.permille(500) { 1 } else { -1 };
    let faked = world.stats.clock.get();
    let next = if (faked + by).abs() > FARTHEST { 0 } else { faked + by };
    set_clock(world, next)
}

/// Sets the offset of the server's clock.
pub(crate) fn set_clock(world: &World, faked: i64) -> anyhow::Result<()> {
    let mut clock = world.clock.lock().unwrap();
    let from = now();
    world.place.write_offset(faked)?;
    let settled = now();
    let by = faked - world.stats.clock.get();
    world.stats.clock.set(faked);
    world.stats.clock_moves.add(1);
    clock.enter(from, settled, faked + time_of_day_ahead());
    drop(clock);
    world.tell(format!("the clock moves by {by} ms to {faked:+} ms"));
    Ok(())
}

/// Notices when the machine's own clock was moved: at some moment since the last look.
fn watch_clock(world: &World) {
    let mut clock = world.clock.lock().unwrap();
    let offset = world.stats.clock.get() + time_of_day_ahead();
    if (offset - clock.offset()).abs() > 2 {
        let since = clock.settled();
        clock.enter(since, now(), offset);
    }
}
