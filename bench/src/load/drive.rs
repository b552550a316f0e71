//! Clients at work on one server: one thread with `epoll`, because it shares the processors with what it measures.
//!
//! 1. All connections are made before the clock starts, and closed after it stops: an idle one would be closed by the server
//!    between two turns.
//! 2. A load begins a request whenever its [`Pace`] says so and one of its clients is free.
//! 3. The time of a request counts from the moment at which it was due, to the last byte of its reply.
//! 4. When the span is over nothing more becomes due; what was due is still sent, and every reply is waited for. Rates count
//!    replies within the span, times all of them.
//! 5. A server that closes a connection after a reply is connected to again, at the expense of the next request. One that closes
//!    it instead of replying has lost that request, which is told as status 0; so has one that owes a reply long after the end.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::read;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime,
};

use super::reply::Reply;
use super::schedule::Pace;
use super::talk::Talk;
use crate::latency::Latencies;
use crate::moment::now;

/// How long after the end a reply may come. Hashes stand back for everything else on the machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The name of the timer among connections.
const TIMER: u64 = u64::MAX;

/// Clients that do the same at the same pace.
pub struct Load {
    pace: Pace,
    clients: Vec<Client>,
}

struct Client {
    talk: Box<dyn Talk>,
    stream: Option<TcpStream>,
    /// What has come of the reply so far.
    input: Vec<u8>,
    /// When the request under way was due.
    due: Option<Instant>,
}

impl Load {
    /// One client for each talk.
    #[must_use]
    pub fn new(pace: Pace, talks: Vec<Box<dyn Talk>>) -> Self {
        let client = |talk| Client { talk, stream: None, input: Vec::with_capacity(8 * 1024), due: None };
        Self { pace, clients: talks.into_iter().map(client).collect() }
    }

    /// Sets another pace.
    pub fn pace(&mut self, pace: Pace) {
        self.pace = pace;
    }
}

/// What became of a load.
pub struct Measured {
    /// Replies that were what was asked for, a second.
    pub rate: f64,
    /// How long they took.
    pub latencies: Latencies,
    /// How long the others took.
    pub refused: Latencies,
    /// How many others there were, by status; 0 is a connection that was lost.
    pub statuses: BTreeMap<u16, u64>,
    /// The body of the first of them.
    pub sample: Option<String>,
}

impl Measured {
    /// Nothing yet.
    ///
    /// # Errors
    /// As [`Latencies::new`].
    pub fn new() -> anyhow::Result<Self> {
        let (latencies, refused) = (Latencies::new()?, Latencies::new()?);
        Ok(Self { rate: 0.0, latencies, refused, statuses: BTreeMap::new(), sample: None })
    }
}

/// Runs these loads against a server at the same time, for so long.
///
/// # Errors
/// When the server cannot be connected to, or replies with what is no HTTP.
pub fn drive(server: SocketAddr, loads: &mut [&mut Load], span: Duration) -> anyhow::Result<Vec<Measured>> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
    epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), epoll::EventFlags::IN)?;
    let mut parts = Vec::new();
    for (name, load) in loads.iter_mut().enumerate() {
        let planned = match load.pace {
            Pace::Closed => u64::MAX,
            Pace::Open(schedule) => schedule.within(span),
        };
        let free = (0..load.clients.len()).rev().collect();
        let mut part = Part { name, load, free, begun: 0, planned, in_time: 0, measured: Measured::new()? };
        for client in 0..part.load.clients.len() {
            part.connect(server, &epoll, client)?;
        }
        parts.push(part);
    }
    let mut drive = Drive { server, epoll, timer, began: now(), span, parts, request: Vec::new() };
    drive.run()?;
    Ok(drive.parts.into_iter().map(|part| part.end(span)).collect())
}

struct Drive<'a> {
    server: SocketAddr,
    epoll: OwnedFd,
    timer: OwnedFd,
    began: Instant,
    span: Duration,
    parts: Vec<Part<'a>>,
    request: Vec<u8>,
}

/// A load under way.
struct Part<'a> {
    /// Its place among the others.
    name: usize,
    load: &'a mut Load,
    /// Clients with nothing to wait for; the one that was busy last comes first.
    free: Vec<usize>,
    begun: u64,
    planned: u64,
    /// How many good replies came within the span.
    in_time: u64,
    measured: Measured,
}

impl Drive<'_> {
    fn run(&mut self) -> anyhow::Result<()> {
        let mut events = Vec::with_capacity(256);
        let mut piece = vec![0; 64 * 1024];
        for part in 0..self.parts.len() {
            self.begin(part)?;
        }
        while self.parts.iter().any(|part| part.is_under_way(self.began.elapsed() < self.span)) {
            if self.began.elapsed() > self.span + PATIENCE {
                self.parts.iter_mut().for_each(Part::give_up);
                break;
            }
            let soon = self.set_timer()?;
            let wait = Timespec { tv_sec: i64::from(!soon), tv_nsec: 0 };
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&wait))?;
            for event in events.drain(..) {
                let name = event.data.u64();
                if name == TIMER {
                    // Otherwise it would go on telling, and while no client is free there would be no rest.
                    let _ = read(&self.timer, &mut [0; 8]);
                    continue;
                }
                let (part, client) = (usize::try_from(name >> 32)?, usize::try_from(name & 0xffff_ffff)?);
                let in_time = self.began.elapsed() <= self.span;
                self.parts[part].heard(client, &mut piece, in_time)?;
                self.begin(part)?;
            }
            for part in 0..self.parts.len() {
                self.begin(part)?;
            }
        }
        Ok(())
    }

    /// Begins what is due, as far as there are clients for it.
    fn begin(&mut self, part: usize) -> anyhow::Result<()> {
        let part = &mut self.parts[part];
        while let Some(due) = part.next(self.began).filter(|_| !part.free.is_empty()) {
            let at = now();
            let over = matches!(part.load.pace, Pace::Closed) && at - self.began >= self.span;
            if over || due.is_some_and(|due| due > at) {
                break;
            }
            let Some(client) = part.free.pop() else { break };
            part.begun += 1;
            part.send(self.server, &self.epoll, client, due.unwrap_or(at), &mut self.request)?;
        }
        Ok(())
    }

    /// Has the timer wake us when a request is due that a client is free for; `true` when one is already.
    fn set_timer(&self) -> anyhow::Result<bool> {
        let waiting = self.parts.iter().filter(|part| !part.free.is_empty());
        let Some(due) = waiting.filter_map(|part| part.next(self.began).flatten()).min() else {
            return Ok(false);
        };
        let left = due.saturating_duration_since(now());
        if left.is_zero() {
            return Ok(true);
        }
        let once = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: i64::try_from(left.as_secs())?,
                tv_nsec: left.subsec_nanos().into(),
            },
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        Ok(false)
    }
}

impl Part<'_> {
    /// When the next request is due: `Some(None)` as soon as a client is free; `None` when there will be none.
    fn next(&self, began: Instant) -> Option<Option<Instant>> {
        (self.begun < self.planned).then(|| match self.load.pace {
            Pace::Closed => None,
            Pace::Open(schedule) => Some(began + schedule.moment(self.begun)),
        })
    }

    /// Whether something is to come. `early`: the span is not over.
    fn is_under_way(&self, early: bool) -> bool {
        let owed = match self.load.pace {
            Pace::Closed => early,
            Pace::Open(_) => self.begun < self.planned,
        };
        owed || self.free.len() < self.load.clients.len()
    }

    fn connect(&mut self, server: SocketAddr, epoll: &OwnedFd, client: usize) -> anyhow::Result<()> {
        let stream = TcpStream::connect(server).with_context(|| format!("connecting to {server}"))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let name = epoll::EventData::new_u64((self.name as u64) << 32 | client as u64);
        epoll::add(epoll, &stream, name, epoll::EventFlags::IN)?;
        self.load.clients[client].stream = Some(stream);
        Ok(())
    }

    fn send(
        &mut self,
        server: SocketAddr,
        epoll: &OwnedFd,
        client: usize,
        due: Instant,
        request: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        let it = &mut self.load.clients[client];
        it.talk.ask(request);
        it.due = Some(due);
        it.input.clear();
        // A request is smaller than any socket's buffer.
        if it.stream.as_mut().is_some_and(|stream| stream.write_all(request).is_ok()) {
            return Ok(());
        }
        // The server has closed it meanwhile.
        self.connect(server, epoll, client)?;
        let stream = self.load.clients[client].stream.as_mut().context("no connection")?;
        stream.write_all(request).context("sending a request")
    }

    /// Reads what has come for a client.
    fn heard(&mut self, client: usize, piece: &mut [u8], in_time: bool) -> anyhow::Result<()> {
        let it = &mut self.load.clients[client];
        let Some(stream) = it.stream.as_mut() else { return Ok(()) };
        let over = match stream.read(piece) {
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
            Ok(count) if count > 0 => {
                it.input.extend_from_slice(&piece[..count]);
                false
            }
            _ => true,
        };
        let Some(due) = it.due else {
            // Closed while nothing was asked.
            it.stream = None;
            return Ok(());
        };
        let measured = &mut self.measured;
        match Reply::read(&it.input, over) {
            Ok(None) => return Ok(()),
            Err(_) if over => {
                it.stream = None;
                measured.refused.add(due.elapsed());
                *measured.statuses.entry(0).or_default() += 1;
            }
            Err(what) => bail!(what),
            Ok(Some(reply)) => {
                if reply.closes || over {
                    it.stream = None;
                }
                if it.talk.hear(&reply) {
                    measured.latencies.add(due.elapsed());
                    self.in_time += u64::from(in_time);
                } else {
                    measured.refused.add(due.elapsed());
                    *measured.statuses.entry(reply.status).or_default() += 1;
                    measured.sample.get_or_insert_with(|| reply.sample());
                }
            }
        }
        it.due = None;
        self.free.push(client);
        Ok(())
    }

    /// Counts what has not come until now as lost.
    fn give_up(&mut self) {
        for due in self.load.clients.iter_mut().filter_map(|client| client.due.take()) {
            self.measured.refused.add(due.elapsed());
            *self.measured.statuses.entry(0).or_default() += 1;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
    fn end(mut self, span: Duration) -> Measured {
        for client in &mut self.load.clients {
            client.stream = None;
        }
        self.measured.rate = self.in_time as f64 / span.as_secs_f64();
        self.measured
    }
}
