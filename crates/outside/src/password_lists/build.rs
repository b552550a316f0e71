//! From a list to a file with its filter.
//!
//! 1. The lines are read one by one and only their keys are kept: 8 bytes each, whatever a line's length.
//! 2. The keys are sorted and each is kept once, so that a list makes the same file in whatever order it is.
//! 3. The filter is made. This is what takes memory: with 8 bits, 38 bytes an entry were measured.
//! 4. The file is written in full and flushed under another name, then renamed: nobody ever reads half of it, and a running
//!    server keeps what it has read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rotunda_core::model::Password;
use rotunda_core::outside::{Entropy, random};

use super::file::{self, List, PasswordListError};
use super::filter::{Bits, Fuse};
use super::key::{Hash, first_bytes};

/// More entries are refused, rather than finding out how much memory there is: these take about 8 GB.
const MOST_ENTRIES: usize = 200_000_000;
/// The hexadecimal digits of SHA-1.
const SHA1_DIGITS: usize = 40;

/// What the lines of a list are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListFormat {
    /// A password each, in any case. One of more than [`Password::MOST_BYTES`] is none and left out.
    Plain,
    /// SHA-1 of a password in hexadecimal, and maybe a colon and how often it was seen: what Have I Been Pwned offers for
    /// downloading.
    Sha1,
}

/// What was built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Built {
    /// Different passwords on the list.
    pub entries: u64,
    /// Lines that were left out: too long to be a password. Empty lines are not counted.
    pub left_out: u64,
    /// The size of the file.
    pub bytes: u64,
}

/// Builds the file `to` from a list.
///
/// # Errors
/// [`PasswordListError`]; whatever was at `to` is still there then.
pub fn build(
    lines: &mut impl BufRead,
    format: ListFormat,
    bits: Bits,
    to: &Path,
    entropy: &dyn Entropy,
) -> Result<Built, PasswordListError> {
    let (mut keys, left_out) = read_keys(lines, format)?;
    keys.sort_unstable();
    keys.dedup();
    let entries = u64::try_from(keys.len()).unwrap_or(u64::MAX);
    let fuse = Fuse::build(&keys, bits).ok_or(PasswordListError::NoFilter)?;
    drop(keys);
    let list = List { hash: format.hash(), entries, fuse };
    let suffix = u64::from_le_bytes(random(entropy).map_err(PasswordListError::Entropy)?);
    let bytes =
        replace(to, suffix, &list).map_err(|cause| PasswordListError::Write { path: to.into(), cause })?;
    Ok(Built { entries, left_out, bytes })
}

fn read_keys(lines: &mut impl BufRead, format: ListFormat) -> Result<(Vec<u64>, u64), PasswordListError> {
    let (mut keys, mut left_out, mut number) = (Vec::new(), 0, 0);
    let mut line = Vec::new();
    loop {
        number += 1;
        let read = next_line(lines, &mut line);
        match read.map_err(|cause| PasswordListError::Input { line: number, cause })? {
            Line::None => break,
            Line::Whole if line.is_empty() => continue,
            Line::Whole => {}
            Line::TooLong if format == ListFormat::Plain => {
                left_out += 1;
                continue;
            }
            Line::TooLong => return Err(PasswordListError::Line { line: number }),
        }
        if keys.len() == MOST_ENTRIES {
            return Err(PasswordListError::TooMany { most: MOST_ENTRIES });
        }
        keys.push(match format {
            ListFormat::Plain => Hash::Sha256OfLowerCase.key(&line),
            ListFormat::Sha1 => sha1_key(&line).ok_or(PasswordListError::Line { line: number })?,
        });
    }
    if keys.is_empty() { Err(PasswordListError::Empty) } else { Ok((keys, left_out)) }
}

enum Line {
    None,
    Whole,
    TooLong,
}

/// Reads the next line, without its end (`\n` or `\r\n`). Of one that is too long, nothing more than that is learnt.
fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    const MOST: u64 = Password::MOST_BYTES as u64 + 2;
    line.clear();
    if lines.by_ref().take(MOST).read_until(b'\n', line)? == 0 {
        return Ok(Line::None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
    } else if lines.skip_until(b'\n')? > 0 {
        return Ok(Line::TooLong);
    }
    Ok(if line.len() > Password::MOST_BYTES { Line::TooLong } else { Line::Whole })
}

/// The key in a line `HEX40` or `HEX40:COUNT`.
fn sha1_key(line: &[u8]) -> Option<u64> {
    let (hash, count) = line.split_at_checked(SHA1_DIGITS)?;
    let counted = match count.split_first() {
        None => true,
        Some((colon, digits)) => *colon == b':' && digits.iter().all(u8::is_ascii_digit),
    };
    let nibbles: Option<Vec<u8>> =
        hash.iter().map(|c| u8::try_from(char::from(*c).to_digit(16)?).ok()).collect();
    let bytes: Vec<u8> =
        nibbles?.chunks_exact(2).map(|pair| pair.iter().fold(0, |b, n| (b << 4) | n)).collect();
    counted.then(|| first_bytes(&bytes))
}

fn replace(to: &Path, suffix: u64, list: &List) -> io::Result<u64> {
    let mut draft = to.as_os_str().to_owned();
    draft.push(format!(".{suffix:016x}.new"));
    let draft = PathBuf::from(draft);
    let written = write_new(&draft, list).and_then(|bytes| fs::rename(&draft, to).map(|()| bytes));
    if written.is_err() {
        // It says already why there is no file; that a part of one stays behind as well adds nothing.
        let _ = fs::remove_file(&draft);
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let bytes = written?;
    File::open(folder)?.sync_all()?;
    Ok(bytes)
}

fn write_new(draft: &Path, list: &List) -> io::Result<u64> {
    let file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    let mut target = BufWriter::new(file);
    file::write(list, &mut target)?;
    target.flush()?;
    let file = target.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
