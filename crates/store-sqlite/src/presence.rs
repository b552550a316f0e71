//! Whether the file that is open is still the one at its path.
//!
//! The system lets a process write to a file that was removed or replaced. SQLite does so too, and every token that was
//! given out for such a write would be lost at the next start. So each group of writes asks first: one `stat`, beside a
//! commit that waits for the disk. A file that comes back is written to again; another one in its place never is, since
//! the readers and the log still belong to the first.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rusqlite::{Error, ffi};

pub(crate) struct Presence {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Presence {
    /// Of the file that is at this path now.
    pub(crate) fn of(path: PathBuf) -> io::Result<Self> {
        let found = fs::metadata(&path)?;
        Ok(Self { path, device: found.dev(), inode: found.ino() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether that file is still there.
    pub(crate) fn check(&self) -> rusqlite::Result<()> {
        match fs::metadata(&self.path) {
            Ok(found) if (found.dev(), found.ino()) == (self.device, self.inode) => Ok(()),
            _ => Err(Error::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED),
                Some(format!(
                    "{} was moved, removed or replaced while it was in use: nothing is written until it is back. To \
                     bring in another one, stop all that use it first",
                    self.path.display()
                )),
            )),
        }
    }
}
