//! What is wrong with a configuration, and where.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Source {
    /// Nowhere: it is the default.
    Default,
    /// The preset of this name.
    Preset(&'static str),
    /// The configuration file, in this line.
    File(usize),
    /// This environment variable.
    Env(String),
    /// This flag.
    Flag(&'static str),
}

impl Source {
    /// Whether somebody has set this very value.
    pub(crate) fn is_given(&self) -> bool {
        !matches!(self, Self::Default | Self::Preset(_))
    }
}

/// The sources of all values that were given, by `section.key`.
pub(crate) type Sources = BTreeMap<String, Source>;

/// Tells the source of a value from its span. Spans within the file's text are the parser's; those beyond its end are
/// handed out here for everything that comes from elsewhere, so that one tree holds all values.
pub(super) struct Places {
    file: String,
    line_ends: Vec<usize>,
    len: usize,
    others: Vec<Source>,
}

impl Places {
    pub(super) fn new(file: &str, text: &str) -> Self {
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { file: file.to_owned(), line_ends, len: text.len(), others: Vec::new() }
    }

    /// A span for a value that is not in the file.
    pub(super) fn add(&mut self, source: Source) -> Range<usize> {
        self.others.push(source);
        let at = self.len + self.others.len();
        at..at
    }

    pub(super) fn source(&self, span: Range<usize>) -> Source {
        match span.start.checked_sub(self.len + 1) {
            Some(index) => self.others.get(index).cloned().unwrap_or(Source::Default),
            None => Source::File(1 + self.line_ends.partition_point(|end| *end < span.start)),
        }
    }

    /// A finding about a key in its section, or about neither where the key says it all.
    pub(super) fn finding(&self, source: Source, key: &str, what: impl fmt::Display) -> Finding {
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        let text = match &source {
            Source::Default => format!("{key}{what}"),
            Source::Preset(name) => format!("[policy] preset = {name:?}: {key}{what}"),
            Source::File(line) => format!("{}:{line}: {key}{what}", self.file),
            // The name of the variable or flag says which key it is.
            Source::Env(name) => format!("{name}: {what}"),
            Source::Flag(name) => format!("{name}: {what}"),
        };
        Finding { source, text }
    }
}

/// One thing that is wrong, with its place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Finding {
    source: Source,
    text: String,
}

/// The configuration was refused: everything that is wrong with it.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct ConfigError(Vec<Finding>);

impl ConfigError {
    /// From at least one finding.
    pub(super) fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort();
        findings.dedup();
        Self(findings)
    }

    /// Each finding as a sentence with its place, in the order of the file.
    pub(crate) fn findings(&self) -> Vec<String> {
        self.0.iter().map(|finding| finding.text.clone()).collect()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.findings().join("\n"))
    }
}

impl std::error::Error for ConfigError {}
