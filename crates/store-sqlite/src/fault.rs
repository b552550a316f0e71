//! What goes wrong in SQLite, as the two kinds of failure that the core tells apart.
//!
//! A fault of the disk, of a lock or of the machine is *unavailable*: it passes, and another try may go through.
//! A fault of this program or of a row is *broken*. Neither ever says anything about the user.

use std::any::Any;
use std::fmt;
use std::path::Path;

use rotunda_core::failure::Failure;
use rusqlite::{Error, ErrorCode};

/// What was being done failed in SQLite.
pub(crate) fn failure(doing: &'static str, error: Error) -> Failure {
    match error.sqlite_error_code() {
        // Statements or rows that do not fit the schema, and anything that rusqlite itself refuses.
        Some(
            ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::ApiMisuse
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::TooBig
            | ErrorCode::Unknown,
        )
        | None => Failure::broken(doing, error),
        // Busy, locked, full, read-only, no file, I/O, out of memory, corrupt: the world outside.
        Some(_) => Failure::unavailable(doing, error),
    }
}

/// The same, with the path for whoever has to mend it.
pub(crate) fn at(doing: &'static str, path: &Path, error: &dyn fmt::Display) -> Failure {
    Failure::unavailable(doing, format!("{}: {error}", path.display()))
}

/// A job panicked: a bug. The thread that ran it goes on.
pub(crate) fn panicked(doing: &'static str, panic: &(dyn Any + Send)) -> Failure {
    let text =
        panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref().cloned());
    Failure::broken(doing, format!("panicked: {}", text.unwrap_or_default()))
}

/// The thread that should have answered did not: it ended.
pub(crate) fn gone(doing: &'static str) -> Failure {
    Failure::unavailable(doing, "the store is shutting down")
}
