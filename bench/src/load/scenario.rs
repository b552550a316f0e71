//! The scenarios.
//!
//! | | what is asked | of whom |
//! |---|---|---|
//! | `refresh` | each client rotates its session, closed loop | everybody |
//! | `paced` | the same at half of that rate, open loop: times as users see them | everybody |
//! | `login` | right passwords, closed loop; beside the bare hash on the same processors | who asks for passwords |
//! | `verify` | `GET /auth/verify` with an access token, closed loop | Rotunda |
//! | `introspect` | `POST /oauth/introspect`, closed loop | Rotunda |
//! | `day` | refreshes, verifications, introspections and logins at once, open loop, in the shares of [`DAY`] | Rotunda |
//! | `storm` | refreshes in a closed loop, first alone, then beside ten times as many logins as can be hashed | Rotunda |
//!
//! 1. All who take part have their clients signed in before the first turn, and warm up one after the other.
//! 2. Then turns go round, A B C A B C …, so that whatever else the machine does meets all of them.

use std::time::Duration;

use clap::ValueEnum;

use super::Options;
use super::argon;
use super::contender::Contender;
use super::drive::{Load, Measured, drive};
use super::figures::{Row, Tally};
use super::schedule::{Pace, Schedule};

/// Of a hundred requests of a day: those of the busiest hour in `docs/guide/scaling.md`, and services that ask.
const DAY: [(&str, f64); 4] = [("refresh", 0.80), ("verify", 0.15), ("introspect", 0.04), (LOGIN, 0.01)];
/// How many clients sign in at once in a closed loop.
const SIGNING_IN: u64 = 16;
/// How many connections a storm of logins has: those that wait for a hash, and those that are being turned away.
const STORM: u64 = 256;
/// How many times as many logins a storm has as can be hashed.
const TIMES: f64 = 10.0;

/// The refreshes beside which there is nothing.
pub(super) const ALONE: &str = "refresh, alone";
/// The same beside a storm.
pub(super) const IN_STORM: &str = "refresh, in the storm";

/// Right passwords.
pub(super) const LOGIN: &str = "login";

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Scenario {
    /// Rotations, in a closed loop.
    Refresh,
    /// Rotations at half that rate, in an open loop.
    Paced,
    /// Logins, beside the bare hash.
    Login,
    /// Access tokens, online.
    Verify,
    /// Access tokens, by a service.
    Introspect,
    /// All of it.
    Day,
    /// Too many logins.
    Storm,
}

impl Scenario {
    /// Its name in figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Paced => "paced",
            Self::Login => "login",
            Self::Verify => "verify",
            Self::Introspect => "introspect",
            Self::Day => "day",
            Self::Storm => "storm",
        }
    }
}

/// Runs a scenario with all whom it is for.
///
/// # Errors
/// When somebody cannot sign in, or gives no good reply at all.
pub fn run(
    scenario: Scenario,
    cast: &[Contender],
    options: &Options,
    tell: &impl Fn(&str),
) -> anyhow::Result<Vec<Row>> {
    let mut all = Vec::new();
    for contender in cast {
        all.extend(entrants(scenario, contender, options)?);
    }
    if scenario == Scenario::Login && !all.is_empty() {
        all.push(Entrant::bare()?);
    }
    let warm_up = Duration::from_secs(options.warm_up);
    for entrant in all.iter_mut().filter(|_| options.warm_up > 0) {
        entrant.turn(warm_up)?;
    }
    for _ in 0..options.rounds {
        for entrant in &mut all {
            entrant.count(Duration::from_secs(options.seconds))?;
        }
    }
    let rows: Vec<Row> = all.iter().flat_map(|entrant| entrant.tallies.iter().map(Tally::row)).collect();
    for row in &rows {
        let others: u64 = row.statuses.values().sum();
        let Row { contender, part, p50, p99, .. } = row;
        tell(&format!(
            "{}: {contender}, {part}: {:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, {others} others",
            scenario.name(),
            row.rate()
        ));
        if row.good == 0 {
            anyhow::bail!("{contender} gave no good reply: {:?} {:?}", row.statuses, row.sample);
        }
    }
    Ok(rows)
}

/// Somebody who has turns.
struct Entrant<'a> {
    /// `None`: the bare hash.
    contender: Option<&'a Contender>,
    loads: Vec<Load>,
    tallies: Vec<Tally>,
    processor: Option<Duration>,
    replies: u64,
}

impl<'a> Entrant<'a> {
    fn new(scenario: Scenario, contender: &'a Contender, parts: Vec<(&str, Load)>) -> anyhow::Result<Self> {
        let tally = |part: &str| Tally::new(scenario.name(), part, &contender.name, &contender.version);
        let tallies = parts.iter().map(|(part, _)| tally(part)).collect::<anyhow::Result<_>>()?;
        let loads = parts.into_iter().map(|(_, load)| load).collect();
        let processor = contender.processor_time().map(|_| Duration::ZERO);
        Ok(Self { contender: Some(contender), loads, tallies, processor, replies: 0 })
    }

    fn bare() -> anyhow::Result<Self> {
        let tallies = vec![Tally::new(Scenario::Login.name(), LOGIN, "the bare Argon2id", "")?];
        Ok(Self { contender: None, loads: Vec::new(), tallies, processor: None, replies: 0 })
    }

    fn turn(&mut self, span: Duration) -> anyhow::Result<Vec<Measured>> {
        match self.contender {
            Some(contender) => {
                drive(contender.address(), &mut self.loads.iter_mut().collect::<Vec<_>>(), span)
            }
            None => Ok(vec![argon::hash(span)?]),
        }
    }

    /// A turn that counts.
    fn count(&mut self, span: Duration) -> anyhow::Result<()> {
        let contender = self.contender;
        let clock = || contender.and_then(Contender::processor_time);
        let before = clock();
        let turn = self.turn(span)?;
        if let (Some(all), Some(before), Some(after)) = (&mut self.processor, before, clock()) {
            *all += after.saturating_sub(before);
        }
        self.replies += turn.iter().map(|measured| measured.latencies.len()).sum::<u64>();
        let memory = contender.and_then(Contender::memory);
        for (tally, measured) in self.tallies.iter_mut().zip(turn) {
            tally.add(measured);
            tally.cost(memory, self.processor, self.replies);
        }
        Ok(())
    }
}

/// Those that a contender has in a scenario; none where it is not for it.
fn entrants<'a>(
    scenario: Scenario,
    it: &'a Contender,
    options: &Options,
) -> anyhow::Result<Vec<Entrant<'a>>> {
    let (target, clients) = (it.target(), options.clients);
    let is_whole = target.verify.is_some() && target.introspect.is_some();
    let closed = |talks| Load::new(Pace::Closed, talks);
    let one = |part, load| Ok(vec![Entrant::new(scenario, it, vec![(part, load)])?]);
    match scenario {
        Scenario::Refresh => one("refresh", closed(it.rotations(clients)?)),
        Scenario::Paced => {
            let mut load = closed(it.rotations(clients)?);
            let half = measured_rate(it, &mut load, options)? / 2.0;
            load.pace(Pace::Open(Schedule::per_second(half)));
            one("refresh", load)
        }
        Scenario::Login if target.users.is_some() && target.login.is_some() => {
            one(LOGIN, closed(it.logins(SIGNING_IN)?))
        }
        Scenario::Verify if is_whole => one("verify", closed(it.verifications(clients)?)),
        Scenario::Introspect if is_whole => one("introspect", closed(it.introspections(clients)?)),
        Scenario::Day if is_whole => Ok(vec![Entrant::new(scenario, it, day(it, options)?)?]),
        Scenario::Storm if is_whole => storm(it, options),
        _ => Ok(Vec::new()),
    }
}

fn day(it: &Contender, options: &Options) -> anyhow::Result<Vec<(&'static str, Load)>> {
    let load = |(part, share): (&'static str, f64)| {
        let talks = match part {
            "refresh" => it.rotations(options.clients)?,
            "verify" => it.verifications(SIGNING_IN)?,
            "introspect" => it.introspections(SIGNING_IN)?,
            _ => it.logins(SIGNING_IN)?,
        };
        Ok((part, Load::new(Pace::Open(Schedule::per_second(share * options.day_rate)), talks)))
    };
    DAY.into_iter().map(load).collect()
}

fn storm<'a>(it: &'a Contender, options: &Options) -> anyhow::Result<Vec<Entrant<'a>>> {
    let closed = |talks| Load::new(Pace::Closed, talks);
    let capacity = measured_rate(it, &mut closed(it.logins(SIGNING_IN)?), options)?;
    let pace = Pace::Open(Schedule::per_second(TIMES * capacity));
    let (alone, beside) = (closed(it.rotations(options.clients)?), closed(it.rotations(options.clients)?));
    let logins = Load::new(pace, it.logins(STORM)?);
    let alone = Entrant::new(Scenario::Storm, it, vec![(ALONE, alone)])?;
    let beside = vec![(IN_STORM, beside), (LOGIN, logins)];
    Ok(vec![alone, Entrant::new(Scenario::Storm, it, beside)?])
}

/// What a load comes to by itself.
fn measured_rate(it: &Contender, load: &mut Load, options: &Options) -> anyhow::Result<f64> {
    let span = Duration::from_secs(options.warm_up.max(1));
    let rates = drive(it.address(), &mut [load], span)?;
    Ok(rates.iter().map(|measured| measured.rate).sum::<f64>().max(1.0))
}
