//! A new master key, in steps, so that no server ever meets what was made with a key that it does not have.
//!
//! 1. [`add_coming`]: the key is in the file, and nothing is made with it. Every server gets the file, and is started again.
//! 2. [`make_current`]: the word `coming` goes. Every server gets the file once more; until it has, it reads what others make.
//! 3. [`retire`]: an old key that nothing needs goes into a file of its own, which backups from before need.
//!
//! Whoever makes a key has the store write down that the id is its own; where it is another one's, [`take_back`].
//! Each step replaces the file in one go: owner, group and mode stay, and so does everything else in it. Done again, it does
//! nothing.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rotunda_core::outside::Entropy;
use zeroize::Zeroizing;

use super::{Line, MasterKeyFileError, draft_of, flush_folder, new_key, parse, parse_line, read, write_new};

/// How often, and how long between, it is tried to be the only one who changes the file: ten seconds.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// A key that is coming.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Coming {
    /// Its id.
    pub id: u8,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// Step 1. One that is coming already is answered as it is, unless it is below `last`: the highest one that anybody has met. Such a
/// one could never become the current one; it stays as one that is known. The new one's id is above `last`, too.
///
/// # Errors
/// As [`load`](super::load), and when the file cannot be written or the system has no randomness.
pub fn add_coming(path: &Path, last: u8, entropy: &dyn Entropy) -> Result<Coming, MasterKeyFileError> {
    let _held = hold(path)?;
    let text = read(path)?;
    let lines = parse(path, &text)?;
    if let Some(id) = lines.iter().filter(|line| line.is_coming && line.id >= last).map(|line| line.id).max()
    {
        return Ok(Coming { id, is_new: false });
    }
    let last = lines.iter().map(|line| line.id).fold(last, u8::max);
    let id = last.checked_add(1).ok_or_else(|| MasterKeyFileError::Full { path: path.into() })?;
    let gap: &[u8] = if text.ends_with(b"\n") || text.is_empty() { b"" } else { b"\n" };
    let key = new_key(entropy)?;
    let line = Zeroizing::new(format!("{id} {} coming\n", &*key));
    let text = Zeroizing::new([&text[..], gap, line.as_bytes()].concat());
    replace(path, &text, entropy)?;
    Ok(Coming { id, is_new: true })
}

/// Takes step 1 back, where the id turned out to be another key's. Nothing was made with the key.
///
/// # Errors
/// As [`add_coming`].
pub fn take_back(path: &Path, id: u8, entropy: &dyn Entropy) -> Result<(), MasterKeyFileError> {
    let _held = hold(path)?;
    let text = read(path)?;
    let (_, rest) = parted(&text, |line| line.id == id && line.is_coming);
    replace(path, &rest, entropy)
}

/// Step 2. Answers which key it is; `None` where none is coming. Of several, the highest one; the others, which it has overtaken, are
/// known like old ones then.
///
/// # Errors
/// As [`add_coming`].
pub fn make_current(path: &Path, entropy: &dyn Entropy) -> Result<Option<u8>, MasterKeyFileError> {
    let _held = hold(path)?;
    let text = read(path)?;
    let lines = parse(path, &text)?;
    let Some(coming) = lines.iter().filter(|line| line.is_coming).map(|line| line.id).max() else {
        return Ok(None);
    };
    // As long as the old text: it does not grow, and leaves no copy behind.
    let mut changed = Zeroizing::new(Vec::with_capacity(text.len()));
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match without_the_word(line) {
            Some(key) => {
                changed.extend_from_slice(key);
                changed.push(b'\n');
            }
            None => changed.extend_from_slice(line),
        }
    }
    replace(path, &changed, entropy)?;
    Ok(Some(coming))
}

/// Step 3. Answers which file the key is in now, also where it went there before. Nobody asks here whether something needs it; one
/// that is in use, or coming, stays. The file with it is there in full before its line goes: interrupted in between, it is in both.
///
/// # Errors
/// As [`add_coming`], where there is no such key, or no newer one in use, and where another file has that name.
pub fn retire(path: &Path, id: u8, entropy: &dyn Entropy) -> Result<PathBuf, MasterKeyFileError> {
    let _held = hold(path)?;
    let failed = |source| MasterKeyFileError::Change { path: path.into(), source };
    let text = read(path)?;
    let lines = parse(path, &text)?;
    let real = path.canonicalize().map_err(failed)?;
    let mut beside = real.clone().into_os_string();
    beside.push(format!(".retired-{id}"));
    let beside = PathBuf::from(beside);
    if lines.iter().all(|line| line.id != id) {
        return match has(&beside, id) {
            true => Ok(beside),
            false => Err(MasterKeyFileError::NoSuchKey { path: path.into(), id }),
        };
    }
    if lines.iter().all(|line| line.is_coming || line.id <= id) {
        return Err(MasterKeyFileError::InUse { path: path.into(), id });
    }
    let (retired, rest) = parted(&text, |line| line.id == id);
    put_beside(&real, &beside, &retired, entropy)?;
    replace(path, &rest, entropy)?;
    Ok(beside)
}

/// In full or not at all, as a new file is made, and never in the place of another.
fn put_beside(
    real: &Path,
    beside: &Path,
    retired: &[u8],
    entropy: &dyn Entropy,
) -> Result<(), MasterKeyFileError> {
    let draft = draft_of(beside, entropy)?;
    let mut done = write_like(real, &draft, retired).and_then(|()| fs::hard_link(&draft, beside));
    // It may not even have been made.
    let _ = fs::remove_file(&draft);
    if done.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
        // Of somebody who was interrupted?
        done = match *read(beside)? == *retired {
            true => Ok(()),
            false => Err(io::Error::other(format!(
                "{} is there, with something else in it; move it elsewhere",
                beside.display()
            ))),
        };
    }
    let failed = |source| MasterKeyFileError::Change { path: real.into(), source };
    done.and_then(|()| flush_folder(real)).map_err(failed)
}

fn has(path: &Path, id: u8) -> bool {
    let text = read(path);
    text.is_ok_and(|text| parse(path, &text).is_ok_and(|lines| lines.iter().any(|line| line.id == id)))
}

/// The lines of the keys that are meant, and all others.
fn parted(text: &[u8], is_meant: impl Fn(&Line) -> bool) -> (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>) {
    // As long as the text: they do not grow, and leave no copy behind.
    let [mut meant, mut rest] = [(); 2].map(|()| Zeroizing::new(Vec::with_capacity(text.len())));
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let is_one = parse_line(line.trim_ascii()).is_ok_and(|line| is_meant(&line));
        let part = if is_one { &mut meant } else { &mut rest };
        part.extend_from_slice(line);
    }
    (meant, rest)
}

/// A key may end with the same letters; the word stands alone.
fn without_the_word(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let key = line.strip_suffix(b"coming").filter(|_| !line.starts_with(b"#"))?;
    key.last().is_some_and(u8::is_ascii_whitespace).then(|| key.trim_ascii_end())
}

/// Of two who change the file at once, the second waits, and reads what the first has made. The folder is locked, because the file
/// gives way to another one. On a file system without such locks nobody waits: whoever makes a key has the store decide then.
fn hold(path: &Path) -> Result<File, MasterKeyFileError> {
    hold_within(path, TRIES)
}

fn hold_within(path: &Path, tries: u32) -> Result<File, MasterKeyFileError> {
    let read = |source| MasterKeyFileError::Read { path: path.into(), source };
    let real = path.canonicalize().map_err(read)?;
    let at = real.parent().unwrap_or(Path::new("/"));
    let folder = File::open(at).map_err(read)?;
    for _ in 0..tries {
        match folder.try_lock() {
            // Nobody wakes this thread; if somebody did, it would only try again sooner.
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(PAUSE),
            // It stays open, and unlocked, where locks are refused.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(folder),
        }
    }
    Err(MasterKeyFileError::Held { folder: at.into() })
}

fn replace(path: &Path, text: &[u8], entropy: &dyn Entropy) -> Result<(), MasterKeyFileError> {
    let failed = |source| MasterKeyFileError::Change { path: path.into(), source };
    // What a link names is replaced, not the link.
    let real = path.canonicalize().map_err(failed)?;
    let draft = draft_of(&real, entropy)?;
    let done = write_like(&real, &draft, text).and_then(|()| fs::rename(&draft, &real));
    if done.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&draft);
    }
    done.and_then(|()| flush_folder(&real)).map_err(failed)
}

/// With owner, group and mode of the file that it takes the place of.
fn write_like(real: &Path, draft: &Path, text: &[u8]) -> io::Result<()> {
    let about = fs::metadata(real)?;
    write_new(draft, text)?;
    let made = fs::metadata(draft)?;
    if (made.uid(), made.gid()) != (about.uid(), about.gid()) {
        chown(draft, Some(about.uid()), Some(about.gid()))?;
    }
    fs::set_permissions(draft, Permissions::from_mode(about.permissions().mode() & 0o777))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_waited_for_too_long_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, "").unwrap();
        let held = hold(&path).unwrap();
        let said = hold_within(&path, 2).unwrap_err().to_string();
        assert!(said.contains("another `rotunda key rotate-master`"), "{said}");
        drop(held);
        hold_within(&path, 1).unwrap();
    }
}
