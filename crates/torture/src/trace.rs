//! What is kept of a broken promise: the seed, each session's record in order, and the end of the server's log.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::check::{Verdict, Violation};
use crate::moment::Moment;
use crate::place::tail;
use crate::world::{Session, World};

/// How many sessions are written out in full.
const MOST: usize = 20;

impl World {
    /// Judges sessions of which nothing is under way any more. Of those that are in order only the deliveries are kept.
    pub(crate) fn audit(&self, sessions: &[Arc<Session>]) {
        for session in sessions {
            let verdict = self.judge(session);
            if verdict.violations.is_empty() {
                session.record().notes = Vec::new();
            } else {
                self.report(session, verdict);
            }
        }
    }

    /// Writes down the violations of a session that are not written down yet.
    pub(crate) fn report(&self, session: &Arc<Session>, verdict: Verdict) {
        let mut found = self.violations.lock().unwrap();
        for violation in verdict.violations {
            let known = |(other, known): &(Option<Arc<Session>>, Violation)| {
                other.as_ref().is_some_and(|other| other.number == session.number)
                    && known.kind == violation.kind
            };
            if !found.iter().any(known) {
                found.push((Some(Arc::clone(session)), violation));
            }
        }
    }
}

/// Keeps everything that shows what went wrong, and answers where.
pub(crate) fn keep(world: &World) -> anyhow::Result<PathBuf> {
    let folder =
        world.config.keep.join(format!("rotunda-torture-{}-{}", world.config.seed, std::process::id()));
    fs::create_dir_all(&folder)?;
    let found = world.violations.lock().unwrap().clone();
    let mut all = format!("seed {}\n{:?}\n\n", world.config.seed, world.config);
    let mut written: Vec<u32> = Vec::new();
    for (session, violation) in &found {
        let name =
            session.as_ref().map_or("everything".to_owned(), |s| format!("session {} ({})", s.number, s.id));
        writeln!(all, "{name}: {violation}")?;
        if let Some(session) =
            session.as_ref().filter(|s| !written.contains(&s.number) && written.len() < MOST)
        {
            written.push(session.number);
            let of_it: Vec<&Violation> = found
                .iter()
                .filter(|(s, _)| s.as_ref().is_some_and(|s| s.number == session.number))
                .map(|f| &f.1)
                .collect();
            fs::write(folder.join(format!("session-{}.txt", session.number)), trace(world, session, &of_it))?;
        }
    }
    fs::write(folder.join("violations.txt"), all)?;
    for server in 0..world.place.ports.len() {
        fs::write(folder.join(format!("server-{server}.log")), tail(&world.place.log(server)))?;
    }
    Ok(folder)
}

/// The record of a session with everything that happened to everybody meanwhile, in order.
fn trace(world: &World, session: &Session, violations: &[&Violation]) -> String {
    let mut text = format!(
        "seed {}  session {} {}  {:?}  user {}  born {} to {}  copied {:?}\n",
        world.config.seed,
        session.number,
        session.id,
        session.kind,
        session.user.email,
        session.born.0,
        session.born.1,
        session.copied,
    );
    for violation in violations {
        text.push_str(&format!("{violation}   (deliveries {:?})\n", violation.deliveries));
    }
    text.push('\n');
    let record = session.record();
    let mut lines: Vec<(Moment, String)> = Vec::new();
    for (index, delivery) in record.deliveries.iter().enumerate() {
        let marked = violations.iter().any(|violation| violation.deliveries.contains(&index));
        lines.push((delivery.sent, format!("{} #{index:<5} {delivery}", if marked { ">>" } else { "  " })));
    }
    for delivery in session.user.endings.lock().unwrap().iter() {
        lines.push((delivery.sent, format!("   user   {delivery}")));
    }
    let until = lines.iter().map(|(at, _)| *at).max().unwrap_or_default();
    let story = world.story.lock().unwrap();
    let meanwhile = story.iter().filter(|note| session.born.0 <= note.at && note.at <= until);
    for note in record.notes.iter().chain(meanwhile) {
        lines.push((note.at, format!("          {}  {}", note.at, note.text)));
    }
    lines.sort_by_key(|(at, _)| *at);
    for (_, line) in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}
