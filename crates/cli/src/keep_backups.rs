//! Takes the backups that `[backup]` asks for.
//!
//! 1. Every minute it is looked which backups are in the folder; their names say when each was taken. When the newest one is
//!    old enough, or there is none, the next one is taken, on a thread of its own (`backups.rs`).
//! 2. Only after that are the oldest ones removed. What bears another name is nobody's business here.
//! 3. What goes wrong is an error in the log, and tried again in ten minutes; nothing is removed then. Whether the server is
//!    ready does not hang on it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use tokio::sync::oneshot;

use crate::backups::{DRAFT, IfThere, Source, Taken, stamp, stamped, take};
use crate::config::{BackupSettings, MainStore, StoreSettings};
use crate::output::moment;

/// How often it is looked whether one is due.
const RESTS: Duration = Duration::from_secs(60);
/// How long after one that failed it is tried again.
const AGAIN: Duration = Duration::from_secs(10 * 60);
/// A draft that is older than this is nobody's any more.
const DRAFTS: Duration = Duration::from_secs(24 * 3600);

const BEGINS: &str = "rotunda-";
const ENDS: &str = ".db";

/// Never ends, unless there is nothing to do.
pub(crate) async fn keep_backups(store: StoreSettings, master_file: PathBuf) {
    let (Some(settings), MainStore::Sqlite(database)) = (store.backup, store.main) else { return };
    let source = Source { database, master_file };
    loop {
        let rest = match round(&source, &settings).await {
            Ok(None) => RESTS,
            Ok(Some((file, Taken { bytes, inspected }))) => {
                let (users, sessions) = (inspected.users, inspected.live_sessions);
                tracing::info!(file = %file.display(), bytes, users, sessions, "a backup was taken, and is whole");
                RESTS
            }
            Err(error) => {
                let newest = held(&settings.folder).ok().and_then(|held| held.last().map(|at| moment(*at)));
                let newest = newest.unwrap_or_else(|| "none".to_owned());
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

/// Steps 1 and 2; `None` where none was due.
async fn round(source: &Source, settings: &BackupSettings) -> anyhow::Result<Option<(PathBuf, Taken)>> {
    let BackupSettings { folder, every, keep } = settings;
    let now = SystemClock.now();
    let about = || format!("[backup] folder: {}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(about)?;
    if !is_due(held(folder).with_context(about)?.last().copied(), *every, now) {
        return Ok(None);
    }
    let file = folder.join(name(now));
    let taken = on_a_thread(source.clone(), file.clone(), now).await?;
    forget(folder, *keep, now).with_context(about)?;
    Ok(Some((file, taken)))
}

/// Not one of the runtime's: the end of the server does not wait for it.
async fn on_a_thread(source: Source, file: PathBuf, now: UnixMillis) -> anyhow::Result<Taken> {
    let (tell, told) = oneshot::channel();
    let work = move || drop(tell.send(take(&source, &file, IfThere::Refuse, now)));
    std::thread::Builder::new().name("backup".to_owned()).spawn(work).context("starting a thread")?;
    told.await.context("the thread that took the backup panicked")?
}

/// A clock that was set back must not keep the next one waiting for as long.
fn is_due(newest: Option<UnixMillis>, every: Duration, now: UnixMillis) -> bool {
    newest.is_none_or(|newest| newest > now || newest.plus(every) <= now)
}

fn name(at: UnixMillis) -> String {
    format!("{BEGINS}{}{ENDS}", stamp(at))
}

/// When the backups in the folder were taken, the oldest first.
fn held(folder: &Path) -> io::Result<Vec<UnixMillis>> {
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

/// The same for what was to become one.
fn begun(name: &str) -> Option<UnixMillis> {
    let (name, _) = name.strip_suffix(DRAFT)?.rsplit_once('.')?;
    taken(name)
}

/// Step 2.
fn forget(folder: &Path, keep: usize, now: UnixMillis) -> io::Result<()> {
    let held = held(folder)?;
    let surplus = held.len().saturating_sub(keep);
    let old = held.into_iter().take(surplus).map(name);
    let drafts = names(folder)?;
    let left = drafts.into_iter().filter(|name| begun(name).is_some_and(|at| at.plus(DRAFTS) <= now));
    old.chain(left).try_for_each(|name| fs::remove_file(folder.join(name)))
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
        assert_eq!(begun(&format!("{}.0123456789abcdef{DRAFT}", name(NOON))), Some(NOON));
        for other in [
            "rotunda.db",
            "rotunda-.db",
            "rotunda-20260921T141320Z.db-wal",
            "x",
            "rotunda-20261321T141320Z.db",
        ] {
            assert_eq!((taken(other), begun(other)), (None, None), "{other}");
        }
    }

    #[test]
    fn one_is_due_when_the_newest_is_old_or_of_the_future() {
        let after = |span| is_due(Some(NOON), HOUR, NOON.plus(span));
        assert!(is_due(None, HOUR, NOON) && after(HOUR) && is_due(Some(NOON.plus(HOUR)), HOUR, NOON));
        assert!(!after(HOUR.saturating_sub(Duration::from_millis(1))) && !after(Duration::ZERO));
    }

    #[test]
    fn the_oldest_go_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| fs::write(folder.path().join(name), "").unwrap();
        let ours: Vec<String> = (0..4).map(|hours| name(NOON.plus(HOUR * hours))).collect();
        ours.iter().for_each(|name| make(name));
        let draft = |at| format!("{}.0123456789abcdef{DRAFT}", name(at));
        let (old, young) = (draft(NOON), draft(NOON.plus(HOUR * 30)));
        for other in ["rotunda.db", "today.db", &old, &young] {
            make(other);
        }
        forget(folder.path(), 2, NOON.plus(HOUR * 31)).unwrap();
        let mut left = names(folder.path()).unwrap();
        left.sort();
        assert_eq!(left, [&ours[2], &ours[3], &young, "rotunda.db", "today.db"]);
        forget(folder.path(), 9, NOON).unwrap();
        assert_eq!(names(folder.path()).unwrap().len(), 5);
    }
}
