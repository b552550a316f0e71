//! `[backup]`: copies of the file of SQLite that the server takes by itself.

use std::path::PathBuf;
use std::time::Duration;

use super::check::{Check, file_path, number};
use super::file::{self, Given};
use super::finding::Source;
use super::store::MainStore;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// When backups are taken, and how many are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BackupSettings {
    /// Where they are.
    pub folder: PathBuf,
    /// How long after one the next is taken.
    pub every: Duration,
    /// How many are kept, the newest ones.
    pub keep: usize,
}

/// What the section says; `None` where it asks for nothing, or is wrong.
pub(super) fn backup(given: &Given, main: &MainStore, check: &mut Check<'_>) -> Option<BackupSettings> {
    let keys = &given.backup;
    let every = check.between(&keys.every, "[backup] every", [MINUTE * 10, DAY * 30], DAY);
    let keep = number(&keys.keep, 7);
    let Some(named) = &keys.folder else {
        alone(keys, check);
        return None;
    };
    let folder = check.text(&keys.folder, "[backup] folder", file_path)?;
    if matches!(main, MainStore::Postgres(_)) {
        let what = "is for the file of SQLite, and [store] url is PostgreSQL, which has tools of its own: WAL archiving, pg_dump; \
                    leave this away";
        check.refuse(named, "[backup] folder", what);
        return None;
    }
    Some(BackupSettings { folder, every, keep })
}

/// Whoever says how often means to have some.
fn alone(keys: &file::Backup, check: &mut Check<'_>) {
    let what = "is of no use without folder, which says where backups go; set that as well";
    for (key, source) in
        [("[backup] every", check.source_of(&keys.every)), ("[backup] keep", check.source_of(&keys.keep))]
    {
        if source != Source::Default {
            check.refuse_at(source, key, what);
        }
    }
}
