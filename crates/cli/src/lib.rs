//! `rotunda`: configuration, wiring, serving, and the operator's commands. The only place that knows everything.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
//!
//! It is a library only so that `fuzz` can call what has no door in the program: [`main`] is all of the program, and
//! [`judge`] is the reading of a configuration, without a file.

mod args;
mod backups;
mod commands;
mod config;
mod keep_backups;
mod keep_certificate;
mod keep_chained;
mod keep_webhooks;
mod log;
mod output;
mod password_input;
mod serve;
mod stores;
mod systemd;
mod telemetry;
mod wiring;

use std::ffi::OsString;
use std::net::TcpListener;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// The program: reads the command line and the environment, and does what they say.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let for_programs = args.global.json;
    // While this is the only thread.
    let handed_over = match args.command {
        None | Some(Command::Serve(_)) => systemd::handed_over(),
        Some(_) => Ok(None),
    };
    let handed_over = match handed_over {
        Ok(handed_over) => handed_over,
        Err(error) => return output::failed(&error, for_programs),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return output::failed(&anyhow::Error::new(error).context("starting the runtime"), for_programs);
        }
    };
    match runtime.block_on(run(args, handed_over)) {
        Ok(code) => code,
        Err(error) => output::failed(&error, for_programs),
    }
}

async fn run(args: Args, handed_over: Option<TcpListener>) -> anyhow::Result<ExitCode> {
    let Args { global, command } = args;
    match command.unwrap_or(Command::Serve(args::Serve::default())) {
        Command::Serve(flags) => serve::serve(&global, &flags, handed_over).await,
        Command::User { verb } => commands::user::run(&global, verb).await,
        Command::Session { verb } => commands::session::run(&global, verb).await,
        Command::Role { verb } => commands::role::run(&global, verb).await,
        Command::Mail { verb } => commands::mail::run(&global, verb).await,
        Command::Client { verb } => commands::client::run(&global, verb).await,
        Command::Webhook { verb } => commands::webhook::run(&global, verb).await,
        Command::Key { verb } => commands::key::run(&global, verb).await,
        Command::Audit { verb } => commands::audit::run(&global, verb).await,
        Command::Store { verb } => commands::store::run(&global, verb).await,
        Command::Backup(flags) => commands::backup::run(&global, &flags),
        Command::Restore(flags) => commands::restore::run(&global, &flags),
        Command::PasswordList { verb } => commands::password_list::run(&global, verb),
        Command::Verify(verify) => commands::verify::run(&global, verify).await,
        Command::Openapi => commands::openapi::run(),
        Command::Config { verb } => commands::config::run(&global, verb),
        Command::Doctor => commands::doctor::run(&global).await,
        Command::Health(health) => commands::health::run(&global, &health),
    }
}

/// A configuration that was accepted, as far as somebody outside may know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Everything that it comes to, in a form to compare and not to read.
    pub settings: String,
    /// What `rotunda config check` warns of.
    pub warnings: Vec<String>,
    /// Why `rotunda serve` would refuse it all the same. Whatever is here, the check should have found.
    pub unusable: Option<String>,
}

/// Judges the text of a configuration file, called `rotunda.toml`, with these variables laid over it.
///
/// # Errors
/// Everything that is wrong with it, each with its place, as `rotunda config check` prints it.
pub fn judge(
    text: &str,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Accepted, Vec<String>> {
    let loaded = config::load_text("rotunda.toml", text, config::Overrides::default(), environment);
    let config::Loaded { settings, warnings, .. } = loaded.map_err(|error| error.findings())?;
    let unusable = wiring::web(&settings).err().map(|error| format!("{error:#}"));
    Ok(Accepted { settings: format!("{settings:?}"), warnings, unusable })
}
