//! A file of users, row by row: JSON Lines, or CSV with a heading. Both become the same: names and values.
//!
//! Bounded: a line of more than 64 KiB is refused and skipped. In CSV, where a row may go on over line ends, more than that
//! without the end of a row means that a quotation mark is missing somewhere, and nothing after it can be told apart.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, bail};
use csv::{ByteRecord, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use crate::args::Format;

/// The most bytes of a row.
const MOST_BYTES: u64 = 64 * 1024;

/// The fields of a row, by name.
pub(super) type Fields = Map<String, Value>;

/// A row, or why it is none: with no id then, because there is none to be read.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: Result<Fields, (Option<String>, String)>,
}

/// The rows of a file that are still to come.
pub(super) struct Rows {
    bytes: u64,
    source: Source,
}

enum Source {
    Jsonl { reader: BufReader<File>, line: u64, position: u64 },
    Csv { reader: Reader<Metered>, names: Vec<String>, record: ByteRecord, left: Rc<Cell<u64>> },
}

impl Rows {
    pub(super) fn open(path: &Path, format: Format) -> anyhow::Result<Self> {
        let opened = File::open(path).and_then(|file| file.metadata().map(|known| (file, known.len())));
        let (file, bytes) = opened.with_context(|| format!("opening {}", path.display()))?;
        let source = match format {
            Format::Jsonl => Source::Jsonl { reader: BufReader::new(file), line: 0, position: 0 },
            Format::Csv => csv(file).with_context(|| format!("reading the heading of {}", path.display()))?,
        };
        Ok(Self { bytes, source })
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How much of it was read.
    pub(super) fn position(&self) -> u64 {
        match &self.source {
            Source::Jsonl { position, .. } => *position,
            Source::Csv { reader, .. } => reader.position().byte(),
        }
    }

    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Row>> {
        match &mut self.source {
            Source::Jsonl { reader, line, position } => {
                next_line(reader, line, position).context("reading the file")
            }
            Source::Csv { reader, names, record, left } => {
                left.set(MOST_BYTES);
                let line = reader.position().line();
                let more = reader
                    .read_byte_record(record)
                    .with_context(|| format!("reading the row at line {line}"))?;
                Ok(more.then(|| {
                    let line = record.position().map_or(line, csv::Position::line);
                    Row { line, fields: named(names, record).map_err(|reason| (None, reason)) }
                }))
            }
        }
    }
}

fn next_line(reader: &mut BufReader<File>, line: &mut u64, position: &mut u64) -> io::Result<Option<Row>> {
    loop {
        let mut bytes = Vec::new();
        let read = reader.take(MOST_BYTES + 1).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        *line += 1;
        *position += read as u64;
        let too_long = read as u64 > MOST_BYTES;
        if too_long && bytes.last() != Some(&b'\n') {
            *position += skip_line(reader)?;
        }
        if *line == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        if bytes.iter().all(u8::is_ascii_whitespace) && !too_long {
            continue;
        }
        let fields = if too_long { Err("the line has more than 64 KiB".to_owned()) } else { object(&bytes) };
        return Ok(Some(Row { line: *line, fields: fields.map_err(|reason| (None, reason)) }));
    }
}

/// Goes on behind the end of the line, and keeps nothing of it.
fn skip_line(reader: &mut BufReader<File>) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let part = end.map_or(buffer.len(), |end| end + 1);
        let is_done = end.is_some() || buffer.is_empty();
        reader.consume(part);
        skipped += part as u64;
        if is_done {
            return Ok(skipped);
        }
    }
}

/// Of what is wrong, only the place is told: the library's words may quote a hash.
fn object(bytes: &[u8]) -> Result<Fields, String> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("the line is no JSON object".to_owned()),
        Err(error) => Err(format!("the line is not JSON: see column {}", error.column())),
    }
}

fn csv(file: File) -> anyhow::Result<Source> {
    let left = Rc::new(Cell::new(MOST_BYTES));
    let metered = Metered { file, left: Rc::clone(&left) };
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(metered);
    let names: Vec<String> = reader.headers()?.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        bail!("the column {:?} is there twice", twice.1);
    }
    Ok(Source::Csv { reader, names, record: ByteRecord::new(), left })
}

/// A cell without letters is a field that is not there.
fn named(names: &[String], record: &ByteRecord) -> Result<Fields, String> {
    if names.len() != record.len() {
        return Err(format!("the row has {} fields, and the heading {}", record.len(), names.len()));
    }
    let cell = |(name, bytes): (&String, &[u8])| match std::str::from_utf8(bytes) {
        Ok("") => Ok((name.clone(), Value::Null)),
        Ok(text) => Ok((name.clone(), Value::String(text.to_owned()))),
        Err(_) => Err(format!("`{name}` is not UTF-8")),
    };
    names.iter().zip(record.iter()).map(cell).collect()
}

/// A file of which only so much is read as was allowed since the last row.
struct Metered {
    file: File,
    left: Rc<Cell<u64>>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::other("no end of the row after 64 KiB: is a quotation mark missing?"));
        }
        let read = self.file.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}
