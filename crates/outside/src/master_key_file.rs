//! The file with the master keys: text, one key a line, `ID KEY`, where KEY is 32 bytes in base64url. `ID KEY coming` is a key
//! with which nothing is made yet. Empty lines and lines that begin with `#` say nothing.
//!
//! 1. Only its owner may read it, or, where that is root, a group as well: so systemd and Kubernetes hand out secrets. A file
//!    that others can read is refused, because it may have been read already.
//! 2. A new one is written in full and flushed to the disk under another name, then linked to its own: nobody ever
//!    sees half of it, and of two processes that start at once the second finds the first one's file and takes that.
//! 3. No message contains any part of a key.
//! 4. A new master key comes, and an old one goes, in steps (`rotate.rs`).

mod rotate;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_core::failure::Failure;
use rotunda_core::keys::{KeyError, MasterKey, MasterKeys};
use rotunda_core::outside::{Entropy, random};
use zeroize::Zeroizing;

pub use rotate::{Coming, add_coming, make_current, retire, take_back};

/// A key in its text form: 32 bytes are 43 characters of base64url.
const KEY_CHARS: usize = 43;
/// The most bytes of a file: 255 keys with plenty of comments. Anything longer is some other file.
const MOST_BYTES: u64 = 64 * 1024;
const HEADER: &str = "\
# Rotunda's master keys, one a line: ID KEY. The highest id is the current one.\n\
# Everything that keeps people signed in rests on this file. Keep it secret, and keep a copy of it\n\
# apart from the database and its backups: neither is of any use without it.\n";

/// Reads the master keys.
///
/// # Errors
/// [`MasterKeyFileError`], which says what to do and never contains key material.
pub fn load(path: &Path) -> Result<MasterKeys, MasterKeyFileError> {
    let lines = parse(path, &read(path)?)?;
    let coming: BTreeSet<u8> = lines.iter().filter(|line| line.is_coming).map(|line| line.id).collect();
    let keys = lines.into_iter().map(|line| (line.id, line.key));
    MasterKeys::with_coming(keys, &coming)
        .map_err(|reason| MasterKeyFileError::Keys { path: path.into(), reason })
}

/// Reads the master keys, or makes the file with one new key if there is none. Its folder must exist.
///
/// # Errors
/// As [`load`], and when the file cannot be written or the system has no randomness.
pub fn load_or_create(path: &Path, entropy: &dyn Entropy) -> Result<MasterKeys, MasterKeyFileError> {
    match load(path) {
        Err(e) if e.is_not_found() => {
            create(path, entropy)?;
            load(path)
        }
        found => found,
    }
}

/// Makes the file with one new key, for servers that share a database and so share their keys. One that is there stays as it
/// is. Its folder must exist.
///
/// # Errors
/// When there is a file, it cannot be written, or the system has no randomness.
pub fn make(path: &Path, entropy: &dyn Entropy) -> Result<(), MasterKeyFileError> {
    match create(path, entropy)? {
        Made::Ours => Ok(()),
        Made::ByAnother => Err(MasterKeyFileError::Exists { path: path.into() }),
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, MasterKeyFileError> {
    let io = |source| MasterKeyFileError::Read { path: path.into(), source };
    let mut file = File::open(path).map_err(io)?;
    // Of the opened file, not of the path: that may be another one by now.
    let about = file.metadata().map_err(io)?;
    let mode = about.permissions().mode() & 0o777;
    if !about.is_file() || about.len() > MOST_BYTES {
        return Err(MasterKeyFileError::NotAKeyFile { path: path.into() });
    }
    if !is_private(mode, about.uid()) {
        return Err(MasterKeyFileError::Open { path: path.into(), mode });
    }
    // A buffer of full length from the start: one that grows leaves copies of the keys behind.
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(about.len()).unwrap_or(0)]);
    file.read_exact(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// Step 1. A file of root's that a group may read, and nobody but root may write, was given to us so: whoever opened it and is
/// not root is of that group, or is named in a list beside the mode, which then shows as the group's bits. Root's own commands
/// beside such a server take it as the server does.
fn is_private(mode: u32, owner: u32) -> bool {
    const ROOT: u32 = 0;
    mode & 0o077 == 0 || (mode & 0o037 == 0 && owner == ROOT)
}

/// One key of the file.
struct Line {
    id: u8,
    key: MasterKey,
    is_coming: bool,
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Line>, MasterKeyFileError> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let refuse = |what| MasterKeyFileError::Line { path: path.into(), line: index + 1, what };
        let line = parse_line(line).map_err(refuse)?;
        if lines.iter().any(|other| other.id == line.id) {
            return Err(refuse(LineError::Twice(line.id)));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn parse_line(line: &[u8]) -> Result<Line, LineError> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (id, key, is_coming) = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(id), Some(key), None, None) => (id, key, false),
        (Some(id), Some(key), Some(b"coming"), None) => (id, key, true),
        _ => return Err(LineError::Form),
    };
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()).filter(|id| *id > 0);
    let mut bytes = Zeroizing::new([0; 32]);
    let whole = key.len() == KEY_CHARS && Base64UrlUnpadded::decode(key, &mut *bytes).is_ok();
    match whole {
        true => Ok(Line { id: id.ok_or(LineError::Id)?, key: MasterKey::from_bytes(*bytes), is_coming }),
        false => Err(LineError::Key),
    }
}

/// Whose file it is that is there now.
#[derive(Clone, Copy)]
enum Made {
    Ours,
    ByAnother,
}

/// Makes the file unless there is one, maybe since a moment ago; either way it is there afterwards, and stays.
fn create(path: &Path, entropy: &dyn Entropy) -> Result<Made, MasterKeyFileError> {
    let text = new_file(entropy)?;
    let draft = draft_of(path, entropy)?;
    let done = write_new(&draft, &*text).and_then(|()| match fs::hard_link(&draft, path) {
        Ok(()) => Ok(Made::Ours),
        // Somebody else was first. Theirs is the key.
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(Made::ByAnother),
        Err(other) => Err(other),
    });
    // The draft has done its service, or failed; its name must not stay in either case.
    let removed = match fs::remove_file(&draft) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    };
    done.and_then(|made| removed.and_then(|()| flush_folder(path)).map(|()| made))
        .map_err(|source| MasterKeyFileError::Write { path: path.into(), source })
}

fn new_file(entropy: &dyn Entropy) -> Result<Zeroizing<String>, Failure> {
    Ok(Zeroizing::new([HEADER, "1 ", &new_key(entropy)?, "\n"].concat()))
}

fn new_key(entropy: &dyn Entropy) -> Result<Zeroizing<String>, Failure> {
    let key = Zeroizing::new(random::<32>(entropy)?);
    Ok(Zeroizing::new(Base64UrlUnpadded::encode_string(&*key)))
}

fn write_new(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_ref())?;
    file.sync_all()
}

/// The names of a folder survive a power failure only once the folder is flushed too.
fn flush_folder(of: &Path) -> io::Result<()> {
    let folder = of.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn draft_of(path: &Path, entropy: &dyn Entropy) -> Result<PathBuf, Failure> {
    let suffix = u64::from_le_bytes(random(entropy)?);
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{suffix:016x}.new"));
    Ok(PathBuf::from(draft))
}

/// Why there are no master keys. Every message says where and what to do; none contains key material.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyFileError {
    /// It is not there, or the system does not let us read it.
    #[error("the master-key file {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be made.
    #[error(
        "the master-key file {} cannot be made: {source}; its folder must exist, be writable, \
         and lie on a file system with hard links",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be changed.
    #[error(
        "the master-key file {} cannot be changed: {source}. Where it comes from elsewhere (a secret of Kubernetes, a credential \
         of systemd), change a copy of it: `ROTUNDA_KEYS__MASTER_FILE=COPY rotunda key rotate-master`",
        path.display()
    )]
    Change {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else changes it, and does not come to an end.
    #[error(
        "the folder {} of the master-key file is locked: another `rotunda key rotate-master` changes the file, or another program holds \
         a lock there (`lsof +d` shows it). Try again when it is done",
        folder.display()
    )]
    Held {
        /// Where it is.
        folder: PathBuf,
    },
    /// Ids are used up.
    #[error("{} has a key with id 255, and there is none after it", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// No key has that id.
    #[error("there is no master key {id} in {}", path.display())]
    NoSuchKey {
        /// The file.
        path: PathBuf,
        /// The id.
        id: u8,
    },
    /// Everything is made with it, or will be.
    #[error("master key {id} in {} is no old one: no key with a higher id is in use", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// The id.
        id: u8,
    },
    /// There is one already.
    #[error("{} is there already and was left as it is: keys that are in use must not be replaced", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A folder, a device, or far too long.
    #[error("{} is no master-key file: that is a short text file with one key a line", path.display())]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// Others may read or change it.
    #[error(
        "the master-key file {0} is open to others (mode {mode:04o}); run: chmod 600 {0}. Where it comes from elsewhere, have it \
         made readable for this user alone, or root's, with mode 0440 and a group of this user",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A line is not a key.
    #[error("{}:{line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: LineError,
    },
    /// The keys do not make a set of master keys, mostly because there are none.
    #[error("the master-key file {} is not usable: {reason}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        reason: KeyError,
    },
    /// No randomness for a new key.
    #[error("no new master key: {0}")]
    Entropy(#[from] Failure),
}

impl MasterKeyFileError {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == ErrorKind::NotFound)
    }
}

/// What can be wrong with a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LineError {
    /// Not two words, or three that end with "coming".
    #[error("a line is \"ID KEY\" or \"ID KEY coming\", or begins with #")]
    Form,
    /// The first word is not 1 to 255.
    #[error("the id before the key must be a number from 1 to 255")]
    Id,
    /// The second word is not 32 bytes in base64url.
    #[error("the key must be 32 random bytes in base64url: {KEY_CHARS} letters, digits, - or _, without =")]
    Key,
    /// The id is taken.
    #[error("there is a key with id {0} above already; each id names one key")]
    Twice(u8),
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn what_root_gives_to_a_group_is_private_and_nothing_else_that_others_read() {
        let somebody = 1000;
        for mode in [0o600, 0o400] {
            assert!(is_private(mode, 0) && is_private(mode, somebody), "{mode:o}");
        }
        for mode in [0o440, 0o640] {
            assert!(is_private(mode, 0), "{mode:o}: a credential of systemd, a secret of Kubernetes");
            assert!(!is_private(mode, somebody), "{mode:o}: chmod mends that");
        }
        for mode in [0o444, 0o644, 0o660, 0o460, 0o450, 0o404, 0o442] {
            assert!(!is_private(mode, 0) && !is_private(mode, somebody), "{mode:o}");
        }
    }
}
