//! A backup takes the place of the database.
//!
//! 1. Whoever uses the database is seen, and then nothing happens; from here on nobody else can open it, until this ends.
//! 2. The backup is copied to a draft beside the database, and that is looked through (`inspect.rs`): the backup itself is
//!    never written to. One of a newer release is refused. The caller sees what is in it, and goes on or not.
//! 3. The draft is brought up to today's schema. In one transaction it is told what it is: the feed begins anew, because
//!    places on it are given again; the revision goes on from the milliseconds since 1970, because access tokens of the time that is
//!    lost, or of another restore, may bear higher ones than the backup knows; which master keys the database of before has met
//!    is carried over, so that none of their numbers is given to another one; and tokens newer than the backup are believed for a
//!    while, or everyone is signed out. It is brought onto the disk, and belongs to whom the server is.
//! 4. The database of before is put aside under another name, with its log if that could not be read, and the draft takes its
//!    place in one step. Whatever is interrupted, there is the one or the other.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};

use rotunda_core::failure::Failure;
use rotunda_core::keys::KeyCheck;
use rotunda_core::model::{Event, UnixMillis};
use rusqlite::{Connection, ErrorCode, Result};

use crate::inspect::{self, Inspected, Since};
use crate::{absolute, backup, connection, everyone, fault, feed, keys, refresh, roles, schema};

const RESTORING: &str = "putting a backup back";

/// What lies beside a database while it is used, or after a crash.
const LOGS: [&str; 3] = ["-wal", "-shm", "-journal"];

pub(crate) const NO_LONGER_A_BACKUP: &str = "DELETE FROM meta WHERE name = 'backup_at'";

/// What holds for what the backup does not know.
#[derive(Clone, Debug)]
pub enum After {
    /// Refresh tokens newer than the backup are believed until then, beside the right device secret.
    AcceptAhead(UnixMillis),
    /// They are refused, until the operator says otherwise.
    RefuseAhead,
    /// Every session ends, with this event.
    EndEveryone(Event),
}

/// A backup that is about to take the place of the database. Dropped, it leaves everything as it was.
#[derive(Debug)]
pub struct Restoring {
    database: PathBuf,
    draft: PathBuf,
    lock: File,
    backup: Inspected,
    present: Present,
}

/// The database that is there now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Present {
    /// There is none.
    Nothing,
    /// It is none, or damaged.
    Unreadable(String),
    /// What is in it, and what has happened since the backup, where that is of the same database.
    Readable {
        /// What it says of itself.
        inspected: Box<Inspected>,
        /// What has happened since.
        since: Option<Since>,
    },
}

impl Restoring {
    /// Steps 1 and 2.
    ///
    /// # Errors
    /// Where somebody uses the database, or the backup is none that can be put back; the source names the file, and what to do.
    pub fn begin(database: &Path, from: &Path) -> std::result::Result<Self, Failure> {
        let database = absolute(database)?;
        let at = |path: &Path, e: &dyn std::fmt::Display| fault::at(RESTORING, path, e);
        // The lock lies where servers look for it; the file, and its log, where a link leads to.
        let lock = schema::lock_alone(&database)?;
        let database = match database.canonicalize() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => database,
            real => real.map_err(|e| at(&database, &e))?,
        };
        let draft = beside(&database, ".restoring");
        another_file(from, &database, &draft)?;
        let mut restoring = Self {
            backup: draw_up(from, &draft).inspect_err(|_| drop(fs::remove_file(&draft)))?,
            database,
            draft,
            lock,
            present: Present::Nothing,
        };
        if restoring.backup.schema > schema::newest() {
            let what = "it was made by a newer release. Put it back with that one";
            return Err(at(from, &what));
        }
        restoring.present =
            present(&restoring.database, &restoring.backup).map_err(|e| at(&restoring.database, &e))?;
        Ok(restoring)
    }

    /// What is in the backup.
    #[must_use]
    pub fn backup(&self) -> &Inspected {
        &self.backup
    }

    /// What it takes the place of.
    #[must_use]
    pub fn present(&self) -> &Present {
        &self.present
    }

    /// Steps 3 and 4, as of `now`. `aside` is what the name of the database of before ends with; answers where that is now.
    ///
    /// # Errors
    /// The source names the file and what stands in the way, and says which of the two is the database then.
    pub fn finish(
        self,
        after: &After,
        now: UnixMillis,
        aside: &str,
    ) -> std::result::Result<Option<PathBuf>, Failure> {
        let at = |path: &Path, e: &dyn std::fmt::Display| fault::at(RESTORING, path, e);
        let draft = &self.draft;
        let mut db = connection::for_copying_into(draft).map_err(|e| at(draft, &e))?;
        schema::migrate(&mut db).map_err(|e| at(draft, &e))?;
        tell(&mut db, after, now, self.met()).map_err(|e| at(draft, &e))?;
        db.close().map_err(|(_, e)| at(draft, &e))?;
        self.owned_like_before().map_err(|e| at(draft, &e))?;
        File::open(draft).and_then(|file| file.sync_all()).map_err(|e| at(draft, &e))?;
        let aside = self.replace(aside).map_err(|e| {
            at(
                &self.database,
                &format!("{e}. It is still the database of before; nothing of the backup is there"),
            )
        })?;
        let done = self.on_disk().and_then(|()| schema::note_presence(&self.lock));
        done.map_err(|e| {
            at(&self.database, &format!("the backup is there now, and may not outlive a power failure: {e}"))
        })?;
        Ok(aside)
    }

    /// The master keys that this database is known to have met since.
    fn met(&self) -> &[(u8, KeyCheck)] {
        match &self.present {
            Present::Readable { inspected, since: Some(_) } => &inspected.checks,
            _ => &[],
        }
    }

    /// Whoever puts it back may be root: the server has to be able to open it, as it was, and to take the lock.
    fn owned_like_before(&self) -> io::Result<()> {
        self.give_away_draft()?;
        let (made, lock) = (fs::metadata(&self.draft)?, self.lock.metadata()?);
        match lock.uid() == 0 && made.uid() != 0 {
            true => fchown(&self.lock, Some(made.uid()), Some(made.gid())),
            false => Ok(()),
        }
    }

    fn give_away_draft(&self) -> io::Result<()> {
        let like = match fs::metadata(&self.database) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let folder = self.database.parent().unwrap_or(Path::new("/"));
                let (folder, made) = (fs::metadata(folder)?, fs::metadata(&self.draft)?);
                // Whose folder it is, theirs is the file; another user than root may not give files away.
                if made.uid() == 0 && folder.uid() != 0 {
                    chown(&self.draft, Some(folder.uid()), Some(folder.gid()))?;
                }
                return Ok(());
            }
            found => found?,
        };
        let made = fs::metadata(&self.draft)?;
        if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
            chown(&self.draft, Some(like.uid()), Some(like.gid()))?;
        }
        fs::set_permissions(&self.draft, Permissions::from_mode(like.permissions().mode() & 0o777))
    }

    /// Step 4.
    fn replace(&self, aside: &str) -> io::Result<Option<PathBuf>> {
        let there = self.present != Present::Nothing;
        let aside = beside(&self.database, aside);
        if fs::symlink_metadata(&aside).is_ok() {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("{} is there already", aside.display()),
            ));
        }
        // A log that stayed would be laid over the backup. Closing a database that can be read has removed it.
        let mut moved = Vec::new();
        let done = self.put_logs_aside(&aside, &mut moved).and_then(|()| self.change_places(there, &aside));
        done.inspect_err(|_| {
            for (log, aside) in &moved {
                drop(fs::rename(aside, log));
            }
        })?;
        Ok(there.then_some(aside))
    }

    /// Tells which, because they come back where the rest fails: a database without its log lacks what was last.
    fn put_logs_aside(&self, aside: &Path, moved: &mut Vec<(PathBuf, PathBuf)>) -> io::Result<()> {
        for log in LOGS {
            let (log, aside) = (beside(&self.database, log), beside(aside, log));
            match fs::rename(&log, &aside) {
                Ok(()) => moved.push((log, aside)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn change_places(&self, there: bool, aside: &Path) -> io::Result<()> {
        match there.then(|| fs::hard_link(&self.database, aside)) {
            None => fs::rename(&self.draft, &self.database),
            Some(Ok(())) => fs::rename(&self.draft, &self.database).inspect_err(|_| {
                // One file under two names is nobody's: the second one goes.
                drop(fs::remove_file(aside));
            }),
            Some(Err(e)) if e.kind() == io::ErrorKind::AlreadyExists => Err(e),
            // A file system without hard links: for a moment there is neither, and the lock file keeps an empty one from being made.
            Some(Err(_)) => {
                fs::rename(&self.database, aside)?;
                fs::rename(&self.draft, &self.database)
                    .inspect_err(|_| drop(fs::rename(aside, &self.database)))
            }
        }
    }

    /// The names, too.
    fn on_disk(&self) -> io::Result<()> {
        File::open(self.database.parent().unwrap_or(Path::new("/")))?.sync_all()
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        // It is gone already where it has taken its place.
        let _ = fs::remove_file(&self.draft);
    }
}

/// The backup is a file of its own, and all of it. Asked before anything is removed: it may be what would be.
fn another_file(from: &Path, database: &Path, draft: &Path) -> std::result::Result<(), Failure> {
    let refused = |what: &str| Err(fault::at(RESTORING, from, &what));
    let same = |other: &Path| matches!((from.canonicalize(), other.canonicalize()), (Ok(from), Ok(other)) if from == other);
    if same(database) {
        return refused("this is the database itself");
    }
    if same(draft) {
        return refused(
            "an interrupted restore has left this, and maybe not all of it: give the backup itself",
        );
    }
    let real = from.canonicalize().unwrap_or_else(|_| from.to_owned());
    for log in [beside(from, "-wal"), beside(&real, "-wal")] {
        if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            let (log, doing) = (log.display(), "Take a backup of it with `rotunda backup`");
            return refused(&format!("this is no backup: a part of it is in {log}. {doing}"));
        }
    }
    Ok(())
}

/// Step 2.
fn draw_up(from: &Path, draft: &Path) -> std::result::Result<Inspected, Failure> {
    let at = |path: &Path, e: &dyn std::fmt::Display| fault::at(RESTORING, path, e);
    // Nobody else is here: what lies there is what an interrupted restore has left.
    match fs::remove_file(draft) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(at(draft, &e)),
        _ => {}
    }
    let mut source = File::open(from).map_err(|e| at(from, &e))?;
    let copied = backup::new_private_file(draft).and_then(|mut file| io::copy(&mut source, &mut file));
    copied.map_err(|e| at(draft, &e))?;
    backup::standalone(draft, None).map_err(|e| at(from, &e))?;
    inspect::inspect(draft)
}

/// What is there now. Bringing its log into the file leaves it one file, and what cannot be read as it is.
fn present(database: &Path, backup: &Inspected) -> Result<Present> {
    if !database.exists() {
        return Ok(Present::Nothing);
    }
    let looked = || -> Result<Present> {
        let db = connection::for_writing(database)?;
        connection::settle(&db)?;
        let inspected = inspect::read(&db)?;
        let is_same = backup.made_at.is_some() && inspected.made_at == backup.made_at;
        let since = is_same.then(|| inspect::since(&db, inspected.schema, backup)).transpose()?;
        db.close().map_err(|(_, e)| e)?;
        Ok(Present::Readable { inspected: Box::new(inspected), since })
    };
    match looked() {
        Err(e) if e.sqlite_error_code().is_none_or(is_damage) => Ok(Present::Unreadable(e.to_string())),
        other => other,
    }
}

/// Rather than a disk that is away for a moment.
fn is_damage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown)
}

/// Step 3.
fn tell(db: &mut Connection, after: &After, now: UnixMillis, met: &[(u8, KeyCheck)]) -> Result<()> {
    let whole = db.transaction()?;
    whole.execute(NO_LONGER_A_BACKUP, [])?;
    roles::leap(&whole, now)?;
    feed::begin_anew(&whole)?;
    met.iter().try_for_each(|(id, check)| keys::check(&whole, *id, *check).map(drop))?;
    match after {
        After::AcceptAhead(until) => refresh::accept_ahead(&whole, Some(*until))?,
        After::RefuseAhead => refresh::accept_ahead(&whole, None)?,
        After::EndEveryone(event) => {
            refresh::accept_ahead(&whole, None)?;
            everyone::end_everyone(&whole, event.at, event).map(drop)?;
        }
    }
    whole.commit()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
