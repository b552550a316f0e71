//! Torture: the real `rotunda` binary under fire.
//!
//! 1. The binary runs as a process on a port and a folder of its own, is killed every few seconds, and its clock is moved
//!    both ways while it runs and while it does not (`server.rs`).
//! 2. Households of honest clients sign in, refresh from several tabs at once, and end in every way there is
//!    (`household.rs`, `honest.rs`, `pocket.rs`); thieves copy what clients store, and go on beside them (`thief.rs`).
//! 3. Between clients and server stands a proxy that drops, delays, doubles, reorders and cuts (`chaos.rs`).
//! 4. Each delivery to the server and its answer are written down with the moments before and after (`history.rs`), and
//!    each session's record is judged (`check/`).
//! 5. At the end the server is started once more and every session is asked one last question; then it is stopped, and
//!    its database is read (`last.rs`).
//!
//! All choices come from one seed. How processes and packets interleave does not; therefore a violation comes with the
//! whole record of its session, in order. Nothing is a violation because the machine was slow: all that is asked of an
//! answer is that some order within the measured moments explains it.
#![expect(
    clippy::unwrap_used,
    reason = "for tests only: a lock that is poisoned means that a task has panicked, and the run has failed"
)]

mod calls;
mod chance;
mod chaos;
mod check;
mod history;
mod honest;
mod household;
mod http;
mod last;
mod ledger;
mod moment;
mod pocket;
mod reply;
mod report;
mod server;
mod thief;
mod trace;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use report::Report;

use server::Place;
use world::World;

/// What to do.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long clients live. Starting and the last questions come on top.
    pub time: Duration,
    /// All choices follow from it.
    pub seed: u64,
    /// Clients send no retry keys.
    pub keyless: bool,
    /// The network is later than promise 1 can stand, and clients follow rotation.md to the letter (`honest.rs` says what
    /// is different): their sign-outs are a figure.
    pub beyond: bool,
    /// How many households there are at once; each has one to three sessions.
    pub households: u32,
    /// The most tabs or threads that share a session.
    pub workers: u64,
    /// The mean time between two kills.
    pub kill_every: Duration,
    /// W.
    pub window: Duration,
    /// How many rounds of a thousand are about a thief.
    pub theft_permille: u64,
    /// The binary under test.
    pub rotunda: PathBuf,
    /// libfaketime; `None`: the clock is left alone.
    pub faketime: Option<PathBuf>,
    /// Where traces go if a promise is broken.
    pub keep: PathBuf,
}

impl Config {
    /// Whether an honest sign-out is a violation.
    pub(crate) fn is_strict(&self) -> bool {
        !self.keyless && !self.beyond
    }
}

/// Where Debian has libfaketime, and where an environment variable may say otherwise. The build for programs with threads:
/// with the other one a thread that reads the time while another reads the file sees the real time now and then.
#[must_use]
pub fn find_faketime() -> Option<PathBuf> {
    let told = std::env::var_os("ROTUNDA_FAKETIME").map(PathBuf::from);
    let usual = ["x86_64-linux-gnu", "aarch64-linux-gnu"];
    let usual = usual.map(|machine| PathBuf::from(format!("/usr/lib/{machine}/faketime/libfaketimeMT.so.1")));
    told.into_iter().chain(usual).find(|path| path.exists())
}

/// Runs it all and says what was found.
///
/// # Errors
/// When the run could not take place, or the server broke in a way that ends it.
pub async fn run(config: Config) -> anyhow::Result<Report> {
    let folder = tempfile::Builder::new().prefix("rotunda-torture-").tempdir()?;
    let place = Place::new(&config, folder.path())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let world = Arc::new(World::new(config, place, listener.local_addr()?));
    server::set_clock(&world, 0)?;
    let place = world.place.clone();
    let server = tokio::task::spawn_blocking(move || place.start()).await??;
    let proxy = tokio::spawn(chaos::proxy(Arc::clone(&world), listener));
    let outcome = fire(&world, server).await;
    proxy.abort();
    let (server, mut report) = match outcome {
        Ok(done) => done,
        Err(error) => {
            let kept = trace::keep(&world)?;
            return Err(error.context(format!("seed {}; kept in {}", world.config.seed, kept.display())));
        }
    };
    drop(server);
    if !report.is_good() {
        report.kept = Some(trace::keep(&world)?);
    }
    Ok(report)
}

async fn fire(
    world: &Arc<World>,
    server: server::Server,
) -> anyhow::Result<(Option<server::Server>, Report)> {
    let mut households = JoinSet::new();
    for number in 0..world.config.households {
        households.spawn(household::household(Arc::clone(world), number));
    }
    let killer = tokio::spawn(server::kill_again_and_again(Arc::clone(world), server));
    let clock = tokio::spawn(server::disturb_clock(Arc::clone(world)));
    let deadline = tokio::time::sleep(world.config.time);
    tokio::select! {
        () = deadline => {}
        // Neither ends before it is told to, unless the server broke.
        () = async { while !killer.is_finished() && !clock.is_finished() { tokio::time::sleep(Duration::from_millis(200)).await } } => {}
    }
    world.closing.store(true, Ordering::SeqCst);
    let server = killer.await?;
    clock.await??;
    let server = server.context("the server broke")?;
    while let Some(done) = households.join_next().await {
        done?;
    }
    world.calm.store(true, Ordering::SeqCst);
    let report = last::questions(world, server).await?;
    Ok((None, report))
}
