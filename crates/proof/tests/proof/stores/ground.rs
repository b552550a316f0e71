//! What a real store stands on: memory, a folder with a database, or a database of PostgreSQL. It can be stopped, copied
//! and put back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rotunda_core::model::UnixMillis;
use rotunda_core::store::Store;
use rotunda_grounds::one_postgres;
use rotunda_store_postgres::{Options, PostgresStore};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::{MemoryState, MemoryStore};
use tempfile::TempDir;

use super::book::START;

/// Where it stands.
pub(crate) enum Ground {
    Memory(Arc<MemoryStore>),
    File(TempDir),
    Postgres(Database),
}

/// A copy of all that a store keeps.
pub(crate) enum Copied {
    Memory(Box<MemoryState>),
    File(TempDir),
    /// A schema beside the tables.
    Schema(String),
}

/// A database on the server that all tests share; dropped with its server.
pub(crate) struct Database {
    name: String,
    url: String,
    copies: AtomicU32,
}

impl Ground {
    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub(crate) fn postgres() -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let name = format!("proof_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let url = one_postgres().database(&name);
        Self::Postgres(Database { name, url, copies: AtomicU32::new(0) })
    }

    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => store.clone(),
            Self::File(folder) => {
                Arc::new(SqliteStore::open(&database(folder.path()), UnixMillis(START)).unwrap())
            }
            Self::Postgres(database) => {
                let options = Options { url: database.url.clone(), connections: 4, ca_file: None };
                Arc::new(PostgresStore::open(&options, UnixMillis(START)).await.unwrap())
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
            Self::Postgres(database) => Copied::Schema(database.copy()),
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
            (Self::Postgres(database), Copied::Schema(schema)) => database.put_back(schema),
            _ => panic!("a copy of another kind of store"),
        }
    }
}

impl Database {
    /// Copies all tables into a schema of their own, also while the store is open: a database that others are connected to
    /// cannot be a template.
    fn copy(&self) -> String {
        let schema = format!("copy_{}", self.copies.fetch_add(1, Ordering::Relaxed));
        self.each_table(
            &format!("CREATE SCHEMA {schema}"),
            &format!("'CREATE TABLE {schema}.%1$I AS TABLE public.%1$I'"),
        );
        schema
    }

    fn put_back(&self, schema: &str) {
        let all = "SELECT string_agg(format('public.%I', tablename), ', ') FROM pg_tables WHERE schemaname = 'public'";
        self.each_table(
            // Rows come in any order.
            &format!("SET LOCAL session_replication_role = replica; EXECUTE 'TRUNCATE ' || ({all})"),
            &format!("'INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE TABLE {schema}.%1$I'"),
        );
    }

    /// Does `first`, and then `then` with the name of each table.
    fn each_table(&self, first: &str, then: &str) {
        let script = format!(
            "DO $$ DECLARE name text; BEGIN {first}; \
             FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' \
             LOOP EXECUTE format({then}, name); END LOOP; END $$"
        );
        drop(one_postgres().sql_in(&self.name, &script));
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
