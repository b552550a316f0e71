//! Backups of the file of SQLite: taken, looked through, given their name.
//!
//! 1. The copy is made under a name that is nobody's yet (`rotunda_store_sqlite::backup`), and looked through.
//! 2. The master keys in their file are those that it was made with: otherwise it is of no use, and nobody would know.
//! 3. It gets its name in one step. Another file of that name stays, unless it is to be replaced.
//!
//! The master keys are not in it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rotunda_core::keys::MasterKeys;
use rotunda_core::model::UnixMillis;
use rotunda_core::outside::{Entropy, random};
use rotunda_outside::SystemEntropy;
use rotunda_store_sqlite::{Inspected, Pace, backup};

/// Where one comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file of SQLite.
    pub database: PathBuf,
    /// The file with the master keys.
    pub master_file: PathBuf,
    /// Whether it has what refreshes change of sessions, and not Redis.
    pub has_sessions: bool,
}

/// What becomes of a file that is there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IfThere {
    /// It stays, and there is no backup.
    Refuse,
    /// It goes, once the new one is whole.
    Replace,
}

/// A backup that is whole.
#[derive(Debug)]
pub(crate) struct Taken {
    pub bytes: u64,
    pub inspected: Inspected,
    /// What its master keys do not open; empty where they open everything.
    pub without_key: String,
}

/// A moment in the name of a file.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
/// How the name of a draft ends.
pub(crate) const DRAFT: &str = ".part";

/// Takes one, and gives it that name.
pub(crate) fn take(
    source: &Source,
    to: &Path,
    (there, pace): (IfThere, Pace),
    now: UnixMillis,
) -> anyhow::Result<Taken> {
    let Source { database, master_file, has_sessions } = source;
    if !database.exists() {
        bail!(
            "there is no database at {}. Is this the right folder? `--data` or `--config` says where it is",
            database.display()
        );
    }
    let name = to.file_name().with_context(|| format!("{} is not the name of a file", to.display()))?;
    if is_same(to, master_file) || of_database(database).any(|used| is_same(to, &used)) {
        bail!("{} is in use: a backup is another file", to.display());
    }
    if there == IfThere::Refuse && to.exists() {
        bail!("{} is there already; `--replace` takes its place", to.display());
    }
    // Before the work: a wrong key file makes it useless.
    let masters = rotunda_outside::load(master_file)?;
    let draft = to.with_file_name(draft_name(name)?);
    let taken = checked((database, *has_sessions), &draft, &masters, (pace, now))
        .and_then(|taken| named(&draft, to, there).map(|()| taken));
    // Its name is gone, or it is of no use.
    let _ = fs::remove_file(&draft);
    taken
}

fn draft_name(name: &std::ffi::OsStr) -> anyhow::Result<OsString> {
    let number = u64::from_le_bytes(random(&SystemEntropy as &dyn Entropy)?);
    let mut draft = name.to_owned();
    draft.push(format!(".{number:016x}{DRAFT}"));
    Ok(draft)
}

/// Steps 1 and 2.
fn checked(
    (database, has_sessions): (&Path, bool),
    draft: &Path,
    masters: &MasterKeys,
    (pace, now): (Pace, UnixMillis),
) -> anyhow::Result<Taken> {
    let inspected = backup(database, draft, pace, now)?;
    keys_fit(masters, &inspected)?;
    let bytes = fs::metadata(draft)?.len();
    Ok(Taken { bytes, without_key: without_key(masters, &inspected, has_sessions), inspected })
}

/// Whether these are the master keys that a database was made with.
pub(crate) fn keys_fit(masters: &MasterKeys, found: &Inspected) -> anyhow::Result<()> {
    for (id, check) in masters.checks() {
        if found.checks.iter().any(|(other, recorded)| *other == id && *recorded != check) {
            bail!(
                "master key {id} of the file is not the one that this database was made with: put the right master key file \
                 back"
            );
        }
    }
    if let Some(id) = found.sealed_under.iter().find(|id| masters.get(**id).is_none()) {
        bail!(
            "a signing key is sealed under master key {id}, which is not in the master key file: put the right file back"
        );
    }
    Ok(())
}

/// What was made under a master key that is not here: sessions, which cannot go on, and secrets of webhooks. One line for each key.
/// Where sessions are on Redis, what is here says no more than the key that they began under.
pub(crate) fn without_key(masters: &MasterKeys, found: &Inspected, has_sessions: bool) -> String {
    let sessions = found.sessions_under.iter().filter(|_| has_sessions);
    let without = sessions.filter(|(id, _)| masters.get(*id).is_none());
    let line = |(id, count): &(u8, u64)| {
        format!(
            "{count} live sessions need master key {id}, which is not in the master key file: their owners sign in again. An older \
             copy of the file has it\n"
        )
    };
    let webhooks = found.webhooks_under.iter().filter(|id| masters.get(**id).is_none()).map(|id| {
        format!(
            "the secret of a webhook needs master key {id}, which is not in the master key file: nothing is sent to it. Put an older \
             copy's line back, or `rotunda webhook remove` it\n"
        )
    });
    without.map(line).chain(webhooks).collect()
}

/// Step 3.
fn named(draft: &Path, to: &Path, there: IfThere) -> anyhow::Result<()> {
    let about = || format!("giving the backup the name {}", to.display());
    match there {
        IfThere::Replace => fs::rename(draft, to).with_context(about)?,
        IfThere::Refuse => match fs::hard_link(draft, to) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                bail!("{} is there already: it was made a moment ago", to.display())
            }
            // A file system without hard links.
            Err(_) if !to.exists() => fs::rename(draft, to).with_context(about)?,
            other => other.with_context(about)?,
        },
    }
    flush(to).with_context(about)
}

/// The names of a folder survive a power failure only once the folder is flushed too.
fn flush(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The database and what belongs to it, whether it is there just now or not: by its name, and where a link leads to.
fn of_database(database: &Path) -> impl Iterator<Item = PathBuf> + '_ {
    let names = std::iter::once(database.to_owned()).chain(database.canonicalize());
    names.flat_map(|database| {
        ["", "-wal", "-shm", "-journal", ".lock"].map(|end| {
            let mut name = database.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        })
    })
}

/// By the folder and the name where one of the two is not there.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        path.canonicalize().ok().or_else(|| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            Some(folder.unwrap_or(Path::new(".")).canonicalize().ok()?.join(path.file_name()?))
        })
    };
    matches!((real(one), real(other)), (Some(one), Some(other)) if one == other)
}

/// A moment as names of files have it: `20261122T150405Z`.
pub(crate) fn stamp(at: UnixMillis) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime(STAMP).to_string()
}

/// The moment of such a text.
pub(crate) fn stamped(text: &str) -> Option<UnixMillis> {
    let at = DateTime::strptime(STAMP, text).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(UnixMillis(at.timestamp().as_millisecond()))
}
