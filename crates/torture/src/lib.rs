//! Torture: the real `rotunda` binary under fire.
//!
//! 1. The binary runs as one process or as several on one store (`place.rs`, `store/`). One of them is killed every few
//!    seconds, and their clock is moved both ways while they run and while they do not (`server.rs`, `clock.rs`). What they
//!    keep their data in is restarted, killed and paused meanwhile (`store/outage.rs`).
//! 2. Households of honest clients sign in, refresh from several tabs at once, and end in every way there is
//!    (`household.rs`, `honest.rs`, `pocket.rs`); thieves copy what clients store, and go on beside them (`thief.rs`).
//! 3. Between clients and servers stands a proxy that drops, delays, doubles, reorders and cuts, and hands each delivery to
//!    any of the servers (`chaos.rs`).
//! 4. Each delivery to the server and its answer are written down with the moments before and after (`history.rs`), and
//!    each session's record is judged (`check/`).
//! 5. At the end the servers are started once more and every session is asked one last question; then they are stopped, and
//!    their store is read (`last.rs`).
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
mod clock;
mod guest;
mod history;
mod honest;
mod household;
mod http;
mod last;
mod ledger;
mod moment;
mod place;
mod pocket;
mod reply;
mod report;
mod server;
mod store;
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
pub use store::StoreKind;

use place::Place;
use store::Store;
use world::World;

/// What to do.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long clients live. Starting and the last questions come on top.
    pub time: Duration,
    /// Where the servers keep their data.
    pub store: StoreKind,
    /// How many servers there are on it.
    pub servers: u32,
    /// The store may forget what it has acknowledged: Redis keeps nothing on its disk, and is emptied.
    pub lossy: bool,
    /// Nothing goes wrong: a good network, no kills, a steady clock. Then no conflict may reach a client: no 500, and no 503
    /// where a log tells of a deadlock, a serialization error or a busy database.
    pub mixed: bool,
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

/// How many guests there are at once under mixed load.
const GUESTS: u32 = 3;

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
    let (kind, lossy, home) = (config.store, config.lossy, folder.path().to_owned());
    let store = tokio::task::spawn_blocking(move || Store::start(kind, lossy, &home)).await??;
    let place = Place::new(&config, &store, folder.path())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let world = Arc::new(World::new(config, place, store, listener.local_addr()?));
    clock::set_clock(&world, 0)?;
    let servers = server::start_all(&world).await?;
    let proxy = tokio::spawn(chaos::proxy(Arc::clone(&world), listener));
    let outcome = fire(&world, servers).await;
    proxy.abort();
    let mut report = match outcome {
        Ok(done) => done,
        Err(error) => {
            let kept = trace::keep(&world)?;
            return Err(error.context(format!("seed {}; kept in {}", world.config.seed, kept.display())));
        }
    };
    if !report.is_good() {
        report.kept = Some(trace::keep(&world)?);
    }
    Ok(report)
}

async fn fire(world: &Arc<World>, servers: Vec<server::Server>) -> anyhow::Result<Report> {
    let mut households = JoinSet::new();
    for number in 0..world.config.households {
        households.spawn(household::household(Arc::clone(world), number));
    }
    for number in 0..if world.config.mixed { GUESTS } else { 0 } {
        households.spawn(guest::guests(Arc::clone(world), number));
    }
    let killer = tokio::spawn(server::kill_again_and_again(Arc::clone(world), servers));
    let clock = tokio::spawn(clock::disturb_clock(Arc::clone(world)));
    let outages = tokio::spawn(store::disturb(Arc::clone(world)));
    let deadline = tokio::time::sleep(world.config.time);
    tokio::select! {
        () = deadline => {}
        // Neither ends before it is told to, unless the server broke.
        () = async { while !killer.is_finished() && !clock.is_finished() && !outages.is_finished() { tokio::time::sleep(Duration::from_millis(200)).await } } => {}
    }
    world.closing.store(true, Ordering::SeqCst);
    let servers = killer.await?;
    clock.await??;
    outages.await??;
    let servers = servers.context("a server broke")?;
    while let Some(done) = households.join_next().await {
        done?;
    }
    world.calm.store(true, Ordering::SeqCst);
    last::questions(world, servers).await
}
