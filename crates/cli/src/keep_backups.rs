//! Takes the backups that `[backup]` asks for.
//!
//! 1. Every minute it is looked which backups are in the folder; their names say when each was taken. When the newest one is
//!    old enough, or there is none, the next one is taken (`backups.rs`). Before that, drafts are removed that a server has left
//!    behind which was killed. All of it on a thread of its own: a disk that hangs holds up nothing else.
//! 2. Only after that are the oldest ones removed. What bears another name is nobody's business here.
//!    Those that a clock has dated ahead neither keep the next one waiting nor count among those that are kept: else each would
//!    push out a good one.
//! 3. What goes wrong is an error in the log, and tried again in ten minutes; nothing is removed then. Whether the server is
//!    ready does not hang on it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use rotunda_store_sqlite::Pace;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::geteuid;
use tokio::sync::oneshot;

use crate::backups::{DRAFT, IfThere, Source, Taken, stamp, stamped, take};
use crate::config::{BackupSettings, MainStore, StoreSettings};
use crate::output::moment;

/// How often it is looked whether one is due.
const RESTS: Duration = Duration::from_secs(60);
/// How long after one that failed it is tried again.
const AGAIN: Duration = Duration::from_secs(10 * 60);
/// After so long somebody should know that one is not done yet.
const LONG: Duration = Duration::from_secs(30 * 60);
const PANICKED: &str = "the thread that took the backup panicked";
const BEGINS: &str = "rotunda-";
const ENDS: &str = ".db";

/// When the newest one was taken, as the last look at the folder saw it. For metrics.
#[derive(Clone, Debug)]
pub(crate) struct Newest {
    /// Milliseconds since 1970; 0 where there is none.
    at: Arc<AtomicI64>,
    every: Duration,
}

impl Newest {
    /// `None` where no backups are asked for.
    pub(crate) fn of(store: &StoreSettings) -> Option<Self> {
        match (&store.backup, &store.main) {
            (Some(backup), MainStore::Sqlite(_)) => Some(Self { at: Arc::default(), every: backup.every }),
            _ => None,
        }
    }

    pub(crate) fn taken_at(&self) -> UnixMillis {
        UnixMillis(self.at.load(Ordering::Relaxed))
    }

    pub(crate) fn every(&self) -> Duration {
        self.every
    }

    /// What cannot be read is not known to be gone.
    fn look(&self, folder: &Path) {
        if let Ok(held) = held(folder) {
            let newest = until(held, SystemClock.now()).last().map_or(0, |at| at.0);
            self.at.store(newest, Ordering::Relaxed);
        }
    }
}

/// Never ends, unless there is nothing to do.
pub(crate) async fn keep_backups(store: StoreSettings, master_file: PathBuf, newest: Option<Newest>) {
    let has_sessions = store.sessions.is_none();
    let (Some(settings), MainStore::Sqlite(database)) = (store.backup, store.main) else { return };
    let source = Source { database, master_file, has_sessions };
    loop {
        let rest = match on_a_thread(source.clone(), settings.clone(), newest.clone()).await {
            Ok(None) => RESTS,
            Ok(Some((file, Taken { bytes, inspected, without_key }))) => {
                without_key.lines().for_each(|line| tracing::warn!("of the backup: {line}"));
                let (users, sessions) = (inspected.users, inspected.live_sessions);
                tracing::info!(file = %file.display(), bytes, users, sessions, "a backup was taken, and is whole");
                RESTS
            }
            Err(Failed { error, newest }) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    newest,
                    "a backup could not be taken; it will be tried again in ten minutes"
                );
                AGAIN
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// What was taken, and where; `None` where none was due.
type Round = Option<(PathBuf, Taken)>;

/// Why none was taken, and when the newest one was.
struct Failed {
    error: anyhow::Error,
    newest: String,
}

/// Steps 1 and 2.
fn round(source: &Source, settings: &BackupSettings) -> anyhow::Result<Round> {
    let BackupSettings { folder, every, keep } = settings;
    let now = SystemClock.now();
    let about = || format!("[backup] folder: {}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(about)?;
    let seen = fs::metadata(folder).with_context(about)?;
    if let Some(fault) = open_to_others(seen.permissions().mode(), seen.uid(), geteuid().as_raw()) {
        bail!("{}: {fault}", about());
    }
    if !is_due(until(held(folder).with_context(about)?, now).last().copied(), *every, now) {
        return Ok(None);
    }
    forget_drafts(folder).with_context(about)?;
    let file = folder.join(name(now));
    let taken = match take(source, &file, (IfThere::Refuse, Pace::Gentle), now) {
        // Another server was due in the same second: its backup is as good.
        Err(_) if file.exists() => return Ok(None),
        taken => taken?,
    };
    if let Err(error) = forget(folder, *keep, now) {
        tracing::error!(folder = %folder.display(), %error, "an old backup could not be removed");
    }
    Ok(Some((file, taken)))
}

/// By the mode and the owner of the folder, where this user is `me`.
pub(crate) fn open_to_others(mode: u32, owner: u32, me: u32) -> Option<&'static str> {
    const ROOT: u32 = 0;
    if mode & 0o022 != 0 {
        return Some(
            "others may write to it, and put a database of theirs in place of a backup; run: chmod go-w, or name a folder inside it, \
             which is made for this user alone",
        );
    }
    (owner != me && owner != ROOT).then_some(
        "it belongs to another user, who may put a database of theirs in place of a backup; have it given to the user of the \
         server, or name another folder",
    )
}

/// Not one of the runtime's: neither a request nor the end of the server waits for it.
async fn on_a_thread(
    source: Source,
    settings: BackupSettings,
    newest: Option<Newest>,
) -> Result<Round, Failed> {
    let (tell, mut told) = oneshot::channel();
    let work = move || {
        let done = round(&source, &settings).map_err(|error| {
            let newest = held(&settings.folder).ok().and_then(|held| held.last().map(|at| moment(*at)));
            Failed { error, newest: newest.unwrap_or_else(|| "none".to_owned()) }
        });
        if let Some(newest) = newest {
            newest.look(&settings.folder);
        }
        drop(tell.send(done));
    };
    let unknown = |error: anyhow::Error| Failed { error, newest: "unknown".to_owned() };
    let spawned = std::thread::Builder::new().name("backup".to_owned()).spawn(work);
    spawned.context("starting a thread").map_err(unknown)?;
    if let Ok(told) = tokio::time::timeout(LONG, &mut told).await {
        return told.context(PANICKED).map_err(unknown)?;
    }
    // A disk that hangs says nothing, and the database's log grows meanwhile.
    tracing::warn!(
        minutes = LONG.as_secs() / 60,
        "a backup takes long: is the disk well that it goes to? Until it is done the log beside the database grows"
    );
    told.await.context(PANICKED).map_err(unknown)?
}

/// By the newest one that is not of the future.
fn is_due(newest: Option<UnixMillis>, every: Duration, now: UnixMillis) -> bool {
    newest.is_none_or(|newest| newest.plus(every) <= now)
}

/// Those that are not of the future: a clock that was ahead has dated them.
fn until(mut held: Vec<UnixMillis>, now: UnixMillis) -> Vec<UnixMillis> {
    held.retain(|at| *at <= now);
    held
}

/// The name of the backup of that moment.
pub(crate) fn name(at: UnixMillis) -> String {
    format!("{BEGINS}{}{ENDS}", stamp(at))
}

/// When the backups in the folder were taken, the oldest first.
pub(crate) fn held(folder: &Path) -> io::Result<Vec<UnixMillis>> {
    let mut held: Vec<_> = names(folder)?.iter().filter_map(|name| taken(name)).collect();
    held.sort();
    Ok(held)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
    Ok(entries.collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// When the backup of this name was taken; `None` for any other name.
fn taken(name: &str) -> Option<UnixMillis> {
    stamped(name.strip_prefix(BEGINS)?.strip_suffix(ENDS)?)
}

/// Whether that is the name of what was to become one.
fn is_draft(name: &str) -> bool {
    let name = name.strip_suffix(DRAFT).and_then(|name| name.rsplit_once('.'));
    name.is_some_and(|(name, _)| taken(name).is_some())
}

/// Removes drafts that nobody works on any more.
fn forget_drafts(folder: &Path) -> io::Result<()> {
    for name in names(folder)?.into_iter().filter(|name| is_draft(name)) {
        let path = folder.join(name);
        if is_left_behind(&path) {
            removed(fs::remove_file(&path))?;
        }
    }
    Ok(())
}

/// Nobody holds it, and it is a file: to open a pipe would wait for somebody at its other end.
fn is_left_behind(path: &Path) -> bool {
    if !fs::symlink_metadata(path).is_ok_and(|about| about.is_file()) {
        return false;
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).is_ok_and(|draft| File::from(draft).try_lock().is_ok())
}

/// Step 2: goes on where one cannot be removed, and tells of it in the end.
fn forget(folder: &Path, keep: usize, now: UnixMillis) -> io::Result<()> {
    let held = until(held(folder)?, now);
    let surplus = held.len().saturating_sub(keep);
    let old = held.into_iter().take(surplus).map(|at| removed(fs::remove_file(folder.join(name(at)))));
    old.fold(Ok(()), io::Result::and)
}

/// What is gone already was removed by another server.
fn removed(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NOON: UnixMillis = UnixMillis(1_790_000_000_000);

    #[test]
    fn a_name_says_when_and_no_other_is_taken_for_one() {
        assert_eq!(name(NOON), "rotunda-20260921T141320Z.db");
        assert_eq!(taken(&name(NOON)), Some(NOON));
        assert!(is_draft(&format!("{}.0123456789abcdef{DRAFT}", name(NOON))));
        for other in [
            "rotunda.db",
            "rotunda-.db",
            "rotunda-20260921T141320Z.db-wal",
            "x",
            "rotunda-20261321T141320Z.db",
        ] {
            assert!(taken(other).is_none() && !is_draft(other), "{other}");
        }
    }

    #[test]
    fn one_is_due_when_the_newest_is_old() {
        let after = |span| is_due(Some(NOON), HOUR, NOON.plus(span));
        assert!(is_due(None, HOUR, NOON) && after(HOUR));
        assert!(!after(HOUR.saturating_sub(Duration::from_millis(1))) && !after(Duration::ZERO));
    }

    #[test]
    fn the_oldest_go_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| fs::write(folder.path().join(name), "").unwrap();
        let ours: Vec<String> = (0..4).map(|hours| name(NOON.plus(HOUR * hours))).collect();
        ours.iter().for_each(|name| make(name));
        let draft = |at| format!("{}.0123456789abcdef{DRAFT}", name(at));
        let (left_behind, worked_on) = (draft(NOON), draft(NOON.plus(HOUR)));
        for other in ["rotunda.db", "today.db", &left_behind, &worked_on] {
            make(other);
        }
        let held = File::open(folder.path().join(&worked_on)).unwrap();
        held.lock().unwrap();
        forget_drafts(folder.path()).unwrap();
        forget(folder.path(), 2, NOON.plus(HOUR * 31)).unwrap();
        let mut left = names(folder.path()).unwrap();
        left.sort();
        let mut right = vec![&*ours[2], &ours[3], &worked_on, "rotunda.db", "today.db"];
        right.sort_unstable();
        assert_eq!(left, right);
        forget(folder.path(), 9, NOON.plus(HOUR * 31)).unwrap();
        assert_eq!(names(folder.path()).unwrap().len(), 5);
    }

    #[test]
    fn a_pipe_in_the_place_of_a_draft_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join(format!("{}.0123456789abcdef{DRAFT}", name(NOON)));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (tell, told) = std::sync::mpsc::channel();
        let at = folder.path().to_owned();
        std::thread::spawn(move || tell.send(forget_drafts(&at).is_ok()));
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(true));
        assert!(fs::symlink_metadata(&pipe).is_ok(), "it is nobody's draft");
    }

    #[test]
    fn a_folder_is_of_this_user_or_roots_and_nobody_else_writes_to_it() {
        let (me, other) = (1000, 1001);
        for (mode, owner) in [(0o700, me), (0o755, me), (0o755, 0), (0o2755, 0)] {
            assert_eq!(open_to_others(mode, owner, me), None, "{mode:o} of {owner}");
        }
        let of_a_group = open_to_others(0o2775, 0, me).unwrap();
        assert!(of_a_group.contains("or name a folder inside it"), "{of_a_group}");
        for (mode, owner) in [(0o757, me), (0o777, 0), (0o755, other), (0o700, other)] {
            assert!(open_to_others(mode, owner, me).is_some(), "{mode:o} of {owner}");
        }
        assert!(open_to_others(0o700, other, 0).is_some(), "root's server as well");
    }

    #[test]
    fn what_a_clock_has_dated_ahead_pushes_nothing_out() {
        let folder = tempfile::tempdir().unwrap();
        let hours = [0, 1, 2, 90, 91].map(|hours| NOON.plus(HOUR * hours));
        hours.iter().for_each(|at| fs::write(folder.path().join(name(*at)), "").unwrap());
        let now = NOON.plus(HOUR * 2);
        assert!(!is_due(until(held(folder.path()).unwrap(), now).last().copied(), HOUR, now));
        forget(folder.path(), 2, now).unwrap();
        assert_eq!(held(folder.path()).unwrap(), hours[1..]);
    }
}
