//! What was measured, for programs: `rotunda-bench load run` prints it, `rotunda-bench load page` reads it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::drive::Measured;
use crate::latency::{Latencies, median};

/// One run.
#[derive(Serialize, Deserialize)]
pub struct Figures {
    /// Where and when.
    pub machine: Machine,
    /// How many clients there were of each contender.
    pub clients: u64,
    /// How many turns each had.
    pub rounds: u32,
    /// How many seconds a turn took.
    pub seconds: u64,
    /// How many sessions of others were in Rotunda's stores.
    pub sessions: u64,
    /// Its settings that differ from those of every measurement, `NAME=VALUE`.
    pub settings: Vec<String>,
    /// In the order in which they were measured.
    pub rows: Vec<Row>,
}

/// Where and when a run was.
#[derive(Serialize, Deserialize)]
pub struct Machine {
    /// The day, in UTC.
    pub date: String,
    /// The name of the processor.
    pub processor: String,
    /// How many of them this process may use.
    pub processors: usize,
    /// In GiB.
    pub memory: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The load averages before the run: whether the machine had other work.
    pub load: String,
    /// Which sources Rotunda was built from.
    pub sources: String,
}

/// One thing that one contender did in one scenario.
#[derive(Clone, Serialize, Deserialize)]
pub struct Row {
    /// The scenario's name.
    pub scenario: String,
    /// The contender's name.
    pub contender: String,
    /// What ran.
    pub version: String,
    /// What was asked of it.
    pub part: String,
    /// How many good replies there were, also after the end of a turn.
    pub good: u64,
    /// Good replies a second, turn by turn.
    pub rates: Vec<f64>,
    /// The 99th percentile in milliseconds, turn by turn.
    pub p99s: Vec<f64>,
    /// Of all turns together, in milliseconds.
    pub p50: f64,
    /// Likewise.
    pub p99: f64,
    /// Likewise.
    pub p999: f64,
    /// Replies that were not what was asked for, by status; 0 is a connection that was lost.
    pub statuses: BTreeMap<u16, u64>,
    /// The 99th percentile of these, in milliseconds.
    pub refused_p99: f64,
    /// One of these.
    pub sample: Option<String>,
    /// The most memory after a turn, in MiB, where that is one process.
    pub memory: Option<f64>,
    /// Processor time of the server a good reply of all parts, in microseconds, where that is one process.
    pub processor: Option<f64>,
}

impl Row {
    /// The rate of the middle turn.
    #[must_use]
    pub fn rate(&self) -> f64 {
        median(&self.rates)
    }

    /// How many times the 99th percentile of another this one's is, turn by turn, likewise; and how many milliseconds longer
    /// the middle one is.
    #[must_use]
    pub fn slower(&self, other: &Self) -> ([f64; 3], f64) {
        let turns = self.p99s.iter().zip(&other.p99s).filter(|(_, other)| **other > 0.0);
        let times: Vec<f64> = turns.map(|(ours, theirs)| ours / theirs).collect();
        (spread(&times), median(&self.p99s) - median(&other.p99s))
    }

    /// How many times the rate of another this one's is, turn by turn: the middle one, the least and the most.
    #[must_use]
    pub fn times(&self, other: &Self) -> [f64; 3] {
        let turns = self.rates.iter().zip(&other.rates).filter(|(_, other)| **other > 0.0);
        spread(&turns.map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
    }
}

/// The middle one of some figures, the least and the most.
#[must_use]
pub fn spread(figures: &[f64]) -> [f64; 3] {
    let least = figures.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let most = figures.iter().copied().reduce(f64::max).unwrap_or(0.0);
    [median(figures), least, most]
}

/// Turns as they come in.
pub(super) struct Tally {
    row: Row,
    latencies: Latencies,
    refused: Latencies,
}

impl Tally {
    pub(super) fn new(scenario: &str, part: &str, contender: &str, version: &str) -> anyhow::Result<Self> {
        let row = Row {
            scenario: scenario.to_owned(),
            contender: contender.to_owned(),
            version: version.to_owned(),
            part: part.to_owned(),
            good: 0,
            rates: Vec::new(),
            p99s: Vec::new(),
            p50: 0.0,
            p99: 0.0,
            p999: 0.0,
            statuses: BTreeMap::new(),
            refused_p99: 0.0,
            sample: None,
            memory: None,
            processor: None,
        };
        Ok(Self { row, latencies: Latencies::new()?, refused: Latencies::new()? })
    }

    pub(super) fn add(&mut self, turn: Measured) {
        self.row.good += turn.latencies.len();
        self.row.rates.push(turn.rate);
        self.row.p99s.push(turn.latencies.quantile(0.99));
        self.latencies.join(&turn.latencies);
        self.refused.join(&turn.refused);
        for (status, count) in turn.statuses {
            *self.row.statuses.entry(status).or_default() += count;
        }
        self.row.sample = self.row.sample.take().or(turn.sample);
    }

    /// The most memory so far, and how long the server was at work for how many replies.
    pub(super) fn cost(&mut self, memory: Option<f64>, processor: Option<Duration>, replies: u64) {
        self.row.memory = [self.row.memory, memory].into_iter().flatten().reduce(f64::max);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
        let each = processor.map(|time| time.as_secs_f64() * 1e6 / replies.max(1) as f64);
        self.row.processor = each;
    }

    pub(super) fn row(&self) -> Row {
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| self.latencies.quantile(share));
        let refused_p99 = self.refused.quantile(0.99);
        Row { p50, p99, p999, refused_p99, ..self.row.clone() }
    }
}
