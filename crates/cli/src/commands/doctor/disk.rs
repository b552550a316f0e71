//! Room for what is written on this machine. A database that is a server has its own disk, which nobody sees from here.

use std::io;
use std::path::Path;

use rustix::fs::{statfs, statvfs};

use super::report::{Fault, Report};
use crate::config::{MailWay, MainStore, Settings};

/// With less, writes are about to fail: the log of SQLite alone takes 16 MiB.
const NONE_LEFT: u64 = 64 << 20;
/// With less, it is time to act.
const LITTLE: u64 = 1 << 30;
/// Fewer files than this may be made: a disk can be full of them.
const FEW_FILES: u64 = 100;

/// What Linux calls file systems of other machines (statfs(2)): NFS, SMB in three ages, 9P, Ceph.
const NETWORK: [i128; 6] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x00c3_6400];

/// A file system, as far as it matters.
struct Room {
    /// Bytes that may still be written.
    free: u64,
    /// Files that may still be made; `None` where they are not counted.
    files: Option<u64>,
    is_network: bool,
}

/// Looks at the places that are on this machine, and exist.
pub(super) fn check(settings: &Settings, report: &mut Report) {
    if let MainStore::Sqlite(path) = &settings.store.main {
        let size = std::fs::metadata(path).map_or(0, |about| about.len());
        look(folder_of(path), size, true, report);
        if let Some(backup) = &settings.store.backup {
            look(&backup.folder, size, false, report);
        }
    }
    if let MailWay::Folder(folder) = &settings.mail.way {
        look(folder, 0, false, report);
    }
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn look(folder: &Path, largest: u64, is_database: bool, report: &mut Report) {
    let place = folder.display().to_string();
    match room(folder) {
        Ok(room) => {
            let good = format!("{} MiB are free", room.free >> 20);
            report.faults(("disk", &place), of(&room, largest, is_database), good);
        }
        // What is not there yet has no disk.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => report.skipped("disk", &place, format!("does not tell how full it is: {error}")),
    }
}

fn room(folder: &Path) -> io::Result<Room> {
    let about = statvfs(folder)?;
    let kind = i128::from(statfs(folder)?.f_type);
    Ok(Room {
        free: about.f_bavail.saturating_mul(about.f_frsize),
        files: Some(about.f_favail).filter(|_| about.f_files > 0),
        is_network: NETWORK.contains(&kind),
    })
}

/// `largest` is the size of what must fit once more, for a backup or a compaction.
fn of(room: &Room, largest: u64, is_database: bool) -> Vec<Fault> {
    const MAKE_ROOM: &str = "make room, or move the folder to a larger disk";
    let (mut faults, mib) = (Vec::new(), room.free >> 20);
    if room.free < NONE_LEFT {
        faults.push(Fault::bad(format!("{mib} MiB are free: writes are about to fail"), MAKE_ROOM));
    } else if room.free < LITTLE.max(largest) {
        let what =
            format!("{mib} MiB are free: less than a gigabyte, or than another copy of the database takes");
        faults.push(Fault::warning(what, MAKE_ROOM));
    }
    if let Some(files) = room.files.filter(|files| *files < FEW_FILES) {
        faults.push(Fault::bad(
            format!("{files} more files may be made, whatever bytes are free (inodes)"),
            MAKE_ROOM,
        ));
    }
    if is_database && room.is_network {
        let what = "this is a file system of another machine: SQLite's locks and its log are not safe there";
        faults.push(Fault::warning(what, "keep the database on a disk of this machine, or take PostgreSQL"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    #[test]
    fn each_thing_that_is_wrong_with_a_disk_is_told_once() {
        let room = |free, files, is_network| Room { free, files, is_network };
        assert_eq!(of(&room(LITTLE, Some(FEW_FILES), false), LITTLE, true), []);
        assert_eq!(of(&room(LITTLE, None, true), 0, false), [], "letters are no database");
        for (room, largest, grade, words) in [
            (room(NONE_LEFT - 1, None, false), 0, Grade::Bad, "63 MiB are free"),
            (room(LITTLE - 1, None, false), 0, Grade::Warning, "1023 MiB are free"),
            (room(LITTLE * 5, None, false), LITTLE * 6, Grade::Warning, "another copy"),
            (room(LITTLE, Some(99), false), 0, Grade::Bad, "99 more files"),
            (room(LITTLE, None, true), 0, Grade::Warning, "another machine"),
        ] {
            let [fault] = &of(&room, largest, true)[..] else { panic!("{words}") };
            assert!(fault.grade == grade && fault.what.contains(words), "{fault:?}");
        }
    }

    #[test]
    fn this_machine_tells() {
        let here = tempfile::tempdir().unwrap();
        assert!(room(here.path()).unwrap().free > 0);
        assert!(room(&here.path().join("nowhere")).is_err());
    }
}
