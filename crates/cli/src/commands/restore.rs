//! `rotunda restore`
//!
//! 1. The backup is looked through, beside the database that it would take the place of; whoever uses that is told to stop.
//! 2. The master keys in their file are those that the backup was made with, and the database that is put aside as well: with a
//!    file from before a rotation, whoever has refreshed since would be signed out, and nobody would know why.
//! 3. What is in both is told, and what a backup cannot know; then it is asked, unless `--yes` says so already.
//! 4. The database of before is put aside, and the backup takes its place (`rotunda_store_sqlite::Restoring`).

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use rotunda_core::desk::Operator;
use rotunda_core::keys::MasterKeys;
use rotunda_core::model::{Event, EventKind, UnixMillis};
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use rotunda_store_sqlite::{After, Inspected, Present, Restoring, Since, ToRedo};
use serde_json::{Value, json};

use super::backup::source;
use crate::args::{self, Global, Serve};
use crate::backups::{Source, keys_fit, stamp, without_key};
use crate::config::{Settings, parse_duration};
use crate::output::{self, moment, plain};
use crate::wiring::settings;

/// As long as `rotunda store accept-ahead` allows.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many lines of what has to be done again people are shown.
const LINES: usize = 50;

pub(crate) fn run(global: &Global, flags: &args::Restore) -> anyhow::Result<ExitCode> {
    let span = parse_duration(&flags.accept_ahead).map_err(anyhow::Error::msg)?;
    if span > LONGEST {
        bail!(
            "--accept-ahead: 30 days at most: whoever holds an old copy of a token is believed as long as this lasts"
        );
    }
    let settings = settings(global, &Serve::default())?;
    let Source { database, master_file, has_sessions } = source(&settings)?;
    let masters = rotunda_outside::load(&master_file)?;
    let restoring = Restoring::begin(&database, &flags.file)?;
    keys_fit(&masters, restoring.backup())?;
    let without_key = newer_keys(&masters, &restoring, has_sessions)?
        + &without_key(&masters, restoring.backup(), has_sessions);
    if !flags.yes {
        let after = after(flags, span, SystemClock.now());
        let question = question(&restoring, &without_key, (&*flags.file, &*database), &after);
        // An answer that programs read has nothing else in it.
        if global.json {
            bail!("with --json nobody is asked: say --yes, and what you have read is\n{question}");
        }
        if !agreed(&question)? {
            return Ok(output::refused("nothing was changed"));
        }
    }
    // Whoever was asked may have had lunch.
    let now = SystemClock.now();
    let after = after(flags, span, now);
    let (backup, present) = (restoring.backup().clone(), restoring.present().clone());
    let aside = restoring.finish(&after, now, &format!(".before-{}", stamp(now)))?;
    let (file, database, aside) = (&*flags.file, &*database, aside.as_deref());
    let told = Told { file, database, aside, backup, present, after, without_key };
    match global.json {
        true => output::json(&told.json())?,
        false => output::print(&told.text(&settings)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The master keys that the database of now has met since the backup, and that are not in the file. One line for each. One that
/// is below all of the file, and that no session needs, was used up and removed.
fn newer_keys(masters: &MasterKeys, restoring: &Restoring, has_sessions: bool) -> anyhow::Result<String> {
    let Present::Readable { inspected, since: Some(_) } = restoring.present() else {
        return Ok(String::new());
    };
    let last = masters.checks().map(|(id, _)| id).max();
    // Those of the backup are counted by themselves.
    let under = |found: &Inspected, id| found.sessions_under.iter().any(|(under, _)| *under == id);
    let needed = |id| has_sessions && under(inspected, id) && !under(restoring.backup(), id);
    let mut lines = String::new();
    for (id, check) in &inspected.checks {
        match masters.checks().find(|(other, _)| other == id) {
            Some((_, ours)) if ours == *check => {}
            Some(_) => bail!(
                "master key {id} of the file is not the one that the database knows which would be put aside: put the right master \
                 key file back. Where there is none any more, move that database away yourself first"
            ),
            None if Some(*id) > last || needed(*id) => writeln!(
                lines,
                "the database that is put aside knows master key {id}, which is not in the master key file: whoever holds a refresh \
                 token that was made with it since is signed out. Put the file that has it here first"
            )?,
            None => {}
        }
    }
    Ok(lines)
}

fn after(flags: &args::Restore, span: Duration, now: UnixMillis) -> After {
    if flags.end_all_sessions {
        return After::EndEveryone(Event {
            kind: EventKind::EveryoneSignedOut,
            at: now,
            user_id: None,
            session_id: None,
            about: None,
            caller: Operator::command_line().caller(),
        });
    }
    match span.is_zero() {
        true => After::RefuseAhead,
        false => After::AcceptAhead(now.plus(span)),
    }
}

/// Step 3, on a terminal.
fn agreed(question: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("nobody is there to be asked: say --yes, and what you have read is\n{question}");
    }
    output::print(question)?;
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(["y", "yes"].contains(&line.trim().to_lowercase().as_str()))
}

fn question(
    restoring: &Restoring,
    without_key: &str,
    (file, database): (&Path, &Path),
    after: &After,
) -> String {
    let mut text = format!("The backup {} is whole: {}.\n", shown(file), contents(restoring.backup()));
    let database = shown(database);
    text.push_str(&match restoring.present() {
        Present::Nothing => format!("There is no database at {database}.\n"),
        Present::Unreadable(why) => {
            format!("What is at {database} cannot be read ({}), and is put aside.\n", plain(why))
        }
        Present::Readable { inspected, .. } => {
            format!("What is at {database} is put aside: {}.\n", contents(inspected))
        }
    });
    text.push_str(without_key);
    text.push_str(LOST);
    text.push_str(&since(restoring.present()));
    text.push_str(match after {
        After::EndEveryone(_) => "Every session ends: everybody signs in again.\n",
        After::AcceptAhead(_) => {
            "Whoever was signed in then stays signed in; `--end-all-sessions` ends every session instead.\n"
        }
        After::RefuseAhead => "Tokens newer than the backup are refused until you say otherwise.\n",
    });
    text.push_str("Put it back? [y/N] ");
    text
}

const LOST: &str = "\
What a backup cannot know is what came after it. As they were then are again:
- sessions that have ended since, by whatever end: they go on
- passwords and addresses that were changed since: the old ones are good again
- users that were disabled or deleted since: they may sign in
- roles, clients and their secrets
- signing keys that were revoked since: they are good again, for good; `rotunda key revoke` again
- links that were used since: they are good again until they run out; and who became the first admin since is not
Whoever registered or signed in since has to do so again.
";

/// What the database that is put aside knows of that.
fn since(present: &Present) -> String {
    let Present::Readable { since: Some(since), .. } = present else { return String::new() };
    let mut text = match since.parted {
        true => "The database that is put aside does not go on from this backup: it is counted by the time of the backup.\n",
        false => "",
    }
    .to_owned();
    if since.counts.is_empty() {
        text.push_str("By the database that is put aside, nothing of that has happened.\n");
        return text;
    }
    text.push_str("By the database that is put aside, this has happened since:\n");
    for (what, times) in &since.counts {
        let _ = writeln!(text, "- {} ×{times}", plain(what));
    }
    if !since.to_redo.is_empty() {
        text.push_str("Of that, what does not come back by itself:\n");
    }
    for line in since.to_redo.iter().take(LINES) {
        text.push_str(&again(line));
    }
    if since.to_redo_cut || since.to_redo.len() > LINES {
        text.push_str(
            "- and more, of which the most important is above: `--json` tells the first 200, and docs/guide/operating.md how the \
             database put aside is asked\n",
        );
    }
    text
}

fn again(ToRedo { at, kind, ending, user, session, about }: &ToRedo) -> String {
    let mut line = format!("- {} {}", moment(*at), plain(kind));
    let ending = ending.as_deref().map(|ending| format!("({})", plain(ending)));
    let (user, session) = (user.map(|user| user.to_string()), session.map(|session| session.to_string()));
    for part in [ending, user, session, about.as_deref().map(plain)].into_iter().flatten() {
        line.push(' ');
        line.push_str(&part);
    }
    line.push('\n');
    line
}

fn contents(found: &Inspected) -> String {
    let (users, sessions) = (found.users, found.live_sessions);
    match found.as_of() {
        Some(at) => format!("{users} users and {sessions} live sessions as of {}", moment(at)),
        None => format!("{users} users and {sessions} live sessions"),
    }
}

fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}

/// What there is to tell when it is done.
struct Told<'t> {
    file: &'t Path,
    database: &'t Path,
    aside: Option<&'t Path>,
    backup: Inspected,
    present: Present,
    after: After,
    without_key: String,
}

impl Told<'_> {
    fn json(&self) -> Value {
        let since = match &self.present {
            Present::Readable { since: Some(since), .. } => Some(since),
            _ => None,
        };
        let counted = |since: &Since| {
            let counts = since.counts.iter().map(|(what, times)| (what.clone(), json!(times)));
            counts.collect::<serde_json::Map<_, _>>()
        };
        let line = |line: &ToRedo| {
            json!({
                "at": moment(line.at), "kind": line.kind, "ending": line.ending,
                "user": line.user.map(|user| user.to_string()),
                "session": line.session.map(|session| session.to_string()), "about": line.about,
            })
        };
        let until = match self.after {
            After::AcceptAhead(until) => Some(moment(until)),
            _ => None,
        };
        json!({
            "file": self.file.display().to_string(),
            "database": self.database.display().to_string(),
            "before": self.aside.map(|path| path.display().to_string()),
            "as_of": self.backup.as_of().map(moment),
            "users": self.backup.users,
            "live_sessions": self.backup.live_sessions,
            "since": since.map(counted),
            "to_redo": since.map(|since| since.to_redo.iter().map(line).collect::<Vec<_>>()),
            "to_redo_cut": since.map(|since| since.to_redo_cut),
            "parted": since.map(|since| since.parted),
            "warnings": self.without_key.lines().collect::<Vec<_>>(),
            "accept_ahead_until": until,
            "ended_all_sessions": matches!(self.after, After::EndEveryone(_)),
        })
    }

    fn text(&self, settings: &Settings) -> anyhow::Result<String> {
        let mut text = format!(
            "{} is what {} had: {}.\n",
            shown(self.database),
            shown(self.file),
            contents(&self.backup)
        );
        if let Some(aside) = self.aside {
            writeln!(text, "What was there before is {}. Remove it when nobody needs it.", shown(aside))?;
        }
        text.push_str(&self.without_key);
        text.push_str(LOST);
        text.push_str(&since(&self.present));
        match &self.after {
            After::AcceptAhead(until) => write!(
                text,
                "Start the server: nobody who was signed in then is signed out. Until {} refresh tokens newer than the\n\
                 backup are believed beside the right device secret, and a used one beside it ends nothing.\n\
                 `rotunda store accept-ahead --off` stops that; `rotunda session revoke --all` ends every session.\n",
                moment(*until)
            )?,
            After::RefuseAhead => text.push_str(
                "Start the server. Refresh tokens newer than the backup are refused until `rotunda store accept-ahead`, or\n\
                 `rotunda session revoke --all`.\n",
            ),
            After::EndEveryone(_) => text.push_str("Every session has ended. Start the server: everybody signs in again.\n"),
        }
        if settings.store.sessions.is_some() {
            text.push_str(
                "Redis stays as it is: of the sessions there, those that the backup knows go on.\n",
            );
        }
        Ok(text)
    }
}
