//! `rotunda openapi`

use std::process::ExitCode;

use anyhow::Context;

use crate::output;

/// Prints the document that `/openapi.json` serves.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let text = rotunda_server::openapi().to_pretty_json().context("writing the OpenAPI document")?;
    output::print(&format!("{text}\n"))?;
    Ok(ExitCode::SUCCESS)
}
