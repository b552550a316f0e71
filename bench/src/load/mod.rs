//! The load generator: Rotunda, the floor and the peers, in turns, in one run. `scripts/bench` builds what it needs and runs it.
//!
//! | to find | look in |
//! |---|---|
//! | how a server is spoken to | [`target`] |
//! | closed and open loops, and why times count from the schedule | [`schedule`], [`drive`] |
//! | who is measured, and how each is configured | [`contender`] |
//! | what is measured | [`scenario`] |
//! | what is made of the figures | [`page`], [`chart`] |

mod argon;
pub mod chart;
pub mod contender;
pub mod drive;
pub mod figures;
mod machine;
pub mod page;
mod program;
pub mod reply;
pub mod request;
pub mod scenario;
pub mod schedule;
pub mod talk;
pub mod target;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};

use contender::Contender;
use figures::Figures;
use scenario::Scenario;

/// `rotunda-bench load …`
#[derive(Subcommand)]
pub enum Command {
    /// Measure everybody in turns; standard output is JSON. Of an option that is given twice the last one counts.
    #[command(args_override_self = true)]
    Run(Options),
    /// Put the figures of a run into a page, and charts beside it.
    Page(Page),
}

/// What is measured.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Only these scenarios.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Scenario::value_variants().to_vec())]
    pub scenarios: Vec<Scenario>,
    /// The stores that Rotunda is measured on: sqlite, postgres, redis. Others are compared with the first.
    #[arg(long, value_delimiter = ',', default_values = ["sqlite", "postgres", "redis"])]
    pub stores: Vec<String>,
    /// Rotunda.
    #[arg(long, env = "ROTUNDA_BIN", default_value = "target/release/rotunda")]
    pub rotunda: PathBuf,
    /// The floor; left out where there is none.
    #[arg(long)]
    pub floor: Option<PathBuf>,
    /// The folder with peers, such as bench/peers; left out where there is none.
    #[arg(long)]
    pub peers: Option<PathBuf>,
    /// Only these peers.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// How many clients rotate sessions at once.
    #[arg(long, default_value_t = 64)]
    pub clients: u64,
    /// How many turns each has.
    #[arg(long, default_value_t = 5)]
    pub rounds: u32,
    /// How many seconds a turn takes.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// How many seconds each warms up before the first turn.
    #[arg(long, default_value_t = 3)]
    pub warm_up: u64,
    /// How many requests a second a mixed day has.
    #[arg(long, default_value_t = 1000.0)]
    pub day_rate: f64,
    /// How many sessions of others are in Rotunda's stores.
    #[arg(long, default_value_t = 10_000)]
    pub sessions: u64,
    /// A setting of Rotunda, such as ROTUNDA_TOKENS__ALGORITHM=EdDSA; may be given several times. The page tells them.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
    /// What Rotunda was built from, for the page.
    #[arg(long, default_value = "not told")]
    pub sources: String,
}

/// Where figures go.
#[derive(Debug, Args)]
pub struct Page {
    /// What `rotunda-bench load run` has printed.
    #[arg(long)]
    pub figures: PathBuf,
    /// The page, with its two marks.
    #[arg(long, default_value = "docs/reference/performance.md")]
    pub page: PathBuf,
}

/// Starts everybody, measures, and tells each figure as it comes.
///
/// # Errors
/// When somebody does not start, or gives no good reply.
pub fn run(options: &Options, tell: impl Fn(&str)) -> anyhow::Result<Figures> {
    let machine = machine::machine(&options.sources)?;
    let settings = options.settings.clone();
    let folder = tempfile::tempdir()?;
    let cast = cast(options, folder.path(), &tell)?;
    let mut rows = Vec::new();
    for scenario in &options.scenarios {
        rows.extend(scenario::run(*scenario, &cast, options, &tell)?);
    }
    let Options { clients, rounds, seconds, sessions, .. } = *options;
    Ok(Figures { machine, clients, rounds, seconds, sessions, settings, rows })
}

/// Puts the figures of a run into a page.
///
/// # Errors
/// When they cannot be read, or the page cannot be written.
pub fn page(page: &Page) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&page.figures).with_context(|| page.figures.display().to_string())?;
    page::write(&serde_json::from_str(&text)?, &page.page)
}

/// All who take part, started.
fn cast(options: &Options, folder: &Path, tell: &impl Fn(&str)) -> anyhow::Result<Vec<Contender>> {
    let mut cast = Vec::new();
    // Servers run in folders of their own.
    let whole =
        |path: &Path| std::fs::canonicalize(path).with_context(|| format!("there is no {}", path.display()));
    let rotunda = whole(&options.rotunda)?;
    let pair = |set| str::split_once(set, '=').with_context(|| format!("{set} is not NAME=VALUE"));
    let settings: Vec<_> =
        options.settings.iter().map(String::as_str).map(pair).collect::<anyhow::Result<_>>()?;
    for store in &options.stores {
        tell(&format!("starting Rotunda on {store}"));
        cast.push(Contender::rotunda(
            &rotunda,
            folder,
            store,
            &settings,
            (options.clients, options.sessions),
        )?);
    }
    if let Some(floor) = &options.floor {
        tell("starting the floor");
        cast.push(Contender::floor(&whole(floor)?, folder)?);
    }
    for peer in options.peers.iter().map(|folder| peers(folder)).collect::<anyhow::Result<Vec<_>>>()?.concat()
    {
        let name = peer.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if options.only.is_empty() || options.only.contains(&name) {
            tell(&format!("starting {name}"));
            cast.push(Contender::peer(&whole(&peer)?, folder, options.clients)?);
        }
    }
    Ok(cast)
}

/// The folders with a description, by name.
fn peers(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.join("target.json").is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
