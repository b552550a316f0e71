//! The servers as processes: started, killed, told to stop, started again on the same port and data.
//!
//! 1. A death is `kill -9`, one time of sixteen `SIGTERM`. It hits one server at a time; the others serve on. Between death
//!    and start the clock may move.
//! 2. Every process is stopped by its own id, and whatever libfaketime leaves in `/dev/shm` for that id is removed.
//! 3. A server that starts while its store is down may give up; then it is started again, as a supervisor would.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;

use crate::chance::Chance;
use crate::clock::move_clock;
use crate::place::{Place, tail};
use crate::world::World;

/// How often a start is tried where the store may be down meanwhile.
const STARTS: u32 = 60;

/// A running server; killed when it goes out of scope.
pub(crate) struct Server {
    /// Its place among the servers.
    pub which: usize,
    child: Child,
    _stdout: Box<dyn Read + Send>,
}

impl Server {
    pub(crate) fn new(which: usize, child: Child, stdout: Box<dyn Read + Send>) -> Self {
        Self { which, child, _stdout: stdout }
    }

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
pub(crate) fn forget_shared_memory(id: u32) {
    for name in [format!("faketime_shm_{id}"), format!("sem.faketime_sem_{id}")] {
        drop(fs::remove_file(Path::new("/dev/shm").join(name)));
    }
}

/// Starts all servers, one after the other: the first one makes what they share.
pub(crate) async fn start_all(world: &Arc<World>) -> anyhow::Result<Vec<Server>> {
    let mut servers = Vec::new();
    for which in 0..world.place.ports.len() {
        servers.push(start(world, which).await?);
    }
    Ok(servers)
}

async fn start(world: &Arc<World>, which: usize) -> anyhow::Result<Server> {
    let tries = if world.store.is_shared() { STARTS } else { 1 };
    for tried in 1.. {
        let place: Place = world.place.clone();
        match tokio::task::spawn_blocking(move || place.start(which)).await? {
            Ok(server) => return Ok(server),
            Err(error) if tried == tries => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
    bail!("server {which} was never started")
}

/// Kills one server after the other and starts it again until the run is closing. Hands the last servers over.
pub(crate) async fn kill_again_and_again(
    world: Arc<World>,
    mut servers: Vec<Server>,
) -> anyhow::Result<Vec<Server>> {
    let mut chance = world.chance("kills", 0);
    while !world.is_closing() {
        let pause = chance.part(world.config.kill_every, 40, 160);
        world.rest(pause).await;
        if world.is_closing() || world.config.mixed {
            continue;
        }
        let unlucky = usize::try_from(chance.below(servers.len() as u64))?;
        let server = servers.swap_remove(unlucky);
        servers.push(restart(&world, server, chance.permille(60), &mut chance).await?);
    }
    Ok(servers)
}

/// One death and one start.
pub(crate) async fn restart(
    world: &Arc<World>,
    mut server: Server,
    gently: bool,
    chance: &mut Chance,
) -> anyhow::Result<Server> {
    let which = server.which;
    if let Some(status) = server.child.try_wait()? {
        bail!("server {which} ended by itself: {status}\n{}", tail(&world.place.log(which)));
    }
    let code = tokio::task::spawn_blocking(
        move || {
            if gently { server.stop() } else { server.kill().map(|()| None) }
        },
    )
    .await??;
    if gently && code != Some(0) {
        bail!("told to stop, server {which} ended with {code:?}");
    }
    let told = if gently { "was told to stop" } else { "kill -9" };
    world.tell(format!("server {which}: {told}"));
    if gently {
        world.stats.stops.add(1)
    } else {
        world.stats.kills.add(1)
    };
    world.to_servers[which].forget();
    if chance.permille(300) {
        move_clock(world, chance)?;
    }
    tokio::time::sleep(Duration::from_millis(chance.below(250))).await;
    let server = start(world, which).await?;
    world.tell(format!("server {which} is ready"));
    Ok(server)
}
