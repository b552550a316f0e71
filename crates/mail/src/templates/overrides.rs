//! An operator's own templates, read from their folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::files::FILES;

/// The most bytes of one file.
const MOST_BYTES: u64 = 64 * 1024;

/// The files of a folder, by name; those whose names begin with a dot are somebody else's.
///
/// # Errors
/// Everything that is wrong, a sentence each.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, String>, Vec<String>> {
    let unreadable = |error: io::Error| vec![format!("{} cannot be read: {error}", folder.display())];
    let mut files = BTreeMap::new();
    let mut findings = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        match text(folder, &name) {
            Ok(text) => _ = files.insert(name, text),
            Err(what) => findings.push(format!("{}: {what}", folder.join(&name).display())),
        }
    }
    findings.sort();
    if findings.is_empty() { Ok(files) } else { Err(findings) }
}

fn text(folder: &Path, name: &str) -> Result<String, String> {
    if !FILES.iter().any(|(known, _)| *known == name) {
        let nearest =
            FILES.iter().map(|(known, _)| *known).min_by_key(|known| strsim::levenshtein(name, known));
        return Err(format!("no template has this name; did you mean {:?}?", nearest.unwrap_or_default()));
    }
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    let mut text = String::new();
    let file = File::open(folder.join(name)).map_err(cannot)?;
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if u64::try_from(read).is_ok_and(|read| read > MOST_BYTES) {
        return Err(format!("is longer than {MOST_BYTES} bytes"));
    }
    Ok(text)
}
