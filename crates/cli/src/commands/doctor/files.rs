//! Who may read and change what is on this machine: the database with what is beside it, the letters, files with passwords, and
//! the folders that they and the master key are in. The master key itself is refused when it is opened.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::disk::folder_of;
use super::report::{Fault, Report};
use crate::config::{Loaded, MailWay, MainStore, Settings};

/// What it is, and so who may do what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// A folder in which nobody else may put one file in another's place.
    Folder,
    /// A folder with letters, whose links are good for whoever reads them.
    Letters,
    /// A file with addresses, and hashes of passwords and tokens.
    Database,
    /// A file with the password of a store or a mail server.
    Password,
}

/// Mode and owner.
#[derive(Clone, Copy)]
struct Seen {
    mode: u32,
    owner: u32,
}

/// Looks at what is there.
pub(super) fn check(settings: &Settings, passwords: &[PathBuf], report: &mut Report) {
    let me = geteuid().as_raw();
    let mut good = Vec::new();
    let passwords = passwords.iter().map(|path| (Kind::Password, path.clone()));
    for (kind, path) in places(settings).into_iter().chain(passwords) {
        let Ok(about) = fs::metadata(&path) else { continue };
        let seen = Seen { mode: about.permissions().mode() & 0o7777, owner: about.uid() };
        let place = path.display().to_string();
        match of(kind, seen, me) {
            faults if faults.is_empty() => good.push(place),
            faults => report.faults(("files", &place), faults, ""),
        }
    }
    if !good.is_empty() {
        report.good("files", &good.join(", "), "nobody else may read or change what they should not");
    }
}

/// The files with passwords in them: those that are named for it, and the configuration where an address in it has one.
pub(super) fn with_passwords(file: &Path, loaded: &Loaded) -> Vec<PathBuf> {
    let named = ["store.url_file", "sessions.store_file", "mail.url_file"];
    let named = named.iter().filter_map(|key| loaded.written.get(*key));
    let mut found: Vec<PathBuf> = named.map(|path| PathBuf::from(path.trim_matches('"'))).collect();
    if fs::read_to_string(file).is_ok_and(|text| has_password(&text)) {
        found.push(file.to_owned());
    }
    found
}

/// Whether an address in it has a password, in a remark too: `scheme://user:password@host`.
fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '"', '\'', ' ', '\n']).next().unwrap_or_default();
        let who = authority.rsplit_once('@').map(|(who, _)| who);
        who.and_then(|who| who.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
    })
}

/// Each once.
fn places(settings: &Settings) -> Vec<(Kind, PathBuf)> {
    let mut places = vec![(Kind::Folder, folder_of(&settings.master_file).to_owned())];
    if let MainStore::Sqlite(path) = &settings.store.main {
        places.push((Kind::Folder, folder_of(path).to_owned()));
        places.extend(["", "-wal", "-shm"].map(|end| (Kind::Database, with(path, end))));
    }
    if let MailWay::Folder(folder) = &settings.mail.way {
        places.push((Kind::Letters, folder.clone()));
    }
    places.dedup();
    places
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn of(kind: Kind, seen: Seen, me: u32) -> Vec<Fault> {
    const STICKY: u32 = 0o1000;
    let Seen { mode, owner } = seen;
    let mut faults = Vec::new();
    let may = |bits: u32| mode & bits != 0;
    match kind {
        // In a folder like /tmp everybody may put in files, and nobody replace another one's.
        Kind::Folder if may(STICKY) => {}
        Kind::Folder if may(0o002) => {
            let what = format!(
                "everybody on this machine may put other files in the place of those in it (mode {mode:04o})"
            );
            faults.push(Fault::bad(what, "take that right away: `chmod go-w` and its path"));
        }
        Kind::Folder if may(0o020) => {
            let what = format!("its group may put other files in the place of those in it (mode {mode:04o})");
            faults.push(Fault::warning(
                what,
                "unless that is meant, take that right away: `chmod g-w` and its path",
            ));
        }
        Kind::Database if may(0o007) => {
            let what =
                format!("everybody on this machine may read addresses and hashes in it (mode {mode:04o})");
            faults.push(Fault::bad(what, "take that right away: `chmod 600` and its path"));
        }
        Kind::Database if may(0o070) => {
            let what = format!("its group may read addresses and hashes in it (mode {mode:04o})");
            faults.push(Fault::warning(
                what,
                "unless that is meant, take that right away: `chmod 600` and its path",
            ));
        }
        // Its group is the server's, as a rule. In a container, where secrets come as 0444, there is nobody else: no more than a
        // warning, for the mode does not tell.
        Kind::Password if may(0o006) => {
            let what = format!("everybody on this machine may read the password in it (mode {mode:04o})");
            faults.push(Fault::warning(
                what,
                "unless nobody else is there, as in a container, take that right away: `chmod o-rwx` and its path; then take \
                 another password",
            ));
        }
        Kind::Letters if may(0o077) => {
            let what = format!(
                "others may read the letters in it, and open accounts by their links (mode {mode:04o})"
            );
            faults.push(Fault::bad(what, "take that right away: `chmod 700` and its path"));
        }
        Kind::Folder | Kind::Database | Kind::Letters | Kind::Password => {}
    }
    if kind == Kind::Database && owner != me {
        let what = format!(
            "it belongs to the user {owner}, and this command is run by the user {me}: what one makes, the other may not open"
        );
        faults.push(Fault::warning(what, "run every command of Rotunda as the user of the server"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    #[test]
    fn who_may_read_or_change_too_much_is_told() {
        let grade = |kind, mode| of(kind, Seen { mode, owner: 7 }, 7).first().map(|fault| fault.grade);
        for (kind, mode, expected) in [
            (Kind::Folder, 0o700, None),
            (Kind::Folder, 0o755, None),
            (Kind::Folder, 0o1777, None),
            (Kind::Folder, 0o770, Some(Grade::Warning)),
            (Kind::Folder, 0o777, Some(Grade::Bad)),
            (Kind::Database, 0o600, None),
            (Kind::Database, 0o640, Some(Grade::Warning)),
            (Kind::Database, 0o644, Some(Grade::Bad)),
            (Kind::Letters, 0o700, None),
            (Kind::Letters, 0o750, Some(Grade::Bad)),
            (Kind::Password, 0o640, None),
            (Kind::Password, 0o644, Some(Grade::Warning)),
        ] {
            assert_eq!(grade(kind, mode), expected, "{kind:?} {mode:o}");
        }
        let url =
            |text: &str| has_password(&format!("# see https://example.com\n[store]\nurl = \"{text}\"\n"));
        assert!(url("postgres://rotunda:hunter2@db/rotunda") && url("rediss://:hunter2@cache"));
        assert!(!url("postgres://rotunda@db/rotunda") && !url("redis://cache:6379") && !url("a@b:c"));
        let another = of(Kind::Database, Seen { mode: 0o600, owner: 8 }, 7);
        assert!(another[0].what.contains("user 8") && another.len() == 1, "{another:?}");
    }
}
