//! What a real store stands on: memory, or a folder with a database. It can be stopped, copied and put back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rotunda_core::model::UnixMillis;
use rotunda_core::store::Store;
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::{MemoryState, MemoryStore};
use tempfile::TempDir;

use super::book::START;

/// Where it stands.
pub(crate) enum Ground {
    Memory(Arc<MemoryStore>),
    File(TempDir),
}

/// A copy of all that a store keeps.
pub(crate) enum Copied {
    Memory(Box<MemoryState>),
    File(TempDir),
}

impl Ground {
    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::File(folder) => {
                Arc::new(SqliteStore::open(&database(folder.path()), UnixMillis(START)).unwrap())
            }
        }
    }

    /// Nobody is writing just now, so the file and its log belong together.
    pub(crate) fn copy(&self) -> Copied {
        match self {
            Self::Memory(store) => Copied::Memory(Box::new(store.snapshot())),
            Self::File(folder) => {
                let copy = tempfile::tempdir().unwrap();
                copy_files(folder.path(), copy.path());
                Copied::File(copy)
            }
        }
    }

    /// The store has been closed.
    pub(crate) fn put_back(&self, copied: &Copied) {
        match (self, copied) {
            (Self::Memory(store), Copied::Memory(state)) => store.restore((**state).clone()),
            (Self::File(folder), Copied::File(copy)) => {
                for file in files(folder.path()) {
                    if file.exists() {
                        fs::remove_file(file).unwrap();
                    }
                }
                copy_files(copy.path(), folder.path());
            }
            _ => panic!("a copy of another kind of store"),
        }
    }
}

fn database(folder: &Path) -> PathBuf {
    folder.join("rotunda.db")
}

fn files(folder: &Path) -> [PathBuf; 3] {
    ["db", "db-wal", "db-shm"].map(|extension| database(folder).with_extension(extension))
}

/// The index of the log is made anew from the log.
fn copy_files(from: &Path, to: &Path) {
    for (from, to) in files(from).iter().zip(files(to)).take(2) {
        if from.exists() {
            fs::copy(from, to).unwrap();
        }
    }
}
