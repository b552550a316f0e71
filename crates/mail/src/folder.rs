//! Letters in a folder, for a laptop: one `.eml` file each, which any mail program opens.
//!
//! 1. The files are for their owner only, there are links in them; so is the folder, unless it was there already.
//! 2. A file is written under another name, flushed and renamed: nobody ever reads half a letter. The same letter, sent
//!    again, is the same file.
//! 3. At most [`MOST_FILES`] stay; the oldest go first, as their names tell. Other files are left alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rotunda_core::model::Letter;
use rotunda_core::outside::MailFailure;

/// How many letters stay.
const MOST_FILES: usize = 1000;
const ENDING: &str = ".eml";
/// How a draft is called until it is whole.
const DRAFT: &str = ".part";

/// A folder that cannot take letters.
#[derive(Debug, thiserror::Error)]
#[error("the folder for mail, {}, cannot be used: {why}; it must be one that this user may write to", path.display())]
pub struct FolderError {
    path: PathBuf,
    why: io::Error,
}

/// Where letters go.
pub(crate) struct Folder {
    path: Arc<Path>,
}

impl Folder {
    /// Makes it, if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        let usable = made.and_then(|()| {
            let probe = path.join(format!(".probe{DRAFT}"));
            // Another process may be trying the same: the file may be there already, or be gone again.
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&probe)?;
            remove(&probe)
        });
        usable.map_err(|why| FolderError { path: path.into(), why })?;
        Ok(Self { path: path.into() })
    }

    /// Writes one letter, and lets the oldest go.
    pub(crate) async fn write(&self, letter: &Letter, message: Vec<u8>) -> Result<(), MailFailure> {
        let (folder, name) = (Arc::clone(&self.path), file_name(letter));
        let written = tokio::task::spawn_blocking(move || {
            write_whole(&folder, &name, &message)?;
            forget_old(&folder)
        });
        let failed = |why: &dyn std::fmt::Display| {
            MailFailure::Later(format!("it cannot be written to {}: {why}", self.path.display()))
        };
        written.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }
}

/// `20261121T150405.123Z-new_device-01998…-….eml`: by time in a listing, and always the same for the same letter.
fn file_name(letter: &Letter) -> String {
    let at = Timestamp::from_millisecond(letter.at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{}-{}-{}{ENDING}", at.strftime("%Y%m%dT%H%M%S.%3fZ"), letter.kind.as_str(), letter.id)
}

fn write_whole(folder: &Path, name: &str, message: &[u8]) -> io::Result<()> {
    let draft = folder.join(format!("{name}{DRAFT}"));
    let mut file = new_file(&draft)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))?;
    File::open(folder)?.sync_all()
}

fn forget_old(folder: &Path) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(is_ours) {
            names.push(name);
        }
    }
    names.sort();
    let too_many = names.len().saturating_sub(MOST_FILES);
    names.iter().take(too_many).try_for_each(|old| remove(&folder.join(old)))
}

/// An empty file, for its owner only; what a crash has left behind under this name goes.
fn new_file(path: &Path) -> io::Result<File> {
    remove(path)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Removes a file, unless somebody else has done so.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a file is a letter of ours: by the form of its name, so that no other file is ever removed.
fn is_ours(name: &str) -> bool {
    let time = |text: &str| {
        text.len() == "20261121T150405.123Z".len()
            && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'T' | b'.' | b'Z'))
    };
    let Some((at, rest)) = name.split_once('-') else { return false };
    let Some((kind, id)) = rest.strip_suffix(ENDING).and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    time(at)
        && rotunda_core::model::LetterKind::parse(kind).is_some()
        && id.parse::<rotunda_core::model::LetterId>().is_ok()
}
