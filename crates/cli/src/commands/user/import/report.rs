//! The report: a JSON object a line for each refused row, with its line, its id where it has one, and the reason. Never
//! a hash. For its owner only, since ids are somebody's.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

/// The report of one import.
pub(super) struct Report {
    path: PathBuf,
    file: File,
    is_empty: bool,
}

impl Report {
    /// Begins a new one, in place of that of an earlier run.
    pub(super) fn begin(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.with_context(|| format!("opening the report {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file, is_empty: true })
    }

    /// Written at once: whoever is interrupted can read it up to there.
    pub(super) fn refuse(&mut self, line: u64, id: Option<&str>, reason: &str) -> anyhow::Result<()> {
        self.is_empty = false;
        let row = format!("{}\n", json!({"line": line, "id": id, "reason": reason}));
        self.file
            .write_all(row.as_bytes())
            .with_context(|| format!("writing the report {}", self.path.display()))
    }

    /// Removes it when there is nothing to report; answers whether it is there.
    pub(super) fn end(self) -> anyhow::Result<bool> {
        if self.is_empty {
            fs::remove_file(&self.path)
                .with_context(|| format!("removing the empty report {}", self.path.display()))?;
        }
        Ok(!self.is_empty)
    }
}
