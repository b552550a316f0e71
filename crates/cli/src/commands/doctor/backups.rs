//! The backups that `[backup]` asks for: whether they are taken when they are due. Each was looked through when it was taken.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use rustix::fs::{Access, access};

use super::report::{Fault, Report};
use crate::config::{BackupSettings, MainStore, Settings};
use crate::keep_backups::{held, name, open_to_others};
use crate::output::moment;

/// A server looks each minute whether one is due, and a large one takes its time.
const GRACE: Duration = Duration::from_hours(1);
const ASK: &str = "start a server; if one runs, its log says why: look for `a backup could not be taken`";

/// The folder, as far as it matters.
struct Seen {
    /// When each was taken, the oldest first.
    held: Vec<UnixMillis>,
    /// Why the server takes none into it.
    refused: Option<&'static str>,
    is_writable: bool,
    /// Since when there might be one: the younger of the folder and the database, where the file system keeps when they were made.
    possible_since: Option<UnixMillis>,
    /// Whether the newest one is no database at all: a server gives its name only to what is whole, so that somebody else wrote it.
    newest_is_none: bool,
}

/// Says nothing where no backups are asked for.
pub(super) fn check(settings: &Settings, report: &mut Report) {
    let (Some(BackupSettings { folder, every, .. }), MainStore::Sqlite(database)) =
        (&settings.store.backup, &settings.store.main)
    else {
        return;
    };
    let (place, now) = (folder.display().to_string(), SystemClock.now());
    let at = ("backup", place.as_str());
    // Without a database there is nothing to take one of, and others say that.
    let Ok(database) = fs::metadata(database) else { return };
    match seen(folder, &database, now) {
        Ok(seen) => {
            let newest = newest(&seen, now).map(moment).unwrap_or_default();
            report.faults(
                at,
                of(&seen, *every, now),
                format!("the newest one is of {newest}, and no other is due"),
            );
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let what = "is not there yet, and no backup is; a server makes it when it starts";
            let fault = none_yet(what, made(&database), *every, now);
            report.faults(at, vec![fault], "");
        }
        Err(error) => {
            report.bad(at, format!("cannot be read: {error}"), "let the user of the server have it")
        }
    }
}

/// The user of the server is whoever has the database.
fn seen(folder: &Path, database: &Metadata, now: UnixMillis) -> io::Result<Seen> {
    let about = fs::metadata(folder)?;
    let held = held(folder)?;
    let newest = held.iter().rfind(|at| **at <= now);
    Ok(Seen {
        refused: open_to_others(about.permissions().mode(), about.uid(), database.uid()),
        is_writable: access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok(),
        possible_since: made(&about).max(made(database)),
        newest_is_none: newest.is_some_and(|at| !is_database(&folder.join(name(*at)))),
        held,
    })
}

/// When it was made.
fn made(about: &Metadata) -> Option<UnixMillis> {
    let since = about.created().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(UnixMillis)
}

/// By how it begins. What cannot be read is not said to be none.
fn is_database(file: &Path) -> bool {
    const BEGINS: &[u8; 16] = b"SQLite format 3\0";
    let mut begins = [0; 16];
    match File::open(file).and_then(|mut file| file.read_exact(&mut begins)) {
        Ok(()) => begins == *BEGINS,
        Err(error) => error.kind() != io::ErrorKind::UnexpectedEof,
    }
}

/// Bad where one should have been taken long ago.
fn none_yet(what: &str, possible_since: Option<UnixMillis>, every: Duration, now: UnixMillis) -> Fault {
    let is_late = possible_since.is_some_and(|since| since.plus(GRACE).plus(every) <= now);
    if is_late { Fault::bad(what, ASK) } else { Fault::warning(what, ASK) }
}

/// What a clock has dated ahead is no newest one.
fn newest(seen: &Seen, now: UnixMillis) -> Option<UnixMillis> {
    seen.held.iter().copied().filter(|at| *at <= now).max()
}

fn of(seen: &Seen, every: Duration, now: UnixMillis) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(refused) = seen.refused {
        faults.push(Fault::bad(refused, "until then the server takes none"));
    }
    if !seen.is_writable {
        faults.push(Fault::bad(
            "the user of this command may not write to it",
            "let the user of the server have it, and run commands as that user; with systemd, see ReadWritePaths=",
        ));
    }
    match newest(seen, now) {
        None => faults.push(none_yet("there is no backup yet", seen.possible_since, every, now)),
        Some(newest) if seen.newest_is_none => faults.push(Fault::bad(
            format!("the newest one, of {}, is no database, and no server wrote that", moment(newest)),
            "remove it, so that another one is taken, and see who else writes there",
        )),
        Some(newest) => {
            let due = newest.plus(every);
            let what = || {
                format!("the newest one is of {}, and the next was due at {}", moment(newest), moment(due))
            };
            if due.plus(GRACE).plus(every) <= now {
                faults.push(Fault::bad(what(), ASK));
            } else if due.plus(GRACE) <= now {
                faults.push(Fault::warning(what(), ASK));
            }
        }
    }
    let ahead = seen.held.iter().filter(|at| **at > now).count();
    if ahead > 0 {
        faults.push(Fault::warning(
            format!("a clock that was ahead has dated some, which are never removed: {ahead}"),
            "set this machine's clock (NTP); then remove them, or name them anew",
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    const NOON: UnixMillis = UnixMillis(1_790_000_000_000);
    const DAY: Duration = Duration::from_hours(24);

    fn well(held: Vec<UnixMillis>) -> Seen {
        Seen { held, refused: None, is_writable: true, possible_since: None, newest_is_none: false }
    }

    #[test]
    fn backups_that_are_not_taken_are_told_of_and_one_that_is_late_by_as_much_again_is_bad() {
        let grade = |age: Duration| {
            let faults = of(&well(vec![NOON]), DAY, NOON.plus(age));
            faults.first().map(|fault| fault.grade)
        };
        let second = Duration::from_secs(1);
        for (age, expected) in [
            (Duration::ZERO, None),
            (DAY + GRACE - second, None),
            (DAY + GRACE, Some(Grade::Warning)),
            (DAY * 2 + GRACE - second, Some(Grade::Warning)),
            (DAY * 2 + GRACE, Some(Grade::Bad)),
        ] {
            assert_eq!(grade(age), expected, "{age:?}");
        }
    }

    #[test]
    fn each_thing_that_keeps_backups_from_being_taken_is_told_once() {
        let (none, ahead) = (well(Vec::new()), well(vec![NOON, NOON.plus(DAY)]));
        let of = |seen: &Seen| of(seen, DAY, NOON);
        let made_at = |at| Seen { possible_since: Some(at), ..well(Vec::new()) };
        let long_ago = UnixMillis(NOON.0 - (DAY + GRACE).as_millis() as i64);
        let (late, early) = (made_at(long_ago), made_at(long_ago.plus(Duration::from_millis(1))));
        let empty = Seen { newest_is_none: true, ..well(vec![NOON]) };
        let open = Seen { refused: Some("others may write to it"), ..well(vec![NOON]) };
        let closed = Seen { is_writable: false, ..well(vec![NOON]) };
        for (seen, grade, words) in [
            (none, Grade::Warning, "no backup yet"),
            (late, Grade::Bad, "no backup yet"),
            (early, Grade::Warning, "no backup yet"),
            (empty, Grade::Bad, "is no database"),
            (ahead, Grade::Warning, "never removed: 1"),
            (open, Grade::Bad, "others may write to it"),
            (closed, Grade::Bad, "may not write to it"),
        ] {
            let [fault] = &of(&seen)[..] else { panic!("{words}") };
            assert!(fault.grade == grade && fault.what.contains(words), "{fault:?}");
        }
    }
}
