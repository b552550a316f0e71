//! `rotunda store`

mod accept_ahead;
mod copy;
mod told;

use std::process::ExitCode;

use crate::args::{self, Global};

pub(crate) async fn run(global: &Global, verb: args::Store) -> anyhow::Result<ExitCode> {
    match verb {
        args::Store::AcceptAhead { span, off: _ } => accept_ahead::run(global, span).await,
        args::Store::Copy(copying) => copy::run(global, &copying).await,
    }
}
