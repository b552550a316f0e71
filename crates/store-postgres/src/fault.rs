//! What goes wrong in PostgreSQL or on the way to it, as the two kinds of failure that the core tells apart, and what to do
//! about it before anybody hears of it.
//!
//! A fault of a server, of the network or of a lock is *unavailable*: it passes, and another try may go through. A fault of
//! this program or of a row is *broken*. Neither ever says anything about the user.

use std::error::Error as _;
use std::fmt;

use rotunda_core::failure::Failure;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::WrongType;

use crate::db::Error;

/// What to do with what failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Remedy {
    /// The transaction stood in another one's way and came to nothing: the same once more, on the same connection.
    Again,
    /// The connection is of no use any more, and neither is what was begun on it: nothing has happened.
    OtherConnection,
    /// The caller hears of it.
    None,
}

/// What helps against this.
pub(crate) fn remedy(error: &Error) -> Remedy {
    match error {
        Error::Sql(error) => remedy_of(error),
        _ => Remedy::None,
    }
}

/// The same for what PostgreSQL said, or what became of the way to it.
pub(crate) fn remedy_of(error: &tokio_postgres::Error) -> Remedy {
    let Some(code) = error.code() else {
        return if is_our_mistake(error) { Remedy::None } else { Remedy::OtherConnection };
    };
    match *code {
        SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::LOCK_NOT_AVAILABLE
        // Somebody took the name between the question and the insert: the question has another answer now.
        | SqlState::UNIQUE_VIOLATION
        // Another statement that was sent together with this one has failed, and that one may be any of these.
        | SqlState::IN_FAILED_SQL_TRANSACTION => Remedy::Again,
        SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::DATABASE_DROPPED
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Remedy::OtherConnection,
        _ if code.code().starts_with("08") => Remedy::OtherConnection,
        _ => Remedy::None,
    }
}

/// What was being done failed.
pub(crate) fn failure(doing: &'static str, error: &Error) -> Failure {
    match error {
        Error::Row(what) => Failure::broken(doing, what.clone()),
        Error::Busy => Failure::overload(doing),
        Error::Late(_) | Error::Unknown(_) => Failure::unavailable(doing, error.to_string()),
        Error::Sql(sql) => {
            let broken = match sql.code() {
                // What is not supported, does not fit, breaks a constraint or the grammar: ours. The rest is the world outside.
                Some(code) => ["0A", "22", "23", "42"].iter().any(|class| code.code().starts_with(class)),
                None => is_our_mistake(sql),
            };
            let said = Said(sql).to_string();
            if broken { Failure::broken(doing, said) } else { Failure::unavailable(doing, said) }
        }
    }
}

fn is_our_mistake(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(|source| source.is::<WrongType>())
}

/// What PostgreSQL said, without the detail: in that stand values of rows, which have no business in a log.
pub(crate) struct Said<'e>(pub(crate) &'e tokio_postgres::Error);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(said) = self.0.as_db_error() {
            write!(f, "{} {}: {}", said.severity(), said.code().code(), said.message())?;
            return said.hint().map_or(Ok(()), |hint| write!(f, " ({hint})"));
        }
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
