//! The closed loop: each client refreshes one session after the other and waits for each answer before it goes on.
//!
//! 1. Client `c` of `C` owns the sessions whose number leaves the rest `c` divided by `C`: nobody else refreshes them, so that
//!    every refresh is a rotation, provided that a session's turn comes after its window or that there is no window
//!    (`[refresh] window = "0s"`, as `server.rs` configures it).
//! 2. It takes its sessions in an order that looks random and comes to each of them before it comes to one again.
//! 3. Each answer's token is kept: the loop can pause and go on, also after something else was measured in between.
//! 4. One thread serves all clients with `epoll`, because it shares the processors with what it measures: a write and a read
//!    a refresh, and no memory is allocated but for the token.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use serde_json::{Value, json};

use crate::http;
use crate::latency::Latencies;
use crate::listing::exchange;
use crate::moment::now;
use crate::seed::{Seed, mixed};

/// How long after the end of a measurement an answer may come.
const PATIENCE: Duration = Duration::from_secs(10);

/// All clients of one server.
pub struct Clients {
    seed: Seed,
    server: SocketAddr,
    clients: Vec<Client>,
    /// The token of each session that was refreshed; the others still have their first one.
    tokens: Vec<Option<Box<str>>>,
    /// How many requests were sent: a number that never comes again, for retry keys.
    sent: u64,
}

/// What was measured in some seconds.
pub struct Measured {
    /// Refreshes that were answered with 200, a second.
    pub rate: f64,
    latencies: Latencies,
    /// Answers with another status, and how many of each.
    pub others: BTreeMap<u16, u64>,
    /// The body of the first such answer.
    pub sample: Option<String>,
}

impl Measured {
    /// The time that `share` of all refreshes did not exceed, in milliseconds.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        self.latencies.quantile(share)
    }

    /// How many refreshes were answered with 200.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
    pub fn count(&self) -> f64 {
        self.latencies.len() as f64
    }

    /// All of it, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "refreshes": self.latencies.len(),
            "refreshes_per_second": self.rate.round(),
            "p50_ms": self.quantile(0.5),
            "p99_ms": self.quantile(0.99),
            "p999_ms": self.quantile(0.999),
            "not_200": self.others.values().sum::<u64>(),
            "statuses": self.others,
            "sample": self.sample,
        })
    }

    /// Takes the times of another measurement of the same to these.
    pub fn join(&mut self, other: Self) {
        self.latencies.join(&other.latencies);
        for (status, count) in other.others {
            *self.others.entry(status).or_default() += count;
        }
        self.sample = self.sample.take().or(other.sample);
    }
}

struct Client {
    /// Its place among the others.
    name: u64,
    stream: TcpStream,
    /// What has come of the answer so far.
    input: Vec<u8>,
    /// The session in hand, and when its request was sent; `None` when there is nothing under way.
    turn: Option<(usize, Instant)>,
    /// How many turns there were.
    turns: u64,
    /// How many sessions are this client's.
    sessions: u64,
}

impl Clients {
    /// Connects `clients` clients that own `sessions` sessions together.
    ///
    /// # Errors
    /// When there are fewer sessions than clients, or nobody listens.
    pub fn connect(seed: Seed, server: SocketAddr, clients: u64, sessions: u64) -> anyhow::Result<Self> {
        if clients == 0 || sessions < clients {
            bail!("{clients} clients need as many sessions, and there are {sessions}");
        }
        let client = |c: u64| {
            Ok(Client {
                name: c,
                stream: connect(server)?,
                input: Vec::with_capacity(8 * 1024),
                turn: None,
                turns: 0,
                sessions: (sessions - c).div_ceil(clients),
            })
        };
        let clients = (0..clients).map(client).collect::<anyhow::Result<_>>()?;
        let tokens = vec![None; usize::try_from(sessions)?];
        Ok(Self { seed, server, clients, tokens, sent: 0 })
    }

    /// Refreshes for so long, then waits for the answers that are still to come. Only answers within that time count.
    ///
    /// # Errors
    /// When the server is gone, or says what no client understands.
    pub fn run(&mut self, span: Duration) -> anyhow::Result<Measured> {
        let mut measured =
            Measured { rate: 0.0, latencies: Latencies::new()?, others: BTreeMap::new(), sample: None };
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut request = Vec::with_capacity(1024);
        for client in &mut self.clients {
            // The server closes connections that have been idle for long, as they are between two measurements.
            client.stream = connect(self.server)?;
            let name = epoll::EventData::new_u64(client.name);
            epoll::add(&epoll, &client.stream, name, epoll::EventFlags::IN)?;
        }
        let began = now();
        for c in 0..self.clients.len() {
            self.send(c, &mut request)?;
        }
        let (mut waiting, mut events) = (self.clients.len(), Vec::with_capacity(256));
        while waiting > 0 {
            epoll::wait(&epoll, spare_capacity(&mut events), Some(&Timespec { tv_sec: 1, tv_nsec: 0 }))?;
            if began.elapsed() > span + PATIENCE {
                bail!("{waiting} answers are missing {} s after the end", PATIENCE.as_secs());
            }
            for event in events.drain(..) {
                let c = usize::try_from(event.data.u64())?;
                if !self.heard(c, began, span, &mut measured)? {
                    continue;
                }
                if began.elapsed() < span {
                    self.send(c, &mut request)?;
                } else {
                    waiting -= 1;
                }
            }
        }
        measured.rate = measured.count() / span.as_secs_f64();
        Ok(measured)
    }

    /// Where the server is.
    pub(crate) fn server(&self) -> SocketAddr {
        self.server
    }

    /// Refreshes one session beside the loop, for its access token.
    pub(crate) fn access_token(&mut self, stream: &mut TcpStream, session: u64) -> anyhow::Result<String> {
        let mut request = Vec::new();
        let place = usize::try_from(session)?;
        self.request(session, &mut request)?;
        let (status, body) = exchange(stream, &request)?;
        let (access, refresh) = (http::member(&body, "access_token"), http::member(&body, "refresh_token"));
        let (Some(access), Some(refresh), 200) = (access, refresh, status) else {
            bail!("refreshing session {session}: {status} {body}");
        };
        self.tokens[place] = Some(refresh.into());
        Ok(access.to_owned())
    }

    /// Sends the next refresh of a client.
    fn send(&mut self, c: usize, request: &mut Vec<u8>) -> anyhow::Result<()> {
        let count = self.clients.len() as u64;
        let client = &mut self.clients[c];
        let session = next(client.turns, client.sessions) * count + c as u64;
        client.turns += 1;
        self.request(session, request)?;
        let client = &mut self.clients[c];
        client.turn = Some((usize::try_from(session)?, now()));
        // A request is smaller than any socket's buffer.
        client.stream.write_all(request).context("sending a refresh")
    }

    /// The next refresh of a session.
    fn request(&mut self, session: u64, request: &mut Vec<u8>) -> anyhow::Result<()> {
        self.sent += 1;
        let device = Seed::device_secret(session);
        match &self.tokens[usize::try_from(session)?] {
            Some(token) => http::refresh(request, token, &device, self.sent),
            None => http::refresh(request, &self.seed.refresh_token(session)?, &device, self.sent),
        }
        Ok(())
    }

    /// Reads what has come for a client; whether its answer is complete now.
    fn heard(
        &mut self,
        c: usize,
        began: Instant,
        span: Duration,
        measured: &mut Measured,
    ) -> anyhow::Result<bool> {
        let client = &mut self.clients[c];
        let came = client.input.len();
        client.input.resize(came + 4096, 0);
        let count = match client.stream.read(&mut client.input[came..]) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                client.input.truncate(came);
                return Ok(false);
            }
            read => read.context("the server is gone")?,
        };
        client.input.truncate(came + count);
        if count == 0 {
            bail!("the server at {} closed a connection", self.server);
        }
        let Some(answer) = http::answer(&client.input).map_err(anyhow::Error::msg)? else { return Ok(false) };
        let (session, sent) = client.turn.take().context("an answer to no question")?;
        match http::member(answer.body, "refresh_token").filter(|_| answer.status == 200) {
            Some(token) => {
                self.tokens[session] = Some(token.into());
                if began.elapsed() <= span {
                    measured.latencies.add(sent.elapsed());
                }
            }
            None => {
                *measured.others.entry(answer.status).or_default() += 1;
                measured.sample.get_or_insert_with(|| answer.body.to_owned());
            }
        }
        client.input.clear();
        Ok(true)
    }
}

fn connect(server: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(server).with_context(|| format!("connecting to {server}"))?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// The session of a turn among `sessions`: each once, then each again, in an order that looks random. Within the smallest
/// power of four that is large enough, a Feistel network of four rounds is a permutation; what falls outside goes through
/// it again until it falls inside.
fn next(turn: u64, sessions: u64) -> u64 {
    let half = (64 - sessions.saturating_sub(1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1 << half) - 1;
    let mut place = turn % sessions;
    loop {
        let (mut left, mut right) = (place >> half, place & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (mixed(right << 3 | round) & mask));
        }
        place = left << half | right;
        if place < sessions {
            return place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_has_its_turn_before_one_has_two() {
        for sessions in [1, 2, 3, 63, 157, 1000] {
            let mut seen: Vec<u64> = (0..sessions).map(|turn| next(turn, sessions)).collect();
            assert!(sessions < 100 || !seen.is_sorted(), "not in their order");
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..sessions), "{sessions}");
        }
        assert_eq!(next(5, 1000), next(1005, 1000));
    }
}
