//! `rotunda backup`, `rotunda restore`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

pub(super) const BACKUP: &str = "\
It is one moment of the database, in one file for you alone; servers go on to write meanwhile. The master key is not in it, and must be
the right one. `[backup]` has the server do this by itself.

Examples:
  rotunda backup /var/backups/rotunda/today.db
  rotunda backup --replace backup.db --json";

pub(super) const RESTORE: &str = "\
Stop the server first. The database that is there is put aside, under another name. What happened after the backup is
lost, and is told as far as it is known; who was signed in then goes on with newer tokens, for a while.

Examples:
  rotunda restore /var/backups/rotunda/today.db
  rotunda restore backup.db --yes --accept-ahead 7d
  rotunda restore backup.db --end-all-sessions";

#[derive(ClapArgs)]
pub(crate) struct Backup {
    /// The file to write. Its folder must exist.
    pub file: PathBuf,
    /// Replace a file that is there, once the new one is whole.
    #[arg(long)]
    pub replace: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Restore {
    /// The backup. It stays as it is.
    pub file: PathBuf,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// For how long refresh tokens newer than the backup are believed, from devices that it knows; "0s": not at all.
    #[arg(long, value_name = "DURATION", default_value = "24h", conflicts_with = "end_all_sessions")]
    pub accept_ahead: String,
    /// End every session: everybody signs in again.
    #[arg(long)]
    pub end_all_sessions: bool,
}
