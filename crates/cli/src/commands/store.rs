//! `rotunda store accept-ahead`

use std::process::ExitCode;

use serde_json::json;

use crate::args::{self, Global};
use crate::config::parse_duration;
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Store) -> anyhow::Result<ExitCode> {
    let args::Store::AcceptAhead { span, off: _ } = verb;
    let span = span.map(|text| parse_duration(&text).map_err(anyhow::Error::msg)).transpose()?;
    let until = Wired::open(global).await?.rotunda.accept_ahead(span).await?;
    if global.json {
        output::json(&json!({"accept_ahead_until": until.map(moment)}))?;
    } else {
        output::print(&match until {
            Some(until) => format!("refresh tokens newer than the store are believed until {}\n", moment(until)),
            None => "refresh tokens newer than the store are refused\n".to_owned(),
        })?;
    }
    Ok(ExitCode::SUCCESS)
}
