//! The end of a run.
//!
//! 1. The servers are told to stop and started once more.
//! 2. Every session is asked to refresh with what its client held last. What has ended must say so; what nobody ended
//!    must be granted. Every session is judged with these answers, and it is this verdict that counts.
//! 3. The clock moves on by many windows. Of the sessions that live, every other one is shown a token that was used up:
//!    it must end as reused, and its newest token with it. There was one live leaf, and it is known.
//! 4. The servers stop, and their store is compared with all of that.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::calls::Seen;
use crate::check::{Verdict, Violation, ViolationKind, database};
use crate::clock::set_clock;
use crate::history::{By, Device, Reason, Refresh};
use crate::place::tail;
use crate::pocket::Ready;
use crate::reply::read_token;
use crate::report::{Report, Sums};
use crate::server::{Server, restart};
use crate::world::{Last, Session, World};

/// What mixed load is for.
const UNDER_MIXED_LOAD: &str = "no deadlock, no serialization error and no busy database reaches a client";

/// How many sessions are asked at once.
const AT_ONCE: usize = 32;

pub(crate) async fn questions(world: &Arc<World>, servers: Vec<Server>) -> anyhow::Result<Report> {
    let mut chance = world.chance("last", 0);
    let sessions = world.sessions();
    world.drained(&sessions).await;
    let mut anew = Vec::new();
    for server in servers {
        anew.push(restart(world, server, true, &mut chance).await?);
    }
    everybody(world, &sessions, |world, session| async move { ask(&world, &session).await }).await;
    let mut sums = Sums::default();
    let mut live = Vec::new();
    for session in &sessions {
        let verdict = world.judge(session);
        let copied = session.copied.load(Ordering::SeqCst);
        sums.add(&verdict, copied);
        if !verdict.may_have_ended && !copied {
            live.push(Arc::clone(session));
        }
        world.report(session, verdict);
    }
    let window = i64::try_from(world.window().as_millis())?;
    if world.place.faketime.is_some() {
        set_clock(world, world.stats.clock.get() + 20 * window)?;
    } else {
        tokio::time::sleep(world.window() * 2).await;
    }
    let every_other: Vec<_> = live.into_iter().step_by(2).collect();
    everybody(world, &every_other, |world, session| async move { probe(&world, &session).await }).await;
    let verdicts: Vec<_> =
        sessions.iter().map(|session| (Arc::clone(session), world.judge(session))).collect();
    for server in anew {
        let (which, code) = (server.which, tokio::task::spawn_blocking(move || server.stop()).await??);
        if code != Some(0) {
            world.found(None, broken(format!("told to stop, server {which} ended with {code:?}")));
        }
    }
    check_database(world, &verdicts).await?;
    for (session, verdict) in verdicts {
        world.report(&session, verdict);
    }
    let kinds: Vec<_> = world.violations.lock().unwrap().iter().map(|(_, found)| found.kind).collect();
    let mut checks = Report::promises(&kinds);
    let conflicts = conflicts(world).await?;
    if world.config.mixed {
        // Without a conflict, 503 says that the machine was slow; with one, nobody can tell.
        let told = if conflicts.is_empty() { &world.stats.broken } else { &world.stats.failed };
        checks.push((UNDER_MIXED_LOAD.to_owned(), told.get()));
    }
    let mut figures = Report::figures(&world.stats, &sums);
    for line in conflicts.iter().take(5) {
        world.tell(line.clone());
    }
    figures.insert("conflicts_inside".to_owned(), conflicts.len().into());
    Ok(Report { figures, checks, kept: None })
}

async fn everybody<F, G>(world: &Arc<World>, sessions: &[Arc<Session>], question: F)
where
    F: Fn(Arc<World>, Arc<Session>) -> G,
    G: Future<Output = ()> + Send + 'static,
{
    let mut asked = JoinSet::new();
    for session in sessions {
        if asked.len() >= AT_ONCE {
            asked.join_next().await;
        }
        asked.spawn(question(Arc::clone(world), Arc::clone(session)));
    }
    while asked.join_next().await.is_some() {}
}

/// One refresh with what the client held last, as an honest client makes it.
async fn ask(world: &World, session: &Arc<Session>) {
    let Some(last) = session.record().last.clone() else { return };
    let keys = if world.config.keyless { Vec::new() } else { last.keys.clone() };
    let mut seen = refresh(world, session, &last.token, &last, &keys).await;
    // Nobody else is left who could have moved on.
    if reason(&seen) == Some(Reason::TokenStale) {
        seen = refresh(world, session, &last.token, &last, &[]).await;
    }
    match seen.reply() {
        Some(reply) if reply.status == 200 => {
            let token = reply.token.clone().unwrap_or(last.token);
            session.record().last = Some(Last { token, ..last });
        }
        Some(reply) if reply.reason.is_some() => {}
        _ => {
            let text = format!("no answer to the last question: {seen:?}");
            world.found(
                Some(session),
                Violation { kind: ViolationKind::Broken, deliveries: Vec::new(), text },
            );
        }
    }
}

/// Shows a used token, and then the newest.
async fn probe(world: &World, session: &Arc<Session>) {
    let (last, older) = {
        let record = session.record();
        (record.last.clone(), record.older.clone())
    };
    let (Some(last), Some(older)) = (last, older) else { return };
    let generation = |token: &str| read_token(token).map(|(_, generation)| generation);
    if generation(&older) >= generation(&last.token) {
        return;
    }
    session.copied.store(true, Ordering::SeqCst);
    refresh(world, session, &older, &last, &[]).await;
    refresh(world, session, &last.token, &last, &last.keys).await;
    world.stats.leaf_probes.add(1);
}

async fn refresh(world: &World, session: &Arc<Session>, token: &str, last: &Last, keys: &[u32]) -> Seen {
    let Some((id, generation)) = read_token(token) else { return Seen::Nothing };
    let mut sent = [0; 4];
    for (place, key) in sent.iter_mut().zip(keys) {
        *place = *key;
    }
    let device = if last.secret.is_some() { Device::Same } else { Device::Absent };
    let secret = last.secret.clone();
    let refresh = Refresh { generation, keys: sent, device };
    let ready = Ready { token: token.to_owned(), secret, page: None, refresh, session: id };
    for _ in 0..5 {
        let seen = world.refresh(By::Auditor, session.kind, &ready, Duration::from_secs(30)).await;
        if seen.reply().is_some_and(|reply| reply.status != 502 && reply.status != 503) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Seen::Nothing
}

fn reason(seen: &Seen) -> Option<Reason> {
    seen.reply().and_then(|reply| reply.reason)
}

/// What the logs tell of transactions in each other's way: it happens, and must stay inside.
async fn conflicts(world: &Arc<World>) -> anyhow::Result<Vec<String>> {
    const TOLD: [&str; 5] = ["deadlock", "serializ", "SQLITE_BUSY", "database is locked", "40001"];
    let shared = Arc::clone(world);
    let mut lines = tokio::task::spawn_blocking(move || shared.store.conflicts()).await?;
    for server in 0..world.place.ports.len() {
        let log = std::fs::read_to_string(world.place.log(server))?;
        let told = log.lines().filter(|line| TOLD.iter().any(|told| line.contains(told)));
        lines.extend(told.map(str::to_owned));
    }
    Ok(lines)
}

fn broken(text: String) -> Violation {
    Violation { kind: ViolationKind::Broken, deliveries: Vec::new(), text }
}

async fn check_database(world: &Arc<World>, verdicts: &[(Arc<Session>, Verdict)]) -> anyhow::Result<()> {
    let shared = Arc::clone(world);
    let rows = tokio::task::spawn_blocking(move || shared.store.rows()).await??;
    let expected: Vec<_> = verdicts
        .iter()
        .filter(|(_, verdict)| verdict.violations.is_empty())
        .map(|(session, verdict)| database::Expected {
            id: session.id.clone(),
            generation: verdict.generation,
            ended: if verdict.ended { Some(true) } else { (!verdict.may_have_ended).then_some(false) },
            reason: verdict.ended_as.map(crate::history::Ended::as_str),
        })
        .collect();
    let left_out = verdicts.len() - expected.len();
    let unseen = i64::try_from(world.stats.unseen_sign_ins.get())? + i64::try_from(left_out)?;
    let mut found = database::check(&rows, &expected, unseen);
    if world.stats.broken.get() > 0 {
        found.push(broken(format!("{} answers of 500", world.stats.broken.get())));
    }
    for server in 0..world.place.ports.len() {
        let path = world.place.log(server);
        let log = std::fs::read_to_string(&path)?;
        if log.contains("panicked") || log.contains("RUST_BACKTRACE") {
            found.push(broken(format!("the log tells of a panic:\n{}", tail(&path))));
        }
    }
    for violation in found {
        world.found(None, violation);
    }
    Ok(())
}
