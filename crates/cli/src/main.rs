//! `rotunda`: configuration, wiring, serving, and the operator's commands. The only place that knows everything.
//!
//! Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

mod args;
mod commands;
mod config;
mod log;
mod output;
mod serve;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    let for_programs = args.global.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return output::failed(&anyhow::Error::new(error).context("starting the runtime"), for_programs);
        }
    };
    match runtime.block_on(run(args)) {
        Ok(code) => code,
        Err(error) => output::failed(&error, for_programs),
    }
}

async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { global, command } = args;
    match command.unwrap_or(Command::Serve(args::Serve::default())) {
        Command::Serve(flags) => serve::serve(&global, &flags).await,
        Command::User { verb } => commands::user::run(&global, verb).await,
        Command::Session { verb } => commands::session::run(&global, verb).await,
        Command::Key { verb } => commands::key::run(&global, verb).await,
        Command::Store { verb } => commands::store::run(&global, verb).await,
        Command::Verify(verify) => commands::verify::run(&global, verify).await,
        Command::Openapi => commands::openapi::run(),
        Command::Config { verb } => commands::config::run(&global, verb),
    }
}
