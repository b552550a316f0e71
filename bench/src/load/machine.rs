//! What a run was on.

use std::fs::read_to_string;

use anyhow::Context;
use jiff::Timestamp;

use super::figures::Machine;
use crate::moment::time_of_day;

/// This machine, now; `sources` is what Rotunda was built from.
pub(super) fn machine(sources: &str) -> anyhow::Result<Machine> {
    let now = Timestamp::from_millisecond(time_of_day().0).context("the clock is out of range")?;
    let after = |path: &str, name: &str| -> Option<String> {
        let text = read_to_string(path).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches([':', ' ', '\t']).to_owned())
    };
    let kibibytes =
        after("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(Machine {
        date: now.strftime("%Y-%m-%d").to_string(),
        processor: after("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        memory: kibibytes.unwrap_or(0).div_ceil(1024 * 1024),
        kernel: read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
        sources: sources.to_owned(),
    })
}
