//! `rotunda store accept-ahead`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use serde_json::json;

use crate::args::Global;
use crate::config::parse_duration;
use crate::output::{self, moment};
use crate::wiring::Wired;

/// Clients come back within their sessions' idle time; a month covers the longest default.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) async fn run(global: &Global, span: Option<String>) -> anyhow::Result<ExitCode> {
    let span = span.map(|text| parse_duration(&text).map_err(anyhow::Error::msg)).transpose()?;
    if span.is_some_and(|span| span > LONGEST) {
        bail!("30 days at most: whoever holds an old copy of a token is believed as long as this lasts");
    }
    let until = Wired::open(global).await?.rotunda.accept_ahead(span).await?;
    if global.json {
        output::json(&json!({"accept_ahead_until": until.map(moment)}))?;
    } else {
        output::print(&match until {
            Some(until) => {
                format!("refresh tokens newer than the store are believed until {}\n", moment(until))
            }
            None => "refresh tokens newer than the store are refused\n".to_owned(),
        })?;
    }
    Ok(ExitCode::SUCCESS)
}
