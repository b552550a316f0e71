//! A server with its sessions and their clients.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};

use super::Options;
use crate::clients::{Clients, Measured};
use crate::latency::median;
use crate::listing::listing;
use crate::seed::Seed;
use crate::server::{Server, Stores};

/// What is measured in turns with others.
pub(super) struct Site {
    pub(super) server: Server,
    clients: Clients,
    sessions: u64,
    all: Option<Measured>,
    rates: Vec<f64>,
    processor: Duration,
}

impl Site {
    /// Starts the server, has its stores filled, and connects its clients.
    pub(super) fn new(
        options: &Options,
        folder: &Path,
        stores: &Stores,
        sessions: u64,
        fill: impl FnOnce(&Server, Seed) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let server = Server::start(&options.rotunda, folder, stores, &[])?;
        fill(&server, server.seed()?)?;
        let clients = Clients::connect(server.seed()?, server.address(), options.clients, sessions)?;
        Ok(Self { server, clients, sessions, all: None, rates: Vec::new(), processor: Duration::ZERO })
    }

    /// Runs without measuring.
    pub(super) fn warm_up(&mut self, span: Duration) -> anyhow::Result<()> {
        healthy(&self.clients.run(span)?)
    }

    /// One turn; how many refreshes there were.
    pub(super) fn turn(&mut self, span: Duration) -> anyhow::Result<f64> {
        let before = self.server.processor_time()?;
        let measured = self.clients.run(span)?;
        self.processor += self.server.processor_time()?.saturating_sub(before);
        healthy(&measured)?;
        let rate = measured.rate;
        self.rates.push(rate);
        match &mut self.all {
            Some(all) => all.join(measured),
            none => *none = Some(measured),
        }
        Ok(rate * span.as_secs_f64())
    }

    pub(super) fn rate(&self) -> f64 {
        median(&self.rates)
    }

    pub(super) fn p99(&self) -> f64 {
        self.all.as_ref().map_or(0.0, |all| all.quantile(0.99))
    }

    /// All of it, for programs.
    pub(super) fn json(&self) -> Value {
        let (rate, rates) =
            (self.rate().round(), self.rates.iter().map(|rate| rate.round()).collect::<Vec<_>>());
        let Some(all) = &self.all else { return Value::Null };
        let microseconds = self.processor.as_secs_f64() * 1e6 / all.count().max(1.0);
        json!({
            "sessions": self.sessions,
            "refreshes_per_second": rate,
            "turns": rates,
            "p50_ms": all.quantile(0.5),
            "p99_ms": all.quantile(0.99),
            "server_processor_us_per_refresh": microseconds.round(),
        })
    }

    /// The listing of a user's sessions: p99 in milliseconds, of users with two and of one with a hundred.
    pub(super) fn listing(&mut self) -> anyhow::Result<Value> {
        let listed = listing(&mut self.clients, self.sessions)?;
        let (two, hundred) = (&listed.two, &listed.hundred);
        Ok(json!({
            "of_two": { "p50_ms": two.quantile(0.5), "p99_ms": two.quantile(0.99) },
            "of_hundred": { "p50_ms": hundred.quantile(0.5), "p99_ms": hundred.quantile(0.99) },
        }))
    }
}

/// A measurement with refusals in it is none.
fn healthy(measured: &Measured) -> anyhow::Result<()> {
    if measured.others.is_empty() {
        return Ok(());
    }
    bail!("some refreshes were not answered with 200: {:?}, {:?}", measured.others, measured.sample)
}

/// How the larger site compares with the smaller one, as text for people.
pub(super) fn sizes(few: &Site, many: &Site) -> String {
    let (small, large) = (few.p99(), many.p99());
    format!(
        "{:.0}/s, p99 {small:.1} ms with {} sessions; {:.0}/s, p99 {large:.1} ms with {}: {:.2} ×",
        few.rate(),
        few.sessions,
        many.rate(),
        many.sessions,
        large / small
    )
}
