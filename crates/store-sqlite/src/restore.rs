//! A backup takes the place of the database.
//!
//! 1. Whoever uses the database is seen, and then nothing happens; from here on nobody else can open it, until this ends.
//! 2. The backup is copied to a draft beside the database, and that is looked through (`inspect.rs`): the backup itself is
//!    never written to. One of a newer release is refused. The caller sees what is in it, and goes on or not.
//! 3. The draft is brought up to today's schema. In one transaction it is told what it is: the feed begins anew, because
//!    places on it are given again; the revision goes on from far above, because access tokens of the time that is
//!    lost, or of another restore, may bear higher ones than the backup knows; and tokens newer than it are believed for a while, or everyone is signed
//!    out. It is brought onto the disk.
//! 4. The database of before is put aside under another name, with its log if that could not be read, and the draft takes its
//!    place in one step. Whatever is interrupted, there is the one or the other.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rotunda_core::failure::Failure;
use rotunda_core::model::{Event, UnixMillis};
use rusqlite::{Connection, ErrorCode, Result, params};

use crate::inspect::{self, Inspected, Since};
use crate::{absolute, backup, connection, everyone, fault, feed, refresh, schema};

const RESTORING: &str = "putting a backup back";

/// By how much the revision goes on: more often than this nobody has changed roles since any backup.
const REVISIONS: i64 = 1 << 20;

/// And not below the seconds since 1970: whoever puts the same backup back a second time gets higher ones than the first time.
pub(crate) const LEAP: &str = "\
    INSERT INTO meta (name, value) VALUES ('revision', max(?1, ?2)) \
    ON CONFLICT (name) DO UPDATE SET value = max(value + ?1, ?2)";
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
        inspected: Inspected,
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
        let mut restoring = Self {
            backup: draw_up(from, &database, &draft).inspect_err(|_| drop(fs::remove_file(&draft)))?,
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
        tell(&mut db, after, now).map_err(|e| at(draft, &e))?;
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

    /// Whoever puts it back may be root: the server has to be able to open it, as it was.
    fn owned_like_before(&self) -> io::Result<()> {
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
        // A log that stayed would be laid over the backup. Closing a database that can be read has removed it.
        for log in ["-wal", "-shm"] {
            match fs::rename(beside(&self.database, log), beside(&aside, log)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        match there.then(|| fs::hard_link(&self.database, &aside)) {
            None => fs::rename(&self.draft, &self.database)?,
            Some(Ok(())) => fs::rename(&self.draft, &self.database).inspect_err(|_| {
                // One file under two names is nobody's: the second one goes.
                drop(fs::remove_file(&aside));
            })?,
            Some(Err(e)) if e.kind() == io::ErrorKind::AlreadyExists => return Err(e),
            // A file system without hard links: for a moment there is neither, and the lock file keeps an empty one from being made.
            Some(Err(_)) => {
                fs::rename(&self.database, &aside)?;
                fs::rename(&self.draft, &self.database)
                    .inspect_err(|_| drop(fs::rename(&aside, &self.database)))?;
            }
        }
        Ok(there.then_some(aside))
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

/// Step 2.
fn draw_up(from: &Path, database: &Path, draft: &Path) -> std::result::Result<Inspected, Failure> {
    let at = |path: &Path, e: &dyn std::fmt::Display| fault::at(RESTORING, path, e);
    let same = matches!((from.canonicalize(), database.canonicalize()), (Ok(from), Ok(to)) if from == to);
    if same {
        return Err(at(from, &"this is the database itself"));
    }
    let log = beside(from, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let what = format!(
            "this is no backup: a part of it is in {}. Take a backup of it with `rotunda backup`",
            log.display()
        );
        return Err(at(from, &what));
    }
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
        Ok(Present::Readable { inspected, since })
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
fn tell(db: &mut Connection, after: &After, now: UnixMillis) -> Result<()> {
    let whole = db.transaction()?;
    whole.execute(NO_LONGER_A_BACKUP, [])?;
    whole.execute(LEAP, params![REVISIONS, now.0 / 1_000])?;
    feed::begin_anew(&whole)?;
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
