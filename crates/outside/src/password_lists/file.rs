//! The file of a filter. All numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 15 | `rotunda pwlist ` |
//! | 1 | the version of this form, `1` |
//! | 8 | what was hashed and how: `sha256lc` or `sha1    ` |
//! | 4 | bits of a fingerprint: 8, 16 or 32 |
//! | 8 | entries of the list |
//! | 8, 4, 4 | the filter's seed, segment length, and length of all segments but two |
//! | … | the fingerprints |
//! | 32 | SHA-256 of everything before |
//!
//! 1. The header is judged before anything is allocated, and the length of the file must be what follows from it.
//! 2. The checksum is judged before the filter is used. It finds what broke on the way, not what somebody forged: who can
//!    write the file could as well empty it.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use rotunda_core::failure::Failure;
use xorf::{BinaryFuse8, BinaryFuse16, BinaryFuse32};

use super::filter::{Bits, Fuse, Shape};
use super::key::Hash;

const MAGIC: &[u8; 15] = b"rotunda pwlist ";
const VERSION: u8 = b'1';
const HEADER: usize = 52;
/// Fingerprints that are read or written at once.
const CHUNK: usize = 16 * 1024;

/// A list of passwords, as a filter.
pub(super) struct List {
    pub(super) hash: Hash,
    pub(super) entries: u64,
    pub(super) fuse: Fuse,
}

impl List {
    /// Whether the password is on the list; now and then for one that is not.
    pub(super) fn holds(&self, password: &[u8]) -> bool {
        self.fuse.holds(self.hash.key(password))
    }
}

/// Reads a list from a file.
///
/// # Errors
/// [`PasswordListError`].
pub(super) fn load(path: &Path) -> Result<List, PasswordListError> {
    let cannot = |cause| PasswordListError::Read { path: path.into(), cause };
    let file = File::open(path).map_err(cannot)?;
    let about = file.metadata().map_err(cannot)?;
    let wrong = |wrong| PasswordListError::Unusable { path: path.into(), wrong };
    if !about.is_file() {
        return Err(wrong(Wrong::Foreign));
    }
    match read(&mut BufReader::with_capacity(64 * 1024, file), about.len()) {
        Ok(list) => list.map_err(wrong),
        // The file has grown shorter since its length was asked for.
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(wrong(Wrong::Length)),
        Err(e) => Err(cannot(e)),
    }
}

/// Reads the list that is built in.
///
/// # Errors
/// [`PasswordListError`].
pub(super) fn parse(mut bytes: &[u8]) -> Result<List, PasswordListError> {
    let path = || PathBuf::from("the built-in list");
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let list = read(&mut bytes, length).map_err(|cause| PasswordListError::Read { path: path(), cause })?;
    list.map_err(|wrong| PasswordListError::Unusable { path: path(), wrong })
}

fn read(source: &mut impl Read, length: u64) -> io::Result<Result<List, Wrong>> {
    let mut header = [0; HEADER];
    let start = usize::try_from(length).unwrap_or(usize::MAX).min(HEADER);
    source.read_exact(&mut header[..start])?;
    let Header { hash, bits, entries, shape, fingerprints } = match Header::parse(&header[..start], length) {
        Ok(header) => header,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let mut source = Summed { inner: source, sum: Context::new(&SHA256) };
    source.sum.update(&header);
    let descriptor = shape.descriptor();
    let fuse = match bits {
        Bits::Eight => {
            let fingerprints = read_all(&mut source, fingerprints, u8::from_le_bytes)?;
            Fuse::Eight(BinaryFuse8 { descriptor, fingerprints })
        }
        Bits::Sixteen => {
            let fingerprints = read_all(&mut source, fingerprints, u16::from_le_bytes)?;
            Fuse::Sixteen(BinaryFuse16 { descriptor, fingerprints })
        }
        Bits::ThirtyTwo => {
            let fingerprints = read_all(&mut source, fingerprints, u32::from_le_bytes)?;
            Fuse::ThirtyTwo(BinaryFuse32 { descriptor, fingerprints })
        }
    };
    let mut wanted = [0; SHA256_OUTPUT_LEN];
    source.inner.read_exact(&mut wanted)?;
    let whole = source.sum.finish().as_ref() == wanted;
    Ok(if whole { Ok(List { hash, entries, fuse }) } else { Err(Wrong::Checksum) })
}

fn read_all<const N: usize, T>(
    source: &mut impl Read,
    count: usize,
    decode: fn([u8; N]) -> T,
) -> io::Result<Box<[T]>> {
    let mut all = Vec::with_capacity(count);
    let mut buffer = vec![0; CHUNK * N];
    while all.len() < count {
        let next = &mut buffer[..(count - all.len()).min(CHUNK) * N];
        source.read_exact(next)?;
        all.extend(next.as_chunks::<N>().0.iter().map(|bytes| decode(*bytes)));
    }
    Ok(all.into_boxed_slice())
}

/// Writes a list.
///
/// # Errors
/// When the target does not take it.
pub(super) fn write(list: &List, target: &mut impl Write) -> io::Result<()> {
    let mut target = Summed { inner: target, sum: Context::new(&SHA256) };
    let Shape { seed, segment_length, segment_count_length } = list.fuse.shape();
    target.write_all(MAGIC)?;
    target.write_all(&[VERSION])?;
    target.write_all(list.hash.name())?;
    target.write_all(&list.fuse.bits().count().to_le_bytes())?;
    target.write_all(&list.entries.to_le_bytes())?;
    target.write_all(&seed.to_le_bytes())?;
    target.write_all(&segment_length.to_le_bytes())?;
    target.write_all(&segment_count_length.to_le_bytes())?;
    match &list.fuse {
        Fuse::Eight(fuse) => target.write_all(&fuse.fingerprints)?,
        Fuse::Sixteen(fuse) => write_all(&mut target, &fuse.fingerprints, u16::to_le_bytes)?,
        Fuse::ThirtyTwo(fuse) => write_all(&mut target, &fuse.fingerprints, u32::to_le_bytes)?,
    }
    target.inner.write_all(target.sum.finish().as_ref())
}

fn write_all<const N: usize, T: Copy>(
    target: &mut impl Write,
    all: &[T],
    encode: fn(T) -> [u8; N],
) -> io::Result<()> {
    for chunk in all.chunks(CHUNK) {
        let bytes: Vec<u8> = chunk.iter().flat_map(|fingerprint| encode(*fingerprint)).collect();
        target.write_all(&bytes)?;
    }
    Ok(())
}

struct Header {
    hash: Hash,
    bits: Bits,
    entries: u64,
    shape: Shape,
    fingerprints: usize,
}

impl Header {
    fn parse(bytes: &[u8], length: u64) -> Result<Self, Wrong> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or(Wrong::Foreign)?;
        let (version, bytes) = bytes.split_first().ok_or(Wrong::Length)?;
        if *version != VERSION {
            return Err(Wrong::Version);
        }
        let mut fields = Fields(bytes);
        let hash = Hash::named(&fields.next::<8>()?).ok_or(Wrong::Header)?;
        let bits = Bits::from_count(u32::from_le_bytes(fields.next()?)).ok_or(Wrong::Header)?;
        let entries = u64::from_le_bytes(fields.next()?);
        let seed = u64::from_le_bytes(fields.next()?);
        let segment_length = u32::from_le_bytes(fields.next()?);
        let segment_count_length = u32::from_le_bytes(fields.next()?);
        let shape = Shape { seed, segment_length, segment_count_length };
        let fingerprints = shape.fingerprints().ok_or(Wrong::Header)?;
        let body = u64::from(fingerprints) * u64::from(bits.count() / 8);
        let around = u64::try_from(HEADER + SHA256_OUTPUT_LEN).map_err(|_| Wrong::Length)?;
        if entries > u64::from(fingerprints) {
            return Err(Wrong::Header);
        }
        if length != body + around {
            return Err(Wrong::Length);
        }
        let fingerprints = usize::try_from(fingerprints).map_err(|_| Wrong::Header)?;
        Ok(Self { hash, bits, entries, shape, fingerprints })
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn next<const N: usize>(&mut self) -> Result<[u8; N], Wrong> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(Wrong::Length)?;
        self.0 = rest;
        Ok(*field)
    }
}

/// Sums up what passes through.
struct Summed<'a, T> {
    inner: &'a mut T,
    sum: Context,
}

impl<T: Read> Read for Summed<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.sum.update(&buffer[..count]);
        Ok(count)
    }
}

impl<T: Write> Write for Summed<'_, T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.sum.update(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// What can be wrong with a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Wrong {
    /// It is another file altogether.
    #[error("is no password list that `rotunda password-list build` has made")]
    Foreign,
    /// Another version of Rotunda has made it.
    #[error("was made by another version of Rotunda")]
    Version,
    /// It contradicts itself.
    #[error("is damaged: its header makes no sense")]
    Header,
    /// It is shorter or longer than its header says.
    #[error("is damaged: it is shorter or longer than it was made")]
    Length,
    /// Some of it is not as it was written.
    #[error("is damaged: its checksum does not fit")]
    Checksum,
}

/// Why there is no list. Every message says where and what to do, and is whole by itself: it has no sources.
#[derive(Debug, thiserror::Error)]
pub enum PasswordListError {
    /// It is not there, or the system does not let us read it.
    #[error("the password list {} cannot be read: {cause}; `rotunda password-list build` makes one", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It is not what it should be.
    #[error("{} {wrong}; make it anew with `rotunda password-list build`", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// It cannot be written.
    #[error("the password list {} cannot be written: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The list that it should be made of cannot be read to its end.
    #[error("the list cannot be read beyond line {line}: {cause}")]
    Input {
        /// The line, counted from 1.
        line: u64,
        /// What the system said.
        cause: io::Error,
    },
    /// A line is not what its format says.
    #[error(
        "line {line} of the list is no SHA-1 hash: 40 hexadecimal digits, and maybe a colon and a count; for passwords \
         themselves use --format plain"
    )]
    Line {
        /// The line, counted from 1.
        line: u64,
    },
    /// There is nothing on the list.
    #[error("there is no password on the list")]
    Empty,
    /// There is more on the list than a filter is made of here.
    #[error("there are more than {most} passwords on the list; take those that were seen most often")]
    TooMany {
        /// The most.
        most: usize,
    },
    /// The keys make no filter. Cannot happen: each is there once.
    #[error("no filter could be made of the list")]
    NoFilter,
    /// No randomness for the name of a draft.
    #[error("no password list: {0}")]
    Entropy(Failure),
}
