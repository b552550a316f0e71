//! The proxy between the clients and the servers: a real one on a real socket, and the worst of its kind.
//!
//! 1. It reads a request, finds the call that it belongs to by its number, and draws a *plan* from the seed and that
//!    number: what happens to the request, to copies of it, and to the reply.
//! 2. Each delivery to the server is written into the record of its session, with the moments just before and just after
//!    it, also when the client never sees the answer.
//! 3. A copy is delivered whenever the plan says so, long after the client has gone perhaps.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::history::{Answer, By, Call, Delivery};
use crate::http::{self, Exchanged, Message};
use crate::moment::{Moment, now};
use crate::reply::{Reply, read_token};
use crate::world::{Last, Pending, World};

/// How long the server may take. Longer than it gives itself.
const PATIENCE: Duration = Duration::from_secs(45);

/// What happens to the reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Deliver,
    /// The connection closes.
    Close,
    /// Nothing comes for a long time.
    Silence,
    /// It breaks off after so many percent.
    Cut(u64),
    /// Something else comes, as a broken gateway would send.
    Garbage,
}

/// What happens to a request.
#[derive(Clone, Debug)]
struct Plan {
    /// When the request is delivered; `None`: never.
    request: Option<Duration>,
    /// Whether a first part of it reaches the server before.
    broken_off: bool,
    /// When copies are delivered.
    copies: Vec<Duration>,
    /// The reply to a copy goes to the client.
    swapped: bool,
    reply: Duration,
    end: End,
}

impl Plan {
    fn calm() -> Self {
        let request = Some(Duration::ZERO);
        Self {
            request,
            broken_off: false,
            copies: Vec::new(),
            swapped: false,
            reply: Duration::ZERO,
            end: End::Deliver,
        }
    }

    fn draw(chance: &mut Chance, window: Duration) -> Self {
        let mut late = |often: u64, most: u64| match chance.below(1000) {
            n if n < often => chance.part(window, 110, most),
            n if n < often + 40 => chance.part(window, 6, 95),
            n if n < often + 300 => chance.part(window, 0, 6),
            _ => Duration::ZERO,
        };
        let (request, reply) = (late(30, 320), late(20, 220));
        let mut copies = Vec::new();
        while copies.len() < 3 && chance.permille(80) {
            let (least, most) = if chance.permille(750) { (0, 30) } else { (100, 320) };
            copies.push(chance.part(window, least, most));
        }
        let end = match chance.below(1000) {
            0..30 => End::Close,
            30..55 => End::Silence,
            55..75 => End::Cut(chance.between(1, 99)),
            75..90 => End::Garbage,
            _ => End::Deliver,
        };
        let swapped = !copies.is_empty() && chance.permille(300);
        let request = (!chance.permille(35)).then_some(request);
        // Of a request that is lost altogether the client hears nothing, or that something on the way is broken.
        let lost = request.is_none() && copies.is_empty();
        let end = if lost { chance.pick(&[End::Close, End::Silence, End::Garbage]) } else { end };
        Self { request, broken_off: chance.permille(10), copies, swapped, reply, end }
    }
}

/// Accepts connections until the run is over.
pub(crate) async fn proxy(world: Arc<World>, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        drop(stream.set_nodelay(true));
        tokio::spawn(serve(Arc::clone(&world), stream));
    }
}

async fn serve(world: Arc<World>, mut stream: TcpStream) {
    while let Ok(Some(request)) = http::read(&mut stream).await {
        let op = request.headers("x-torture").next().and_then(|op| op.parse().ok());
        let Some(pending) = op.and_then(|op| world.take_call(op)) else { return };
        if !request.complete || !carry(&world, &pending, request, &mut stream).await {
            return;
        }
    }
}

/// Carries one request there and back. `false` when the connection must end.
async fn carry(world: &Arc<World>, pending: &Arc<Pending>, request: Message, stream: &mut TcpStream) -> bool {
    let plan = match world.is_calm() {
        true => Plan::calm(),
        false => Plan::draw(&mut world.chance("plan", pending.op), world.window()),
    };
    count(world, &plan);
    note(pending, &plan);
    let request = Arc::new(request.bytes);
    if plan.broken_off {
        break_off(world, &request, &mut world.chance("cut", pending.op)).await;
    }
    let mut chance = world.chance("server", pending.op);
    let mut start = |delay| deliver_later(world, pending, &request, delay, some_server(world, &mut chance));
    let first = plan.request.map(&mut start);
    let mut copies: Vec<_> = plan.copies.iter().copied().map(start).collect();
    let awaited = if plan.swapped || first.is_none() { copies.pop() } else { first };
    let answer = match awaited {
        Some(delivery) => delivery.await.unwrap_or(None),
        None => None,
    };
    if !plan.reply.is_zero() {
        tokio::time::sleep(plan.reply).await;
    }
    reply(world, plan.end, answer, stream).await
}

async fn reply(world: &World, end: End, answer: Option<Message>, stream: &mut TcpStream) -> bool {
    const GARBAGE: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 27\r\n\r\n<html>502 Bad Gateway</html";
    match (end, answer) {
        (End::Deliver, Some(message)) => stream.write_all(&message.bytes).await.is_ok(),
        (End::Garbage, _) | (End::Deliver, None) => stream.write_all(GARBAGE).await.is_ok(),
        (End::Cut(percent), Some(message)) => {
            let length = message.bytes.len() * usize::try_from(percent).unwrap_or(50) / 100;
            drop(stream.write_all(&message.bytes[..length]).await);
            false
        }
        (End::Silence, _) => {
            tokio::time::sleep(world.window() * 6).await;
            false
        }
        (End::Close | End::Cut(_), _) => false,
    }
}

/// Sends a part of a request and closes: the server must not act on it.
async fn break_off(world: &World, request: &[u8], chance: &mut Chance) {
    let server = some_server(world, chance);
    if let Ok(mut stream) = world.to_servers[server].connect().await {
        let part = usize::try_from(chance.below(request.len() as u64)).unwrap_or(0);
        drop(stream.write_all(&request[..part]).await);
    }
}

/// Any server, each time: clients are spread over them as a load balancer without stickiness does.
fn some_server(world: &World, chance: &mut Chance) -> usize {
    usize::try_from(chance.below(world.to_servers.len() as u64)).unwrap_or(0)
}

/// A delivery of its own, which goes on whatever becomes of the client.
fn deliver_later(
    world: &Arc<World>,
    pending: &Arc<Pending>,
    request: &Arc<Vec<u8>>,
    delay: Duration,
    server: usize,
) -> JoinHandle<Option<Message>> {
    let (world, pending, request) = (Arc::clone(world), Arc::clone(pending), Arc::clone(request));
    let under_way = UnderWay::new(&pending);
    tokio::spawn(async move {
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let message = match too_late(&world, &pending) {
            true => None,
            false => deliver(&world, &pending, &request, server).await,
        };
        drop(under_way);
        message
    })
}

/// How many rotations late an honest client's refresh may reach the server: it remembers the keys of four, and one more
/// may happen while the request is on its last yard.
const LATEST: u32 = 3;

/// Whether a refresh is later than promise 1 can stand, and is lost instead. What a thief sends is never too late.
fn too_late(world: &World, pending: &Pending) -> bool {
    let (Call::Refresh(refresh), By::Owner(_), Some(session)) = (pending.call, pending.by, &pending.session)
    else {
        return false;
    };
    if !world.config.is_strict() || session.record().top <= refresh.generation + LATEST {
        return false;
    }
    session.note(format!("op {:<7} would be too late, and is lost", pending.op));
    world.stats.too_late.add(1);
    true
}

/// Counts what is under way for a session and for a user, so that nobody judges too early.
struct UnderWay(Arc<Pending>);

impl UnderWay {
    fn new(pending: &Arc<Pending>) -> Self {
        for counter in counters(pending) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        Self(Arc::clone(pending))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        for counter in counters(&self.0) {
            counter.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn counters(pending: &Pending) -> impl Iterator<Item = &std::sync::atomic::AtomicU32> {
    let session = pending.session.as_ref().map(|session| &session.under_way);
    session.into_iter().chain(pending.user.as_ref().map(|user| &user.under_way))
}

/// Delivers a request to the server, once, and writes down what happened.
async fn deliver(
    world: &Arc<World>,
    pending: &Arc<Pending>,
    request: &[u8],
    server: usize,
) -> Option<Message> {
    if let (Some(session), true) = (&pending.session, world.to_servers.len() > 1) {
        session.note(format!("op {:<7} goes to server {server}", pending.op));
    }
    let sent = now();
    let exchanged = tokio::time::timeout(PATIENCE, world.to_servers[server].exchange(request)).await;
    let back = now();
    let (answer, message) = match exchanged {
        Ok(Exchanged::NotSent) => {
            world.stats.unreachable.add(1);
            return None;
        }
        Ok(Exchanged::Answer(message)) if message.complete => {
            let reply = Reply::of(&message);
            begin(world, pending, &reply, (sent, back));
            (reply.answer(pending.call), Some(message))
        }
        // The process has died, or was told to stop and is dying; what was under way is carried out soon or never.
        Ok(_) => (Answer::Lost { until: back.plus(world.afterlife()) }, None),
        Err(_) => (Answer::Lost { until: Moment::NEVER }, None),
    };
    let begins = match pending.call {
        Call::Begin => true,
        Call::End(ending) => ending.begins_anew(),
        Call::Refresh(_) | Call::Me => false,
    };
    if begins && matches!(answer, Answer::Lost { .. } | Answer::Unclear { .. }) {
        world.stats.unseen_sign_ins.add(1);
    }
    record(
        world,
        pending,
        Delivery { op: pending.op, by: pending.by, sent, back, call: pending.call, answer },
    );
    message
}

/// Learns of a session that an answer brings, also when its client never sees it.
fn begin(world: &World, pending: &Pending, reply: &Reply, born: (Moment, Moment)) {
    if let (Some(id), true) = (&reply.session, pending.user.is_some()) {
        let token = reply.token.clone();
        let last = token.map(|token| Last { token, secret: reply.secret.clone(), keys: Vec::new() });
        world.born(id, pending, born, last);
    }
}

fn record(world: &World, pending: &Pending, delivery: Delivery) {
    world.stats.delivered(&delivery);
    if delivery.granted().is_some()
        && let Some(whole) = world.whole_since.lock().unwrap().take()
    {
        world.stats.recovery.add(delivery.back.since(whole));
    }
    if let Answer::Unclear { status } = delivery.answer {
        world.stats.answered(status);
        if let Some(session) = &pending.session {
            session.note(format!("op {:<7} is answered {status}", pending.op));
        }
    }
    match (delivery.call, &pending.user, &pending.session) {
        (Call::Begin, _, _) => {}
        (Call::End(ending), Some(user), _) if ending.is_of_user() => {
            user.endings.lock().unwrap().push(delivery)
        }
        (_, _, Some(session)) => session.record().add(delivery),
        _ => {}
    }
}

/// The generation that a token names and the one that the answer names must be one.
pub(crate) fn contradicts(reply: &Reply) -> bool {
    match (&reply.token, &reply.session, reply.generation) {
        (Some(token), Some(session), Some(generation)) => {
            read_token(token) != Some((session.clone(), generation))
        }
        _ => false,
    }
}

fn count(world: &World, plan: &Plan) {
    let stats = &world.stats;
    stats.requests_dropped.add(u64::from(plan.request.is_none()));
    stats.requests_broken_off.add(u64::from(plan.broken_off));
    stats.duplicates.add(plan.copies.len() as u64);
    stats.replies_swapped.add(u64::from(plan.swapped));
    stats.replies_dropped.add(u64::from(matches!(plan.end, End::Close | End::Silence | End::Garbage)));
    stats.replies_cut.add(u64::from(matches!(plan.end, End::Cut(_))));
    let beyond = plan.request.into_iter().chain(plan.copies.iter().copied()).chain([plan.reply]);
    stats.beyond_window.add(beyond.filter(|delay| *delay > world.window()).count() as u64);
    stats.delayed.add(u64::from(plan.request.is_some_and(|d| !d.is_zero()) || !plan.reply.is_zero()));
}

fn note(pending: &Pending, plan: &Plan) {
    if let Some(session) = &pending.session {
        session.note(format!("op {:<7} fate: {plan:?}", pending.op));
    }
}
